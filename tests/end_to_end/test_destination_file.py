"""Destinations of the configuration file: they follow it, one by one, and what they have written stays understood."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.config import load_config
from core.destinations.catalogue import Destinations
from core.destinations.formats import Item
from core.destinations.intake import take_in
from core.destinations.provision import provision_destinations
from core.errors import ConfigError
from core.jobs.send_records import drain

PEOPLE = """
[[destinations]]
name = "people"
connection = "support"
template = "create_end_user"
active = true
"""
WELCOMES = """
[[destinations]]
name = "a-welcome"
connection = "support"
template = "create_conversation"
source = "responses:people"
fields = { user_id = "id", channel_id = "record.c", message = "record.m" }
active = true
"""


def follow(world: Any, text: str) -> dict[str, Any]:
    """Let the file say something else of destinations; returns them as they are then."""
    file = world.folder / "config.toml"
    begin = file.read_text(encoding="utf-8").partition("[[destinations]]")[0]
    file.write_text(begin + text, encoding="utf-8")
    config = replace(world.runtime.config, destinations=load_config(file).destinations)
    object.__setattr__(world.runtime, "config", config)
    provision_destinations(world.runtime)
    return {each.name: each for each in Destinations(world.runtime).list()}


def test_one_may_be_fed_by_another_that_stands_below_it(quick: Any) -> None:
    there = follow(quick.start(), WELCOMES + PEOPLE + "response = true\n")
    assert {name: each.state for name, each in there.items()} == {"a-welcome": "active", "people": "active"}


def test_one_with_a_mistake_shows_it_and_the_others_go_on(quick: Any) -> None:
    there = follow(quick.start(), PEOPLE.replace("create_end_user", "create_end_usr").replace("people", "b") + PEOPLE)
    assert (there["b"].state, there["people"].state) == ("inactive", "active")
    assert there["b"].held_reason == (
        'template: Freshchat has no template "create_end_usr". Did you mean "create_end_user"?'
    )
    mended = follow(quick, PEOPLE.replace("people", "b") + PEOPLE)
    assert (mended["b"].state, mended["b"].held_reason) == ("active", "")


def test_what_has_left_the_file_sends_nothing_and_can_be_deleted(quick: Any) -> None:
    follow(quick.start(), PEOPLE)
    left = follow(quick, "")["people"]
    assert (left.state, left.held_reason, left.provisioned) == (
        "inactive",
        "it is no longer in the configuration file",
        False,
    )
    assert follow(quick, PEOPLE)["people"].provisioned
    follow(quick, "")
    Destinations(quick.runtime).delete("people", "ann@acme.example")
    assert Destinations(quick.runtime).list() == ()


def test_one_of_the_pages_with_the_same_name_counts(quick: Any) -> None:
    quick.start()
    made = {"name": "people", "connection": "support", "method": "POST", "url": "/users"}
    Destinations(quick.runtime).create(made, "ann@acme.example")
    there = follow(quick, PEOPLE)["people"]
    assert (there.provisioned, there.definition.method, there.state) == (False, "POST", "inactive")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ('key = "email"', "key: the records that are in the ledger are known by the former one."),
        ('unique = "email"', "unique: the records that are in the ledger are known by the former one."),
        ("template", "template: records were written by the former one already."),
    ],
)
def test_what_the_ledger_is_understood_by_stays_once_there_are_records(quick: Any, change: str, problem: str) -> None:
    """With another key whoever was written would be written again, and with another template nobody would be."""
    world = quick.start(requests_per_minute=1_000_000)
    follow(world, PEOPLE)
    take_in(world.runtime, "people", [Item(1, {"first_name": "Ann", "email": "ann@x.example"})], "people.json")
    drain(world.runtime)
    text = PEOPLE.replace("create_end_user", "update_agent") if change == "template" else PEOPLE + change + "\n"
    there = follow(world, text)["people"]
    assert (there.state, there.held_reason.startswith(problem)) == ("inactive", True), there.held_reason
    assert (there.definition.key, there.definition.template) == ("", "create_end_user")
    assert follow(world, PEOPLE)["people"].state == "active"


def test_a_constant_that_json_does_not_have_is_refused_by_name(quick: Any) -> None:
    quick.start()
    with pytest.raises(ConfigError) as refused:
        follow(quick, PEOPLE + "constants = { due = 2024-01-01 }\n")
    assert refused.value.key == "destinations[people].constants"
    assert refused.value.problem == "due must be something that JSON has: a date is written as a text"
