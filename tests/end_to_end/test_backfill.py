"""The backfill: what waits at a new connection's vendor is imported once, and nobody is answered because of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.domain import Owner
from core.errors import RetryLater
from core.flow.disconnect import disconnect
from core.jobs.backfill import HELD_SECONDS, run_due, work_on
from core.jobs.backfill_requests import cancel_backfill, request_backfill
from core.jobs.scheduler import JOBS
from core.provisioning import configured_connection, provision, switch_on, verify
from core.store.models import AttachmentRow, BackfillRow, EventRow, MessageRow, SessionRow
from core.testing.clock import FakeClock
from plugins.freshdesk.simulator_bulk import Filed
from tests.end_to_end.test_backfill_at_size import Killed, Reaper, Tally, check, fill, row_of, stored, until_done
from tests.end_to_end.worlds import DeskWorld

DAY = timedelta(days=1)
OLD = timedelta(days=3)


def old(world: DeskWorld, text: str = "It is broken.", age: timedelta = OLD, **more: Any) -> Any:
    """A ticket of before the connection was made, last changed that long ago."""
    at = world.clock.now() - age
    [ticket] = world.sim.fill([Filed(world.ada, "Before", text, at - timedelta(hours=1), at, **more)])
    return ticket


def connected(world: DeskWorld, **settings: Any) -> DeskWorld:
    """Start the service and let the backfill come to its end."""
    world.start(**{"backfill_days": 180, **settings})
    until_done(world)
    world.run()
    return world


def numbers(world: DeskWorld) -> list[str]:
    with world.runtime.db.read():
        return sorted(row.conversation_id for row in SessionRow.select())


def never() -> bool:
    return False


# ---------------------------------------------------------------------------------------------- what is imported


@pytest.mark.parametrize(
    ("age", "imported"),
    [
        (179 * DAY, True),
        (180 * DAY, True),
        (180 * DAY + timedelta(seconds=1), False),
        (181 * DAY, False),
    ],
    ids=["179 days", "180 days", "180 days and a second", "181 days"],
)
def test_b93_tickets_of_the_last_180_days_are_imported(desk: DeskWorld, age: timedelta, imported: bool) -> None:
    ticket = old(desk, age=age)
    connected(desk)
    assert numbers(desk) == ([str(ticket.id)] if imported else [])


def test_b93_how_far_back_is_a_setting_and_none_is_none(desk: DeskWorld) -> None:
    old(desk, age=8 * DAY)
    young = old(desk, age=6 * DAY)
    connected(desk, backfill_days=7)
    assert numbers(desk) == [str(young.id)]


def test_b93_without_days_nothing_is_imported(desk: DeskWorld) -> None:
    old(desk)
    desk.start(backfill_days=0)
    assert run_due(desk.runtime, never) == 0
    assert numbers(desk) == []


def test_b93_open_and_pending_tickets_are_imported_and_the_others_counted(both_desks: DeskWorld) -> None:
    custom = both_desks.sim.add_status("Waiting on Customer")
    waiting = [old(both_desks, status=status) for status in (2, 3)]
    for status in (4, 5, 5, custom):
        old(both_desks, status=status)
    connected(both_desks)
    assert numbers(both_desks) == sorted(str(ticket.id) for ticket in waiting)
    row = row_of(both_desks)
    assert (row.listed, row.found, row.imported) == (6, 2, 2)
    assert row.other == {"4": 1, "5": 2, str(custom): 1}
    assert (row.expected, row.counted) == (2, 2)


def test_b79_b93_the_thread_is_imported_with_authors_and_without_its_files(both_desks: DeskWorld) -> None:
    ticket = old(
        both_desks,
        entries=(("agent", "Have you tried again?"), ("note", "He is a regular."), ("customer", "Yes.")),
    )
    ticket.entries[-1].attachments = both_desks.sim._stored([("photo.png", b"x" * 10)])
    connected(both_desks)
    assert [(author, visibility) for author, visibility, _ in both_desks.messages()] == [
        ("customer", "public"),
        ("agent", "public"),
        ("agent", "private"),
        ("customer", "public"),
    ]
    with both_desks.runtime.db.read():
        session = SessionRow.get()
        assert session.contact.email == "ada@example.com"
        assert session.channel == "email"
        [file] = AttachmentRow.select()
        assert (file.state, file.name) == ("placeholder", "photo.png")
        assert "before this service was connected" in file.placeholder
    assert both_desks.sim.record.calls("download_attachment") == []


def test_b93_an_imported_ticket_stands_in_the_inbox_by_when_it_was_last_spoken_in(desk: DeskWorld) -> None:
    at = (desk.clock.now() - OLD).replace(microsecond=0)
    ticket = old(desk, entries=(("customer", "Hello?"),))
    connected(desk)
    assert desk.session(ticket).updated_at == desk.session(ticket).last_message_at == at


# --------------------------------------------------------------------------------------------- what follows from it


def test_b93_g15_nobody_is_answered_because_of_it_and_nothing_is_written(both_desks: DeskWorld) -> None:
    for responder in (None, both_desks.ai.id, both_desks.human.id):
        old(both_desks, responder_id=responder)
    connected(both_desks)
    both_desks.poll(10)
    assert both_desks.decisions() == []
    assert both_desks.actions() == []
    assert [call for call in both_desks.sim.record.calls() if call.method != "GET"] == []


@pytest.mark.parametrize("whose", ["nobody", "human", "ai"])
def test_b93_a_backfilled_ticket_is_whose_it_is_at_the_vendor(desk: DeskWorld, whose: str) -> None:
    responder = {"nobody": None, "human": desk.human.id, "ai": desk.ai.id}[whose]
    ticket = old(desk, responder_id=responder, entries=(("agent", "We are on it."), ("customer", "Thanks.")))
    connected(desk)
    assert desk.session(ticket).owner == Owner(whose)


def test_b75_b93_an_unowned_backfilled_ticket_passes_the_gate_at_its_next_customer_message(desk: DeskWorld) -> None:
    ticket = old(desk)
    connected(desk)
    desk.sim.customer_writes(ticket, "Is anybody there?")
    desk.run(60)
    assert desk.replies(ticket) == ["Hello from the AI."]
    assert desk.session(ticket).owner == Owner.AI
    assert "Is anybody there?" in desk.ai_plugin.turns[-1].question


def test_b76_b93_assigned_only_leaves_an_unowned_backfilled_ticket_alone(desk: DeskWorld) -> None:
    ticket = old(desk)
    connected(desk, auto_handle_all=False)
    desk.sim.customer_writes(ticket, "Is anybody there?")
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.decisions() == [("silence", "not_assigned_to_ai")]


def test_b77_b93_a_humans_backfilled_ticket_is_left_to_the_human_also_where_all_new_ones_are_claimed(
    desk: DeskWorld,
) -> None:
    ticket = old(desk, responder_id=desk.human.id)
    connected(desk)
    desk.sim.customer_writes(ticket, "Is anybody there?")
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.decisions() == [("silence", "session_assigned_to_human_agent")]


def test_g15_what_was_written_after_the_connection_was_made_is_answered_however_late_the_backfill_gets_there(
    desk: DeskWorld,
) -> None:
    ticket = old(desk)
    desk.start(backfill_days=180)
    desk.sim.webhooks.drop(1)
    desk.clock.advance(60)
    desk.sim.customer_writes(ticket, "Is anybody there?")
    until_done(desk)
    assert desk.decisions() == []
    desk.poll(5)
    assert desk.replies(ticket) == ["Hello from the AI."]
    with desk.runtime.db.read():
        assert MessageRow.select().count() == 3


def test_g15_a_ticket_of_the_very_second_of_the_connection_is_answered(desk: DeskWorld) -> None:
    desk.clock.advance(0.7)  # the vendor tells whole seconds only
    desk.start(backfill_days=180)
    ticket = desk.opens("Where is my parcel?")
    until_done(desk)
    desk.run(60)
    assert desk.replies(ticket) == ["Hello from the AI."]


# ------------------------------------------------------------------------------------------------------- once


def test_b93_a_restart_a_new_key_and_a_reconnection_import_nothing_again(desk: DeskWorld) -> None:
    ticket = old(desk)
    connected(desk)
    before = stored(desk)
    listed = len(desk.sim.record.calls("list_tickets"))
    provision(desk.runtime, at_start=True)
    connection = desk.connections.named("support")
    assert connection
    disconnect(desk.runtime, connection)
    old(desk, age=10 * DAY)
    configured = configured_connection(desk.runtime, "support")
    revision = desk.connections.row(connection.id).revision
    switch_on(desk.runtime, configured, verify(desk.runtime, configured), revision)
    for _ in range(3):
        assert run_due(desk.runtime, never) == 0
    assert len(desk.sim.record.calls("list_tickets")) == listed
    assert stored(desk) == before
    assert numbers(desk) == [str(ticket.id)]


def test_b93_the_schedulers_job_does_it_once_the_connection_is_made(desk: DeskWorld) -> None:
    old(desk)
    desk.start(backfill_days=180)
    [job] = [job for name, _, job in JOBS if name == "backfill"]
    job(desk.runtime, never)
    assert row_of(desk).state == "done"
    assert len(numbers(desk)) == 1


def test_b93_a_ticket_that_a_webhook_brought_first_is_not_imported_again(desk: DeskWorld) -> None:
    ticket = old(desk)
    desk.start(backfill_days=180)
    desk.clock.advance(60)
    desk.sim.agent_notes(ticket, desk.human, "I am looking into it.")
    desk.run()
    assert numbers(desk) == [str(ticket.id)]
    # The note moved its last change past the moment of the connection, so that the list ends before it.
    until_done(desk)
    assert (row_of(desk).imported, row_of(desk).known) == (0, 0)
    with desk.runtime.db.read():
        assert MessageRow.select().count() == 2


def test_two_processes_do_not_work_on_one_backfill(desk: DeskWorld) -> None:
    tickets = fill(desk, 60)
    desk.start(backfill_days=180)
    connection = desk.connections.named("support")
    assert connection
    results = []

    def another() -> bool:
        if not results:
            results.append(work_on(desk.runtime, connection, never))
        return False

    assert work_on(desk.runtime, connection, another, threads=1)
    assert results == [False]
    check(desk, tickets)


def test_b24_a_connection_that_is_cut_meanwhile_is_read_no_further(desk: DeskWorld) -> None:
    fill(desk, 400)
    desk.start(backfill_days=180)
    connection = desk.connections.named("support")
    assert connection
    cut = []

    def cut_after_a_while() -> bool:
        if not cut and row_of(desk).imported >= 10:
            disconnect(desk.runtime, connection)
            desk.clock.advance(HELD_SECONDS)
            cut.append(len(desk.sim.record.calls("list_conversations")))
        return False

    assert work_on(desk.runtime, connection, cut_after_a_while, threads=1)
    assert row_of(desk).state == "running"
    assert len(desk.sim.record.calls("list_conversations")) == cut[0]
    assert run_due(desk.runtime, never) == 0


@pytest.mark.parametrize("when", ["estimate_backfill", "list_changes", "read_conversation"])
def test_one_that_is_called_off_and_begun_anew_with_more_days_imports_all_of_them(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    older, newer = [[old(desk, age=days * DAY + index * DAY / 24) for index in range(3)] for days in (100, 10)]
    desk.start(backfill_days=30)
    connection = desk.connections.named("support")
    assert connection
    connector = desk.connections.connector(connection)
    ask = getattr(connector, when)

    def overtaken(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(connector, when, ask)
        found = ask(*given, **more)
        assert cancel_backfill(desk.runtime, connection)
        request_backfill(desk.runtime, connection, 180)
        return found

    monkeypatch.setattr(connector, when, overtaken)
    work_on(desk.runtime, connection, never, threads=1)
    begun = row_of(desk)
    assert (begun.state, begun.cursor, begun.listed, begun.imported, begun.error) == ("waiting", {}, 0, 0, "")
    until_done(desk)
    assert numbers(desk) == sorted(str(ticket.id) for ticket in (*older, *newer))
    assert (row_of(desk).listed, row_of(desk).found) == (6, 6)


def test_what_went_wrong_with_one_that_was_called_off_keeps_a_new_one_from_nothing(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    old(desk)
    desk.start(backfill_days=30)
    connection = desk.connections.named("support")
    assert connection
    connector = desk.connections.connector(connection)

    def failing(*given: Any, **more: Any) -> Any:
        cancel_backfill(desk.runtime, connection)
        request_backfill(desk.runtime, connection, 180)
        raise RetryLater("the vendor is busy", after=3600)

    monkeypatch.setattr(connector, "list_changes", failing)
    work_on(desk.runtime, connection, never)
    assert (row_of(desk).state, row_of(desk).error, row_of(desk).next_at) == ("waiting", "", None)


def test_halted_it_ends_after_what_is_under_way_and_goes_on_later(desk: DeskWorld) -> None:
    tickets = fill(desk, 400)
    desk.start(backfill_days=180)
    connection = desk.connections.named("support")
    assert connection
    calls = []

    def soon() -> bool:
        calls.append(1)
        return len(calls) > 40

    assert work_on(desk.runtime, connection, soon)
    assert row_of(desk).state == "running"
    assert 0 < row_of(desk).imported < 100
    until_done(desk)
    check(desk, tickets)


def test_killed_anywhere_and_resumed_the_store_is_that_of_an_undisturbed_run_row_for_row(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(folder: str, url: str, killed: bool) -> dict[str, Any]:
        (tmp_path / folder).mkdir()
        world = DeskWorld(tmp_path / folder, url, FakeClock())
        try:
            fill(world, 160)
            world.start(backfill_days=180)
            if killed:
                reaper = Reaper(world, monkeypatch)
                reaper.revive(1)
                deaths = 0
                while row_of(world).state != "done":
                    try:
                        until_done(world)
                    except Killed:
                        deaths += 1
                        reaper.revive(deaths if deaths < 40 else 40 + deaths % 40)
                assert deaths > 40
                reaper.revive(None)
            else:
                until_done(world)
            found = stored(world)
            # Their addresses are those of each run's own simulator.
            found["sessions"] = [tuple(each for n, each in enumerate(row) if n != 7) for row in found["sessions"]]
            return found
        finally:
            world.stop()

    disturbed = run("killed", database_url, True)
    assert disturbed == run("whole", f"sqlite:///{tmp_path}/whole.db", False)


# ------------------------------------------------------------------------------------------------ when it goes wrong


@pytest.mark.parametrize("endpoint", ["list_tickets", "list_conversations", "search_tickets"])
@pytest.mark.parametrize("kind", ["500", "timeout", "cut", "429", "garbage", "502-html"])
def test_whatever_the_vendor_fails_at_it_waits_and_goes_on(desk: DeskWorld, endpoint: str, kind: str) -> None:
    tickets = fill(desk, 48)
    desk.start(backfill_days=180)
    desk.sim.fault(endpoint, kind, times=2)
    until_done(desk)
    check(desk, tickets)
    row = row_of(desk)
    assert (row.listed, row.found, row.imported) == (48, 12, 12)
    assert row.error == ""


def test_b94_a_wait_that_the_vendor_asks_for_is_kept_to_and_shown(desk: DeskWorld) -> None:
    fill(desk, 48)
    desk.start(backfill_days=180)
    desk.sim.fault("list_conversations", "429", retry_after=90)
    began = desk.clock.now()
    connection = desk.connections.named("support")
    assert connection
    work_on(desk.runtime, connection, never, threads=1)
    row = row_of(desk)
    assert row.state == "running"
    assert "429" in row.error
    assert row.next_at >= began + timedelta(seconds=90)
    assert run_due(desk.runtime, never) == 0
    until_done(desk)
    assert (desk.clock.now() - began).total_seconds() >= 90


def test_a_ticket_that_vanishes_between_list_and_reading_is_passed_over_and_counted(desk: DeskWorld) -> None:
    tickets = [old(desk), old(desk), old(desk)]
    desk.start(backfill_days=180)
    desk.sim.fault("list_conversations", "404")
    until_done(desk)
    row = row_of(desk)
    assert (row.found, row.imported, row.gone) == (3, 2, 1)
    assert len(numbers(desk)) == len(tickets) - 1
    with desk.runtime.db.read():
        lost = EventRow.get(EventRow.error != "")
        assert lost.state == "ignored"
        assert "404" in lost.error


def test_live_replies_hardly_wait_for_a_backfill_at_full_speed(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = DeskWorld(tmp_path, f"sqlite:///{tmp_path}/relaydesk.db", clock, plan="pro")
    try:
        fill(world, 3_600)
        world.start(backfill_days=180, requests_per_minute=400, extra="[channels.email]\nsettle_seconds = 0\n")
        tally = Tally(world, monkeypatch)
        waits = measure_waits(monkeypatch, clock)
        conversations = []

        def customers_write() -> bool:
            # Every hundred tickets somebody asks something, and the service works on it meanwhile.
            if tally.calls["list_conversations"] >= 100 * (len(conversations) + 1):
                conversations.append(world.opens(f"Question {len(conversations)}"))
            world.run()
            return False

        connection = world.connections.named("support")
        assert connection
        work_on(world.runtime, connection, customers_write, threads=1)
        world.run(30)
        assert len(conversations) >= 8
        assert all(world.replies(ticket) for ticket in conversations)
        assert tally.refused == 0
        # About as long as a call to a vendor takes. The backfill makes one every 0.16 s; its largest, a page of the
        # list, counts as five, and the calls of the answer before, also five, are missing to both a minute later.
        assert max(waits) <= 10 * 61 / 390, sorted(waits)[-5:]
    finally:
        world.stop()


def measure_waits(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> list[float]:
    """How long live calls are told to wait by the budget."""
    from core.domain import Priority
    from core.store.budget import Budget

    take: Callable[..., float] = Budget.take
    waits = [0.0]

    def measured(self: Any, priority: Priority, *more: Any, **options: Any) -> float:
        wait = take(self, priority, *more, **options)
        if priority is Priority.LIVE:
            waits.append(wait)
        return wait

    monkeypatch.setattr(Budget, "take", measured)
    return waits


def test_several_threads_import_the_same_as_one(desk: DeskWorld) -> None:
    tickets = fill(desk, 400)
    desk.start(backfill_days=180)
    until_done(desk, threads=8)
    check(desk, tickets)
    assert threading.active_count() < 40
    with desk.runtime.db.read():
        assert BackfillRow.get().imported == 100
