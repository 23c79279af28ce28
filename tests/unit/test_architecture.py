"""Rules of the house that a look at the source can keep: who imports what, how long things are, how they are called."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "core").rglob("*.py"), *(ROOT / "plugins").rglob("*.py"), *ROOT.glob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/__init__.py"))

LONGEST_FILE = 300
LONGEST_FUNCTION = 50
# Where a rule is broken on purpose, the reason stands here; an entry that is no longer needed fails the tests.
LONG_FILES: dict[str, str] = {
    "core/domain.py": "the words of the whole project, read as one list; it holds no logic",
    "core/flow/human_request.py": "the phrases of fifteen languages, read as one table; the code below it is short",
    "plugins/answers/thesaurus_en.py": "what customers say for the same thing, read as one list; it holds no logic",
    "plugins/answers/thesaurus_de.py": "the same in German",
    "core/store/models.py": "the tables, read as one list; it holds no logic",
}
LONG_FUNCTIONS: dict[str, str] = {}

# Which files may import a library that has its one place (a folder stands for all that is in it).
PLACES = {
    "requests": ["core/http.py", "core/http_answers.py", "core/http_transport.py", "core/testing/", "core/cli/"],
    "urllib3": ["core/http.py", "core/http_answers.py", "core/http_transport.py"],
    "peewee": [
        "core/store/",
        "core/flow/",
        "core/jobs/",
        "core/destinations/",
        "core/web/queries/",
        "core/connections.py",
        "core/remarks.py",
    ],
    "pluggy": ["core/hookspecs.py", "core/plugin_manager.py"],
    "importlib": [
        "core/plugin_search.py",
        "core/version.py",
        "core/http.py",
        "core/web/",
        "core/testing/",
        "core/cli/",
    ],
    "tomllib": ["core/config.py", "core/cli/"],
    "apscheduler": ["core/jobs/"],
    "click": ["core/cli/"],
    "rich": ["core/cli/"],
    "openai": ["plugins/openai_chat/client.py"],
    "flask_wtf": ["core/web/forms.py", "core/web/live.py", "core/web/site.py", "core/web/api/"],
    "pickle": [],
}
OF_A_PLUGIN = re.compile(r"plugins/\w+/(client|simulator\w*)\.py")
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|misc|manager2)(_|$)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, wherever in it; relative ones are made absolute."""
    package = list(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            # `from core import http` imports the module core.http where there is one.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def each(paths: list[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Have a test look at every path: one test for all, which names those that fail, since they are hundreds."""

    def decorated(check: Callable[[Path], None]) -> Callable[[], None]:
        def over_all() -> None:
            assert paths
            wrong: dict[str, str] = {}
            for path in paths:
                try:
                    check(path)
                except AssertionError as error:
                    wrong[name_of(path)] = str(error)
            assert wrong == {}

        over_all.__name__, over_all.__doc__ = check.__name__, check.__doc__
        return over_all

    return decorated


def test_the_source_is_found() -> None:
    assert ROOT / "core" / "hookspecs.py" in SOURCES
    assert Path(__file__) in TESTS


# --------------------------------------------------------------------------------------------------- imports


@each([path for path in SOURCES if name_of(path).startswith("core/")])
def test_core_never_imports_plugins(path: Path) -> None:
    assert [name for name in imports_of(path) if name.split(".")[0] == "plugins"] == []


@each([path for path in SOURCES if re.match(r"plugins/\w+/", name_of(path))])
def test_a_plugin_imports_core_and_its_own_folder_only(path: Path) -> None:
    own = ".".join(path.relative_to(ROOT).parts[:2])
    foreign = [
        name for name in imports_of(path) if name.startswith("plugins.") and not f"{name}.".startswith(f"{own}.")
    ]
    inner = ("core.flow", "core.store", "core.jobs", "core.web", "core.cli", "core.app", "core.runtime", "core.config")
    assert foreign == []
    assert [name for name in imports_of(path) if name.startswith(inner)] == []


@each([path for path in SOURCES if name_of(path).startswith("core/")])
def test_inside_core_modules_are_imported_and_not_the_public_api(path: Path) -> None:
    """The package imports its modules; the other way round there would be a circle."""
    modules = {each.stem for each in (ROOT / "core").iterdir()}
    taken = [
        name for name in imports_of(path) if re.fullmatch(r"core\.\w+", name) and name.split(".")[1] not in modules
    ]
    assert [name for name in taken if name_of(path) != "core/__init__.py"] == []


@pytest.mark.parametrize("library", PLACES)
def test_a_library_stays_in_its_place(library: str) -> None:
    allowed = tuple(PLACES[library])
    users = {name_of(path) for path in SOURCES if any(name.split(".")[0] == library for name in imports_of(path))}
    outside = {name for name in users if not name.startswith(allowed)} if allowed else users
    if library in ("requests", "urllib3"):
        outside = {name for name in outside if not OF_A_PLUGIN.fullmatch(name)}
    assert outside == set()


def test_nothing_imports_the_entry_point_of_the_web_server() -> None:
    assert [name_of(path) for path in SOURCES for name in imports_of(path) if name.split(".")[0] == "wsgi"] == []


@each([path for path in SOURCES if name_of(path) in ("core/domain.py", "core/errors.py")])
def test_the_values_and_errors_import_nothing_of_ours(path: Path) -> None:
    assert [name for name in imports_of(path) if name.split(".")[0] in ("core", "plugins")] == []


# -------------------------------------------------------------------------------------------- size and words


@each([*SOURCES, *TESTS])
def test_every_module_says_in_a_sentence_what_it_is_for(path: Path) -> None:
    said = ast.get_docstring(tree_of(path))
    assert said, f"{name_of(path)} has no docstring"
    assert said.split("\n\n")[0].endswith((".", ":", "?")), f"{name_of(path)}: {said.splitlines()[0]!r} is no sentence"


@each(SOURCES)
def test_no_name_is_vague(path: Path) -> None:
    assert not VAGUE.search(path.stem)


def test_files_are_short() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE and name not in LONG_FILES} == {}


