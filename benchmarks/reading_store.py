"""A store of the size that the pages must stay fast with: made by itself, the same each time, on either engine."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, islice
from typing import Any

from core.store import reading
from core.store.database import Database
from core.store.migrations import STEPS, MigrationRow
from core.store.models import (
    EPOCH,
    TABLES,
    ActionRow,
    BudgetRow,
    ConnectionRow,
    ContactIdentityRow,
    ContactRow,
    DecisionRow,
    EventRow,
    LeaseRow,
    MessageRow,
    Row,
    SessionRow,
    TimelineRow,
)

STORE_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = int((STORE_NOW - EPOCH).total_seconds()) * 1_000_000
SECOND, DAY = 1_000_000, 86_400_000_000
SEED = 5
RARE = "xylographie"
"""A word of three messages."""
LONG_SESSION = 500
"""Messages of the session that is longer than any other."""
CONNECTIONS = (("support", "freshchat"), ("sales", "freshchat"), ("tickets", "freshdesk"), ("returns", "freshdesk"))
KINDS = {
    "freshchat": ("message_create", "conversation_assignment", "conversation_resolution", "conversation_reopen"),
    "freshdesk": ("ticket_created", "ticket_updated", "ticket_hint"),
}
FIRST_NAMES = ("Ada", "Jörg", "Müge", "Zoë", "Grace", "Łukasz", "Anne", "Björn", "Chloé", "Dmitri", "Emil", "Fatima")


@dataclass(frozen=True)
class Size:
    """How much is stored."""

    sessions: int
    messages: int
    events: int

    @property
    def contacts(self) -> int:
        return max(1, self.sessions * 3 // 5)


FULL = Size(200_000, 1_000_000, 1_000_000)
QUICK = Size(500, 3_000, 3_000)
EMPTY = Size(0, 0, 0)


class Language:
    """Words as often as in a language: the second half as often as the first, and so on (Zipf)."""

    def __init__(self, chance: random.Random, words: int = 60_000, length: int = 1_500_000) -> None:
        parts = [
            first + rest for first in "bdfghklmnprstvwz" for rest in ("a", "e", "i", "o", "u", "ä", "ö", "ei", "en")
        ]
        found: dict[str, None] = {}
        while len(found) < words:
            found["".join(chance.choices(parts, k=chance.choice((1, 2, 2, 3, 3, 4))))] = None
        self.words = sorted(found, key=len)[:200] + [word for word in found if len(word) > 3]
        weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))
        self._said = chance.choices(self.words, cum_weights=weights, k=length)
        self._chance = chance

    @classmethod
    def of(cls, size: Size, chance: random.Random | None = None) -> Language:
        """The language of a store of a size: the same each time."""
        chance = chance or random.Random(SEED)
        return cls(chance, *((60_000, 1_500_000) if size.sessions > QUICK.sessions else (6_000, 50_000)))

    def text(self, average: int) -> str:
        """A text of some words: most are short, a few are long."""
        number = min(1_500, 1 + int(self._chance.expovariate(1 / average)))
        start = int(self._chance.random() * (len(self._said) - number))
        words = self._said[start : start + number]
        words[0] = words[0].capitalize()
        return " ".join(words) + self._chance.choice((".", "!", "?", " 🙂", ", danke."))


class Table:
    """Makes rows of a table as the engine wants them: what is not named is the model's default."""

    def __init__(self, model: type[Row]) -> None:
        fields = list(model._meta.sorted_fields)
        self.name = model._meta.table_name
        self.columns = [field.column_name for field in fields]
        defaults = [field.default() if callable(field.default) else field.default for field in fields]
        self._base = [field.db_value(value) for field, value in zip(fields, defaults, strict=True)]
        self._place = {column: place for place, column in enumerate(self.columns)}

    def row(self, **values: Any) -> list[Any]:
        row = self._base.copy()
        for column, value in values.items():
            row[self._place[column]] = value
        return row


def build(db: Database, size: Size, tell: Callable[[str], None]) -> None:
    """Fill an empty database. The tables come first, and what is read by last, as one step, which is quicker."""
    start = time.monotonic()
    with db.write():
        db.native.create_tables([*TABLES, MigrationRow])
    for model, rows in _Filling(size).all():
        _insert(db, Table(model), rows)
    tell(f"{time.monotonic() - start:.0f} s: rows")
    with db.write():
        reading.make(db.native)
        for number, name, _ in STEPS:
            MigrationRow.create(number=number, name=name, applied_at=db.now())
    tell(f"{time.monotonic() - start:.0f} s: indexes")
    _settle(db)
    tell(f"{time.monotonic() - start:.0f} s: settled")


