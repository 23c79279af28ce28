"""What the tests of the reading side share: a hand that writes rows into a store."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.store.database import Database
from core.store.models import (
    ActionRow,
    ConnectionRow,
    ContactRow,
    DecisionRow,
    EventRow,
    LeaseRow,
    MessageRow,
    SessionRow,
)
from core.testing.clock import FakeClock


class Rows:
    """Writes rows, each with what matters to the test and nothing else to be named."""

    def __init__(self, db: Database, clock: FakeClock) -> None:
        self.db, self.clock = db, clock
        self._numbers = itertools.count(1)
        self._connections: dict[str, Any] = {}

    def at(self, minutes: float) -> datetime:
        """The test's beginning and so many minutes."""
        return self.clock.now() + timedelta(minutes=minutes)

    def connection(self, name: str = "support", connector: str = "freshchat") -> Any:
        if name not in self._connections:
            with self.db.write():
                self._connections[name] = ConnectionRow.create(
                    name=name, connector=connector, created_at=self.clock.now()
                )
        return self._connections[name]

    def contact(self, name: str = "Ada", email: str | None = None) -> Any:
        with self.db.write():
            return ContactRow.create(name=name, email=email, created_at=self.clock.now())

    def session(self, minutes: float = 0, connection: str = "support", **values: Any) -> Any:
        """A session that changed last so many minutes after the beginning."""
        where = self.connection(connection)
        number = next(self._numbers)
        conversation = values.pop("conversation_id", f"conversation-{number}")
        with self.db.write():
            lease = LeaseRow.create(connection=where, conversation_id=conversation)
            given = {"channel": "web", "mode": "autopilot", "created_at": self.at(0), "updated_at": self.at(minutes)}
            return SessionRow.create(connection=where, lease=lease, conversation_id=conversation, **{**given, **values})

    def message(self, session: Any, text: str = "Hello?", minutes: float = 0, **values: Any) -> Any:
        with self.db.write():
            given = {"author": "customer", "at": self.at(minutes), "received_at": self.at(minutes), "text": text}
            return MessageRow.create(session=session, connection=session.connection_id, **{**given, **values})

    def action(self, session: Any, minutes: float = 0, **values: Any) -> Any:
        with self.db.write():
            given = {"kind": "reply", "priority": "live_reply", "created_at": self.at(minutes)}
            return ActionRow.create(
                session=session,
                lease=session.lease_id,
                connection=session.connection_id,
                reference=f"r{next(self._numbers)}",
                **{**given, **values},
            )

    def decision(self, session: Any, minutes: float = 0, **values: Any) -> Any:
        with self.db.write():
            given = {"outcome": "reply", "reason": "answered", "at": self.at(minutes)}
            return DecisionRow.create(session=session, **{**given, **values})

    def event(self, session: Any = None, minutes: float = 0, connection: str = "support", **values: Any) -> Any:
        where = session.connection_id if session is not None else self.connection(connection).id
        lease = session.lease_id if session is not None else None
        with self.db.write():
            given = {"kind": "message_create", "payload": {}, "source": "webhook", "received_at": self.at(minutes)}
            return EventRow.create(
                connection=where, lease=lease, dedupe_key=f"k{next(self._numbers)}", **{**given, **values}
            )


@pytest.fixture
def hand() -> type[Rows]:
    """For a test that has stores of its own."""
    return Rows


@pytest.fixture
def rows(db: Database, clock: FakeClock) -> Rows:
    """A hand that writes rows into the store."""
    return Rows(db, clock)