def test_functions_are_short() -> None:
    long = {name: length for name, length in function_lengths() if length > LONGEST_FUNCTION}
    assert {name: length for name, length in long.items() if name not in LONG_FUNCTIONS} == {}


def test_no_exception_outlives_its_need() -> None:
    long_files = {name_of(path) for path in SOURCES if path.read_text(encoding="utf-8").count("\n") > LONGEST_FILE}
    long_functions = {name for name, length in function_lengths() if length > LONGEST_FUNCTION}
    assert set(LONG_FILES) - long_files == set()
    assert set(LONG_FUNCTIONS) - long_functions == set()
    assert all([*LONG_FILES.values(), *LONG_FUNCTIONS.values()])


def function_lengths() -> Iterator[tuple[str, int]]:
    for path in SOURCES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name_of(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("name", ["flow", "destinations"])
def test_what_reads_top_to_bottom_lists_its_files_in_its_docstring(name: str) -> None:
    """The list at its top names every file there is, once."""
    folder = ROOT / "core" / name
    said = ast.get_docstring(tree_of(folder / "__init__.py")) or ""
    listed = re.findall(r"^(\w+) {2,}\S", said, re.MULTILINE)
    present = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert sorted(listed) == present


def test_no_source_leaves_work_for_later() -> None:
    marks = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
    left = [name_of(path) for path in SOURCES if marks.search(path.read_text(encoding="utf-8"))]
    assert left == []


@each([path for path in SOURCES if name_of(path).startswith(("core/flow/", "core/jobs/", "core/store/"))])
def test_the_path_takes_the_time_from_its_clock(path: Path) -> None:
    """A test must be able to hold the time: nothing on the path asks the system for the date."""
    called = [
        ast.unparse(node.func)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and re.search(r"(datetime|date)\.(now|utcnow|today)$", ast.unparse(node.func))
    ]
    assert called == []


@each([path for path in SOURCES if re.match(r"(core|plugins)/", name_of(path))])
def test_every_call_to_a_vendor_goes_through_a_client_that_keeps_a_time_out(path: Path) -> None:
    """`requests.get` and its like have no time-out; only `core.http` may open a connection, and it always sets one."""
    called = [
        ast.unparse(node.func)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and re.fullmatch(r"requests\.(get|post|put|patch|delete|head|request)", ast.unparse(node.func))
        and not any(keyword.arg == "timeout" for keyword in node.keywords)
    ]
    assert called == []


# -------------------------------------------------------------------------------------------- vendor folders


@each(PLUGINS)
def test_a_plugin_tells_people_how_to_use_it(path: Path) -> None:
    assert (path / "README.md").is_file()


@each([path for path in SOURCES if re.match(r"plugins/\w+/(?!client|simulator)", name_of(path))])
def test_a_plugin_speaks_to_its_vendor_in_the_client_alone(path: Path) -> None:
    called = [
        ast.unparse(node.func)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and re.fullmatch(r"http\.(get|post|put|patch|delete)", ast.unparse(node.func))
    ]
    assert called == []
