"""Loading the enabled plugins, and calling their hooks: to decide, to observe, or to amend an action."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

import pluggy
from marshmallow import Schema

from core import hookspecs
from core.config import Config
from core.connector import Connector
from core.destination_settings import NAME
from core.destination_template import DestinationTemplate
from core.domain import Action, Session, Veto
from core.errors import ConfigError, RelaydeskError
from core.plugin_search import KEY, Candidate, find_plugins
from core.settings import load_settings, nearest

log = logging.getLogger(__name__)

Offered = TypeVar("Offered", bound=Connector | DestinationTemplate)

HOOKS: tuple[str, ...] = tuple(
    name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")
)
"""The names of all hooks, in the order of the contract."""
_FIRST_RESULT = frozenset(
    name for name in HOOKS if getattr(vars(hookspecs)[name], f"{hookspecs.PROJECT}_spec")["firstresult"]
)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What a person is told of a loaded plugin; `version` is "" where it tells none."""

    name: str
    where: str
    version: str
    hooks: tuple[str, ...]


class Plugins:
    """The loaded plugins of one app, in order of priority."""

    def __init__(self, found: Mapping[str, Candidate], config: Config) -> None:
        """Import, check and register `found`, the most important first. Raises `ConfigError`."""
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._settings: dict[str, Mapping[str, Any]] = {}
        self._schemas: dict[str, type[Schema]] = {}
        self._infos: dict[str, PluginInfo] = {}
        # pluggy calls what was registered last first, so the least important goes in first.
        for candidate in reversed(list(found.values())):
            self._add(candidate, config)
        self._infos = dict(reversed(list(self._infos.items())))
        self._callers = {hook: self._callers_of(hook) for hook in HOOKS}
        self._connectors = MappingProxyType(self._collect_connectors())
        self._templates = MappingProxyType(self._collect_templates())

    # ------------------------------------------------------------------------------------------- look-up

    @property
    def connectors(self) -> Mapping[str, Connector]:
        """The connectors that the plugins offer, by name."""
        return self._connectors

    @property
    def templates(self) -> Mapping[str, Mapping[str, DestinationTemplate]]:
        """What can be written by template: for each connector's name its templates by theirs, as they were offered."""
        return self._templates

    @property
    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """The checked section of each plugin that has one, by the plugin's name."""
        return MappingProxyType(self._settings)

    @property
    def schemas(self) -> Mapping[str, type[Schema]]:
        """The schema of each plugin that takes settings, by the plugin's name."""
        return MappingProxyType(self._schemas)

    @property
    def names(self) -> tuple[str, ...]:
        """The enabled plugins, the most important first."""
        return tuple(self._infos)

    def describe(self) -> tuple[PluginInfo, ...]:
        """What to tell a person of each plugin, the most important first."""
        return tuple(self._infos.values())

    # --------------------------------------------------------------------------------------------- calls

    def decide(self, hook: str, **arguments: Any) -> Any:
        """Ask the plugins one after the other; the first answer that is not None, or None.

        An exception of a plugin goes on to the caller, with a note that names the plugin. An answer of the wrong
        type raises `RelaydeskError`.
        """
        for name, call in self._callers[hook]:
            answer = self._ask(hook, name, call, arguments)
            if answer is not None:
                return answer
        return None

    def observe(self, hook: str, **arguments: Any) -> None:
        """Tell every plugin; one that raises is logged by name, and keeps nobody else from hearing."""
        for name, call in self._callers[hook]:
            try:
                call(**arguments)
            except Exception:
                log.exception("the plugin %s failed in the hook %s", name, hook)

    def amend(self, action: Action, session: Session) -> Action | Veto:
        """Let every plugin amend or veto an action that is about to be queued, each seeing the last amendment.

        Of an amendment `text`, `assignee` and `fields` count. An exception goes on to the caller.
        """
        hook = "outbound_action"
        for name, call in self._callers[hook]:
            answer = self._ask(hook, name, call, {"action": action, "session": session})
            if isinstance(answer, Veto):
                return answer
            if answer is not None:
                action = dataclasses.replace(action, text=answer.text, assignee=answer.assignee, fields=answer.fields)
        return action

    def _ask(self, hook: str, name: str, call: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        try:
            answer = call(**arguments)
        except Exception as error:
            error.add_note(f"raised by the plugin {name} in the hook {hook}")
            raise
        if hook not in _FIRST_RESULT:  # pluggy then lists the answers that are not None: of one plugin, one or none
            answer = answer[0] if answer else None
        allowed = get_type_hints(getattr(hookspecs, hook))["return"]
        if not isinstance(answer, allowed):
            raise RelaydeskError(f"the plugin {name} answered the hook {hook} with a {type(answer).__name__}")
        return answer

    def _callers_of(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        """One caller per plugin, in call order: pluggy's own call of all would end at the first exception."""
        everyone = {name: plugin for name, plugin in self._manager.list_name_plugin() if plugin is not None}
        implementations = reversed(getattr(self._manager.hook, hook).get_hookimpls())
        return [
            (
                each.plugin_name,
                self._manager.subset_hook_caller(
                    hook, [plugin for name, plugin in everyone.items() if name != each.plugin_name]
                ),
            )
            for each in implementations
        ]

    # ------------------------------------------------------------------------------------------- loading

    def _add(self, candidate: Candidate, config: Config) -> None:
        name = candidate.name
        module = _import(candidate)
        plugin = self._make(name, module, config)
        try:
            self._manager.register(plugin, name)
            hooks = tuple(caller.name for caller in self._manager.get_hookcallers(plugin) or ())
            _refuse_wrappers(self._manager, plugin, name)
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise self._misfit(name, plugin, error) from error
        version = candidate.version or str(getattr(module, "__version__", ""))
        ordered = tuple(hook for hook in HOOKS if hook in hooks)
        self._infos[name] = PluginInfo(name, candidate.where, version, ordered)

    def _make(self, name: str, module: object, config: Config) -> object:
        """The object that holds the hooks: an instance of the module's class `Plugin`, else the module itself."""
        given = config.plugins.settings.get(name)
        kind = getattr(module, "Plugin", None)
        schema: type[Schema] | None = getattr(kind, "settings_schema", None)
        if given is not None and (kind is None or schema is None):
            raise ConfigError(f"plugins.{name}", "this plugin has no settings", "Take the section out.")
        if kind is None:
            return module
        checked: Mapping[str, Any] = {}
        if schema is not None:
            checked = load_settings(schema(), given or {}, f"plugins.{name}", config.folder)
            self._settings[name] = checked
            self._schemas[name] = schema
        try:
            return kind(checked)
        except ConfigError:
            raise
        except Exception as error:
            problem = f'the plugin "{name}" cannot start: {_words(error)}'
            raise ConfigError(KEY, problem, "Mend or disable it.") from error

    def _misfit(self, name: str, plugin: object, error: pluggy.PluginValidationError) -> ConfigError:
        for caller in self._manager.get_hookcallers(plugin) or ():
            if not caller.has_spec():
                mend = nearest(caller.name, list(HOOKS), "The hooks are")
                return ConfigError(KEY, f'the plugin "{name}" implements an unknown hook "{caller.name}"', mend)
        reason = " ".join(str(error).split())
        mend = "A hook may take fewer arguments than its specification, and no others."
        return ConfigError(KEY, f'the plugin "{name}" does not fit a hook: {reason}', mend)

    def _collect_connectors(self) -> dict[str, Connector]:
        offered: dict[str, tuple[str, Connector]] = {}
        for plugin, call in self._callers["register_connectors"]:
            for connector in _offered(plugin, call, "register_connectors", Connector):  # type: ignore[type-abstract]
                if connector.name in offered:
                    raise ConfigError(
                        KEY,
                        f'"{plugin}" and "{offered[connector.name][0]}" both offer a connector "{connector.name}"',
                        "Enable one of them.",
                    )
                offered[connector.name] = (plugin, connector)
        return {name: connector for name, (_, connector) in offered.items()}

    def _collect_templates(self) -> dict[str, Mapping[str, DestinationTemplate]]:
        offered: dict[str, dict[str, DestinationTemplate]] = {name: {} for name in self._connectors}
        for plugin, call in self._callers["destination_templates"]:
            for template in _offered(plugin, call, "destination_templates", DestinationTemplate):  # type: ignore[type-abstract]
                what = f'"{plugin}" offers the template "{template.name}"'
                if template.connector not in offered:
                    mend = nearest(template.connector, sorted(offered), "The enabled plugins offer")
                    raise ConfigError(KEY, f'{what} for a connector "{template.connector}" that there is not', mend)
                if template.name in offered[template.connector]:
                    raise ConfigError(KEY, f"{what}, which there is already", "Give it a name of its own.")
                offered[template.connector][template.name] = template
        return {name: MappingProxyType(templates) for name, templates in offered.items()}


def load_plugins(config: Config) -> Plugins:
    """Find, import, check and register the enabled plugins; raises `ConfigError` for whatever is wrong with them."""
    for name in config.plugins.settings:
        if name not in config.plugins.enabled:
            mend = nearest(name, list(config.plugins.enabled), "Enable it, or take the section out. Enabled are")
            raise ConfigError(f"plugins.{name}", "the section is of a plugin that is not enabled", mend)
    return Plugins(find_plugins(config), config)


def _import(candidate: Candidate) -> object:
    try:
        return candidate.load()
    except Exception as error:
        problem = f'the plugin "{candidate.name}" in {candidate.where} cannot be imported: {_words(error)}'
        raise ConfigError(KEY, problem, "Mend or disable it.") from error


def _refuse_wrappers(manager: pluggy.PluginManager, plugin: object, name: str) -> None:
    """A wrapper would have nothing to wrap, since plugins are called one at a time."""
    for caller in manager.get_hookcallers(plugin) or ():
        for implementation in caller.get_hookimpls():
            if implementation.plugin is plugin and (implementation.wrapper or implementation.hookwrapper):
                problem = f'the plugin "{name}" wraps the hook "{caller.name}"'
                raise ConfigError(KEY, problem, "Wrappers are not called here: implement the hook itself.")


def _offered(plugin: str, call: Callable[..., Any], hook: str, kind: type[Offered]) -> list[Offered]:
    """What a plugin offers in a hook that returns a list, each of the right kind and with a name that can be used."""
    what = "connectors" if hook == "register_connectors" else "templates"
    try:
        [found] = call()
    except Exception as error:
        problem = f'the plugin "{plugin}" failed to register its {what}: {_words(error)}'
        raise ConfigError(KEY, problem, "Mend or disable it.") from error
    if not isinstance(found, list | tuple):
        problem = f'{hook} of the plugin "{plugin}" returned a {type(found).__name__}'
        raise ConfigError(KEY, problem, f"It must return a list of {kind.__name__} objects.")
    for one in found:
        if not isinstance(one, kind):
            problem = f'{hook} of the plugin "{plugin}" returned a {type(one).__name__}'
            raise ConfigError(KEY, problem, f"It must return a list of {kind.__name__} objects.")
        if not re.fullmatch(NAME, str(getattr(one, "name", ""))):
            problem = f'the plugin "{plugin}" offers a {what[:-1]} named "{getattr(one, "name", "")}"'
            raise ConfigError(KEY, problem, 'A name has small letters, digits, "-" and "_" only.')
    return list(found)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
