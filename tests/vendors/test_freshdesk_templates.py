"""What records become at Freshdesk, by real calls to a simulated account (behaviour 154, 155)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core import BadRecord, OutcomeUnknown, Refused, RetryLater, VendorCall
from core.testing.clock import FakeClock
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_state import NOTE, WEB_CHAT, Contact, Ticket
from tests.vendors.freshdesk_account import FRESHDESK
from tests.vendors.freshdesk_records import TEMPLATES, Writer

MADE_BY_POST = ("create_ticket", "reply", "note", "create_contact")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sim(clock: FakeClock) -> Iterator[FreshdeskSimulator]:
    with FreshdeskSimulator(clock=clock) as running:
        yield running


@pytest.fixture
def writer(sim: FreshdeskSimulator, clock: FakeClock) -> Writer:
    return Writer(sim, clock)


@pytest.fixture
def ada(sim: FreshdeskSimulator) -> Contact:
    return sim.customer("ada@example.com", "Ada")


@pytest.fixture
def ticket(sim: FreshdeskSimulator, ada: Contact) -> Ticket:
    return sim.customer_opens(ada, "Parcel", "Where is it?")


def problem(writer: Writer, template: str, **record: Any) -> tuple[str, str]:
    with pytest.raises(BadRecord) as raised:
        writer.call(template, **record)
    return raised.value.field, raised.value.reason


# ---------------------------------------------------------------------------------------------- all templates


def test_155_there_are_six_templates_and_each_says_where_it_is_documented() -> None:
    assert list(TEMPLATES) == ["create_ticket", "update_ticket", "reply", "note", "create_contact", "update_contact"]
    for template in TEMPLATES.values():
        assert template.connector == FRESHDESK.name
        assert template.documentation.startswith("https://developers.freshdesk.com/api/#")
        assert all(field.help.endswith(".") for field in template.fields)


@pytest.mark.parametrize("name", TEMPLATES)
def test_161_each_sample_is_made_of_fields_of_its_template_and_can_be_written(
    name: str, sim: FreshdeskSimulator, writer: Writer, ticket: Ticket, ada: Contact
) -> None:
    sample = dict(TEMPLATES[name].sample)
    assert writer.fields(name, sample) == sample
    ids = {"ticket_id": ticket.id, "contact_id": ada.id, "email": "new@example.com"}
    assert writer.write(name, **{key: ids.get(key, value) for key, value in sample.items()})


@pytest.mark.parametrize("name", MADE_BY_POST)
@pytest.mark.parametrize("data", [None, {}, [], {"id": None}, "made"])
def test_an_answer_without_the_id_of_what_was_made_leaves_it_unknown(name: str, data: Any, ticket: Ticket) -> None:
    call = VendorCall("POST", TEMPLATES[name].path.replace("{ticket_id}", str(ticket.id)), {})
    with pytest.raises(OutcomeUnknown):
        TEMPLATES[name].captured(call, data)
    assert TEMPLATES[name].captured(call, {"id": 7}) == "7"


@pytest.mark.parametrize(("name", "path"), [("update_ticket", "/tickets/12"), ("update_contact", "/contacts/12")])
def test_what_was_changed_is_known_by_the_answer_or_else_by_the_path(name: str, path: str) -> None:
    call = VendorCall("PUT", path, {"name": "x"})
    assert TEMPLATES[name].captured(call, {"id": 13}) == "13"
    assert TEMPLATES[name].captured(call, None) == "12"


def test_ids_may_be_texts_and_whole_decimals_and_nothing_else(writer: Writer) -> None:
    assert writer.call("update_ticket", ticket_id="12", status="3").path == "/tickets/12"
    assert writer.call("update_ticket", ticket_id=12.0, status=3.0) == VendorCall("PUT", "/tickets/12", {"status": 3})
    assert problem(writer, "update_ticket", ticket_id=1.5, status=3) == (
        "ticket_id",
        "must be a whole number, and is 1.5",
    )
    assert problem(writer, "update_ticket", ticket_id=0, status=3) == (
        "ticket_id",
        "must be an id of Freshdesk, and is 0",
    )
    assert problem(writer, "note", ticket_id=float("inf"), body="x")[0] == "ticket_id"
    assert problem(writer, "update_ticket", ticket_id="../12", status=3)[0] == "ticket_id"


# ------------------------------------------------------------------------------------------------ new tickets


def test_a_ticket_is_created_with_all_it_may_have(sim: FreshdeskSimulator, writer: Writer) -> None:
    sim.add_field("order", "custom_text")
    sim.add_field("gift")
    group, agent = sim.add_group("Support"), sim.add_agent("hal@example.com", "Hal")
    waiting = sim.add_status("Waiting")
    given = {"subject": "Box", "description": "a < b\nc & d", "email": "new@example.com", "name": "Nell"}
    given |= {"priority": 4, "status": str(waiting), "source": 3, "type": "Question", "tags": "shop, vip"}
    given |= {"group_id": str(group.id), "responder_id": agent.id, "cc_emails": ["bo@example.com"]}
    given |= {"cf_order": "1001", "custom_fields": {"cf_gift": True}}
    made = sim.ticket(int(writer.write("create_ticket", **given)))
    assert (made.subject, made.description, made.text) == ("Box", "a &lt; b<br>c &amp; d", "a < b\nc & d")
    assert (made.priority, made.status, made.source, made.type) == (4, waiting, 3, "Question")
    assert (made.group_id, made.responder_id, made.cc_emails) == (group.id, agent.id, ("bo@example.com",))
    assert (made.tags, made.custom_fields) == (["shop", "vip"], {"cf_order": "1001", "cf_gift": True})
    requester = sim.account.contacts[made.requester_id]
    assert (requester.email, requester.name) == ("new@example.com", "Nell")


def test_a_ticket_is_open_and_of_low_priority_unless_told(sim: FreshdeskSimulator, writer: Writer) -> None:
    made = sim.ticket(int(writer.write("create_ticket", subject="Box", description="x", email="new@example.com")))
    assert (made.status, made.priority, made.source) == (2, 1, 2)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("one\ntwo\r\nthree", "one<br>two<br>three"),
        ("<p>one</p>\n<p>two</p>", "<p>one</p>\n<p>two</p>"),
        ("one<br/>two", "one<br/>two"),
        ("if a <b and c> d", "if a &lt;b and c&gt; d"),
        ("Ada <ada@example.com> & Bo", "Ada &lt;ada@example.com&gt; &amp; Bo"),
    ],
)
def test_plain_text_is_escaped_and_html_is_not(writer: Writer, text: str, sent: str) -> None:
    call = writer.call("create_ticket", subject="Box", description=text, email="a@b.c")
    assert call.body["description"] == sent
    assert writer.call("note", ticket_id=1, body=text).body["body"] == sent


@pytest.mark.parametrize(
    "by", [{"requester_id": 0}, {"phone": "+44 20 1", "name": "Ada"}, {"unique_external_id": "ada-1"}]
)
def test_a_requester_is_named_in_one_of_four_ways(sim: FreshdeskSimulator, writer: Writer, by: dict[str, Any]) -> None:
    ada = sim.customer("ada@example.com", "Ada", "+44 20 1", unique_external_id="ada-1")
    by = {name: ada.id if name == "requester_id" else value for name, value in by.items()}
    assert sim.ticket(int(writer.write("create_ticket", subject="Box", description="x", **by))).requester_id == ada.id


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        (
            {"name": "Ada"},
            "",
            "names no requester: it needs one of email, requester_id, phone, unique_external_id",
        ),
        ({"phone": "+44"}, "name", "is missing, and Freshdesk wants it beside a phone without an email"),
        (
            {"email": "a@b.c", "status": 1},
            "status",
            "must be 2, 3, 4, 5 or one of the account's own from 6 on, and is 1",
        ),
        ({"email": "a@b.c", "priority": 5}, "priority", "must be one of 1, 2, 3, 4, and is 5"),
        ({"email": "a@b.c", "description": "<p> </p>"}, "description", "has no words in it"),
        ({"email": "a@b.c", "tags": [["x"]]}, "tags", "must be a list of texts, and has something else in it"),
        ({"email": "a@b.c", "subject": None}, "subject", "is missing, and the vendor wants it"),
    ],
)
def test_what_cannot_become_a_ticket_is_told_in_words(
    writer: Writer, given: dict[str, Any], field: str, reason: str
) -> None:
    assert problem(writer, "create_ticket", **{"subject": "Box", "description": "x", **given}) == (field, reason)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cf_nothing": "x"}, "cf_nothing Unexpected/invalid field in request invalid_field"),
        ({"status": 9}, "status It should be one of these values"),
        ({"email": "nobody"}, "email It should be in the 'valid email address' format invalid_value"),
        ({"group_id": 12}, "group_id There is no group matching"),
    ],
)
def test_what_the_vendor_refuses_is_told_in_its_words(
    sim: FreshdeskSimulator, writer: Writer, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        writer.write("create_ticket", **{"subject": "Box", "description": "x", "email": "a@b.c", **given})
    assert sim.tickets == []


# ------------------------------------------------------------------------------------------- changed tickets


def test_only_what_is_given_of_a_ticket_changes(sim: FreshdeskSimulator, writer: Writer, ticket: Ticket) -> None:
    sim.add_field("gift")
    agent = sim.add_agent("hal@example.com")
    ticket.tags = ["old"]
    given = {"status": 3, "priority": 2, "type": "Refund", "responder_id": agent.id, "subject": "Lost parcel"}
    changed = writer.write("update_ticket", ticket_id=ticket.id, **given, tags=["a", "b"])
    assert changed == str(ticket.id)
    assert {name: getattr(ticket, name) for name in given} == given
    assert (ticket.tags, ticket.group_id) == (["a", "b"], None)
    writer.write("update_ticket", ticket_id=ticket.id, custom_fields={"cf_gift": True})
    assert (ticket.custom_fields["cf_gift"], ticket.status) == (True, 3)


def test_zero_takes_agent_and_group_away(sim: FreshdeskSimulator, writer: Writer, ticket: Ticket) -> None:
    ticket.responder_id, ticket.group_id = sim.owner.id, sim.add_group("Support").id
    writer.write("update_ticket", ticket_id=ticket.id, responder_id="0", group_id=0)
    assert (ticket.responder_id, ticket.group_id) == (None, None)


def test_an_update_changes_something_and_names_its_ticket(writer: Writer) -> None:
    words = "changes nothing: it needs at least one field beside ticket_id"
    assert problem(writer, "update_ticket", ticket_id=1) == ("", words)
    assert problem(writer, "update_ticket", status=2) == ("ticket_id", "is missing, and the vendor wants it")
    assert problem(writer, "update_ticket", ticket_id=1, status=0)[0] == "status"


@pytest.mark.parametrize("name", ["update_ticket", "reply", "note"])
def test_a_ticket_that_is_not_there_or_thrown_away_is_refused(
    sim: FreshdeskSimulator, writer: Writer, ticket: Ticket, name: str
) -> None:
    more = {"status": 3} if name == "update_ticket" else {"body": "Hello"}
    for ticket_id, status in ((ticket.id, 405), (999, 404)):
        sim.agent_deletes(ticket)
        with pytest.raises(Refused) as raised:
            writer.write(name, ticket_id=ticket_id, **more)
        assert raised.value.status == status


# -------------------------------------------------------------------------------------------- replies, notes


def test_a_reply_goes_to_the_requester(sim: FreshdeskSimulator, writer: Writer, ticket: Ticket) -> None:
    hal = sim.add_agent("hal@example.com")
    more = {"cc_emails": "bo@example.com", "bcc_emails": "cy@example.com", "from_email": "help@example.com"}
    made = writer.write("reply", ticket_id=ticket.id, body="On its way.\nSoon.", user_id=hal.id, **more)
    [entry] = ticket.entries
    assert (str(entry.id), entry.body, entry.user_id) == (made, "On its way.<br>Soon.", hal.id)
    assert (entry.private, entry.to_emails, entry.from_email) == (False, ("ada@example.com",), "help@example.com")
    assert (entry.cc_emails, entry.bcc_emails) == (("bo@example.com",), ("cy@example.com",))


def test_a_note_is_private_unless_told(sim: FreshdeskSimulator, writer: Writer, ticket: Ticket) -> None:
    writer.write("note", ticket_id=ticket.id, body="for us", notify_emails=["hal@example.com"])
    writer.write("note", ticket_id=ticket.id, body="for all", private="no")
    first, second = ticket.entries
    assert (first.private, first.source, first.to_emails) == (True, NOTE, ("hal@example.com",))
    assert (second.private, second.source) == (False, NOTE)


def test_chats_take_structured_bodies_for_replies_and_public_notes(
    sim: FreshdeskSimulator, writer: Writer, ada: Contact
) -> None:
    """Vendor facts, section 3."""
    chat = sim.customer_opens(ada, "Chat", "Hello?", WEB_CHAT)
    with pytest.raises(Refused, match="structured_body"):
        writer.write("reply", ticket_id=chat.id, body="Hello")
    writer.write("reply", ticket_id=chat.id, body="<p>Hello &amp; <b>welcome</b></p>", structured=True)
    writer.write("note", ticket_id=chat.id, body="2 * 3 < 7", structured="yes", private=False)
    writer.write("note", ticket_id=chat.id, body="for us")
    assert [entry.text for entry in chat.entries[1:]] == ["Hello & welcome", "2 * 3 < 7", "for us"]


def test_a_message_says_something(writer: Writer) -> None:
    assert problem(writer, "reply", ticket_id=1) == ("body", "is missing, and the vendor wants it")
    assert problem(writer, "note", ticket_id=1, body=" \n ") == ("body", "has no words in it")


# -------------------------------------------------------------------------------------------------- contacts


def test_a_contact_is_created_with_all_it_may_have(sim: FreshdeskSimulator, writer: Writer) -> None:
    sim.add_contact_field("department")
    sim.add_contact_field("cf_region")
    given = {"name": "Ada", "email": "ada@example.com", "phone": "+44 1", "mobile": "+44 2"}
    given |= {"unique_external_id": "ada-1", "job_title": "Engineer", "description": "The first."}
    more = {"tags": "a;b", "other_emails": ["a@b.c"], "cf_region": "North", "custom_fields": {"department": "Sales"}}
    made = sim.account.contacts[int(writer.write("create_contact", **given, **more))]
    assert {name: getattr(made, name) for name in given} == given
    assert (made.tags, made.other_emails) == (["a", "b"], ["a@b.c"])
    assert made.custom_fields == {"cf_region": "North", "department": "Sales"}


def test_a_contact_is_known_by_something(writer: Writer) -> None:
    words = "says nothing to know the contact by: it needs one of email, unique_external_id, mobile, phone"
    assert problem(writer, "create_contact", name="Ada", job_title="Engineer") == ("", words)
    assert problem(writer, "create_contact", email="a@b.c") == ("name", "is missing, and the vendor wants it")
    assert problem(writer, "create_contact", email="a@b.c", name=" ") == ("name", "has no words in it")


@pytest.mark.parametrize("taken", [{"email": "ADA@example.com"}, {"unique_external_id": "ada-1"}])
def test_a_second_contact_with_the_same_email_or_external_id_is_a_conflict(
    sim: FreshdeskSimulator, writer: Writer, taken: dict[str, str]
) -> None:
    sim.customer("ada@example.com", "Ada", unique_external_id="ada-1")
    with pytest.raises(RetryLater, match="duplicate_value") as raised:
        writer.write("create_contact", name="Ada", **taken)
    assert raised.value.status == 409


def test_only_what_is_given_of_a_contact_changes(sim: FreshdeskSimulator, writer: Writer, ada: Contact) -> None:
    ada.tags = ["old"]
    changed = writer.write("update_contact", contact_id=str(ada.id), job_title="Countess", tags=["new"])
    assert changed == str(ada.id)
    assert (ada.name, ada.email, ada.job_title, ada.tags) == ("Ada", "ada@example.com", "Countess", ["new"])
    words = "changes nothing: it needs at least one field beside contact_id"
    assert problem(writer, "update_contact", contact_id=ada.id) == ("", words)


def test_a_contact_that_is_not_there_or_blocked_is_refused(
    sim: FreshdeskSimulator, writer: Writer, ada: Contact
) -> None:
    ada.blocked = True
    for contact_id, status in ((ada.id, 405), (sim.owner.id, 404)):
        with pytest.raises(Refused) as raised:
            writer.write("update_contact", contact_id=contact_id, name="x")
        assert raised.value.status == status


def test_155_what_exists_already_can_be_brought_to_the_values_of_a_record(
    sim: FreshdeskSimulator, writer: Writer, ada: Contact
) -> None:
    record = {"name": "Ada Byron", "email": "Ada@example.com", "job_title": "Countess"}
    template = TEMPLATES["create_contact"]
    assert template.finds_existing
    found = writer.existing("create_contact", **record)
    assert found == str(ada.id)
    call = template.update_call(record, found, writer.connection)
    assert (call.verb, call.path) == ("PUT", f"/contacts/{ada.id}")
    assert writer.send("create_contact", call) == found
    assert (ada.name, ada.job_title) == ("Ada Byron", "Countess")
    assert len(sim.account.contacts) == 1


def test_no_other_template_tells_what_exists(writer: Writer) -> None:
    assert [name for name, template in TEMPLATES.items() if template.finds_existing] == ["create_contact"]
