"""Whatever customers, agents and people here do, in any order: no AI message while a human has it, nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from core.domain import Reply
from core.flow.by_hand import NotNow
from core.flow.closing import reopen, resolve
from core.flow.hand_over import give_back, take_over
from core.flow.speak import write_reply
from core.store.models import ActionRow, MessageRow
from core.testing.clock import FakeClock
from tests.end_to_end.people import Chats, Tickets
from tests.end_to_end.worlds import DeskWorld, World

HANNA = "hanna@example.com"


class Life(RuleBasedStateMachine):
    """One conversation, in which everybody does what they like; webhooks come at once, late, or shuffled."""

    vendor = ""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        place = Path(self.folder.name), f"sqlite:///{self.folder.name}/relaydesk.db", FakeClock()
        self.world: World = World(*place) if self.vendor == "freshchat" else DeskWorld(*place)
        self.people = Chats(self.world) if self.vendor == "freshchat" else Tickets(self.world)
        self.number = 0
        self.written: list[str] = []
        self.while_human: list[str] = []

    def next(self, who: str) -> str:
        self.number += 1
        return f"{who} {self.number}"

    @property
    def session_id(self) -> int:
        return int(self.world.session().id)

    @initialize()
    def begins(self) -> None:
        self.world.start(requests_per_minute=100_000, poll_after_minutes=1)
        self.world.ai_plugin.answer = lambda turn: Reply(self.next("the AI's answer"))
        connector = type(self.world.connections.connector(self.world.connections.named("support")))
        self.perform: Callable[..., Any] = connector.perform
        connector.perform = self.watched(connector.perform)
        self.connector = connector
        self.conversation = self.people.opens("a question")
        self.world.run(60)

    def watched(self, perform: Callable[..., Any]) -> Callable[..., Any]:
        """Sees every reply that begins, and what it meets."""

        def performed(connector: Any, action: Any, *rest: Any) -> Any:
            with self.world.runtime.db.read():
                row = ActionRow.get_by_id(action.id)
                if not row.by and action.kind == "reply" and row.session.owner == "human":
                    self.while_human.append(action.text)
            return perform(connector, action, *rest)

        return performed

    @rule()
    def customer_writes(self) -> None:
        self.people.writes(self.conversation, self.next("question"))

    @rule(seconds=st.sampled_from([0, 1, 20, 120]))
    def time_goes_by(self, seconds: int) -> None:
        self.world.run(seconds)

    @rule()
    def takes_over(self) -> None:
        with suppress(NotNow):
            take_over(self.world.runtime, self.session_id, HANNA)
            assert self.world.session().owner == "human"

    @rule()
    def takes_over_while_the_ai_thinks(self) -> None:
        def answer(turn: Any) -> Reply:
            self.takes_over()
            return Reply(self.next("the AI's late answer"))

        before, self.world.ai_plugin.answer = self.world.ai_plugin.answer, answer
        self.customer_writes()
        self.world.run(20)
        self.world.ai_plugin.answer = before

    @rule()
    def gives_back(self) -> None:
        with suppress(NotNow):
            give_back(self.world.runtime, self.session_id, HANNA)
            assert self.world.session().owner == "ai"

    @rule(twice=st.booleans())
    def replies(self, twice: bool) -> None:
        text = self.next("a person's reply")
        with suppress(NotNow):
            for _ in range(1 + twice):
                write_reply(self.world.runtime, self.session_id, text, HANNA, key=text)
            self.written.append(text)

    @rule(told=st.booleans(), resolved=st.booleans())
    def closes(self, told: bool, resolved: bool) -> None:
        with suppress(NotNow):
            resolve(self.world.runtime, self.session_id, HANNA, resolved=resolved, tell_vendor=told)
            assert self.world.session().status != "open"

    @rule(told=st.booleans())
    def opens_again(self, told: bool) -> None:
        reopen(self.world.runtime, self.session_id, HANNA, tell_vendor=told)
        assert self.world.session().status == "open"

    @rule(to=st.sampled_from(["human", "ai", "nobody"]))
    def agent_assigns(self, to: str) -> None:
        self.people.assigns(self.conversation, {"human": self.world.human, "ai": self.world.ai}.get(to))

    @rule()
    def agent_replies(self) -> None:
        self.people.replies(self.conversation, self.next("an agent's reply"))

    @rule()
    def agent_resolves(self) -> None:
        self.people.resolves(self.conversation)

    @rule()
    def webhooks_are_late(self) -> None:
        self.world.sim.webhooks.hold()

    @rule(seed=st.none() | st.integers(1, 99))
    def webhooks_come(self, seed: int | None) -> None:
        self.world.sim.webhooks.release(seed)

    @rule(kind=st.sampled_from(["timeout", "429"]), performed=st.booleans())
    def the_next_message_goes_wrong(self, kind: str, performed: bool) -> None:
        endpoint = "send_message" if self.vendor == "freshchat" else "reply_to_ticket"
        self.world.sim.fault(endpoint, kind, performed=performed if kind == "timeout" else None, retry_after=5)

    def teardown(self) -> None:
        try:
            if hasattr(self, "conversation"):
                self.ends_well()
                self.connector.perform = self.perform  # type: ignore[method-assign]
        finally:
            self.world.stop()
            self.folder.cleanup()

    def ends_well(self) -> None:
        """Once all is heard and sent: who wrote what, and how often."""
        self.world.sim.webhooks.release()
        self.world.run(900)
        public = self.world.public(self.conversation)
        doubled = {said: number for said, number in Counter(public).items() if number > 1}
        assert doubled == {}
        assert self.while_human == []
        with self.world.runtime.db.read():
            theirs = list(ActionRow.select().where(ActionRow.by != "", ActionRow.kind == "reply"))
            assert sorted(row.text for row in theirs) == sorted(self.written)
            # What was in doubt too often waits for a person: on a busy machine time-outs happen by themselves.
            assert {row.state for row in theirs} <= {"sent", "parked"}
            rows = list(MessageRow.select())
            unsettled = [row.state for row in ActionRow.select() if row.settled_at is None]
        said = {text for who, text in public if who == "ai" and text.startswith("a person's")}
        assert said >= {row.text for row in theirs if row.state == "sent"}
        wrong = [row.text for row in rows if row.text.startswith("a person's") and row.author != "agent"]
        wrong += [row.text for row in rows if row.text.startswith("a person's") and row.author_name != HANNA]
        assert (wrong, unsettled) == ([], [])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("vendor", ["freshchat", "freshdesk"])
def test_in_any_order_no_ai_message_meets_a_human_and_no_message_is_doubled(vendor: str) -> None:
    run_state_machine_as_test(
        type("Life", (Life,), {"vendor": vendor}),
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
