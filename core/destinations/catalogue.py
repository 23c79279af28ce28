"""The destinations there are: made, changed, activated, paused and removed, by whom; and what each has done so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.access import audit
from core.destination_settings import Definition, as_given
from core.destination_template import DestinationTemplate
from core.destinations.checking import check_change, check_definition, check_upstream, load_definition
from core.destinations.stored import counts_of, must_feed_nobody, readable
from core.errors import ConfigError, RelaydeskError
from core.runtime import Runtime
from core.store.models import NOT_HELD, DestinationCallRow, DestinationRecordRow, DestinationResponseRow, DestinationRow

RECORD_STATES = ("waiting", "sending", "uncertain", "sent", "skipped", "failed", "parked", "dropped")
"""The states of a record as they are shown; one that is arriving is shown as waiting."""
AT_ONCE = 1000
"""Rows that are removed in one transaction."""
_ITS: tuple[Any, ...] = (DestinationResponseRow, DestinationRecordRow, DestinationCallRow)
"""What is removed with a destination, in this order."""


class DestinationState(StrEnum):
    """Whether a destination sends: not before it is activated, and not while it is paused."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    PAUSED = "paused"


class UnknownDestination(RelaydeskError):
    """There is no destination of this name."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination as it stands; `counts` are its records by state.

    `tested` is what came of the last test, None before the first: at, by, ok, status, request, answer, error.
    `held_reason` says why nothing is sent until `held_until`, though it is active.
    """

    id: int
    name: str
    definition: Definition
    provisioned: bool
    state: DestinationState
    connector: str
    """The name of the connection's connector; "" if there is no such connection any more."""
    activated_at: datetime | None
    activated_by: str
    paused_at: datetime | None
    paused_by: str
    tested: Mapping[str, Any] | None
    held_until: datetime | None
    held_reason: str
    revision: int
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    counts: Mapping[str, int]
    broken: str = ""
    """Why the definition that is stored cannot be used; the one here is what can still be read of it."""

    def sound(self) -> Definition:
        """The definition, if it can be used. Raises `ConfigError`."""
        if self.broken:
            raise ConfigError("destination", self.broken, "Give it a definition that can be used.")
        return self.definition

    @property
    def total(self) -> int:
        """All its records."""
        return sum(self.counts.values())

    @property
    def settled(self) -> int:
        """Those of which nothing more will come by itself."""
        return sum(self.counts.get(state, 0) for state in ("sent", "skipped", "failed", "parked", "dropped"))


