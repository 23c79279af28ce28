"""Gap G9 and behaviour 151: what no webhook tells is found in the list of changes, at the price of a call a minute."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from core.domain import Priority
from core.flow import misses
from core.jobs.polling import poll_due
from core.jobs.sweep import OVERLAP
from core.store.models import ConnectionRow, CursorRow, EventRow
from plugins.freshdesk import changes, simulator_tickets
from plugins.freshdesk.simulator_bulk import Filed
from plugins.freshdesk.simulator_rule_setup import CREATED_RULE, install_rules, remove_rules
from tests.end_to_end.worlds import DeskWorld

RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]
HELLO = "Hello from the AI."


@pytest.fixture
def deaf(desk: DeskWorld) -> DeskWorld:
    """A world whose account has no rules, so that nothing is told."""
    desk.start()
    remove_rules(desk.sim)
    return desk


def connection(desk: DeskWorld) -> ConnectionRow:
    with desk.runtime.db.read():
        found: ConnectionRow = ConnectionRow.get()
    return found


def shown(desk: DeskWorld) -> str:
    """What `relaydesk connections` prints beside the running service."""
    call = [*RELAYDESK, "--config", str(desk.folder / "config.toml"), "connections"]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=True, env={"COLUMNS": "400"})
    return done.stdout


def measured(desk: DeskWorld) -> misses.Misses:
    with desk.runtime.db.read():
        return misses.of(connection(desk).id)


def hints(desk: DeskWorld) -> list[tuple[str, str]]:
    """The stored hints, as (source, ticket)."""
    with desk.runtime.db.read():
        return [
            (row.source, row.conversation_id) for row in EventRow.select().where(EventRow.hint).order_by(EventRow.id)
        ]


def asked(desk: DeskWorld) -> list[dict[str, Any]]:
    """The parameters of each call of the list of tickets."""
    return [
        {key: value[0] for key, value in parse_qs(one.query).items()} for one in desk.sim.record.calls("list_tickets")
    ]


def restart(desk: DeskWorld) -> None:
    desk._server.shutdown()
    desk._server.server_close()
    desk.runtime.close()
    desk.start()


# ------------------------------------------------------------------------------------------------ what it finds


def test_g9_without_any_webhook_all_is_found_within_two_rounds(deaf: DeskWorld) -> None:
    ticket = deaf.opens("Where is my parcel?")
    deaf.poll(3)
    assert deaf.replies(ticket) == [HELLO]
    deaf.sim.customer_writes(ticket, "And the second one?")
    deaf.poll(3)
    assert deaf.replies(ticket) == [HELLO, HELLO]
    deaf.sim.agent_assigns(ticket, deaf.human)
    deaf.poll(3)
    assert deaf.session(ticket).owner == "human"
    deaf.sim.agent_resolves(ticket, deaf.human)
    deaf.poll(3)
    assert deaf.session(ticket).status == "closed_resolved"
    assert {source for source, _ in hints(deaf)} == {"poll"}


@pytest.mark.parametrize("told", [True, False])
def test_g9_a_quiet_account_costs_one_call_a_round_and_own_changes_are_read_once(desk: DeskWorld, told: bool) -> None:
    desk.start()
    if not told:
        remove_rules(desk.sim)
    ticket = desk.opens()
    desk.poll(6)
    assert desk.replies(ticket) == [HELLO]
    desk.sim.record.clear()
    desk.poll(10)
    assert {one.endpoint for one in desk.sim.record.calls()} == {"list_tickets"}
    assert 9 <= len(desk.sim.record.calls()) <= 11
    # Its own tags are told by no event of the rules; without rules, nor is its reply.
    assert len([one for source, one in hints(desk) if source == "poll"]) <= (1 if told else 3)


def test_g9_each_round_reads_a_little_of_what_came_before_again(deaf: DeskWorld) -> None:
    deaf.opens()
    deaf.poll(10)
    with deaf.runtime.db.read():
        newest = CursorRow.get(CursorRow.name == "sweep").value["newest"]
    last = asked(deaf)[-1]
    assert last["updated_since"] == (timedelta() - OVERLAP + deaf.sim.tickets[0].updated_at).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
    assert newest == deaf.sim.tickets[0].updated_at.isoformat()
    assert (last["order_by"], last["order_type"], last["page"]) == ("updated_at", "asc", "1")


def test_g9_a_change_in_the_very_second_that_was_read_is_not_missed(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.poll(5)
    desk.sim.agent_notes(ticket, desk.human, "A first note")
    desk.run(0)
    desk.sim.webhooks.drop()
    desk.sim.agent_notes(ticket, desk.human, "A second note in the same second")
    desk.run(0)
    assert "A second note in the same second" not in str(desk.messages())
    desk.poll(3)
    assert "A second note in the same second" in str(desk.messages())


def test_g9_a_change_whose_webhook_is_on_its_way_is_left_to_it(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.webhooks.hold()
    ticket = desk.opens()
    desk.clock.advance(5)
    assert poll_due(desk.runtime) == 1
    assert hints(desk) == []
    desk.sim.webhooks.release()
    desk.poll(3)
    assert desk.replies(ticket) == [HELLO]
    assert measured(desk).missed == 0
    assert hints(desk)[0] == ("webhook", str(ticket.id))


def test_g9_b74_what_came_while_this_service_was_down_for_a_day_is_found_and_answered(desk: DeskWorld) -> None:
    desk.start()
    desk.answered("Before")
    desk._server.shutdown()
    desk._server.server_close()
    desk.runtime.close()
    remove_rules(desk.sim)
    ticket = desk.opens("While you were away")
    desk.clock.advance(86400)
    desk.start()
    desk.poll(3)
    assert desk.replies(ticket) == [HELLO]


# ------------------------------------------------------------------------------------------------ what it measures


def test_g9_how_much_the_webhooks_do_not_tell_and_how_late_it_is_found_is_measured_and_shown(desk: DeskWorld) -> None:
    desk.start()
    first = desk.answered()
    desk.poll(3)
    assert (measured(desk).told, measured(desk).missed, measured(desk).rate) == (1, 0, 0.0)
    assert "told by no webhook" not in shown(desk)
    desk.sim.webhooks.drop()
    desk.sim.customer_writes(first, "Nobody tells of this")
    desk.poll(3)
    found = measured(desk)
    assert (found.told, found.missed, found.rate) == (1, 1, 0.5)
    assert 15 <= found.latest_lag <= 90
    assert found.longest_lag == found.latest_lag
    told = f"1 of 2 changes were told by no webhook and found by asking, the last one after {found.latest_lag:.0f} s"
    assert told in shown(desk)


def test_g9_b53_a_connection_whose_webhooks_fell_silent_shows_that_until_they_are_back(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.poll(20)
    assert connection(desk).polling_since is None, "nothing has happened, so there was nothing to tell"
    remove_rules(desk.sim)
    desk.sim.customer_writes(ticket, "Are you there?")
    desk.poll(10)
    assert connection(desk).polling_since is not None
    assert "active, polled since its webhooks fell silent" in shown(desk)
    assert desk.replies(ticket) == [HELLO, HELLO]
    install_rules(desk.sim, desk.webhook_url)
    desk.sim.customer_writes(ticket, "And now?")
    desk.poll(3)
    assert connection(desk).polling_since is None


def test_g9_b96_an_account_that_never_called_shows_that_once_something_was_missed(deaf: DeskWorld) -> None:
    deaf.poll(20)
    assert connection(deaf).polling_since is None
    deaf.opens()
    deaf.poll(10)
    assert connection(deaf).last_event_at is None
    assert connection(deaf).polling_since is not None


def test_g9_b97_new_tickets_told_and_follow_ups_not_shows_in_what_was_missed(desk: DeskWorld) -> None:
    desk.start()
    desk.sim.automations.rules[:] = [rule for rule in desk.sim.automations.rules if rule.name == CREATED_RULE]
    ticket = desk.answered()
    desk.poll(5)
    desk.sim.customer_writes(ticket, "And the second one?")
    desk.poll(3)
    assert desk.replies(ticket) == [HELLO, HELLO]
    assert measured(desk).missed >= 1


# --------------------------------------------------------------------------------------- much, long, and in the way


def test_b151_more_changes_than_the_list_has_pages_are_walked_by_time(
    deaf: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator_tickets, "LAST_PAGE", 3)
    monkeypatch.setattr(changes, "MOST_PAGES", 3)
    began = deaf.clock.now()
    same = [began + timedelta(minutes=30)] * 240
    apart = [began + timedelta(seconds=10 * number) for number in range(1, 361)]
    filed = [Filed(deaf.ada, "Old", "Text", created_at=at, updated_at=at) for at in sorted([*same, *apart])]
    deaf.sim.fill(filed)
    deaf.clock.advance(7200)
    poll_due(deaf.runtime)
    found = [ticket for _, ticket in hints(deaf)]
    assert len(found) == len(set(found)) == 600
    assert {one["page"] for one in asked(deaf)} == {"1", "2", "3"}
    assert deaf.sim.record.calls("list_tickets", status=400) == []
    deaf.clock.advance(60)
    poll_due(deaf.runtime)
    assert len(hints(deaf)) == 600


def test_b151_a_long_list_goes_on_where_a_fault_has_ended_it_also_after_a_restart(deaf: DeskWorld) -> None:
    began = deaf.clock.now()
    moments = [began + timedelta(seconds=10 * number) for number in range(1, 451)]
    deaf.sim.fill([Filed(deaf.ada, "Old", "Text", created_at=at, updated_at=at) for at in moments])
    deaf.clock.advance(7200)
    deaf.sim.fault("list_tickets", "500", after=2)
    poll_due(deaf.runtime)
    first = len(hints(deaf))
    assert 100 < first < 450
    restart(deaf)
    deaf.sim.record.clear()
    deaf.clock.advance(60)
    poll_due(deaf.runtime)
    found = [ticket for _, ticket in hints(deaf)]
    assert len(found) == len(set(found)) == 450
    assert asked(deaf)[0]["updated_since"] > (began + timedelta(seconds=1000)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_g9_a_quiet_sweep_goes_on_after_a_restart_where_it_was(deaf: DeskWorld) -> None:
    deaf.opens()
    deaf.poll(60)
    before = asked(deaf)[-1]["updated_since"]
    restart(deaf)
    deaf.poll(2)
    assert asked(deaf)[-1]["updated_since"] == before
    assert len([one for _, one in hints(deaf)]) <= 3, "what was read is not read once more"


@pytest.mark.parametrize("kind", ["500", "timeout", "garbage", "html200", "403", "404", "cut"])
def test_g9_a_fault_of_the_list_ends_the_sweep_and_the_next_one_goes_on(desk: DeskWorld, kind: str) -> None:
    desk.start()
    desk.sim.fault("list_tickets", kind, times=2)
    desk.sim.webhooks.drop()
    ticket = desk.opens()
    desk.poll(5)
    assert desk.replies(ticket) == [HELLO]
    assert connection(desk).active


def test_b149_the_lists_own_limit_shuts_the_sweep_only_while_answers_go_on(desk: DeskWorld) -> None:
    desk.sim.rate.per_minute, desk.sim.rate_headers = 700, True
    desk.start(requests_per_minute=700)
    desk.sim.fault("list_tickets", "429", retry_after=600)
    desk.poll(1)
    lists = len(desk.sim.record.calls("list_tickets"))
    assert lists == 1
    ticket = desk.answered()
    desk.poll(8)
    assert desk.replies(ticket) == [HELLO]
    assert len(desk.sim.record.calls("list_tickets")) == lists, "it was to wait for ten minutes"
    desk.poll(4)
    assert len(desk.sim.record.calls("list_tickets")) > lists


def test_b149_the_sweep_gives_way_where_the_budget_runs_short(desk: DeskWorld) -> None:
    desk.start(requests_per_minute=40)
    known = desk.connections.named("support")
    assert known
    live = desk.connections.http(known, Priority.LIVE)
    desk.clock.advance(120)
    for _ in range(28):  # 70 per cent, beyond which nothing is polled
        live.get("/agents/me")
    desk.sim.record.clear()
    poll_due(desk.runtime)
    assert desk.sim.record.calls() == []
    live.get("/agents/me")
    desk.clock.advance(62)
    poll_due(desk.runtime)
    assert len(desk.sim.record.calls("list_tickets")) == 1
