"""Webhooks that are lost, doubled and shuffled end in the state of a run that lost none, at both vendors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.domain import Silence
from core.store.models import EventRow, MessageRow
from core.testing.clock import FakeClock
from tests.end_to_end.people import Chats, Tickets
from tests.end_to_end.worlds import DeskWorld, World

HISTORIES_AT_ONCE = 25
EXAMPLES = 8
MINUTES = 1
"""How long a part of a history lasts, and how long after it what was lost has been found."""


@dataclass(frozen=True)
class Part:
    """What happens to a conversation within some minutes: who speaks, and one change of whose it is or of its status.

    A change and its reversal within the time in which nothing was heard leave no trace at either vendor, so there is
    no history with both.
    """

    change: str
    customer: bool
    reply: bool
    note: bool


PARTS = st.builds(
    Part,
    st.sampled_from(["", "", "human", "ai", "nobody", "resolve"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
HISTORIES = st.lists(st.lists(PARTS, min_size=2, max_size=2), min_size=HISTORIES_AT_ONCE, max_size=HISTORIES_AT_ONCE)


def live(people: Chats, conversation: Any, part: Part, name: str) -> None:
    """Let one part of a history happen."""
    world = people.world
    if people.resolved(conversation):
        if part.customer:  # which opens it again
            people.writes(conversation, f"{name} again")
        return
    agent = {"human": world.human, "ai": world.ai}.get(part.change)
    if part.change == "human":
        people.assigns(conversation, agent)
    if part.customer:
        people.writes(conversation, f"{name} customer")
    if part.note:
        people.notes(conversation, f"{name} note")
    if part.reply and part.change != "ai":
        people.replies(conversation, f"{name} reply")
    if part.change in ("ai", "nobody"):
        people.assigns(conversation, agent)
    elif part.change == "resolve":
        people.resolves(conversation)


def play(people: Chats, histories: Sequence[Sequence[Part]], seed: int | None) -> dict[str, tuple[Any, ...]]:
    """Let the histories happen side by side; with a seed, a fifth of the webhooks is lost, a fifth comes twice, and
    all come in any order. Returns what is known of each conversation in the end.
    """
    world, webhooks = people.world, people.sim.webhooks
    if seed is not None:
        webhooks.drop_share(0.2, seed)
        webhooks.copy_share(0.2, seed)
    webhooks.hold()
    conversations = {f"h{number}": people.opens(f"h{number}") for number in range(len(histories))}
    settle(world, webhooks, seed)
    for turn in range(max(map(len, histories))):
        webhooks.hold()
        for (name, conversation), history in zip(conversations.items(), histories, strict=True):
            if turn < len(history):
                live(people, conversation, history[turn], f"{name}.{turn}")
                world.clock.advance(1)
        settle(world, webhooks, None if seed is None else seed + turn)
    return {name: known(world, conversation) for name, conversation in conversations.items()}


def settle(world: World, webhooks: Any, seed: int | None) -> None:
    """Deliver what was held back, and let the service hear it; where some is lost, let it find what it did not hear."""
    webhooks.release(seed)
    world.run(30)
    if seed is None:
        world.run(60 * MINUTES)
    else:
        world.poll(MINUTES)


def known(world: World, conversation: Any) -> tuple[Any, ...]:
    """What the service knows of a conversation."""
    row = world.session(conversation)
    who = {world.ai.id: "ai", world.human.id: "human", str(world.ai.id): "ai", str(world.human.id): "human", "": ""}
    with world.runtime.db.read():
        said = MessageRow.select().where(MessageRow.session == row.id)
        messages = sorted(
            (message.author, message.visibility, message.text) for message in said if message.author != "system"
        )
    return row.status, row.owner, who[row.assignee], tuple(messages)


@contextmanager
def service(vendor: str, place: Path, **settings: Any) -> Iterator[Chats]:
    """A service whose AI never speaks, so that what happens is the people's doing alone."""
    with TemporaryDirectory(dir=place) as folder:
        made = Path(folder), f"sqlite:///{folder}/relaydesk.db", FakeClock()
        # An account without a list of conversations cannot tell of a customer of whom every webhook was lost.
        world = World(*made, dialect="documented") if vendor == "freshchat" else DeskWorld(*made)
        try:
            world.start(poll_after_minutes=0, requests_per_minute=100_000, **settings)
            world.ai_plugin.answer = lambda turn: Silence()
            yield Chats(world) if vendor == "freshchat" else Tickets(world)
        finally:
            world.stop()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("vendor", ["freshchat", "freshdesk"])
def test_g9_lost_doubled_and_shuffled_webhooks_end_in_the_state_of_a_run_without_loss(
    vendor: str, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(HISTORIES, st.integers(1, 10_000), st.booleans())
    def equal(histories: list[list[Part]], seed: int, auto: bool) -> None:
        with service(vendor, tmp_path, auto_handle_all=auto) as people:
            expected = play(people, histories, None)
        with service(vendor, tmp_path, auto_handle_all=auto) as people:
            found = play(people, histories, seed)
            states = [delivery.state for delivery in people.sim.webhooks.deliveries]
            seen.append((len(histories), states.count("dropped")))
            with people.world.runtime.db.read():
                assert not EventRow.select().where(EventRow.state == "failed").exists()
        assert found == expected

    equal()
    assert sum(number for number, _ in seen) >= 200
    assert min(dropped for _, dropped in seen) > 5