def _insert(db: Database, table: Table, rows: Iterable[list[Any]]) -> None:
    names = ", ".join(table.columns)
    left = iter(rows)
    while chunk := list(islice(left, 50_000)):
        with db.write():
            connection = db.native.connection()
            if db.engine == "sqlite":
                places = ", ".join("?" * len(table.columns))
                connection.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({places})", chunk)  # noqa: S608
            else:
                with connection.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                    for row in chunk:
                        copy.write_row(row)
    if db.engine == "postgresql":
        with db.write():
            db.native.execute_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), coalesce(max(id), 1)) FROM {table.name}"  # noqa: S608
            )


def _settle(db: Database) -> None:
    """Do what both engines do by themselves in time: gather statistics, and take the log into the file."""
    db.native.connect(reuse_if_open=True)
    try:
        if db.engine == "sqlite":
            db.native.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        else:
            connection = db.native.connection()
            before, connection.autocommit = connection.autocommit, True
            connection.execute("VACUUM ANALYZE")
            connection.autocommit = before
    finally:
        db.native.close()


class _Filling:
    """The rows of every table, in an order in which each finds those that it refers to."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.chance = random.Random(SEED)
        self.language = Language.of(size, self.chance)
        self.lengths = self._lengths()

    def _lengths(self) -> list[int]:
        """How many messages each session has; the last but one is the long one."""
        if not self.size.sessions:
            return []
        left = self.size.messages - LONG_SESSION - self.size.sessions
        lengths = [1] * self.size.sessions
        for place in self.chance.choices(range(self.size.sessions), k=max(0, left)):
            lengths[place] += 1
        lengths[-2] = LONG_SESSION
        return lengths

    def all(self) -> Iterator[tuple[type[Row], Iterable[list[Any]]]]:
        yield ConnectionRow, self.connections()
        yield BudgetRow, (Table(BudgetRow).row(id=each, connection_id=each) for each in range(1, len(CONNECTIONS) + 1))
        if self.size.sessions:
            yield ContactRow, self.contacts()
            yield ContactIdentityRow, self.identities()
            yield LeaseRow, self.leases()
            yield SessionRow, self.sessions()
            yield MessageRow, self.messages()
            yield DecisionRow, self.decisions()
            yield ActionRow, self.actions()
            yield TimelineRow, self.timeline()
            yield EventRow, self.events()

    # Session n was opened at the n-th moment of two years; most end within a day, and some are spoken in much later.
    def opened(self, session: int) -> int:
        return NOW - (self.size.sessions - session) * 730 * DAY // self.size.sessions - DAY

    def updated(self, session: int) -> int:
        spread = session * 2654435761 % 2**32 / 2**32
        return min(NOW, self.opened(session) + int(spread * (90 * DAY if session % 17 == 0 else DAY)))

    def connection(self, session: int) -> int:
        return 1 + (session * 7919 % 10 > 3) + (session * 7919 % 10 > 5) + (session * 7919 % 100 == 99)

    def conversation(self, session: int) -> str:
        spread = session * 2654435761 % 2**32
        return (
            f"{spread:08x}-{session % 65536:04x}-4a0b-9c0d-{spread * 7 % 2**48:012x}"
            if self.connection(session) < 3
            else str(40_000 + session)
        )

    def connections(self) -> Iterator[list[Any]]:
        table = Table(ConnectionRow)
        for number, (name, connector) in enumerate(CONNECTIONS, 1):
            yield table.row(id=number, name=name, connector=connector, created_at=NOW - 730 * DAY, last_event_at=NOW)

    def contacts(self) -> Iterator[list[Any]]:
        table, chance = Table(ContactRow), self.chance
        for number in range(1, self.size.contacts + 1):
            name = f"{chance.choice(FIRST_NAMES)} {chance.choice(self.language.words).capitalize()}"
            email = f"{name.lower().replace(' ', '.')}.{number}@example.com"
            yield table.row(id=number, name=name, email=email, created_at=NOW - 730 * DAY + number * SECOND)

    def identities(self) -> Iterator[list[Any]]:
        table = Table(ContactIdentityRow)
        for number in range(1, self.size.contacts + 1):
            yield table.row(
                id=number, connection_id=1 + number % 4, external_id=f"customer-{number}", contact_id=number
            )

    def leases(self) -> Iterator[list[Any]]:
        table = Table(LeaseRow)
        for number in range(1, self.size.sessions + 1):
            yield table.row(id=number, connection_id=self.connection(number), conversation_id=self.conversation(number))

    def sessions(self) -> Iterator[list[Any]]:
        table, chance = Table(SessionRow), self.chance
        for number in range(1, self.size.sessions + 1):
            fresh = number > self.size.sessions * 0.98
            status = (
                "open"
                if chance.random() < (0.6 if fresh else 0.005)
                else chance.choice(("closed_resolved",) * 9 + ("closed_unresolved",))
            )
            owner = chance.choices(("ai", "human", "nobody"), (70, 28, 2))[0]
            ticket = self.connection(number) > 2
            yield table.row(
                id=number,
                connection_id=self.connection(number),
                lease_id=number,
                conversation_id=self.conversation(number),
                contact_id=1 + number * 31 % self.size.contacts,
                customer_id=f"customer-{1 + number * 31 % self.size.contacts}",
                channel="phone" if number % 1000 == 0 else "email" if ticket else "web",
                mode="assist" if number % 33 == 0 else "autopilot",
                status=status,
                owner=owner,
                handoff='{"reason":"explicit_request"}' if owner == "human" and number % 5 else None,
                subject=self.language.text(5)[:255] if ticket else "",
                data="{}",
                created_at=self.opened(number),
                updated_at=self.updated(number),
            )

    def messages(self) -> Iterator[list[Any]]:
        table, chance, number = Table(MessageRow), self.chance, 0
        rare = {self.size.messages // 3, self.size.messages // 2, self.size.messages - 1}
        for session, length in enumerate(self.lengths, 1):
            for place in range(length):
                number += 1
                at = self.opened(session) + (self.updated(session) - self.opened(session)) * (place + 1) // length
                author = ("customer", "ai", "customer", "agent")[place % 4]
                text = self.language.text(20 if self.connection(session) < 3 else 60)
                yield table.row(
                    id=number,
                    session_id=session,
                    connection_id=self.connection(session),
                    external_id=f"m-{number:08x}",
                    author=author,
                    visibility="private" if place % 11 == 10 else "public",
                    text=f"{text} {RARE}" if number in rare else text,
                    at=at,
                    received_at=at,
                    quoted=self.language.text(40) if chance.random() < 0.05 else "",
                )

    def decisions(self) -> Iterator[list[Any]]:
        table, number = Table(DecisionRow), 0
        for session, length in enumerate(self.lengths, 1):
            for place in range((length + 2) // 4):
                number += 1
                outcome, reason = self.chance.choices(
                    (
                        ("reply", "answered"),
                        ("handoff", "explicit_request"),
                        ("handoff", "frustration"),
                        ("silence", "superseded"),
                    ),
                    (80, 12, 1, 7),
                )[0]
                at = self.opened(session) + place * SECOND
                yield table.row(
                    id=number, session_id=session, at=at, outcome=outcome, reason=reason, confidence=0.8,
                    sources='["delivery.md#how-long","returns.md"]',
                )  # fmt: skip

    def actions(self) -> Iterator[list[Any]]:
        table, number = Table(ActionRow), 0
        for session, length in enumerate(self.lengths, 1):
            for place in range((length + 1) // 2):
                number += 1
                at = self.opened(session) + place * SECOND
                dead = number % 20_000 == 0
                yield table.row(
                    id=number, session_id=session, lease_id=session, connection_id=self.connection(session),
                    kind=("assign", "reply")[place % 2], purpose="answer", text="An answer as long as most.",
                    reference=f"r{number}", priority="live_reply", vendor_id=f"v-{number:08x}",
                    state="parked" if dead else "cancelled" if number % 100 == 0 else "sent", attempts=1,
                    confirmed_by="response", created_at=at, settled_at=at,
                )  # fmt: skip

    def timeline(self) -> Iterator[list[Any]]:
        table, number = Table(TimelineRow), 0
        for session, length in enumerate(self.lengths, 1):
            for place in range(1 + length // 5):
                number += 1
                kind = "message" if not place else "handoff"
                yield table.row(id=number, session_id=session, at=self.opened(session) + place * SECOND, kind=kind)

    def events(self) -> Iterator[list[Any]]:
        table, chance, total = Table(EventRow), self.chance, self.size.events
        for number in range(1, total + 1):
            session = 1 + number * self.size.sessions // (total + 1)
            connection = self.connection(session)
            kind = chance.choice(KINDS[CONNECTIONS[connection - 1][1]])
            state = chance.choices(("done", "ignored", "failed", "rejected"), (96_000, 3_900, 60, 40))[0]
            at = NOW - (total - number) * 30 * DAY // total
            said = self.language.words[number % 5000] * 20
            yield table.row(
                id=number,
                connection_id=connection,
                lease_id=session,
                dedupe_key=f"{kind}:{number:x}",
                kind=kind,
                conversation_id=self.conversation(session),
                source="backfill" if number < total // 50 else "poll" if number % 9 == 0 else "webhook",
                payload=f'{{"action":"{kind}","data":{{"text":"{said}"}}}}',
                state=state,
                reason="unknown_kind" if state == "ignored" and number % 3 == 0 else "",
                received_at=at,
                done_at=at,
            )
