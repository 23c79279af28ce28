"""Public clients of Freshdesk that nobody here wrote read the simulator: they and its data must agree.

`python-freshdesk` is used in this process. Singer's `tap-freshdesk` is a program, and runs as one: in an environment
of its own, because it wants versions of its own. Both build the address https://{domain}.freshdesk.com themselves, so
in each that one attribute is replaced by the simulator's address, and nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from freshdesk.api import API
from freshdesk.v2.errors import (
    FreshdeskAccessDenied,
    FreshdeskBadRequest,
    FreshdeskError,
    FreshdeskNotFound,
    FreshdeskRateLimited,
    FreshdeskServerError,
    FreshdeskUnauthorized,
)

from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_bulk import Filed
from plugins.freshdesk.simulator_state import stamp

HOUR = timedelta(hours=1)


@pytest.fixture
def sim(clock: FakeClock) -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(clock=clock) as running:
        yield running


def client(sim: FreshdeskSimulator, key: str | None = None) -> API:
    """The client with a key, led to the simulator."""
    made = API("example.freshdesk.com", key or sim.api_key)
    made._api_prefix = f"{sim.api_url}/"
    return made


def filled(sim: FreshdeskSimulator, number: int, said: int = 2) -> list[Any]:
    """That many tickets, each opened and last changed an hour after the one before, the last one just now."""
    ada, agent = sim.customer("ada@example.com", "Ada"), sim.add_agent("hanna@example.com", "Hanna")
    now = sim.clock.now()
    entries = [
        ("customer", f"More & <more> {index}") if index % 2 else ("agent", f"Yes {index}") for index in range(said)
    ]
    return sim.fill(
        Filed(
            ada,
            f"Ticket {index}",
            f"Where is parcel <{index}>?",
            now - HOUR * (number - index),
            now - HOUR * (number - index - 1),
            entries,
            responder_id=agent.id,
        )
        for index in range(number)
    )


# ---------------------------------------------------------------------------------- python-freshdesk: what it reads


@pytest.mark.parametrize(("number", "calls"), [(0, 1), (30, 1), (99, 1), (100, 2), (230, 3)])
def test_a_client_lists_every_ticket_over_its_pages_newest_first(
    sim: FreshdeskSimulator, number: int, calls: int
) -> None:
    made = filled(sim, number)
    listed = client(sim).tickets.list_tickets(filter_name=None)
    assert [one.id for one in listed] == [one.id for one in reversed(made)]
    assert [one.subject for one in listed] == [one.subject for one in reversed(made)]
    assert [one.created_at for one in listed] == [one.created_at for one in reversed(made)]
    assert [one.updated_at for one in listed] == [one.updated_at for one in reversed(made)]
    assert len(sim.record.calls("list_tickets")) == calls


def test_a_client_takes_one_page_of_its_size(sim: FreshdeskSimulator) -> None:
    made = filled(sim, 75)
    for page, size, wanted in ((1, 30, made[:44:-1]), (3, 30, made[14::-1]), (4, 30, [])):
        listed = client(sim).tickets.list_tickets(filter_name=None, page=page, per_page=size)
        assert [one.id for one in listed] == [one.id for one in wanted]
    with pytest.raises(FreshdeskBadRequest, match=r"Validation failed.*per_page"):
        client(sim).tickets.list_tickets(filter_name=None, per_page=101)


def test_a_client_asks_for_what_changed_since(sim: FreshdeskSimulator) -> None:
    made = filled(sim, 8)
    listed = client(sim).tickets.list_tickets(filter_name=None, updated_since=stamp(made[5].updated_at))
    assert [one.id for one in listed] == [made[7].id, made[6].id, made[5].id]


def test_a_clients_named_filters_are_understood(sim: FreshdeskSimulator) -> None:
    ada, hanna = sim.customer("ada@example.com"), sim.add_agent("hanna@example.com")
    free, own, theirs, gone = (sim.customer_opens(ada, name, "text") for name in ("free", "own", "theirs", "gone"))
    sim.agent_assigns(own, sim.owner)
    sim.agent_assigns(theirs, hanna)
    sim.agent_deletes(gone, hanna)
    api = client(sim).tickets
    assert {one.id for one in api.list_new_and_my_open_tickets()} == {free.id, own.id}
    assert [one.id for one in api.list_deleted_tickets()] == [gone.id]
    assert api.list_watched_tickets() == []


def test_a_client_views_a_ticket_with_what_it_asks_to_be_included(sim: FreshdeskSimulator) -> None:
    [ticket] = filled(sim, 1)
    bare = client(sim).tickets.get_ticket(ticket.id)
    assert (bare.id, bare.subject, bare.description) == (ticket.id, ticket.subject, ticket.description)
    assert bare.description_text == ticket.text
    assert (bare.status, bare.priority, bare.source) == ("open", "low", "email")
    assert not hasattr(bare, "conversations")
    full = client(sim).tickets.get_ticket(ticket.id, "conversations", "requester", "stats")
    assert [one["body"] for one in full.conversations] == [entry.body for entry in ticket.entries]
    assert full.requester["email"] == "ada@example.com"
    assert set(full.stats) >= {"agent_responded_at", "closed_at", "first_responded_at", "resolved_at"}


@pytest.mark.parametrize(("said", "calls"), [(0, 1), (31, 1), (100, 2), (201, 3)])
def test_a_client_lists_all_conversations_of_a_ticket_oldest_first(
    sim: FreshdeskSimulator, said: int, calls: int
) -> None:
    [ticket] = filled(sim, 1, said)
    comments = client(sim).comments.list_comments(ticket.id)
    assert [one.id for one in comments] == [entry.id for entry in ticket.entries]
    assert [one.body for one in comments] == [entry.body for entry in ticket.entries]
    assert [str(one) for one in comments] == [entry.text for entry in ticket.entries]
    assert [one.incoming for one in comments] == [entry.incoming for entry in ticket.entries]
    assert [one.user_id for one in comments] == [entry.user_id for entry in ticket.entries]
    assert {one.source for one in comments} <= {"reply"}
    assert len(sim.record.calls("list_conversations")) == calls


def test_a_client_searches_thirty_at_a_time(sim: FreshdeskSimulator) -> None:
    made = filled(sim, 65)
    found = client(sim).tickets.filter_tickets("status:2")
    assert {one.id for one in found} == {one.id for one in made}
    assert len(found) == 65
    assert len(sim.record.calls("search_tickets")) == 3
    with pytest.raises(FreshdeskBadRequest):
        client(sim).tickets.filter_tickets("no_such_field:2")


def test_a_client_reads_people_groups_and_fields(sim: FreshdeskSimulator) -> None:
    hanna = sim.add_agent("hanna@example.com", "Hanna Human")
    group = sim.add_group("Support", hanna)
    ada = sim.customer("ada@example.com", "Ada Customer")
    sim.add_field("cf_opencx_handed_off", "custom_checkbox")
    api = client(sim)
    assert api.agents.currently_authenticated_agent().id == sim.owner.id
    assert [one.id for one in api.agents.list_agents()] == [agent.id for agent in sim.agents]
    assert api.agents.get_agent(hanna.id).contact["email"] == "hanna@example.com"
    assert [(one.id, one.name) for one in api.groups.list_groups()] == [(group.id, "Support")]
    assert api.contacts.get_contact(ada.id).email == "ada@example.com"
    assert [one.id for one in api.contacts.list_contacts(email="ada@example.com")] == [ada.id]
    assert "cf_opencx_handed_off" in [one.name for one in api.ticket_fields.list_ticket_fields()]


# -------------------------------------------------------------------------------- python-freshdesk: what it writes


def test_what_a_client_writes_is_in_the_account_and_read_back_by_it(sim: FreshdeskSimulator) -> None:
    hanna = sim.add_agent("hanna@example.com", "Hanna Human")
    api = client(sim, sim.key_for(hanna))
    made = api.tickets.create_ticket(
        "Parcel", description="<div>Where is it?</div>", email="new@example.com", tags=["parcel"], source=2
    )
    ticket = sim.ticket(made.id)
    assert (ticket.subject, ticket.text, ticket.tags) == ("Parcel", "Where is it?", ["parcel"])
    reply = api.comments.create_reply(made.id, "<p>On its <b>way</b></p>")
    note = api.comments.create_note(made.id, "Looked it up", private=True)
    changed = api.tickets.update_ticket(made.id, status=4, priority=3, responder_id=hanna.id)
    assert (changed.status, changed.priority, changed.responder_id) == ("resolved", "high", hanna.id)
    assert (ticket.status, ticket.priority, ticket.responder_id) == (4, 3, hanna.id)
    assert [(entry.id, entry.private, entry.user_id) for entry in ticket.entries] == [
        (reply.id, False, hanna.id),
        (note.id, True, hanna.id),
    ]
    back = api.comments.list_comments(made.id)
    assert [(one.id, one.body, one.source) for one in back] == [
        (reply.id, reply.body, "reply"),
        (note.id, note.body, "note"),
    ]
    api.tickets.delete_ticket(made.id)
    assert ticket.deleted


def test_what_the_account_refuses_a_client_is_told_and_changes_nothing(sim: FreshdeskSimulator) -> None:
    [ticket] = filled(sim, 1)
    api = client(sim)
    with pytest.raises(FreshdeskBadRequest, match=r"Validation failed: .*'field': 'status'"):
        api.tickets.update_ticket(ticket.id, status=99)
    with pytest.raises(FreshdeskBadRequest, match=r"Validation failed: .*'field': 'nonsense'"):
        api.tickets.update_ticket(ticket.id, nonsense=1)
    with pytest.raises(FreshdeskBadRequest, match="Validation failed"):
        api.tickets.create_ticket("Nobody asks")
    assert ticket.status == 2
    assert len(sim.tickets) == 1


# ------------------------------------------------------------------------------------- python-freshdesk: the errors


def test_a_clients_errors_are_those_of_the_answers(sim: FreshdeskSimulator) -> None:
    [ticket] = filled(sim, 1)
    with pytest.raises(FreshdeskUnauthorized, match="You have to be logged in"):
        client(sim, "a-wrong-key").tickets.get_ticket(ticket.id)
    with pytest.raises(FreshdeskNotFound):
        client(sim).tickets.get_ticket(4711)
    with pytest.raises(FreshdeskNotFound):
        client(sim).comments.list_comments(4711)
    narrow = sim.add_agent("narrow@example.com", ticket_scope=3)
    with pytest.raises(FreshdeskAccessDenied, match="not authorized"):
        client(sim, sim.key_for(narrow)).tickets.get_ticket(ticket.id)
    for kind, error in (("500", FreshdeskError), ("503", FreshdeskServerError)):
        sim.fault("view_ticket", kind)
        with pytest.raises(error):
            client(sim).tickets.get_ticket(ticket.id)


def test_a_client_is_told_the_rate_limit_and_how_long_to_wait(sim: FreshdeskSimulator) -> None:
    sim.rate.per_minute = 2
    api = client(sim)
    api.tickets.list_tickets(filter_name=None)
    api.tickets.list_tickets(filter_name=None)
    with pytest.raises(FreshdeskRateLimited, match=r"until \d+ seconds"):
        api.tickets.list_tickets(filter_name=None)


# -------------------------------------------------------------------------------------------------- tap-freshdesk

TAP_PACKAGE = "tap-freshdesk==1.0.1"
with_the_tap = pytest.mark.xdist_group("tap")  # in one process, so that it is installed once
TAP = """
import sys
from tap_freshdesk import client, main
made = client.Client.__init__
def led_to_the_simulator(self, config):
    made(self, config)
    self.base_url = config["simulator"]
