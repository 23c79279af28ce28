"""The form of a connection, made of its connector's settings: entered, tried at the vendor, and kept if it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from core import directory
from core.access.users import Role
from core.choices import Choices, choices_for_form, choices_of
from core.connecting import NoConnection, ReadOnly, editable, test_and_save
from core.connector import Connector
from core.errors import VERIFY_FAMILY, ConfigError
from core.forms import Choice, FormField, NotSaved, form_fields
from core.overview import Overview, overview
from core.runtime import Runtime
from core.stored_connections import without_secrets
from core.web.addresses import ROW_ID
from core.web.forms import Confirm
from core.web.guard import needs, signed_in
from core.web.wording import sentence, speaks_as

Answer = str | Response | tuple[str, int]
GROUPS = {"account": "Account", "routing": "Which conversations the AI takes", "handoff": "Handing over to people"}
REVISION, LOAD, REMOVE = "_revision", "_load", "_remove_"
"""Fields of the form beside the settings, none of which begins like this."""
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A field as it is drawn: what stands in it, what it offers, a remark on that, and what is wrong with it.

    A picker that offers nothing is typed into; one that is `open` both offers something and is typed into. `removed`
    is a secret that is to be removed.
    """

    field: FormField
    value: str
    offered: tuple[Choice, ...] = ()
    open: bool = False
    remark: str = ""
    errors: tuple[str, ...] = ()
    removed: bool = False

    @property
    def unasked(self) -> bool:
        """Whether there is something to choose from that the vendor has not been asked for."""
        return self.field.kind == "picker" and not self.offered and not self.remark


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it is drawn: of a new connection, or of the one `seen`; `problems` are those without a field."""

    connector: Connector
    seen: Overview | None
    name: str
    name_errors: tuple[str, ...]
    revision: int
    groups: tuple[tuple[str, tuple[Entry, ...]], ...]
    headline: str
    problems: tuple[str, ...]
    overtaken: bool
    loaded: bool

    @property
    def entries(self) -> list[Entry]:
        """All fields."""
        return [entry for _, entries in self.groups for entry in entries]

    @property
    def can_load(self) -> bool:
        """Whether there is something to choose from that was not asked for, or not told."""
        return any(entry.field.kind == "picker" and (entry.open or not entry.offered) for entry in self.entries)


def add_forms(blueprint: Blueprint, runtime: Runtime) -> None:
    """Add the pages on which connections are made and changed."""

    @blueprint.route("/integrations/new/<connector>", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def new(connector: str) -> Answer:
        speaking = runtime.plugins.connectors.get(connector)
        if speaking is None:
            abort(404)
        if request.method == "GET":
            return _page(_sheet(runtime, speaking, None))
        return _worked_on(runtime, speaking, None)

    @blueprint.route(f"/integrations/<{ROW_ID}:connection_id>/edit", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def edit(connection_id: int) -> Answer:
        try:
            editable(runtime, connection_id)
            seen = overview(runtime, connection_id)
            speaking = runtime.connections.connector_named(seen.connector)
        except NoConnection:
            abort(404)
        except (ReadOnly, ConfigError) as problem:
            flash(sentence(str(problem)), "warning")
            return redirect(url_for("integrations.connection", connection_id=connection_id))
        if request.method == "GET":
            offered = choices_of(runtime, seen.connection, _wanted(speaking)) if seen.connection.active else {}
            return _page(_sheet(runtime, speaking, seen, offered=offered))
        return _worked_on(runtime, speaking, seen)


def _worked_on(runtime: Runtime, connector: Connector, seen: Overview | None) -> Answer:
    """What was entered is tried, and kept or shown again; or the vendor is asked what there is to choose from."""
    posted = request.form
    given = _given(_fields(runtime, connector, seen), posted)
    name = seen.name if seen is not None else posted.get("name", "").strip()[:LONGEST]
    existing = seen.id if seen is not None else None
    try:
        if LOAD in posted:
            offered = choices_for_form(runtime, connector.name, given, _wanted(connector), existing)
            return _page(_sheet(runtime, connector, seen, posted, offered=offered, loaded=True))
        identity = test_and_save(
            runtime, connector.name, name, given, signed_in().email, existing, posted.get(REVISION, type=int)
        )
    except NotSaved as problem:
        failed = problem
    except (ReadOnly, NoConnection) as problem:
        flash(sentence(str(problem)), "danger")
        return redirect(url_for("integrations.index"))
    else:
        flash(f"{_done(seen)} It {speaks_as(identity)}.", "success")
        if existing is None:
            existing = next(one.id for one in runtime.connections.made_on_pages() if one.name == name)
        return redirect(url_for("integrations.connection", connection_id=existing))
    reached = seen is not None and seen.connection.active and failed.headline != VERIFY_FAMILY
    offered = choices_of(runtime, seen.connection, _wanted(connector)) if seen is not None and reached else {}
    return _page(_sheet(runtime, connector, seen, posted, failed, offered)), 422


def _done(seen: Overview | None) -> str:
    if seen is None:
        return "Connected. What is left to do is below."
    if seen.state == "disconnected":
        return "Connected again. Its webhook address is NEW: copy it from below, the former one is void."
    return "Saved. The webhook address is the same as before."


def _page(sheet: Sheet) -> str:
    return render_template("integrations/form.html", sheet=sheet, confirm=Confirm(), titles=GROUPS)


# ------------------------------------------------------------------------------------------------ what is entered


def _fields(runtime: Runtime, connector: Connector, seen: Overview | None) -> list[FormField]:
    settings: Mapping[str, Any] | None = None
    if seen is not None:
        # Of a connection that cannot be used, what can be read of it stands in the form all the same.
        settings = seen.connection.settings or without_secrets(runtime.connections.row(seen.id).settings or {})
    return form_fields(connector, settings, with_api_url=runtime.config.server.api_url_on_pages)


def _wanted(connector: Connector) -> list[str]:
    return list(dict.fromkeys(field.picks for field in form_fields(connector) if field.kind == "picker"))


def _given(fields: list[FormField], posted: MultiDict[str, str]) -> dict[str, Any]:
    """What was posted, by name of the setting; what is as usual is left to the default, which may become another."""
    given: dict[str, Any] = {}
    for field in fields:
        if field.kind == "secret":
            given[field.name] = None if posted.get(REMOVE + field.name) else _text(posted, field)
        elif field.kind == "switch":
            on = posted.get(field.name) == "true"
            given[field.name] = None if field.default is on else on
        else:
            text = _text(posted, field).strip()
            given[field.name] = None if text == _as_text(field.default) else text
    return given


def _text(posted: MultiDict[str, str], field: FormField) -> str:
    return posted.get(field.name, "")[:LONGEST].replace("\r\n", "\n").replace("\x00", "")


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)


# ------------------------------------------------------------------------------------------------- what is drawn


def _sheet(
    runtime: Runtime,
    connector: Connector,
    seen: Overview | None,
    posted: MultiDict[str, str] | None = None,
    failed: NotSaved | None = None,
    offered: Mapping[str, Choices] | None = None,
    *,
    loaded: bool = False,
) -> Sheet:
    fields = _fields(runtime, connector, seen)
    wrong: dict[str, list[str]] = {}
    for error in failed.errors if failed is not None else ():
        wrong.setdefault(error.key, []).append(f"{sentence(error.problem)} {error.mend}".rstrip())
    names = directory.names(runtime.db, seen.id) if seen is not None else {}
    entries = [_entry(field, posted, offered or {}, names, tuple(wrong.get(field.name, ()))) for field in fields]
    known = {"name", *(field.name for field in fields)}
    revision = seen.revision if seen is not None else 0
    looked_at = posted.get(REVISION, revision, type=int) if posted is not None else revision
    return Sheet(
        connector=connector,
        seen=seen,
        name=posted.get("name", "")[:LONGEST] if posted is not None else _free_name(runtime, connector),
        name_errors=tuple(wrong.get("name", ())),
        revision=looked_at,
        groups=tuple(
            (group, tuple(entry for entry in entries if entry.field.group == group))
            for group in dict.fromkeys(field.group for field in fields)
        ),
        headline=failed.headline if failed is not None else "",
        problems=tuple(words for key, found in wrong.items() if key not in known for words in found),
        overtaken=looked_at != revision,
        loaded=loaded,
    )


def _free_name(runtime: Runtime, connector: Connector) -> str:
    taken = {connection.name for connection, _ in runtime.connections.all()}
    return next(
        name
        for number in range(1, len(taken) + 2)
        if (name := connector.name if number == 1 else f"{connector.name}-{number}") not in taken
    )


def _entry(
    field: FormField,
    posted: MultiDict[str, str] | None,
    offered: Mapping[str, Choices],
    names: Mapping[tuple[str, str], str],
    errors: tuple[str, ...],
) -> Entry:
    value = _as_text(field.default if field.value is None else field.value)
    if posted is not None and field.kind != "secret":
        value = ("true" if posted.get(field.name) == "true" else "false") if field.kind == "switch" else ""
        value = value or _text(posted, field)
    if field.kind != "picker":
        removed = posted is not None and bool(posted.get(REMOVE + field.name))
        return Entry(field, value, field.choices, errors=errors, removed=removed)
    named = names.get((directory.KINDS.get(field.picks, ""), value), "")
    found = offered.get(field.picks)
    if found is None or (found.problem and not found.choices):
        remark = f"{sentence(found.problem)} Its id can be typed in." if found is not None else ""
        return Entry(field, value, remark=f"{remark} At present: {named}.".strip() if named else remark, errors=errors)
    offers = found.choices
    if value and all(choice.value != value for choice in offers):
        offers = (Choice(value, f"{named or value} (not found in the account)"), *offers)
    remark = sentence(found.problem) if found.problem else ""
    if found.more:
        remark = f"{remark} There are more than are listed here: the id of any other can be typed in.".strip()
    return Entry(field, value, offers, found.more, remark, errors)
