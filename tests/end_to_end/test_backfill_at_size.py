"""A backfill of an account of some size: killed and resumed anywhere, within its quota, without growing."""

from __future__ import annotations

import gc
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.domain import Owner
from core.jobs.backfill import HELD_SECONDS, work_on
from core.store.models import BackfillRow, ContactRow, EventRow, MessageRow, SessionRow, TimelineRow
from core.testing.clock import FakeClock
from plugins.freshdesk.simulator_bulk import Filed
from tests.end_to_end.worlds import DeskWorld

QUOTA = 400
WAITING = (2, 3)
STEPS_EACH = 8
"""Places to die at for each ticket, roughly; fewer, so that all kills fall before the end."""


class Killed(BaseException):
    """The process is dead: nothing it does from here on has an effect."""


class Reaper:
    """Kills the service's process at chosen steps: before or after a commit, before or after a call."""

    def __init__(self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.steps = 0
        self.at: int | None = None
        self.dead = False
        db = world.runtime.db
        write = db.write

        @contextmanager
        def mortal_write() -> Iterator[None]:
            self.step()
            with write():
                yield
                self.step()
            self.step()

        monkeypatch.setattr(db, "write", mortal_write)
        http = type(world.connections.http(world.connections.named("support"), "backfill"))  # type: ignore[arg-type]
        request = http.request

        def mortal_request(*args: Any, **kwargs: Any) -> Any:
            self.step()
            answer = request(*args, **kwargs)
            self.step()
            return answer

        monkeypatch.setattr(http, "request", mortal_request)

    def step(self) -> None:
        self.steps += 1
        if self.dead or (self.at is not None and self.steps >= self.at):
            self.dead = True
            raise Killed

    def revive(self, at: int | None) -> None:
        """Start the next process, to be killed after so many steps; the dead one's election lapses."""
        self.dead = False
        self.at = None if at is None else self.steps + at
        self.world.clock.advance(HELD_SECONDS + 1)


class Tally:
    """Counts the calls of an account instead of keeping them: tens of thousands would be the test's own memory."""

    def __init__(self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self.writes = self.refused = 0
        monkeypatch.setattr(world.sim.record, "add", self._add)

    def _add(self, call: Any) -> None:
        self.calls[call.endpoint] += 1
        self.writes += call.method != "GET"
        self.refused += call.status == 429


def fill(world: DeskWorld, tickets: int, days: float = 179) -> list[Any]:
    """Tickets over the window, three of each second, so that every page ends among such; a quarter of them waits."""
    people = [world.sim.customer(f"person{number}@example.com", f"Person {number}") for number in range(200)]
    began = world.clock.now() - timedelta(days=days)
    step = timedelta(days=days - 1) / (tickets / 3)
    filed = []
    for number in range(tickets):
        at = (began + step * (number // 3)).replace(microsecond=0)
        status = WAITING[number // 4 % 2] if number % 4 == 0 else (4, 5, 6)[number % 3]
        assigned = {0: None, 1: world.human.id, 2: world.ai.id}[number // 8 % 3]
        filed.append(
            Filed(
                people[number % 200],
                f"Question {number}",
                f"What about number {number}?",
                at - timedelta(hours=1),
                at,
                entries=(("agent", f"We are looking into {number}."), ("customer", "Thank you."))[: number % 3],
                status=status,
                responder_id=assigned,
            )
        )
    return list(world.sim.fill(filed))


def backfill(world: DeskWorld, threads: int = 1) -> None:
    connection = world.connections.named("support")
    assert connection
    work_on(world.runtime, connection, lambda: False, threads=threads)


def row_of(world: DeskWorld) -> Any:
    with world.runtime.db.read():
        return BackfillRow.get()


def until_done(world: DeskWorld, threads: int = 1) -> Any:
    """Let the backfill come to its end, however often it has to wait."""
    for _ in range(50):
        backfill(world, threads)
        row = row_of(world)
        if row.state == "done":
            return row
        world.clock.turn_to(row.next_at)
    raise AssertionError(row.error)


def stored(world: DeskWorld) -> dict[str, list[tuple[Any, ...]]]:
    """All rows, without our own ids and moments."""
    with world.runtime.db.read():
        row = BackfillRow.get()
        by_id = {session.id: session.conversation_id for session in SessionRow.select()}
        return {
            "sessions": sorted(
                (
                    one.conversation_id,
                    one.status,
                    one.owner,
                    one.assignee,
                    one.channel,
                    one.routing,
                    one.contact.email,
                    one.url,
                    str(sorted(one.data.items())),
                    one.vendor_at,
                    one.last_message_at,
                )
                for one in SessionRow.select()
            ),
            "messages": sorted(
                (by_id[one.session_id], one.external_id, one.author, one.visibility, one.text, one.at)
                for one in MessageRow.select()
            ),
            "timeline": sorted((by_id[one.session_id], one.kind, str(one.detail)) for one in TimelineRow.select()),
            "contacts": sorted((one.email, one.name) for one in ContactRow.select()),
            "events": sorted((one.dedupe_key, one.state, one.reason) for one in EventRow.select()),
            "backfill": [(row.state, row.listed, row.found, row.imported, row.known, row.gone, str(row.other))],
        }


def check(world: DeskWorld, tickets: list[Any]) -> None:
    """Everything that waits is here, once, as the vendor shows it; nothing else is."""
    waiting = {str(one.id): one for one in tickets if one.status in WAITING}
    owners = {None: Owner.NOBODY, world.human.id: Owner.HUMAN, world.ai.id: Owner.AI}
    with world.runtime.db.read():
        rows = list(SessionRow.select())
        assert {row.conversation_id for row in rows} == set(waiting)
        assert len(rows) == len(waiting)
        for row in rows:
            ticket = waiting[row.conversation_id]
            assert (row.status, row.owner, row.channel) == ("open", owners[ticket.responder_id], "email")
        said = Counter(row.session_id for row in MessageRow.select(MessageRow.session))
        assert said == {row.id: 1 + len(waiting[row.conversation_id].entries) for row in rows}
    assert world.decisions() == []
    assert world.actions() == []


@pytest.mark.timeout(900)
@pytest.mark.xdist_group("backfill at size")
def test_b93_b94_forty_thousand_tickets_are_imported_once_within_the_quota_killed_at_fifty_points(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = DeskWorld(tmp_path, f"sqlite:///{tmp_path}/relaydesk.db", clock, plan="pro")
    try:
        tickets = fill(world, 40_000)
        world.start(backfill_days=180, requests_per_minute=QUOTA)
        tally, reaper = Tally(world, monkeypatch), Reaper(world, monkeypatch)
        memory, used, at = [], [], []
        for upto in (1_000, 4_000):
            work_until(world, lambda upto=upto: tally.calls["list_conversations"] >= upto)  # type: ignore[misc]
            memory.append(resident())
            used.append(credits(tally))
            at.append(clock.now())
        minutes = (at[1] - at[0]).total_seconds() / 60
        share = (used[1] - used[0]) / minutes / QUOTA
        kills = killed_on_the_way(world, reaper, kills=50, seed=4)
        memory.append(resident())
        row, calls = row_of(world), tally.calls
        # Shown by `pytest -s`.
        sys.stdout.write(
            f"\n{row.imported} imported of {row.listed} listed, killed {kills} times; calls: {dict(calls)}\n"
            f"{share:.3f} of the quota used, {tally.refused} calls refused, {tally.writes} writes; "
            f"resident after 1,000, 4,000 and 10,000: {', '.join(f'{each:.0f} MB' for each in memory)}\n"
        )
        assert kills == 50
        check(world, tickets)
        assert (row.imported, row.known, row.gone) == (10_000, 0, 0)
        assert (row.listed, row.found, sum(row.other.values())) == (40_000, 10_000, 30_000)
        assert row.counted == row.expected == 10_000
        assert tally.writes == 0
        assert tally.refused == 0
        assert share >= 0.95
        assert sum(calls.values()) - calls["list_tickets"] <= 1.02 * 10_000
        assert memory[-1] - memory[0] <= 30
    finally:
        world.stop()


def work_until(world: DeskWorld, halted: Callable[[], bool]) -> None:
    """Let the backfill work until it shall stop."""
    connection = world.connections.named("support")
    assert connection
    work_on(world.runtime, connection, halted, threads=1)


def killed_on_the_way(world: DeskWorld, reaper: Reaper, *, kills: int, seed: int) -> int:
    """Work until it is done, in a process that is killed that often on the way; returns how often it was."""
    chosen = random.Random(seed)
    before = row_of(world).imported
    left = row_of(world).expected - before
    per_kill = left * STEPS_EACH // (kills + 1)
    died = 0
    reaper.revive(chosen.randint(1, 2 * per_kill))
    while row_of(world).state != "done":
        try:
            backfill(world)
            row = row_of(world)
            if row.state != "done" and row.next_at is not None:
                world.clock.turn_to(row.next_at)
        except Killed:
            died += 1
            reaper.revive(None if died == kills else chosen.randint(1, 2 * per_kill))
    return died


def resident() -> float:
    """This process's memory, in MB."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1024 / 1024


def credits(tally: Tally) -> int:
    """What the calls count towards the quota."""
    return sum(number * (5 if name == "list_tickets" else 1) for name, number in tally.calls.items())
