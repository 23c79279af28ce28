"""The public API for plugin authors: exactly what is in `core.__all__`, so that it never grows by accident."""

from __future__ import annotations

import inspect
import types

import core
from core import domain, errors


def test_the_list_is_sorted_and_names_nothing_twice() -> None:
    assert core.__all__ == sorted(set(core.__all__))


def test_the_list_is_all_that_the_package_offers() -> None:
    offered = {
        name
        for name, value in vars(core).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert offered == set(core.__all__)


def test_every_error_is_public() -> None:
    every = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert every <= set(core.__all__)


def test_every_value_that_a_plugin_meets_is_public() -> None:
    """`Priority` is the budget's own; all else in `core.domain` may reach a plugin."""
    ours = {name for name, value in vars(domain).items() if getattr(value, "__module__", "") == domain.__name__}
    classes = {name for name in ours if inspect.isclass(getattr(domain, name)) and not name.startswith("_")}
    assert classes - set(core.__all__) == {"Priority"}
    assert {"Draft", "Fact"} <= set(core.__all__)


def test_the_names_are_those_that_were_promised() -> None:
    """A name that leaves this list breaks plugins: that wants a line in CHANGELOG.md, and a new major version."""
    promised = {"hookimpl", "Connector", "ConnectorSettings", "PluginSettings", "SecretField", "PathField", "Secret"}
    assert promised | {"HttpClient", "Answer", "Clock", "Reply", "Handoff", "Resolve", "Silence"} <= set(core.__all__)


def test_everything_public_explains_itself() -> None:
    classes = [name for name in core.__all__ if inspect.isclass(getattr(core, name))]
    silent = [
        name
        for name in classes
        if not (inspect.getdoc(getattr(core, name)) or "").strip() and name not in ("SessionStatus", "Author")
    ]
    assert silent == []
