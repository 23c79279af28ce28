"""Create user, create conversation, send message: one chain by the captured ids, in which nothing happens twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from core.destinations import claims, intake, ledger, responses, sending
from core.destinations.formats import Item
from tests.end_to_end.destined import BY, Destined, run, written
from tests.end_to_end.worlds import World

QUICK = 1_000_000
DAY = 24 * 3600
LINKS = ("people", "talks", "words")


class Killed(BaseException):
    """The process ends here: nothing that follows is done."""


class Chain:
    """The three destinations, and a file of people at their beginning."""

    def __init__(self, world: Any, number: int) -> None:
        self.world, self.number = world, number
        world.start(requests_per_minute=QUICK, inbound=False)
        world.sim.webhook_url = None
        talking = {"user_id": "id", "channel_id": "channel(record.channel)", "message": "record.greeting"}
        saying = {"conversation_id": "id", "message": "record.record.second"}
        self.people = Destined(world, "people", template="create_end_user", key="email", response=True)
        self.talks = Destined(
            world,
            "talks",
            template="create_conversation",
            source="responses:people",
            fields=talking,
            constants={"app_id": world.sim.account.app_id},
            response=True,
        )
        self.words = Destined(world, "words", template="send_message", source="responses:talks", fields=saying)

    def file(self) -> Iterator[Item]:
        for n in range(self.number):
            person = {"first_name": f"Person {n}", "email": f"p{n}@acme.example", "channel": "Web"}
            yield Item(n + 1, {**person, "greeting": f"Hello from {n}", "second": f"Welcome, {n}"})

    def begin(self) -> Any:
        return intake.take_in(self.world.runtime, "people", self.file(), "people.csv")

    def again(self) -> None:
        """Give the whole file once more, and feed the others all that was answered so far."""
        took = self.begin()
        assert (took.accepted, took.known) == (0, self.number)
        for name in LINKS[1:]:
            assert responses.take_earlier(self.world.runtime, name, BY).accepted == 0
        run(self.world, DAY)

    def holds(self) -> None:
        """By the vendor's own objects: each person once, with one conversation that has the two messages."""
        account, expected = self.world.sim.account, range(self.number)
        users = [user for user in account.users.values() if (user.email or "").endswith("@acme.example")]
        assert Counter(user.email for user in users) == Counter(f"p{n}@acme.example" for n in expected)
        conversations = account.conversations.values()
        assert Counter(one.user.email for one in conversations) == Counter(f"p{n}@acme.example" for n in expected)
        for one in conversations:
            n = one.user.first_name.removeprefix("Person ")
            messages = [(message.actor_type, message.text) for message in self.world.sim.thread(one)]
            assert messages == [("user", f"Hello from {n}"), ("agent", f"Welcome, {n}")]
        assert {each.life.get(each.name).counts["sent"] for each in (self.people, self.talks, self.words)} == {
            self.number
        }

    def ids_hold(self) -> None:
        """By the ledger: what was captured is what the vendor has made for this very person."""
        account = self.world.sim.account
        for record in self.people.listed():
            assert account.users[record.captured_id].email == record.key
        for record in self.talks.listed():
            assert account.conversations[record.captured_id].user.email == record.data["record"]["email"]


@pytest.mark.timeout(300)
def test_a_thousand_people_get_a_user_a_conversation_and_a_message_each_once(quick: World) -> None:
    chain = Chain(quick, 1000)
    assert chain.begin().accepted == 1000
    run(quick, 600)
    chain.holds()
    chain.ids_hold()
    assert len(written(quick)) == 3000
    chain.again()
    assert len(written(quick)) == 3000


def test_b160_the_chain_holds_in_each_account_and_over_each_engine(both_accounts: Any) -> None:
    chain = Chain(both_accounts, 40)
    chain.begin()
    # Where the answer to a message tells no id, it is looked for before the next one goes.
    run(both_accounts, DAY)
    chain.holds()
    chain.ids_hold()
    calls = len(written(both_accounts))
    chain.again()
    assert len(written(both_accounts)) == calls == 120


def test_what_was_answered_before_the_next_link_was_there_is_fed_to_it_once(quick: World) -> None:
    chain = Chain(quick, 30)
    for each in (chain.talks, chain.words):
        each.life.deactivate(each.name, BY)
    chain.begin()
    run(quick, 60)
    for name in reversed(LINKS[1:]):
        chain.talks.life.delete(name, BY)
    fields = {"user_id": "id", "channel_id": "channel(record.channel)", "message": "record.greeting"}
    talks = Destined(
        quick, "talks", template="create_conversation", source="responses:people", fields=fields, response=True
    )
    assert responses.take_earlier(quick.runtime, "talks", BY).accepted == 30
    assert responses.take_earlier(quick.runtime, "talks", BY).known == 30
    run(quick, 60)
    assert set(talks.states()) == {"sent"}
    assert Counter(one.user.email for one in quick.sim.conversations) == Counter(
        f"p{n}@acme.example" for n in range(30)
    )


FAULTS = [
    ("create_user", "timeout", True),
    ("create_user", "cut", False),
    ("create_user", "500", True),
    ("create_conversation", "cut", True),
    ("create_conversation", "timeout", False),
    ("create_conversation", "half_body", True),
    ("send_message", "cut", True),
    ("send_message", "503", False),
    ("send_message", "empty200", True),
    ("send_message", "429", False),
]
"""Endpoint, what goes wrong, and whether the vendor did its work all the same."""


def test_the_chain_writes_each_once_whatever_becomes_of_single_calls(quick: World) -> None:
    chain = Chain(quick, 60)
    chance = random.Random(6)
    for endpoint, kind, performed in FAULTS:
        quick.sim.fault(endpoint, kind, performed=performed, times=1, after=chance.randrange(10))
    chain.begin()
    run(quick, DAY)
    assert not quick.sim.faults.pending()
    chain.holds()
    chain.ids_hold()
    chain.again()
    chain.holds()


@pytest.mark.parametrize("when", ["before the call", "after it was answered"])
def test_a_chain_that_is_killed_at_any_call_is_taken_up_and_writes_each_once(
    quick: World, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    chain = Chain(quick, 25)
    chance = random.Random(161)
    left = [chance.randrange(1, 12)]
    place, name = (sending.Turn, "_made") if when == "before the call" else (ledger, "settle")
    real, give_back = getattr(place, name), claims.give_back

    def dies(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(*given, **named)

    def gives_back(*given: Any) -> None:
        if left[0] != 0:  # the dead give nothing back
            give_back(*given)

    monkeypatch.setattr(place, name, dies)
    monkeypatch.setattr(claims, "give_back", gives_back)
    chain.begin()
    kills = 0
    while kills < 10:
        try:
            run(quick, DAY)
            break
        except Killed:
            kills += 1
            left[0] = chance.randrange(1, 12)
    assert kills == 10
    left[0] = -1
    run(quick, DAY)
    chain.holds()
    chain.ids_hold()
    chain.again()
    chain.holds()
