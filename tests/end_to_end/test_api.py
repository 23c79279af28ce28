"""The REST API as another program meets it: what it reads and does, what it is refused, and in which words."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from core.store.models import ActionRow, EventRow, SessionRow
from tests.end_to_end.people import Chats
from tests.end_to_end.program import Program
from tests.end_to_end.test_again import says_in_vain
from tests.end_to_end.test_hand_over import HELLO, answered
from tests.end_to_end.worlds import DeskWorld, World

CRM = "token:crm"


@pytest.fixture
def quick(quick: World) -> World:
    """The same, running."""
    return quick.start()


def ids(page: dict[str, Any]) -> list[int]:
    return [each["id"] for each in page["items"]]


def answered_by(people: Chats) -> tuple[Program, Any]:
    """A program, and a conversation that the AI has answered."""
    conversation = answered(people)
    return Program(people.world), conversation


# ---------------------------------------------------------------------------------------------------- what is read


def test_a_session_is_read_with_all_that_happened_in_it(people: Chats) -> None:
    program, conversation = answered_by(people)
    [line] = program.get("/sessions")["items"]
    assert (line["status"], line["owner"], line["connection"]) == ("open", "ai", "support")
    assert line["contact"]["email"].lower() == "where is my parcel?@example.com"
    assert (line["last"]["author"], line["last"]["text"]) == ("ai", HELLO)
    opened = program.get(f"/sessions/{line['id']}")
    assert {name: opened[name] for name in line} == line
    assert opened["conversation_id"] == str(conversation.id)
    assert [decision["outcome"] for decision in opened["decisions"]] == ["reply"]
    assert ("reply", "sent") in [(action["kind"], action["state"]) for action in opened["actions"]]
    assert opened["closed_payload"] is None
    assert opened["timeline"]


def test_a_thread_is_read_page_by_page_and_its_notes_are_marked(people: Chats) -> None:
    program, conversation = answered_by(people)
    people.notes(conversation, "She has called before")
    people.world.run(5)
    first = program.call("GET", "/sessions/1/messages", params={"limit": 2})
    assert [each["author"] for each in first.json()["items"]] == ["customer", "ai"]
    # The link is the address at which the service is told to be known.
    link = re.fullmatch(r'<http://127\.0\.0\.1:8000/api/v1(/\S+)>; rel="next"', first.headers["Link"])
    assert link
    second = program.get(link[1])
    assert [(each["visibility"], each["text"]) for each in second["items"]] == [("private", "She has called before")]
    assert second["next"] is None
    assert program.get("/sessions/1/messages", limit=2, cursor=second["previous"]) == first.json()


def test_contacts_events_and_actions_are_read_and_filtered(people: Chats) -> None:
    program, _ = answered_by(people)
    [contact] = program.get("/contacts", q="where")["items"]
    opened = program.get(f"/contacts/{contact['id']}")
    assert [known["connection"] for known in opened["identities"]] == ["support"]
    assert ids({"items": opened["sessions"]}) == ids(program.get("/sessions", contact=contact["id"])) == [1]
    assert program.get("/contacts", q="nobody")["items"] == []
    assert program.get("/sessions", contact=contact["id"] + 1)["items"] == []
    events = program.get("/events", session=1)["items"]
    assert {event["state"] for event in events} <= {"done", "ignored"}
    found = program.get(f"/events/{events[-1]['id']}")
    assert found["payload"].startswith("{")
    for wanted in ({"state": "failed"}, {"connection": "other"}, {"session": 2}, {"kind": "none"}):
        assert program.get("/events", **wanted)["items"] == []
    assert program.get("/events", source="webhook", connection="support")["items"]
    assert {action["state"] for action in program.get("/actions", session=1, state="sent")["items"]} == {"sent"}
    assert (
        program.get("/actions", state="failed")["items"] == program.get("/actions", connection="other")["items"] == []
    )
    action = program.get("/actions")["items"][0]
    assert program.get(f"/actions/{action['id']}") == action


def test_connections_are_read_without_any_secret(people: Chats) -> None:
    world = people.world
    world.start()
    program = Program(world)
    [connection] = program.get("/connections")["items"]
    assert (connection["name"], connection["state"], connection["origin"]) == ("support", "active", "file")
    assert (connection["agent_email"], connection["waits_for_first_event"]) == ("robin@example.com", True)
    assert program.get(f"/connections/{connection['id']}") == connection
    told = program.call("GET", "/connections").text
    for secret in (*world.runtime.config.secrets(), *world.connections.secrets()):
        assert secret.reveal() not in told
    assert world.webhook_url.rsplit("/", 1)[-1] not in told


# ------------------------------------------------------------------------------------------------------ behaviour 115


def test_b115_sessions_are_listed_by_cursor_and_by_every_filter(world: World) -> None:
    world.start()
    chats, program = Chats(world), Program(world)
    made = []
    for number in range(5):
        chats.opens(f"Question{number}")
        world.run(60)
        made.append(world.clock.now())
        world.clock.advance(60)
    program.post("/sessions/1/take-over")
    program.patch("/sessions/2", status="closed_resolved", propagate=False)
    with world.runtime.db.write():
        SessionRow.update(handoff={"summary": "Asked"}).where(SessionRow.id == 1).execute()
        SessionRow.update(channel="email", mode="assist").where(SessionRow.id == 3).execute()

    def listed(**wanted: Any) -> set[int]:
        return set(ids(program.get("/sessions", **wanted)))

    moments = [moment.isoformat() for moment in made]
    assert listed() == {1, 2, 3, 4, 5}
    assert (listed(handed_off="true"), listed(handed_off="false")) == ({1}, {2, 3, 4, 5})
    assert (listed(status="closed_resolved"), listed(status="closed_unresolved")) == ({2}, set())
    assert (listed(channel="email"), listed(channel="web"), listed(mode="assist")) == ({3}, {1, 2, 4, 5}, {3})
    assert (listed(created_before=moments[1]), listed(created_after=moments[1])) == ({1, 2}, {3, 4, 5})
    # The first two have changed last.
    assert (listed(updated_after=moments[4]), listed(updated_before=moments[4])) == ({1, 2}, {3, 4, 5})
    assert (listed(owner="human"), listed(connection="support", owner="ai")) == ({1}, {3, 4, 5})
    assert (listed(connection="other"), listed(q="question3"), listed(needs_person="true")) == (set(), {4}, set())
    assert listed(status="open", created_after=moments[1], owner="ai") == {3, 4, 5}

    first = program.get("/sessions", limit=2)
    assert (len(first["items"]), first["previous"]) == (2, None)
    # While the list is read one that was shown already moves to its top: none is missed by that, and none comes twice.
    world.clock.advance(1)
    program.post("/sessions/1/give-back")
    seen, cursor = ids(first), first["next"]
    while cursor:
        page = program.get("/sessions", limit=2, cursor=cursor)
        seen, cursor = [*seen, *ids(page)], page["next"]
    assert seen == [2, 1, 5, 4, 3]
    assert ids(program.get("/sessions"))[0] == 1


# ------------------------------------------------------------------------------------------------------ behaviour 116


def test_b116_a_session_is_closed_with_a_summary_and_a_payload_and_the_helpdesk_is_told_or_not(people: Chats) -> None:
    program, conversation = answered_by(people)
    world = people.world
    told = program.refused("PATCH", "/sessions/1", 422, json={"status": "closed_resolved"})
    assert told["errors"] == {"propagate": ["Missing data for required field."]}
    closed = program.patch("/sessions/1", status="closed_unresolved", propagate=False, closed_payload={"order": 4711})
    assert (closed["status"], closed["closed_by"], closed["closed_payload"]) == (
        "closed_unresolved",
        "api",
        {"order": 4711},
    )
    [line] = [line for line in closed["timeline"] if line["kind"] == "closed_unresolved_by_api"]
    assert (line["detail"]["by"], line["detail"]["told"]) == (CRM, False)
    world.run(60)
    assert not people.resolved(conversation)
    assert program.patch("/sessions/1", status="open", propagate=False)["status"] == "open"
    closed = program.patch("/sessions/1", status="closed_resolved", propagate=True, summarise=True)
    world.run(120)
    assert people.resolved(conversation)
    [note] = world.notes(conversation)
    assert f"Closed by {CRM}, resolved." in note
    assert "Summary: The customer wrote" in note


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"status": "closed", "propagate": True}, ["status"]),
        ({"propagate": True}, ["status"]),
        ({"status": "open", "propagate": "yes"}, ["propagate"]),
        ({"status": "open", "propagate": True, "closed_payload": {}}, ["closed_payload"]),
        ({"status": "open", "propagate": True, "summarise": True}, ["summarise"]),
        ({"status": "closed_resolved", "propagate": 1}, ["propagate"]),
        ({"status": "closed_resolved", "propagate": True, "closed_payload": [1]}, ["closed_payload"]),
        ({"status": "closed_resolved", "propagate": True, "closed_payload": {"a": "\ud800"}}, ["closed_payload"]),
        ({"status": "closed_resolved", "propagate": True, "closed_payload": {"a": "x" * 100_001}}, ["closed_payload"]),
        ({"status": "closed_resolved", "propagate": True, "assignee": "hanna"}, ["assignee"]),
        ([], ["body"]),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_by_field(quick: World, change: Any, errors: list[str]) -> None:
    assert list(Program(quick).refused("PATCH", "/sessions/1", 422, json=change)["errors"]) == errors


# ------------------------------------------------------------------------------------------------------- what is done


def test_a_program_takes_over_replies_once_and_gives_back(people: Chats) -> None:
    program, conversation = answered_by(people)
    world = people.world
    reply = {"kind": "reply", "text": "It comes on Monday."}
    told = program.refused("POST", "/sessions/1/messages", 409, json=reply)
    assert told["detail"] == "The AI may still speak in this session; take it over first."
    assert program.post("/sessions/1/take-over")["owner"] == "human"
    once = {"Idempotency-Key": "4711"}
    answers = [program.call("POST", "/sessions/1/messages", json=reply, headers=once) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = {"kind": "reply", "text": "It comes on Tuesday."}
    told = program.refused("POST", "/sessions/1/messages", 409, json=other, headers=once)
    assert "Another message was sent with this key already; give this one a key of its own" in str(told)
    place = answers[0].headers["Location"]
    program.post("/sessions/1/messages", {"kind": "note", "text": "Promised Monday"})
    world.run(60)
    assert world.replies(conversation) == [HELLO, "It comes on Monday."]
    [note] = world.notes(conversation)
    assert note.startswith("Promised Monday")
    sent = program.get(place.removeprefix("/api/v1"))
    assert (sent["state"], sent["by"]) == ("sent", CRM)
    assert program.post("/sessions/1/give-back")["owner"] == "ai"
    world.run(60)
    assert people.assignee(conversation) == "ai"


def test_a_session_is_given_to_an_agent_of_the_helpdesk(people: Chats) -> None:
    program, conversation = answered_by(people)
    program.post("/sessions/1/take-over", {"assignee": str(people.world.human.id)})
    people.world.run(60)
    assert people.assignee(conversation) == "human"


def test_a_parked_action_is_tried_again_or_given_up(people: Chats) -> None:
    says_in_vain(people)
    world = people.world
    program = Program(world)
    [parked] = program.get("/actions", state="parked")["items"]
    assert program.get("/sessions", needs_person="true")["items"]
    assert program.post(f"/actions/{parked['id']}/retry")["state"] == "uncertain"
    told = program.refused("POST", f"/actions/{parked['id']}/discard", 409)
    assert told["detail"].startswith("It is being sent, or looked for at the vendor")
    with world.runtime.db.write():
        ActionRow.update(state="parked").where(ActionRow.id == parked["id"]).execute()
    discarded = program.post(f"/actions/{parked['id']}/discard")
    assert (discarded["state"], discarded["error"].split(";")[0]) == ("cancelled", f"discarded by {CRM}")


def test_a_dead_event_is_read_again(quick: World) -> None:
    program = Program(quick)
    quick.post(b"not JSON")
    [event] = program.get("/events", state="rejected")["items"]
    told = program.refused("POST", f"/events/{event['id']}/replay", 409)
    assert told["detail"].startswith("It still cannot be read")
    with_body = quick.sim.customer_writes(quick.ada, "Hello")
    assert with_body
    quick.run(60)
    done = program.get("/events", state="done")["items"][0]
    told = program.refused("POST", f"/events/{done['id']}/replay", 409)
    assert told["detail"] == "It was read already; reading it once more would change nothing."


def test_no_secret_of_ours_is_told_where_a_vendor_repeats_it(quick: World) -> None:
    program = Program(quick)
    token = quick.webhook_url.rpartition("/")[2]
    quick.post(json.dumps({"action": "told", "data": {"to": quick.webhook_url, "with": quick.sim.token}}).encode())
    quick.post(f"{{ {quick.webhook_url} {quick.sim.token}".encode())
    with quick.runtime.db.write():
        EventRow.update(found={"seen": quick.webhook_url}).where(EventRow.state == "ignored").execute()
    told, rejected = (program.get(f"/events/{each['id']}") for each in program.get("/events")["items"][::-1])
    assert (told["kind"], rejected["state"]) == ("told", "rejected")
    for text in (told["payload"], told["found"], rejected["payload"]):
        assert "/webhooks/freshchat/" in text
        assert token not in text
        assert quick.sim.token not in text
    assert rejected["payload"].startswith("{ http://"), "a body that could not be read is told as it came"


def test_a_backfill_is_begun_watched_and_called_off(desk: DeskWorld) -> None:
    desk.start()
    program = Program(desk)
    program.refused("GET", "/connections/1/backfill", 404)
    program.refused("DELETE", "/connections/1/backfill", 404)
    begun = program.call("POST", "/connections/1/backfill", json={"days": 30})
    assert (begun.status_code, begun.headers["Location"]) == (202, "/api/v1/connections/1/backfill")
    assert (begun.json()["state"], begun.json()["requested_by"]) == ("waiting", CRM)
    assert program.refused("POST", "/connections/1/backfill", 409)["detail"].startswith("Its backfill is under way")
    assert program.get("/backfills")["items"] == [program.get("/connections/1/backfill")] == [begun.json()]
    called_off = program.call("DELETE", "/connections/1/backfill")
    assert called_off.json()["state"] == program.get("/connections/1/backfill")["state"] == "cancelled"
    assert program.refused("DELETE", "/connections/1/backfill", 409)["detail"] == "None is under way."
    assert program.refused("POST", "/connections/1/backfill", 422, json={"days": 0})["errors"].keys() == {"days"}


def test_subscriptions_are_made_changed_tested_and_removed(world: World) -> None:
    world.start(server="allow_private_webhooks = true")
    program = Program(world)
    url = "http://127.0.0.1:9/hook"
    made = program.call("POST", "/subscriptions", json={"url": url, "events": ["conversation.*"]})
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/subscriptions/1")
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    shown = program.get("/subscriptions/1")
    assert {**shown, "secret": secret} == made.json()
    assert (shown["created_by"], program.get("/subscriptions")["items"]) == (CRM, [shown])
    assert program.post("/subscriptions/1/secret")["secret"] not in ("", secret)
    assert program.patch("/subscriptions/1", events=["handoff.*"], active=False)["paused_reason"] == f"paused by {CRM}"
    answers = ["handoff.*", "responses:people"]
    assert program.patch("/subscriptions/1", events=answers)["events"] == answers
    told = program.refused("POST", "/subscriptions/1/test", 409)
    assert told["detail"] == f"Nothing is sent to it (paused by {CRM}). Resume it first."
    assert program.patch("/subscriptions/1", active=True)["active"]
    sent = program.post("/subscriptions/1/test")
    assert (sent["event_type"], sent["payload"]["data"]["sent_by"]) == ("subscription.test", CRM)
    assert program.get("/subscriptions/1/deliveries", state="pending")["items"] == [sent]
    assert program.get("/subscriptions/1/deliveries", state="dead")["items"] == []
    program.refused("GET", "/subscriptions/1/deliveries", 404, params={"cursor": "abc"})
    told = program.refused("POST", f"/deliveries/{sent['id']}/replay", 409)
    assert told["detail"] == "It is still on its way. Wait until it is delivered or dead."
    since = {"since": "2026-01-01T00:00:00Z"}
    assert program.post("/subscriptions/1/deliveries/replay", since) == {"deliveries": 0}
    assert program.call("DELETE", "/subscriptions/1").status_code == 204
    program.refused("GET", "/subscriptions/1", 404)
    program.refused("DELETE", "/subscriptions/1", 404)


def test_an_address_that_may_not_be_subscribed_is_refused_at_its_field(quick: World) -> None:
    program = Program(quick)
    for url, told in (("https://localhost/x", "is not on the public internet"), ("not a url", "is not an address")):
        answer = program.refused("POST", "/subscriptions", 422, json={"url": url, "events": ["*"]})
        assert told in answer["errors"]["url"][0]
    answer = program.refused("POST", "/subscriptions", 422, json={"url": "https://example.com", "events": ["x"]})
    assert answer["errors"].keys() == {"events.0"}
