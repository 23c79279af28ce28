"""Behaviour 155: each template runs from a record to the vendor's own object; what is refused is told per record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.end_to_end.worlds import DeskWorld
from tests.end_to_end.writing import Writing, run, written

QUICK = 100_000
HOUR = 3600
LONG_ENOUGH = 300
"""Seconds in which a call whose answer told no id is found at the vendor."""


@pytest.fixture
def world(both_accounts: Any) -> Any:
    """Each engine and dialect once; see the fixture it is."""
    return both_accounts


@pytest.fixture
def desk(both_desks: DeskWorld) -> DeskWorld:
    """Each engine once; see the fixture it is."""
    return both_desks


@dataclass(frozen=True)
class Written:
    """A record, the fields that it maps, the verb and body that come of it, and how the vendor's object is read.

    `now` gives the captured id that is right, and what is to be seen of the object.
    """

    record: dict[str, Any]
    fields: dict[str, str]
    call: tuple[str, str]
    body: dict[str, Any]
    now: Callable[[], tuple[Any, Any]]
    seen: Any
    constants: dict[str, Any] | None = None


def carries_out(world: Any, template: str, case: Written) -> None:
    """Let a destination write the record, and hold everything that is known of it."""
    writing = Writing(world, template=template, fields=case.fields, constants=case.constants or {})
    world.sim.record.clear()
    writing.give(case.record)
    run(world, LONG_ENOUGH)
    [record] = writing.ledger()
    captured, seen = case.now()
    assert (record.state, record.error, record.captured_id) == ("sent", "", str(captured))
    assert seen == case.seen
    [call] = written(world)
    assert (call.method, call.path) == case.call
    assert call.body == case.body
    assert (record.request.verb, record.request.body, record.request.state) == (case.call[0], case.body, "sent")


# ----------------------------------------------------------------------------------------------------- Freshchat


def create_conversation(world: Any) -> Written:
    sim = world.sim
    message = {"message_parts": [{"text": {"content": "Hello"}}], "message_type": "normal"}
    return Written(
        {"who": "ada@example.com", "where": "web", "says": "Hello", "other": "unused"},
        {"user_id": "user(who)", "channel_id": "channel(where)", "message": "says"},
        ("POST", "/v2/conversations"),
        {
            "app_id": sim.account.app_id,
            "channel_id": sim.web.id,
            "users": [{"id": world.ada.id}],
            "messages": [{**message, "actor_type": "user", "actor_id": world.ada.id}],
        },
        lambda: (sim.conversations[0].id, [m.text for m in sim.thread(sim.conversations[0])]),
        ["Hello"],
        {"app_id": sim.account.app_id},
    )


def update_conversation(world: Any) -> Written:
    sim = world.sim
    conversation = sim.customer_writes(world.ada, "Hi")
    sim.agent_assigns(conversation, world.human)
    group = sim.conversation(conversation.id).assigned_group_id
    return Written(
        {"id": conversation.id, "becomes": "resolved", "agent": "", "group": None},
        {"conversation_id": "id", "status": "becomes", "assigned_agent_id": "agent", "assigned_group_id": "group"},
        ("PUT", f"/v2/conversations/{conversation.id}"),
        {"status": "resolved"},
        lambda: (conversation.id, [(one.status, one.assigned_group_id) for one in sim.conversations]),
        [("resolved", group)],
    )


def send_message(world: Any) -> Written:
    sim = world.sim
    conversation = sim.customer_writes(world.ada, "Hi")
    world.clock.advance(HOUR)
    parts = {"message_parts": [{"text": {"content": "On its way"}}], "message_type": "private"}
    return Written(
        {"email": "ada@example.com", "says": "On its way", "by": "hanna@example.com"},
        {"conversation_id": "conversation(user(email))", "message": "says", "actor_id": "agent(by)"},
        ("POST", f"/v2/conversations/{conversation.id}/messages"),
        {**parts, "actor_type": "agent", "actor_id": world.human.id},
        lambda: (sim.thread(conversation)[-1].id, [(m.text, m.private) for m in sim.thread(conversation)]),
        [("Hi", False), ("On its way", True)],
        {"message_type": "private"},
    )


def update_agent(world: Any) -> Written:
    sim = world.sim
    documented = sim.dialect == "documented"
    name, given = ("availability", "offline") if documented else ("availability_status", "AWAY")
    world.human.groups = [sim.support.id]
    return Written(
        {"email": "hanna@example.com", "is": given},
        {"agent_id": "agent(email)", name: "is"},
        ("PUT", f"/v2/agents/{world.human.id}"),
        {name: given},
        lambda: (world.human.id, (world.human.availability_status, world.human.groups)),
        ("UNAVAILABLE" if documented else "AWAY", [sim.support.id]),
    )


def create_end_user(world: Any) -> Written:
    def made() -> tuple[Any, Any]:
        [user] = [each for each in world.sim.account.users.values() if each.email == "bob@acme.example"]
        return user.id, (user.first_name, user.phone, user.properties)

    return Written(
        {"name": "Bob", "mail": "bob@acme.example", "phone": "+49 30 1234", "plan": "gold", "last_name": ""},
        {"first_name": "name", "last_name": "last_name", "email": "mail", "phone": "phone", "properties.plan": "plan"},
        ("POST", "/v2/users"),
        {
            "first_name": "Bob",
            "email": "bob@acme.example",
            "phone": "+49 30 1234",
            "properties": [{"name": "plan", "value": "gold"}],
        },
        made,
        ("Bob", "+49 30 1234", [{"name": "plan", "value": "gold"}]),
    )


@pytest.mark.parametrize(
    "case", [create_conversation, update_conversation, send_message, update_agent, create_end_user]
)
def test_b155_each_template_of_freshchat_writes_a_record_and_captures_its_id(
    world: Any, case: Callable[[Any], Written]
) -> None:
    world.start(requests_per_minute=QUICK)
    carries_out(world, case.__name__, case(world))


def test_b155_only_what_is_given_of_a_conversation_changes(world: Any) -> None:
    world.sim.quirks.patch_works = True
    world.start(requests_per_minute=QUICK, update_verb="PATCH")
    conversation = world.sim.customer_writes(world.ada, "Hi")
    writing = Writing(world, template="update_conversation")
    writing.write({"conversation_id": conversation.id, "assigned_agent_id": world.human.id, "status": "assigned"})
    writing.write({"conversation_id": conversation.id, "assigned_group_id": world.sim.support.id})
    assert writing.states() == ["sent", "sent"]
    now = world.sim.conversation(conversation.id)
    assert (now.assigned_agent_id, now.assigned_group_id) == (world.human.id, world.sim.support.id)
    assert [call.method for call in written(world)] == ["PATCH", "PATCH"]
    assert written(world)[1].body == {"assigned_group_id": world.sim.support.id}


def test_b155_an_agent_is_changed_at_once_and_the_groups_alone_stay_alone(world: Any) -> None:
    world.start(requests_per_minute=QUICK)
    before = world.human.availability_status
    writing = Writing(world, template="update_agent", fields={"agent_id": "agent(email)", "groups": "groups"})
    writing.write({"email": "hanna@example.com", "groups": [world.sim.support.id]})
    # No time has passed, and nobody was asked again.
    assert (world.human.groups, world.human.availability_status) == ([world.sim.support.id], before)
    assert writing.states() == ["sent"]


@pytest.mark.parametrize("answer", ["reject", "refuse"])
def test_b155_an_address_that_is_taken_is_told_at_its_record_and_the_others_are_written(
    world: Any, answer: str
) -> None:
    world.sim.quirks.duplicate_email = answer
    world.start(requests_per_minute=QUICK)
    world.clock.advance(HOUR)
    writing = Writing(world, template="create_end_user", key="number")
    given = ("ada@example.com", "bob@acme.example", "BOB@acme.example", "cem@acme.example")
    writing.give(*({"number": n, "first_name": "X", "email": email} for n, email in enumerate(given)))
    run(world, LONG_ENOUGH)
    records = writing.ledger()
    assert [each.state for each in records] == ["failed", "sent", "failed", "sent"]
    for taken in (records[0], records[2]):
        assert "a user with this email exists already" in taken.error
        assert (taken.request.status, taken.captured_id) == (409 if _refuses(world) else 400, "")
    emails = [(user.email or "").lower() for user in world.sim.account.users.values()]
    assert [emails.count(email.lower()) for email in given] == [1, 1, 1, 1]
    assert len(written(world)) == 4


def _refuses(world: Any) -> bool:
    return bool(world.sim.quirks.duplicate_email == "refuse" and world.sim.dialect == "observed")


def test_b155_duplicates_upstream_are_left_out_before_the_vendor_is_asked(world: Any) -> None:
    world.sim.quirks.duplicate_email = "reject"
    world.start(requests_per_minute=QUICK)
    writing = Writing(world, template="create_end_user", key="number", unique="email", keep="last")
    writing.write(*({"number": n, "first_name": f"X{n}", "email": "bob@acme.example"} for n in range(3)))
    assert writing.states() == ["skipped", "skipped", "sent"]
    assert [call.body["first_name"] for call in written(world)] == ["X2"]


@pytest.mark.parametrize(("exists", "name"), [("skip", "Ada"), ("update", "Augusta")])
def test_b155_who_is_there_already_is_skipped_or_updated(world: Any, exists: str, name: str) -> None:
    world.sim.quirks.duplicate_email = "reject"
    world.start(requests_per_minute=QUICK)
    writing = Writing(world, template="create_end_user", exists=exists)
    writing.write(
        {"first_name": "Augusta", "email": "ada@example.com"}, {"first_name": "Bob", "email": "bob@acme.example"}
    )
    known, new = writing.ledger()
    assert (known.state, known.captured_id) == ("skipped" if exists == "skip" else "sent", world.ada.id)
    assert (world.ada.first_name, new.state) == (name, "sent")
    verbs = [(call.method, call.path.rpartition("/users")[2]) for call in written(world)]
    assert verbs == [("PUT", f"/{world.ada.id}")] * (exists == "update") + [("POST", "")]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"user": "nobody@x.example"}, "there is no user with the email nobody@x.example"),
        ({"user_id": "no-such-user"}, "users must name a"),
        ({"channel": "Fax"}, "there is no channel called Fax; there is "),
        ({"channel_id": "no-such-channel"}, "of this account"),
    ],
    ids=["a user by address", "a user by id", "a channel by name", "a channel by id"],
)
def test_b155_a_missing_user_and_an_unknown_channel_are_told_at_their_record(
    world: Any, record: dict[str, str], words: str
) -> None:
    world.start(requests_per_minute=QUICK)
    fields = {
        "user_id": "user_id" if "user_id" in record else "user(user)",
        "channel_id": "channel_id" if "channel_id" in record else "channel(channel)",
        "message": "says",
    }
    app = {"app_id": world.sim.account.app_id}
    writing = Writing(world, template="create_conversation", fields=fields, constants=app)
    good = {"user": "ada@example.com", "user_id": world.ada.id, "channel": "Web", "channel_id": world.sim.web.id}
    writing.give({**good, **record, "says": "lost"}, {**good, "says": "heard"})
    run(world, LONG_ENOUGH)
    bad, other = writing.ledger()
    assert (bad.state, bad.captured_id, other.state) == ("failed", "", "sent")
    assert words in bad.error
    assert [[m.text for m in world.sim.thread(one)] for one in world.sim.conversations] == [["heard"]]


@pytest.mark.parametrize("template", ["send_message", "update_conversation"])
def test_b155_a_conversation_that_is_not_there_is_told_at_its_record(world: Any, template: str) -> None:
    world.start(requests_per_minute=QUICK)
    writing = Writing(world, template=template, constants={"message": "Hi"} if template == "send_message" else {})
    writing.give({"conversation_id": "no-such", "status": "resolved"})
    run(world, LONG_ENOUGH)
    [record] = writing.ledger()
    assert (record.state, record.request.status) == ("failed", 404)
    assert "conversation not found" in record.error


# ----------------------------------------------------------------------------------------------------- Freshdesk


def create_ticket(desk: DeskWorld) -> Written:
    return Written(
        {"about": "Damaged", "text": "It was open.", "email": "ada@example.com", "team": "support", "tags": "a;b"},
        {"subject": "about", "description": "text", "email": "email", "group_id": "group(team)", "tags": "tags"},
        ("POST", "/api/v2/tickets"),
        {
            "subject": "Damaged",
            "description": "It was open.",
            "email": "ada@example.com",
            "group_id": desk.support.id,
            "tags": ["a", "b"],
            "status": 2,
            "priority": 1,
        },
        lambda: (
            desk.sim.tickets[0].id,
            [(one.subject, one.requester_id, one.group_id, one.tags) for one in desk.sim.tickets],
        ),
        [("Damaged", desk.ada.id, desk.support.id, ["a", "b"])],
    )


def update_ticket(desk: DeskWorld) -> Written:
    ticket = desk.opens()
    before = (ticket.subject, ticket.status, ticket.group_id)
    return Written(
        {"ticket": str(ticket.id), "urgent": "4", "agent": "HANNA@example.com", "team": ""},
        {"ticket_id": "ticket", "priority": "urgent", "responder_id": "agent(agent)", "group_id": "team"},
        ("PUT", f"/api/v2/tickets/{ticket.id}"),
        {"priority": 4, "responder_id": desk.human.id},
        lambda: (ticket.id, (ticket.priority, ticket.responder_id, ticket.subject, ticket.status, ticket.group_id)),
        (4, desk.human.id, *before),
    )


def reply(desk: DeskWorld) -> Written:
    ticket = desk.opens()
    return Written(
        {"email": "ada@example.com", "text": "Hello <b>Ada</b>"},
        {"ticket_id": "conversation(email)", "body": "text"},
        ("POST", f"/api/v2/tickets/{ticket.id}/reply"),
        {"body": "Hello <b>Ada</b>"},
        lambda: (ticket.entries[-1].id, [(one.body, one.private, one.incoming) for one in ticket.entries]),
        [("Hello <b>Ada</b>", False, False)],
    )


def note(desk: DeskWorld) -> Written:
    ticket = desk.opens()
    return Written(
        {"ticket": ticket.id, "text": "Paid."},
        {"ticket_id": "ticket", "body": "text"},
        ("POST", f"/api/v2/tickets/{ticket.id}/notes"),
        {"private": True, "body": "Paid."},
        lambda: (ticket.entries[-1].id, [(one.text, one.private) for one in ticket.entries]),
        [("Paid.", True)],
    )


def create_contact(desk: DeskWorld) -> Written:
    def made() -> tuple[Any, Any]:
        contact = desk.sim.account.contact_by_email("bob@acme.example")
        assert contact
        return contact.id, (contact.name, contact.mobile, contact.tags)

    return Written(
        {"who": "Bob", "email": "bob@acme.example", "mobile": "123", "tags": ["vip"], "job": ""},
        {"name": "who", "email": "email", "mobile": "mobile", "tags": "tags", "job_title": "job"},
        ("POST", "/api/v2/contacts"),
        {"name": "Bob", "email": "bob@acme.example", "mobile": "123", "tags": ["vip"]},
        made,
        ("Bob", "123", ["vip"]),
    )


def update_contact(desk: DeskWorld) -> Written:
    return Written(
        {"email": "ada@example.com", "job": "Engineer", "phone": ""},
        {"contact_id": "user(email)", "job_title": "job", "phone": "phone"},
        ("PUT", f"/api/v2/contacts/{desk.ada.id}"),
        {"job_title": "Engineer"},
        lambda: (desk.ada.id, (desk.ada.job_title, desk.ada.name, desk.ada.email)),
        ("Engineer", desk.ada.name, "ada@example.com"),
    )


@pytest.mark.parametrize("case", [create_ticket, update_ticket, reply, note, create_contact, update_contact])
def test_b155_each_template_of_freshdesk_writes_a_record_and_captures_its_id(
    desk: DeskWorld, case: Callable[[Any], Written]
) -> None:
    desk.start()
    carries_out(desk, case.__name__, case(desk))


@pytest.mark.parametrize(
    ("template", "record", "status", "words"),
    [
        ("create_contact", {"name": "A", "email": "ada@example.com"}, 409, "email It should be a unique value"),
        ("create_ticket", {"subject": "s", "description": "d", "requester_id": 1}, 400, "requester_id"),
        ("update_ticket", {"ticket_id": 987654, "priority": 2}, 404, "the vendor answered 404"),
        ("reply", {"ticket_id": 987654, "body": "Hi"}, 404, "the vendor answered 404"),
        ("note", {"ticket_id": 987654, "body": "Hi"}, 404, "the vendor answered 404"),
        ("update_contact", {"contact_id": 987654, "name": "B"}, 404, "the vendor answered 404"),
    ],
)
def test_b155_what_freshdesk_refuses_is_told_at_its_record(
    desk: DeskWorld, template: str, record: dict[str, Any], status: int, words: str
) -> None:
    desk.start()
    desk.clock.advance(HOUR)
    writing = Writing(desk, template=template)
    writing.give(record)
    run(desk, LONG_ENOUGH)
    [failed] = writing.ledger()
    assert (failed.state, failed.request.status, failed.captured_id) == ("failed", status, "")
    assert words in failed.error
    assert len(written(desk)) == 1


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"team": "Suport"}, "team", "Freshdesk has no group called 'Suport'"),
        ({"email": "nobody@x.example"}, "email", "nobody@x.example"),
    ],
)
def test_b155_what_freshdesk_cannot_find_by_name_is_told_at_its_record_without_a_write(
    desk: DeskWorld, given: dict[str, str], field: str, words: str
) -> None:
    desk.start()
    fields = {"subject": "s", "description": "s", "requester_id": "user(email)", "group_id": "group(team)"}
    writing = Writing(desk, template="create_ticket", fields=fields)
    good = {"s": "Lost", "email": "ada@example.com", "team": "Support"}
    bad, other = writing.write({**good, **given}, good)
    assert (bad.state, bad.error_field, other.state) == ("failed", field, "sent")
    assert words in bad.error
    assert len(written(desk)) == len(desk.sim.tickets) == 1
