"""Behaviour 70-74, 103 and 145-148: whatever a rule's author made of it, a webhook says which ticket to look at."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
import requests

from core.flow.disconnect import disconnect
from core.provisioning import configured_connection, switch_on, verify
from core.store.models import ConnectionRow, EventRow
from plugins.freshdesk.simulator_rule_setup import CONTENTS, install_rules, remove_rules
from plugins.freshdesk.simulator_rules import CREATION, UPDATES, Event, Rule
from plugins.freshdesk.simulator_webhooks import Webhook
from tests.end_to_end.worlds import DeskWorld

RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]
HELLO = "Hello from the AI."
SECRET = "a-secret-of-the-rules"
NO_TICKET = 987654321


def command(desk: DeskWorld, *arguments: str) -> str:
    """Call `relaydesk` beside the running service, as an operator does."""
    call = [*RELAYDESK, "--config", str(desk.folder / "config.toml"), *arguments]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=True, env={"COLUMNS": "400"})
    return done.stdout


def connection(desk: DeskWorld) -> ConnectionRow:
    with desk.runtime.db.read():
        found: ConnectionRow = ConnectionRow.get()
    return found


def stored(desk: DeskWorld) -> list[tuple[str, str]]:
    """The state of each stored webhook, with its reason."""
    with desk.runtime.db.read():
        return [(row.state, row.reason) for row in EventRow.select().order_by(EventRow.id)]


def later(desk: DeskWorld, minutes: float) -> None:
    """Let some minutes pass, and all happen that is due then."""
    desk.clock.advance(60 * minutes)
    desk.run(60)


@pytest.fixture
def quiet(desk: DeskWorld) -> DeskWorld:
    """A world without rules: what is called is what the test calls."""
    desk.start()
    remove_rules(desk.sim)
    return desk


def call(desk: DeskWorld, body: str | bytes, content_type: str = "application/json") -> requests.Response:
    return desk.post(body.encode() if isinstance(body, str) else body, {"Content-Type": content_type})


# ------------------------------------------------------------------------------------------------ the two rules


def guided(desk: DeskWorld) -> list[Rule]:
    """The two rules as an operator makes them from the guide, copying its address and its texts."""
    guide = command(desk, "webhook-url", "support", "--guide")
    one, two = re.findall(r"^\d\. (Rule \d: .*?)(?=^\d\. )", guide, re.MULTILINE | re.DOTALL)
    webhooks = []
    for text in (one, two):
        found = re.search(
            r"encoding JSON; content Advanced,.*\n {3}URL:\n {3}(\S+)\n {3}Content of Rule .*:\n {3}(.*)\n", text
        )
        assert found
        # The configuration's base_url is that of a service in use; here it listens on a port of the moment.
        url = found.group(1).replace("http://127.0.0.1:8000", desk.url)
        header = re.search(r"custom header (\S+) with the value of webhook_secret", text)
        webhooks.append(Webhook(url, body=found.group(2), headers={header.group(1): SECRET} if header else {}))
    assert '"Ticket Creation"' in one
    assert '"Ticket Updates"' in two
    assert "Performed by: agent or requester" in two
    said = {"Reply is sent": "reply_sent", "Note is added (any)": "note_type"}
    events = [Event(name) for words, name in said.items() if words in " ".join(two.split())]
    changed = re.search(r"; (\w+), (\w+) and (\w+) are changed \(from any to any\)", " ".join(two.split()))
    assert changed
    fields = {"Status": "status", "Agent": "responder_id", "Group": "group_id"}
    events += [Event(fields[word]) for word in changed.groups()]
    return [Rule("Rule 1", CREATION, webhooks[:1]), Rule("Rule 2", UPDATES, webhooks[1:], "agent_or_requester", events)]


@pytest.mark.parametrize("secret", ["", SECRET])
def test_b70_b71_b72_b148_the_rules_of_the_guide_tell_all_that_must_be_known(desk: DeskWorld, secret: str) -> None:
    desk.start(webhook_secret=secret) if secret else desk.start()
    remove_rules(desk.sim)
    for rule in guided(desk):
        desk.sim.automations.add(rule)
    ticket = desk.answered("Where is my parcel?")
    desk.sim.customer_writes(ticket, "It is still not here")
    desk.run(60)
    assert desk.replies(ticket) == [HELLO, HELLO]
    desk.sim.agent_notes(ticket, desk.human, "Known at the depot")
    desk.sim.agent_assigns(ticket, desk.human)
    desk.run(60)
    assert desk.session(ticket).owner == "human"
    assert ("agent", "private", "Known at the depot") in desk.messages()
    desk.sim.agent_resolves(ticket, desk.human)
    desk.run(60)
    assert desk.session(ticket).status == "closed_resolved"
    assert {attempt.status for one in desk.sim.webhooks.deliveries for attempt in one.attempts} == {200}
    assert {line.rule for line in desk.sim.automations.log} == {"Rule 1", "Rule 2"}


@pytest.mark.parametrize("content", CONTENTS)
def test_b72_b147_simple_and_typed_contents_as_json_or_form_are_the_same(desk: DeskWorld, content: str) -> None:
    desk.content = content
    desk.start()
    ticket = desk.answered('Is "4 < 5" & so on? {{ticket.id}} Grüße 👋', subject='"Quoted", {braced}')
    desk.sim.customer_writes(ticket, 'And "this": }?')
    desk.run(60)
    assert desk.replies(ticket) == [HELLO, HELLO]
    desk.sim.agent_closes(ticket, desk.human)
    desk.run(60)
    assert desk.session(ticket).status == "closed_resolved"
    assert {attempt.status for one in desk.sim.webhooks.deliveries for attempt in one.attempts} == {200}


EDITED = {
    "a number": '{{"ticket_id": {id}}}',
    "a text": '{{"ticket_id": "{id}"}}',
    "empty values": '{{"ticket_id":"{id}","ticket_agent_id":"","triggered_event":""}}',
    "another name": '{{"id": "{id}", "what": "new"}}',
    "nested": '{{"ticket": {{"id": "{id}", "subject": "x"}}}}',
    "an address alone": '{{"ticket_url": "https://acme.freshdesk.com/a/tickets/{id}"}}',
    "a prefix": '{{"ticket_id": "#{id}"}}',
    "an unquoted event": '{{"ticket_id":"{id}","triggered_event":{{responder_id:{{from:1,to:2}}}}}}',
    "a trailing comma": '{{"ticket_id":"{id}",}}',
    "typographic quotes": "{{“ticket_id”:“{id}”}}",
    "unescaped user text": '{{"ticket_id":"{id}","text":"he said "no" and\nleft"}}',
    "a byte order mark": '\ufeff{{"ticket_id":"{id}"}}',
    "typed by hand in the envelope": '{{"freshdesk_webhook":{{"ticket_id":"{id}"}}}}',
    "XML": "<freshdesk_webhook><ticket_id>{id}</ticket_id></freshdesk_webhook>",
}


@pytest.mark.parametrize("body", EDITED.values(), ids=EDITED)
def test_b72_b103_b146_an_edited_content_still_leads_to_the_ticket(quiet: DeskWorld, body: str) -> None:
    ticket = quiet.opens()
    assert call(quiet, body.format(id=ticket.id)).status_code == 200
    quiet.run(60)
    assert quiet.replies(ticket) == [HELLO]


def test_b148_nothing_of_a_webhook_is_believed_but_the_tickets_number(quiet: DeskWorld) -> None:
    ticket = quiet.opens("Where is my parcel?")
    lies = {"ticket_status": "Closed", "ticket_agent_id": str(quiet.human.id), "ticket_latest_public_comment": "A lie"}
    body = {"event": "ticket_updated", "ticket_id": str(ticket.id), "triggered_event": "{status:{from:2,to:5}}"}
    requests.post(quiet.webhook_url, json=body | lies, timeout=10)
    quiet.run(60)
    assert quiet.replies(ticket) == [HELLO]
    assert quiet.session(ticket).status == "open"
    assert "A lie" not in str(quiet.messages())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "body: is empty; it must hold the ticket_id"),
        ("{}", 'ticket_id: is missing; the content must hold {"ticket_id":"{{ticket.id}}"}'),
        ('{"event":"ticket_created"}', "ticket_id: is missing"),
        ('{"ticket_id":""}', "ticket_id: is missing"),
        ('{"ticket_id":"{{ticket.id}}"}', 'the placeholder was not filled in; write "{{ticket.id}}"'),
        ('{"ticket_id":"0"}', "ticket_id: is missing"),
        ('{"ticket_id":"eleven","text":"my ticket_id: 12"}', "ticket_id: is missing"),
        ("[1, 2]", "ticket_id: is missing"),
        (b"\xff\xfe\x00", "ticket_id: is missing"),
    ],
)
def test_b103_a_webhook_that_names_no_ticket_is_refused_and_shown(quiet: DeskWorld, body: Any, told: str) -> None:
    answer = call(quiet, body)
    assert answer.status_code == 400
    assert told in answer.text
    assert quiet.events() == [("malformed", "rejected")]
    call(quiet, body)
    with quiet.runtime.db.read():
        (row,) = EventRow.select()
    assert (row.seen_count, told in row.error) == (2, True)


# ----------------------------------------------------------------------------------------- who may call, and where


def test_b145_with_a_secret_only_rules_that_bring_it_are_let_in(desk: DeskWorld) -> None:
    desk.start(webhook_secret=SECRET)
    install_rules(desk.sim, desk.webhook_url, secret_header=("X-Webhook-Secret", SECRET))
    desk.answered()
    assert connection(desk).refused_calls == 0
    for headers in ({}, {"X-Webhook-Secret": "wrong"}, {"X-Webhook-Secret": ""}, {"X-Webhook-Secret": SECRET[:-1]}):
        assert desk.post(b'{"ticket_id":"1"}', headers).status_code == 401
    assert connection(desk).refused_calls == 4
    assert desk.post(b'{"ticket_id":"1"}', {"x-webhook-SECRET": SECRET}).status_code == 200
    shown = command(desk, "connections")
    assert "4 calls without the right secret or signature" in shown
    assert SECRET not in shown + command(desk, "webhook-url", "support", "--guide")


def test_b60_b103_an_address_of_before_disconnecting_is_gone_and_counted(desk: DeskWorld) -> None:
    desk.start()
    old = desk.webhook_url
    known = desk.connections.named("support")
    assert known
    disconnect(desk.runtime, known)
    assert desk.post(b'{"ticket_id":"1"}', url=old).status_code == 404
    configured = configured_connection(desk.runtime, "support")
    switch_on(desk.runtime, configured, verify(desk.runtime, configured), connection(desk).revision)
    ticket = desk.opens()  # both rules still have the old address
    desk.run(60)
    assert desk.replies(ticket) == []
    assert desk.webhook_url != old
    assert connection(desk).stale_calls >= 2
    assert "at an address of an earlier connection: copy the present one" in command(desk, "connections")
    install_rules(desk.sim, desk.webhook_url)
    desk.sim.customer_writes(ticket, "Hello?")
    desk.run(60)
    assert desk.replies(ticket) == [HELLO]


# -------------------------------------------------------------------------------------- late, doubled, disordered


def test_b74_while_the_store_is_locked_the_vendor_tries_again_on_its_schedule(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.flow import receive
    from core.store.database import StoreBusy

    desk.start()

    def locked(*_: Any, **__: Any) -> None:
        raise StoreBusy("the store is locked")

    with monkeypatch.context() as patched:
        patched.setattr(receive.inbox, "store_event", locked)
        ticket = desk.opens()
        desk.hear()
        for minutes in (5, 30):
            desk.clock.advance(60 * minutes)
            desk.hear()
    assert stored(desk) == []
    desk.clock.advance(3600)
    desk.run(60)
    [delivery] = desk.sim.webhooks.of("ticket_created")
    assert [attempt.status for attempt in delivery.attempts] == [503, 503, 503, 200]
    waits = [(b.at - a.at).total_seconds() / 60 for a, b in pairwise(delivery.attempts)]
    assert waits == [5, 30, 60]
    assert desk.replies(ticket) == [HELLO]


def test_b74_while_the_service_is_down_nothing_is_lost_and_nothing_doubled(desk: DeskWorld) -> None:
    desk.start()
    desk._server.shutdown()
    desk._server.server_close()
    desk.runtime.close()
    ticket = desk.opens("Where is my parcel?")
    desk.sim.customer_writes(ticket, "It is number 7")
    desk.hear()
    assert {one.state for one in desk.sim.webhooks.deliveries} == {"waiting"}
    old = desk.sim.webhooks.deliveries[0].url
    desk.start()
    for delivery in desk.sim.webhooks.pending():
        # The service is back at the address it had: here that is another port.
        object.__setattr__(delivery.outgoing, "url", old.replace(old.partition("/webhooks")[0], desk.url))
    later(desk, 5)
    assert desk.replies(ticket) == [HELLO], "both messages are answered at once"
    later(desk, 120)
    assert desk.replies(ticket) == [HELLO]
    assert len([one for one in desk.messages() if one[0] == "customer"]) == 2


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
@pytest.mark.parametrize("copies", [1, 3])
def test_b74_b103_late_doubled_and_disordered_calls_end_in_the_same_state(
    desk: DeskWorld, seed: int | None, copies: int
) -> None:
    desk.start()
    desk.sim.webhooks.hold()
    desk.sim.webhooks.copies = copies
    with_ai, with_human, over = desk.opens("One"), desk.opens("Two"), desk.opens("Three")
    for minute, ticket in enumerate((with_ai, with_human, over)):
        desk.clock.advance(60 + minute)
        desk.sim.customer_writes(ticket, "More of it")
    desk.sim.agent_replies(with_human, desk.human, "I look after it")
    desk.sim.agent_assigns(with_human, desk.human)
    desk.sim.agent_resolves(over, desk.human)
    desk.sim.webhooks.copies = 1
    desk.clock.advance(1800)
    desk.sim.webhooks.release(shuffle=seed)
    desk.run(120)
    assert [desk.replies(ticket) for ticket in (with_ai, with_human, over)] == [[HELLO], [], []]
    assert [desk.session(ticket).owner for ticket in (with_ai, with_human)] == ["ai", "human"]
    assert desk.session(over).status == "closed_resolved"
    said = [text for author, _, text in desk.messages() if author == "customer"]
    assert len(said) == 6
    assert {state for state, _ in stored(desk)} <= {"done", "ignored"}


def test_b78_b103_a_merged_ticket_ends_and_its_replies_go_on_in_the_other(desk: DeskWorld) -> None:
    desk.start()
    first, second = desk.answered("One"), desk.answered("Two")
    desk.sim.merges(first, second, desk.human)
    desk.run(60)
    assert desk.session(second).status == "closed_resolved"
    before = len(desk.replies(first))
    desk.sim.customer_writes(second, "I answer the second mail")
    desk.run(60)
    assert desk.session(first).status == "open"
    assert len(desk.replies(first)) == before + 1
    assert desk.replies(second) == [HELLO]


def test_b103_a_burst_of_calls_for_one_ticket_leads_to_one_reading(quiet: DeskWorld) -> None:
    ticket = quiet.opens()
    quiet.sim.record.clear()
    for _ in range(20):
        assert call(quiet, f'{{"ticket_id":"{ticket.id}"}}').status_code == 200
    quiet.run(0)
    assert sorted(stored(quiet)) == [("done", ""), *[("done", "read_with_another")] * 19]
    assert [one.endpoint for one in quiet.sim.record.calls()] == ["view_ticket", "list_conversations"]
    quiet.run(60)
    assert quiet.replies(ticket) == [HELLO]


def test_b103_a_ticket_that_is_gone_is_let_go_after_some_looks_and_shown(quiet: DeskWorld) -> None:
    call(quiet, f'{{"ticket_id":"{NO_TICKET}"}}')
    quiet.run(600)
    assert stored(quiet) == [("ignored", "conversation_gone")]
    assert len(quiet.sim.record.calls("view_ticket", status=404)) == 3
    with quiet.runtime.db.read():
        assert "404" in EventRow.get().error


def test_b103_a_known_ticket_that_is_deleted_for_good_is_closed_here(desk: DeskWorld) -> None:
    desk.start()
    ticket = desk.answered()
    desk.sim.purges(ticket)
    call(desk, f'{{"ticket_id":"{ticket.id}"}}')
    desk.run(600)
    assert stored(desk)[-1] == ("ignored", "conversation_gone")
    assert desk.session(ticket).status != "open"


@pytest.mark.parametrize("kind", ["500", "timeout", "cut", "garbage", "429", "html200"])
def test_b74_b94_a_reading_that_fails_is_tried_until_it_succeeds(desk: DeskWorld, kind: str) -> None:
    desk.start()
    desk.sim.fault("view_ticket", kind, times=3)
    ticket = desk.opens()
    desk.run(900)
    assert desk.replies(ticket) == [HELLO]
