"""Where plugins are found: the folders and entry points that are searched, and how what lies there is imported."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from core.config import Config
from core.errors import ConfigError
from core.settings import nearest
from core.version import VERSION

KEY = "plugins.enabled"
ENTRY_POINTS = "relaydesk"
BUNDLED = Path(__file__).resolve().parent.parent / "plugins"
"""The folder of the plugins that come with Relaydesk, next to the package `core`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found: `where` tells a person, `load` imports it, `version` is "" if it only knows itself."""

    name: str
    where: str
    load: Callable[[], object]
    version: str = ""


def find_plugins(config: Config) -> dict[str, Candidate]:
    """The enabled plugins in order of priority; raises `ConfigError` for one that is unknown or found twice."""
    candidates = list(_candidates(config))
    found: dict[str, Candidate] = {}
    for name in config.plugins.enabled:
        matches = [candidate for candidate in candidates if candidate.name == name]
        if not matches:
            raise _unknown(name, candidates, config)
        if len(matches) > 1:
            places = " and ".join(match.where for match in matches)
            raise ConfigError(KEY, f'the plugin "{name}" is in more than one place: {places}', "Keep one of them.")
        found[name] = matches[0]
    return found


def _unknown(name: str, candidates: list[Candidate], config: Config) -> ConfigError:
    places = ", ".join(str(folder) for folder in [BUNDLED, *_extra_folders(config)])
    problem = f'there is no plugin "{name}" in {places}, nor an entry point of the group {ENTRY_POINTS}'
    mend = nearest(name, sorted({candidate.name for candidate in candidates}), "The plugins found are")
    return ConfigError(KEY, problem, mend)


def _extra_folders(config: Config) -> list[Path]:
    beside = config.folder / "plugins"
    folders = [*([beside] if beside.is_dir() else []), *config.plugins.paths]
    return [folder for folder in folders if folder.resolve() != BUNDLED]


def _candidates(config: Config) -> Iterator[Candidate]:
    for path in _inside(BUNDLED):
        yield Candidate(path.stem, str(path), _import_bundled(path), VERSION)
    seen: set[Path] = set()
    for folder in _extra_folders(config):
        if not folder.is_dir():
            raise ConfigError("plugins.paths", f"there is no folder {folder}", "Make it, or take it out of the list.")
        # A folder that is a package is one plugin; any other one holds plugins. The folder beside the configuration
        # file may be a package only because someone put an empty __init__.py there.
        single = (folder / "__init__.py").is_file() and folder != config.folder / "plugins"
        for path in [folder] if single else _inside(folder):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield Candidate(path.stem, str(path), _import_loose(path))
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        version = entry.dist.version if entry.dist else ""
        yield Candidate(entry.name, f"the entry point {entry.value}", entry.load, version)


def _inside(folder: Path) -> Iterator[Path]:
    """The modules and packages in a folder, those that begin with "_" or "." left out."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(("_", ".")):
            continue
        if (path / "__init__.py").is_file() or (path.suffix == ".py" and path.is_file()):
            yield path


def _import_bundled(path: Path) -> Callable[[], object]:
    def load() -> object:
        module = importlib.import_module(f"{BUNDLED.name}.{path.stem}")
        if module.__file__ is None or not Path(module.__file__).resolve().is_relative_to(BUNDLED):
            raise ImportError(f"another package named plugins hides it, in {module.__file__}")
        return module

    return load


def _import_loose(path: Path) -> Callable[[], object]:
    """Import from any place under a private name, so that no plugin can hide a module of that name."""

    def load() -> object:
        name = f"_relaydesk_plugin_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}_{path.stem}"
        if name in sys.modules:
            return sys.modules[name]
        package = path.is_dir()
        spec = importlib.util.spec_from_file_location(
            name,
            path / "__init__.py" if package else path,
            submodule_search_locations=[str(path)] if package else None,
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a Python module")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            # A half-made module must not be found by the next try.
            del sys.modules[name]
            raise
        return module

    return load
