"""The responder openai_chat in the whole service: an answer reaches the customer, a failure a human."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.vendors import openai_server as service
from tests.vendors.openai_server import KEY, MODEL, OpenAIServer


@pytest.fixture
def model() -> Iterator[OpenAIServer]:
    """The language model's service, which must not have had to complain at the end."""
    with OpenAIServer() as running:
        yield running
    assert running.complaints == []


def start(world: Any, model: OpenAIServer) -> None:
    """Start the service with this responder alone."""
    section = f'[plugins.openai_chat]\nbase_url = "{model.url}"\nmodel = "{MODEL}"\napi_key = "{KEY}"\n'
    world.start(enabled=("openai_chat", "freshchat"), extra=section + "timeout_seconds = 5.0\n")


def test_a_customer_is_answered_by_the_model(world: Any, model: OpenAIServer) -> None:
    start(world, model)
    conversation = world.sim.customer_writes(world.ada, "When does my parcel arrive?")
    world.run(10)
    assert world.public(conversation) == [
        ("user", "When does my parcel arrive?"),
        ("ai", "Parcels arrive within two working days."),
    ]
    assert world.decisions() == [("reply", "answered")]
    assert "When does my parcel arrive?" in model.requests[0]["messages"][1]["content"]


def test_a_failure_of_the_model_is_handed_off_with_a_note_that_names_it(world: Any, model: OpenAIServer) -> None:
    model.does(service.refuses(401, "invalid_api_key", message=f"Incorrect API key provided: {KEY}"))
    start(world, model)
    conversation = world.sim.customer_writes(world.ada, "When does my parcel arrive?")
    world.run(10)
    assert world.replies(conversation) == []
    assert world.decisions() == [("handoff", "responder_failed")]
    [note] = world.notes(conversation)
    assert "Handed off by the AI: its responder failed." in note
    assert "the service did not accept the API key (401, invalid_api_key)" in note
    assert "The customer last wrote: “When does my parcel arrive?”." in note
    assert KEY not in note
    assert world.sim.assignee(conversation) is not world.ai
    assert len(model.requests) == 1
