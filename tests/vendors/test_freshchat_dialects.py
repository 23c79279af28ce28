"""The connector at work against both dialects of the simulated account, over real HTTP: whatever the account speaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core import (
    Action,
    ActionKind,
    AgentMissing,
    AuthFailed,
    Channel,
    Connection,
    Contact,
    HttpClient,
    Identity,
    OutcomeUnknown,
    Owner,
    Receipt,
    Refused,
    Session,
    SessionStatus,
)
from core.clock import SystemClock
from core.testing.clock import FakeClock
from plugins.freshchat.connector import Freshchat
from plugins.freshchat.settings import FreshchatSettings
from plugins.freshchat.simulator import DIALECTS, FreshchatSimulator

FRESHCHAT = Freshchat()


class Desk:
    """A connection to a simulated account that has one open conversation."""

    def __init__(self, sim: FreshchatSimulator) -> None:
        self.sim = sim
        self.clock: Any = sim.clock
        self.robin = sim.add_agent("robin@example.com", "Robin Assistant")
        self.ada = sim.customer("ada@example.com", "Ada Customer", phone="+44 20 1")
        self.conversation = sim.customer_writes(self.ada, "Hi")
        self.settings = FreshchatSettings().load(
            {"api_url": sim.api_url, "access_token": sim.token, "default_agent_email": "robin@example.com"}
        )
        robin = Identity(self.robin.id, "Robin Assistant", "robin@example.com")
        self.connection = Connection(1, "chat", "freshchat", self.settings, robin)
        self.http = HttpClient(
            sim.api_url, FRESHCHAT.headers(self.settings), SystemClock(), timeout_seconds=5, allow_private=True
        )

    @property
    def documented(self) -> bool:
        return self.sim.dialect == "documented"

    def action(self, kind: ActionKind, **changes: Any) -> Action:
        known: dict[str, Any] = {"id": 1, "session_id": 1, "conversation_id": self.conversation.id, "kind": kind}
        return Action(**known | {"started_at": self.clock.now(), "data": {"text_channel": True}} | changes)

    def perform(self, action: Action) -> Receipt:
        return FRESHCHAT.perform(action, self.connection, self.http)

    def find(self, action: Action) -> Receipt | None:
        return FRESHCHAT.find_effect(action, self.connection, self.http)

    def state(self) -> Any:
        session = Session(1, 1, self.conversation.id, Channel.WEB, SessionStatus.OPEN, Owner.AI)
        return FRESHCHAT.read_state(session, self.connection, self.http)


@pytest.fixture(params=DIALECTS)
def desk(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Desk]:
    with FreshchatSimulator(dialect=request.param, clock=clock) as sim:
        yield Desk(sim)


def test_b16_the_agent_is_found_behind_several_pages_and_a_deactivated_namesake(desk: Desk) -> None:
    for number in range(60):
        desk.sim.add_agent(f"agent{number}@example.com")
    desk.sim.add_agent("late@example.com", "Old Late", deactivated=True)
    late = desk.sim.add_agent("Late@Example.com", "Late Agent")
    identity = FRESHCHAT.verify({**desk.settings, "default_agent_email": "late@example.com"}, desk.http)
    assert (identity.agent_id, identity.agent_name) == (late.id, "Late Agent")
    assert identity.details.get("app_id") == (None if desk.documented else desk.sim.account.app_id)
    assert len(desk.sim.record.calls("list_agents")) == 2


def test_b11_b35_the_state_shows_assignee_customer_end_and_page(desk: Desk) -> None:
    state = desk.state()
    assert (state.closed, state.assignee, state.customer_id) == (False, "", desk.ada.id)
    assert state.data["channel_id"] == desk.sim.web.id
    assert state.data["app_id"] == desk.sim.account.app_id
    assert bool(state.url) is not desk.documented
    desk.sim.agent_assigns(desk.conversation, desk.robin)
    assert desk.state().assignee == desk.robin.id
    desk.sim.agent_resolves(desk.conversation)
    assert desk.state().closed


@pytest.mark.parametrize("status", ["reopened", "reopen", "waiting on customer", "snoozed by somebody"])
def test_every_status_but_resolved_is_open_known_or_not(desk: Desk, status: str) -> None:
    with desk.sim.lock:
        desk.conversation.status = status
    assert desk.state().closed is False


def test_b35_the_contact_has_name_email_and_phone_and_an_unknown_one_is_nobody(desk: Desk) -> None:
    found = FRESHCHAT.fetch_contact(desk.ada.id, desk.connection, desk.http)
    assert found == Contact(desk.ada.id, name="Ada Customer", email="ada@example.com", phone="+44 20 1")
    assert FRESHCHAT.fetch_contact("nobody", desk.connection, desk.http) is None
    anonymous = FRESHCHAT.fetch_contact(desk.sim.customer().id, desk.connection, desk.http)
    assert anonymous
    assert (anonymous.email, bool(anonymous.name)) == ("", True)


@pytest.mark.parametrize("kind", [ActionKind.REPLY, ActionKind.NOTE])
def test_b36_b41_a_message_is_proved_by_its_answer_or_by_the_thread(desk: Desk, kind: ActionKind) -> None:
    """The OpenAPI's answer to a sent message is empty: only reading back tells the id."""
    for number in range(55):
        desk.sim.agent_writes(desk.conversation, desk.robin, f"earlier {number}")
    desk.clock.advance(600)
    todo = desk.action(kind, text="**Hello** there", reference="ob-1")
    assert desk.find(todo) is None
    if desk.documented:
        with pytest.raises(OutcomeUnknown, match="no id"):
            desk.perform(todo)
    else:
        assert desk.perform(todo).vendor_id == desk.sim.thread(desk.conversation)[-1].id
    sent = desk.sim.thread(desk.conversation)[-1]
    assert (sent.actor_id, sent.private) == (desk.robin.id, kind is ActionKind.NOTE)
    desk.sim.agent_writes(desk.conversation, desk.sim.owner, "Hello there")
    found = desk.find(todo)
    assert found
    assert found.vendor_id == sent.id
    assert desk.find(desk.action(kind, text="Something else", reference="ob-2")) is None
    assert desk.find(desk.action(kind, text=todo.text, reference="ob-3", known_ids=frozenset({sent.id}))) is None


