"""A connection without inbound traffic: it writes records with a credential of its own, and hears nothing."""

from __future__ import annotations

from typing import Any

import pytest

from core.cli.look import webhook_address
from core.connecting import test_and_save
from core.errors import ConfigError
from core.forms import NotSaved
from core.jobs.polling import poll_due
from core.overview import overviews, setup
from core.store.models import BackfillRow, ConnectionRow, EventRow

ANN = "ann@acme.example"


def connected(world: Any) -> Any:
    """A connection of the pages that only writes."""
    world.start(empty=True)
    test_and_save(world.runtime, world.connector, "writer", world.given(inbound=False), ANN)
    return world.connections.named("writer")


def test_its_webhook_address_is_nobody_s(world: Any) -> None:
    writer = connected(world)
    token = world.runtime.tokens.make(writer.id, writer.generation)
    answer = world.post(b"{}", url=f"{world.url}/webhooks/{world.connector}/{token}")
    assert answer.status_code == 404
    with world.runtime.db.read():
        assert EventRow.select().count() == 0


def test_nobody_is_told_to_register_a_webhook_for_it(quick: Any) -> None:
    writer = connected(quick)
    shown = setup(quick.runtime, writer.id)
    assert (shown.url, shown.guide, shown.overview.waits_for_first_event) == (None, None, False)
    with pytest.raises(ConfigError) as refused:
        webhook_address(quick.runtime, "writer")
    assert str(refused.value) == (
        "writer: it only writes records, and so it has no webhook address. "
        "Set inbound = true for it, if it shall answer customers too."
    )


def test_it_is_not_polled_and_its_past_is_not_imported(desk: Any) -> None:
    desk.start(empty=True)
    desk.opens()
    test_and_save(desk.runtime, "freshdesk", "writer", desk.given(inbound=False, backfill_days=180), ANN)
    assert poll_due(desk.runtime) == 0
    with desk.runtime.db.read():
        assert BackfillRow.select().count() == 0


def test_it_may_share_its_account_with_one_that_answers_customers(world: Any) -> None:
    """Two that answered would answer twice; one that only writes answers nobody."""
    world.start(server="api_url_on_pages = true")
    test_and_save(world.runtime, world.connector, "writer", world.given(inbound=False), ANN)
    assert [each.name for each in overviews(world.runtime) if each.state == "active"] == ["support", "writer"]
    conversation = world.sim.customer_writes(world.ada, "Hello")
    world.run(60)
    assert len(world.replies(conversation)) == 1


def test_where_it_is_let_hear_again_a_second_one_of_the_account_is_refused(quick: Any) -> None:
    quick.start(server="api_url_on_pages = true")
    test_and_save(quick.runtime, quick.connector, "writer", quick.given(inbound=False), ANN)
    writer = quick.connections.named("writer")
    with pytest.raises(NotSaved) as refused:
        test_and_save(quick.runtime, quick.connector, "writer", quick.given(inbound=True), ANN, writer.id)
    assert "both would answer every customer" in str(refused.value)
    with quick.runtime.db.read():
        assert ConnectionRow.get_by_id(writer.id).active
    assert not quick.connections.named("writer").inbound