client.Client.__init__ = led_to_the_simulator
sys.exit(main())
"""


@pytest.fixture(scope="session")
def tap_python() -> Path:
    """The interpreter of an environment with the tap and what it pins: made once, and kept beside our own."""
    kept = Path(sys.prefix) / f"{TAP_PACKAGE.replace('==', '-')}"
    if kept.exists():
        return kept / "bin" / "python"
    made = kept.with_name(f"{kept.name}-{os.getpid()}")
    venv.create(made, with_pip=True, clear=True)
    command = [str(made / "bin" / "python"), "-m", "pip", "install", "--quiet", TAP_PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    if done.returncode:
        shutil.rmtree(made)
        words = f"{TAP_PACKAGE} could not be installed: {done.stderr.strip()[-500:]}"
        if os.environ.get("RELAYDESK_TEST_STRICT") == "1":
            pytest.fail(words, pytrace=False)
        pytest.skip(words)
    try:
        made.rename(kept)
    except OSError:  # another process of the tests was quicker
        shutil.rmtree(made)
    return kept / "bin" / "python"


class Tap:
    """The tap as an operator runs it, with a configuration, a catalog and a state."""

    def __init__(self, python: Path, folder: Path, sim: FreshdeskSimulator, start: datetime) -> None:
        self.python, self.folder = python, folder
        config = {
            "api_key": sim.api_key,
            "domain": "example",
            "start_date": stamp(start),
            "user_agent": "tests",
            "simulator": sim.api_url,
        }
        self.config = self._file("config.json", config)

    def _file(self, name: str, content: Any) -> str:
        (self.folder / name).write_text(json.dumps(content), encoding="utf-8")
        return str(self.folder / name)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.python), "-c", TAP, "--config", self.config, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def catalog(self, *streams: str) -> dict[str, Any]:
        """What it discovers, with these streams selected."""
        done = self.call("--discover")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        for stream in found["streams"]:
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = stream["stream"] in streams
        return found

    def sync(self, catalog: dict[str, Any], state: Any = None) -> tuple[dict[str, list[dict[str, Any]]], Any]:
        """The records by stream, and the state at the end."""
        arguments = ["--catalog", self._file("catalog.json", catalog)]
        if state is not None:
            arguments += ["--state", self._file("state.json", state)]
        done = self.call(*arguments)
        assert done.returncode == 0, done.stderr
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        records: dict[str, list[dict[str, Any]]] = {}
        for message in messages:
            if message["type"] == "RECORD":
                records.setdefault(message["stream"], []).append(message["record"])
        return records, [message["value"] for message in messages if message["type"] == "STATE"][-1]


@pytest.fixture
def tap(tap_python: Path, tmp_path: Path, sim: FreshdeskSimulator) -> Tap:
    return Tap(tap_python, tmp_path, sim, sim.clock.now() - timedelta(days=60))


@with_the_tap
def test_a_tap_discovers_its_streams_without_asking_anything(tap: Tap, sim: FreshdeskSimulator) -> None:
    found = {stream["stream"] for stream in tap.catalog()["streams"]}
    assert {"tickets", "conversations", "agents", "contacts", "groups"} <= found
    assert not sim.record.calls()


@with_the_tap
def test_a_tap_reads_every_ticket_and_conversation_over_its_pages(tap: Tap, sim: FreshdeskSimulator) -> None:
    made = filled(sim, 130, 2)
    [long] = [made[7]]
    for index in range(110):
        sim.agent_replies(long, sim.owner, f"Reply {index}")
    records, state = tap.sync(tap.catalog("tickets", "conversations"))
    tickets = records["tickets"]
    assert [one["id"] for one in tickets] == [one.id for one in sorted(made, key=lambda one: (one.updated_at, one.id))]
    told = {one["id"]: one for one in tickets}
    for ticket in made:
        assert told[ticket.id]["subject"] == ticket.subject
        assert told[ticket.id]["status"] == ticket.status
        assert told[ticket.id]["updated_at"].startswith(f"{ticket.updated_at:%Y-%m-%dT%H:%M:%S}")
    # The tap's schema has no body, only its text.
    texts = {one["id"]: (one["ticket_id"], one["body_text"], one["incoming"]) for one in records["conversations"]}
    entries = [entry for ticket in made for entry in ticket.entries]
    assert len(records["conversations"]) == len(entries) == 2 * 130 + 110
    assert texts == {entry.id: (entry.ticket_id, entry.text, entry.incoming) for entry in entries}
    # 130 tickets are two pages of 100; and 112 conversations of one ticket are two as well.
    pages = [call for call in sim.record.calls("list_conversations") if f"/tickets/{long.id}/" in call.path]
    assert len(pages) == 2
    assert state["bookmarks"]["tickets"]["updated_at"].startswith(f"{max(t.updated_at for t in made):%Y-%m-%dT%H:%M}")


@with_the_tap
def test_a_tap_goes_on_from_its_state_with_what_changed_since(
    tap: Tap, sim: FreshdeskSimulator, clock: FakeClock
) -> None:
    made = filled(sim, 12)
    catalog = tap.catalog("tickets")
    first, state = tap.sync(catalog)
    assert len(first["tickets"]) == 12
    clock.advance(60)
    sim.agent_resolves(made[3], sim.owner)
    new = sim.customer_opens(sim.customer("bob@example.com", "Bob"), "New", "A new one")
    again, later = tap.sync(catalog, state)
    # The last one of the first run is of the very moment that the state names, so it is read once more.
    assert [one["id"] for one in again["tickets"]] == [made[11].id, made[3].id, new.id]
    assert {one["id"]: one["status"] for one in again["tickets"]}[made[3].id] == 4
    assert later["bookmarks"]["tickets"]["updated_at"] > state["bookmarks"]["tickets"]["updated_at"]


@with_the_tap
def test_a_tap_reads_deleted_tickets_and_spam_by_their_filters(tap: Tap, sim: FreshdeskSimulator) -> None:
    kept, gone, junk = filled(sim, 3)
    sim.agent_deletes(gone, sim.owner)
    sim.marks_spam(junk, sim.owner)
    records, _ = tap.sync(tap.catalog("tickets"))
    assert sorted(one["id"] for one in records["tickets"]) == [kept.id, gone.id, junk.id]


@with_the_tap
def test_a_tap_ends_with_the_words_of_a_refusal(tap: Tap, sim: FreshdeskSimulator) -> None:
    catalog = tap._file("catalog.json", tap.catalog("tickets"))
    sim.rotate_key()
    done = tap.call("--catalog", catalog)
    assert done.returncode != 0
    assert "401" in done.stderr
    assert "You have to be logged in to perform this action." in done.stderr