def test_b30_b40_b47_values_are_set_proved_and_may_be_set_twice(desk: Desk) -> None:
    steps = [
        (desk.action(ActionKind.ASSIGN, assignee=desk.robin.id), ("assigned", desk.robin.id)),
        (desk.action(ActionKind.UNASSIGN), ("new", "")),
        (desk.action(ActionKind.RESOLVE), ("resolved", "")),
    ]
    for todo, shown in steps:
        assert desk.find(todo) is None
        assert desk.perform(todo) == Receipt()
        assert (desk.conversation.status, desk.conversation.assigned_agent_id) == shown
        assert desk.find(todo) is not None
        desk.perform(todo)
        assert (desk.conversation.status, desk.conversation.assigned_agent_id) == shown


def test_b44_a_message_of_an_agent_who_is_gone_says_so_and_posts_nothing(desk: Desk) -> None:
    for change in ({"is_deactivated": True}, {"is_deactivated": False, "is_deleted": True}):
        with desk.sim.lock:
            for key, value in change.items():
                setattr(desk.robin, key, value)
        with pytest.raises(AgentMissing):
            desk.perform(desk.action(ActionKind.REPLY, text="Hello"))
        with pytest.raises(Refused):
            desk.perform(desk.action(ActionKind.ASSIGN, assignee=desk.robin.id))
    assert len(desk.sim.thread(desk.conversation)) == 1


def test_what_is_gone_or_not_allowed_is_told_with_its_status(desk: Desk) -> None:
    with pytest.raises(Refused, match="CONVERSATION_NOT_FOUND: conversation not found") as caught:
        desk.perform(desk.action(ActionKind.REPLY, text="Hello", conversation_id="nowhere"))
    assert (type(caught.value), caught.value.status) == (Refused, 404)
    desk.sim.may_manage_conversations = False
    with pytest.raises(AuthFailed, match="FORBIDDEN: the token has no permission for conversations"):
        desk.perform(desk.action(ActionKind.RESOLVE))
    desk.sim.revoke_token()
    with pytest.raises(AuthFailed, match="UNAUTHENTICATED: ") as refused:
        desk.state()
    assert refused.value.status == 401


def test_a_thread_is_given_oldest_first_and_from_a_moment_on(desk: Desk) -> None:
    for number in range(60):
        desk.clock.advance(1)
        desk.sim.agent_writes(desk.conversation, desk.robin, f"{number}")
    everything = FRESHCHAT.read_conversation(desk.conversation.id, None, None, desk.connection, desk.http).messages
    assert [one.external_id for one in everything] == [
        f"message:{message.id}" for message in desk.sim.thread(desk.conversation)
    ]
    since = desk.clock.now() - timedelta(seconds=2)
    latest = FRESHCHAT.read_conversation(desk.conversation.id, since, None, desk.connection, desk.http).messages
    assert [one.external_id for one in latest] == [one.external_id for one in everything[-3:]]


def test_conversations_are_found_by_list_or_by_customer_as_the_account_allows(desk: Desk) -> None:
    """Vendor fact 1: the OpenAPI has the list and not the customer's conversations, live accounts the reverse."""
    desk.sim.agent_resolves(desk.sim.customer_writes(desk.ada, "Another", new=True))
    own = FRESHCHAT.conversations_of(desk.ada.id, desk.connection, desk.http)
    cursor, listed = {}, []
    while page := FRESHCHAT.list_conversations(cursor, desk.connection, desk.http):
        listed += page.conversation_ids
        if not page.cursor:
            break
        cursor = dict(page.cursor)
    if desk.documented:
        assert (own, listed) == ([], [desk.conversation.id])
    else:
        assert (set(own), listed) == ({one.id for one in desk.sim.conversations}, [])