class Destinations:
    """Everything a person or a program does with destinations as such.

    `by` is who does it. A mistake raises `ConfigError`, whose key is the one in the definition; a name that leads
    nowhere `UnknownDestination`.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._db = runtime.db

    # --------------------------------------------------------------------------------------- what there is

    def list(self) -> tuple[Destination, ...]:
        """All destinations, by name."""
        with self._db.read():
            rows = list(DestinationRow.select().order_by(DestinationRow.name))
            counts = counts_of()
        return tuple(self._shown(row, counts.get(row.id, {})) for row in rows)

    def get(self, name: str) -> Destination:
        """One destination."""
        with self._db.read():
            row = _row(name)
            counts = counts_of(row.id)
        return self._shown(row, counts.get(row.id, {}))

    def template(self, definition: Definition) -> DestinationTemplate | None:
        """The template of a definition; None for a manual one, and where the connection or the template is gone."""
        configured = self._runtime.connections.configured.get(definition.connection)
        templates = self._runtime.plugins.templates.get(configured.connector, {}) if configured else {}
        return templates.get(definition.template)

    # ------------------------------------------------------------------------------------------ the making

    def create(self, given: Mapping[str, Any], by: str) -> Destination:
        """Make a destination; nothing is sent before it is activated."""
        definition = self._checked(given)
        with self._db.write():
            now = self._db.now()
            made = self._db.insert_ignore(
                DestinationRow,
                name=definition.name,
                **_values(definition),
                created_by=by,
                created_at=now,
                changed_by=by,
                changed_at=now,
            )
            if made is None:
                mend = "Choose another name, or change that one."
                raise ConfigError("name", f"there is a destination {definition.name} already", mend)
            audit.note(self._db, by, "destination.made", definition.name)
        return self.get(definition.name)

    def update(self, name: str, given: Mapping[str, Any], by: str, revision: int | None = None) -> Destination:
        """Give a destination another definition; what waits is sent as that says. Its name stays.

        With a `revision` it must be the one that was read, or somebody else has changed it meanwhile.
        """
        definition = self._checked({**given, "name": name})
        with self._db.write():
            row = self._changeable(name)
            if revision is not None and revision != row.revision:
                raise ConfigError("revision", "somebody has changed it meanwhile", "Look at what it is now.")
            if row.definition.get("response") and not definition.response:
                mend = f"Give them another source first, or keep the answers of {name}."
                must_feed_nobody(name, "response", "it feeds {}, which would get nothing any more", mend)
            check_change(row, readable(self._runtime, row)[0], definition)
            self._store(row, by, "changed", **_values(definition), **NOT_HELD)
        self._db.signal()
        return self.get(name)

    def delete(self, name: str, by: str) -> None:
        """Remove a destination with its ledger; it must not be active, and nothing of it be under way."""
        while self._delete_some(name, by):
            pass

    def _delete_some(self, name: str, by: str) -> bool:
        """Remove a part of a ledger, so that nobody waits for long, and in the end the rest; False then."""
        with self._db.write():
            row = self._deletable(name)
            for table in _ITS:
                some = table.select(table.id).where(table.destination == row.id).limit(AT_ONCE)
                if table.delete().where(table.id.in_([each.id for each in some])).execute():
                    return True
            DestinationRow.delete().where(DestinationRow.id == row.id).execute()
            audit.note(self._db, by, "destination.removed", name)
            return False

    def _deletable(self, name: str) -> DestinationRow:
        row = self._changeable(name)
        if row.activated_at is not None:
            raise ConfigError("destination", "it is active", "Deactivate it first.")
        must_feed_nobody(name, "destination", "its answers feed {}", "Give them another source first.")
        under_way = DestinationRecordRow.state.in_(("sending", "uncertain"))
        if DestinationRecordRow.select().where(DestinationRecordRow.destination == row.id, under_way).exists():
            mend = "Wait until it is known what became of them, or settle them by hand."
            raise ConfigError("destination", "calls of it are under way", mend)
        return row

    # -------------------------------------------------------------------------------------------- its life

    def activate(self, name: str, by: str) -> Destination:
        """Let it send, from now on; one that is active already stays as it is."""
        row = self._find(name)
        if row.provisioned:
            mend = f"Set active = true there ({self._runtime.config.path})."
            raise ConfigError("destination", "it stands in the configuration file, which activates it", mend)
        check_definition(self._runtime, load_definition(self._runtime, row.definition))
        values = {"activated_at": self._db.now(), "activated_by": by, "paused_at": None}
        return self._change(name, by, "activated", **values, **NOT_HELD)

    def deactivate(self, name: str, by: str) -> Destination:
        """Let it send nothing any more but tests; what waits goes on waiting."""
        if self._find(name).provisioned:
            mend = f"Take active = true out of it ({self._runtime.config.path}), or pause it."
            raise ConfigError("destination", "it stands in the configuration file, which activates it", mend)
        return self._change(name, by, "deactivated", activated_at=None, activated_by="", paused_at=None)

    def pause(self, name: str, by: str) -> Destination:
        """Let it send nothing until `resume`; what waits goes on waiting."""
        if self._find(name).activated_at is None:
            raise ConfigError("destination", "it is not active", "There is nothing to pause.")
        return self._change(name, by, "paused", paused_at=self._db.now(), paused_by=by)

    def resume(self, name: str, by: str) -> Destination:
        """Let a paused one send again, and try at once what it was held back from."""
        if self._find(name).activated_at is None:
            raise ConfigError("destination", "it is not active", "Activate it.")
        return self._change(name, by, "resumed", paused_at=None, paused_by="", **NOT_HELD)

    # ---------------------------------------------------------------------------------------------- inside

    def _checked(self, given: Mapping[str, Any]) -> Definition:
        definition = replace(load_definition(self._runtime, given), active=False)
        check_definition(self._runtime, definition)
        with self._db.read():
            check_upstream(definition)
        return definition

    def _find(self, name: str) -> DestinationRow:
        with self._db.read():
            return _row(name)

    def _changeable(self, name: str) -> DestinationRow:
        row = _row(name)
        if row.provisioned:
            mend = f"Change it there ({self._runtime.config.path})."
            raise ConfigError("destination", "it stands in the configuration file", mend)
        return row

    def _change(self, name: str, by: str, what: str, **values: Any) -> Destination:
        with self._db.write():
            self._store(_row(name), by, what, **values)
        self._db.signal()
        return self.get(name)

    def _store(self, row: DestinationRow, by: str, what: str, **values: Any) -> None:
        DestinationRow.update(
            **values, revision=DestinationRow.revision + 1, changed_by=by, changed_at=self._db.now()
        ).where(DestinationRow.id == row.id).execute()
        audit.note(self._db, by, f"destination.{what}", row.name)

    def _shown(self, row: DestinationRow, counts: Mapping[str, int]) -> Destination:
        configured = self._runtime.connections.configured.get(row.connection)
        own = {"definition", "state", "connector", "counts", "broken", "held_reason"}
        stored = {name: getattr(row, name) for name in Destination.__slots__ if name not in own}
        definition, broken = readable(self._runtime, row)
        return Destination(
            **stored,
            definition=definition,
            state=state_of(row),
            connector=configured.connector if configured else "",
            counts=counts,
            broken=broken,
            held_reason=broken or row.held_reason,
        )


def state_of(row: DestinationRow) -> DestinationState:
    """Whether a destination sends."""
    if row.activated_at is None:
        return DestinationState.INACTIVE
    return DestinationState.ACTIVE if row.paused_at is None else DestinationState.PAUSED


def _values(definition: Definition) -> dict[str, Any]:
    return {
        "connection": definition.connection,
        "definition": as_given(definition),
        "source": definition.source,
        "events": list(definition.events),
    }


def _row(name: str) -> DestinationRow:
    row: DestinationRow | None = DestinationRow.get_or_none(DestinationRow.name == name)
    if row is None:
        raise UnknownDestination(f"there is no destination {name}")
    return row
