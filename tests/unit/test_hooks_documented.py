"""The plugin contract is written down: each hook with its exact signature and four parts, and an example that works."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core import Author, Channel, Connector, Message, Mode, Owner, Reply, Session, SessionStatus, Turn, hookspecs
from core.config import load_config
from core.plugin_manager import HOOKS, load_plugins

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
PARTS = ["When", "Arguments", "Returns", "If it raises"]


def section(hook: str) -> str:
    """What the reference says under the heading of a hook."""
    [_, text] = re.split(rf"^### {hook}\(.*\)$", REFERENCE, flags=re.MULTILINE)
    return re.split(r"^#|^<!--", text, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_heading_with_its_exact_signature(hook: str) -> None:
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    assert f"\n### {hook}({arguments})\n" in REFERENCE


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_tells_when_it_is_called_with_what_and_what_becomes_of_it(hook: str) -> None:
    docstring = inspect.cleandoc(getattr(hookspecs, hook).__doc__)
    assert re.findall(r"^(\w[\w ]+): \S", docstring.split("\n\n")[1], re.MULTILINE) == PARTS
    assert re.findall(r"^- \*\*([\w ]+)\*\*: \S", section(hook), re.MULTILINE) == PARTS


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_names_each_of_its_arguments(hook: str) -> None:
    spec = getattr(hookspecs, hook)
    told = inspect.cleandoc(spec.__doc__).split("Arguments: ")[1].split("\nReturns")[0]
    for argument in inspect.signature(spec).parameters:
        assert f"`{argument}`" in told


def test_no_hook_is_documented_that_does_not_exist() -> None:
    assert re.findall(r"^### (\w+)\(", REFERENCE, re.MULTILINE) == list(HOOKS)


def test_the_reference_is_what_the_specifications_say() -> None:
    command = [sys.executable, "-m", "cogapp", "--check", "plugins/README.md"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run `make format`: {done.stdout}{done.stderr}"


def test_the_example_of_a_plugin_works(tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(\"\"\".*?night_greeting\.py.*?)```", REFERENCE, re.DOTALL)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "night_greeting.py").write_text(example, encoding="utf-8")
    (tmp_path / "config.toml").write_text(
        '[server]\nbase_url = "http://localhost:8000"\nsecret_key = "0123456789-0123456789-0123456789"\n'
        '[plugins]\nenabled = ["night_greeting"]\n[plugins.night_greeting]\ntext = "Until nine!"\n',
        encoding="utf-8",
    )
    plugins = load_plugins(load_config(tmp_path / "config.toml"))
    session = Session(1, 1, "c-1", Channel.WEB, SessionStatus.OPEN, Owner.AI)
    for hour, answer in ((3, Reply("Until nine!")), (12, None)):
        asked = Message(Author.CUSTOMER, "Hello?", datetime(2026, 1, 1, hour, tzinfo=UTC))
        turn = Turn(session, "support", Mode.AUTOPILOT, (asked,), (asked,))
        assert plugins.decide("draft_reply", turn=turn) == answer


def test_the_example_of_a_simulated_vendor_works() -> None:
    [example] = re.findall(r"```python\n(from flask .*?)```", REFERENCE, re.DOTALL)
    module: dict[str, Any] = {"__name__": "tea_example"}
    exec(compile(example, "plugins/README.md", "exec"), module)  # noqa: S102 - our own page
    module["test_a_cup_whose_answer_is_lost_is_in_doubt"]()


def test_every_method_of_a_connector_is_in_the_instructions() -> None:
    told = REFERENCE.split("## Write a connector")[1].split("\n## ")[0]
    own = [name for name in {**vars(Connector), **Connector.__annotations__} if not name.startswith("_")]
    assert len(own) > 15
    assert [name for name in own if not re.search(rf"`{name}\b", told)] == []
