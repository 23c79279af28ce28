"""Whether what was given for a destination is good: each mistake names the key and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.connector import Connector
from core.destination_settings import EVENTS, RESPONSES, Definition, DestinationSchema
from core.destination_template import DestinationTemplate
from core.destinations.addresses import checked_address
from core.destinations.expressions import parse, placeholders
from core.errors import ConfigError
from core.receivers import checked_events
from core.runtime import Runtime
from core.settings import joined, load_settings, nearest
from core.store.models import DestinationCallRow, DestinationRecordRow, DestinationRow

_LOOKS_LIKE_A_LOOK_UP = re.compile(r"([a-z_]+)\(.+\)")


def load_definition(runtime: Runtime, given: Mapping[str, Any], key: str = "") -> Definition:
    """What was given, as in the file. Raises `ConfigError` for what is wrong by itself; see `check_definition`."""
    definition: Definition = load_settings(DestinationSchema(), given, key, runtime.config.folder)
    return definition


def check_definition(runtime: Runtime, definition: Definition) -> None:
    """Raise `ConfigError`, telling all mistakes at once, if a definition does not fit its connection."""
    mistakes = list(mistakes_of(runtime, definition))
    if mistakes:
        raise joined(mistakes)


def mistakes_of(runtime: Runtime, definition: Definition) -> Iterator[ConfigError]:
    """All that is wrong with a definition, each with its key."""
    configured = runtime.connections.configured.get(definition.connection)
    if configured is None:
        mend = nearest(definition.connection, sorted(runtime.connections.configured), "The connections are")
        yield ConfigError("connection", f'there is no connection "{definition.connection}"', mend)
        return
    connector = runtime.connections.connector_named(configured.connector)
    templates = runtime.plugins.templates.get(connector.name, {})
    if definition.template and (definition.method or definition.url):
        yield ConfigError("template", "a template is given, and a method or url too", "Give one or the other.")
    elif definition.template and definition.template not in templates:
        mend = nearest(definition.template, list(templates), f"{connector.label} has")
        yield ConfigError("template", f'{connector.label} has no template "{definition.template}"', mend)
    elif definition.template:
        yield from _of_template(definition, templates[definition.template], connector)
    else:
        yield from _of_manual(definition, connector, connector.base_url(configured.settings))
    yield from _of_look_ups(definition, connector)
    yield from _of_source(runtime, definition)


def _of_template(definition: Definition, template: DestinationTemplate, connector: Connector) -> Iterator[ConfigError]:
    known = [field.name for field in template.fields]
    for key, given in (("fields", definition.fields), ("constants", definition.constants)):
        for name in given:
            if template.field(name) is None:
                yield ConfigError(
                    f"{key}.{name}", f"{template.label} has no such field", nearest(name, known, "It has")
                )
    if definition.fields:
        there = {*definition.fields, *definition.constants}
        for field in template.fields:
            if field.required and not field.name.endswith("*") and field.name not in there:
                mend = f"Add {field.name} = the attribute that holds it, or a constant."
                yield ConfigError(f"fields.{field.name}", f"{template.label} needs it", mend)
    if definition.batch is not None and not template.merged_by:
        yield ConfigError(
            "batch", f"{connector.label} takes one record a call for {template.label}", "Leave the batch out."
        )
    if definition.exists != "fail" and not template.finds_existing:
        mend = 'Leave it out, or give "fail".'
        yield ConfigError("exists", f"{template.label} cannot tell what {connector.label} has already", mend)


def _of_manual(definition: Definition, connector: Connector, base_url: str) -> Iterator[ConfigError]:
    if not definition.method and not definition.url:
        mend = "Give a template, or else method and url."
        yield ConfigError("template", "it is missing", mend)
        return
    if not definition.method:
        yield ConfigError("method", "it is missing", "Give POST, PUT or PATCH.")
    if not definition.url:
        yield ConfigError("url", "it is missing", "Give a complete address on the connection's host, or a path.")
    else:
        try:
            checked_address(definition.url, base_url)
        except ConfigError as mistake:
            yield mistake
    if definition.exists != "fail":
        mend = 'Leave it out, or give "fail".'
        yield ConfigError("exists", "without a template nobody knows what exists already", mend)


def _of_look_ups(definition: Definition, connector: Connector) -> Iterator[ConfigError]:
    known = {each.name: each for each in connector.look_ups}
    places = [(f"fields.{name}", text) for name, text in definition.fields.items()]
    places += [("url", text) for text in placeholders(definition.url)]
    for key, text in places:
        expression = parse(text, known)
        found = _LOOKS_LIKE_A_LOOK_UP.fullmatch(expression.attribute)
        if found:
            mend = nearest(found.group(1), list(known), f"{connector.label} can look up")
            yield ConfigError(key, f'there is no look-up "{found.group(1)}"', mend)
        elif not expression.attribute:
            yield ConfigError(key, "it names no attribute", "Write the attribute's name into the brackets.")


def _of_source(runtime: Runtime, definition: Definition) -> Iterator[ConfigError]:
    if definition.source == EVENTS:
        try:
            checked_events(definition.events)
        except ConfigError as mistake:
            yield mistake
    elif definition.events:
        yield ConfigError(
            "events", "they are given, but the source is another", 'Leave them out, or give source = "events".'
        )
    if definition.upstream == definition.name:
        yield ConfigError("source", "it would feed itself", "Give the name of another destination.")


def check_change(row: DestinationRow, before: Definition, after: Definition) -> None:
    """Raise `ConfigError` if what the ledger holds would not be understood any more. Inside a transaction.

    Records are known by what the `key` said when they came, and calls that are in doubt are looked for in the account
    and by the template that they were made with.
    """
    records = DestinationRecordRow.select(DestinationRecordRow.id).where(DestinationRecordRow.destination == row.id)
    for name in ("key", "unique"):
        if getattr(before, name) != getattr(after, name) and records.exists():
            mend = "Make another destination, or keep to it."
            raise ConfigError(name, "the records that are in the ledger are known by the former one", mend)
    calls = DestinationCallRow.select(DestinationCallRow.id).where(
        DestinationCallRow.destination == row.id, DestinationCallRow.purpose != "test"
    )
    for name in ("connection", "template"):
        if getattr(before, name) != getattr(after, name) and calls.exists():
            mend = "Make another destination, or keep to it."
            raise ConfigError(name, "records were written by the former one already", mend)


def check_upstream(definition: Definition) -> None:
    """Raise `ConfigError` if answers are to feed it that nobody keeps, or its own in the end. In a transaction."""
    if not definition.upstream:
        return
    source: DestinationRow | None = DestinationRow.get_or_none(DestinationRow.name == definition.upstream)
    if source is None:
        known = [each.name for each in DestinationRow.select(DestinationRow.name).order_by(DestinationRow.name)]
        mend = nearest(definition.upstream, known, "There are")
        raise ConfigError("source", f'there is no destination "{definition.upstream}"', mend)
    if not source.definition.get("response"):
        mend = f"Set response = true for {source.name} first."
        raise ConfigError("source", f"the answers of {source.name} are not kept", mend)
    seen = {definition.name}
    while source is not None:
        if source.name in seen:
            raise ConfigError("source", "its answers would come back to it in a circle", "Take another source.")
        seen.add(source.name)
        upstream = source.source.removeprefix(RESPONSES) if source.source.startswith(RESPONSES) else ""
        source = DestinationRow.get_or_none(DestinationRow.name == upstream)
