"""Deliveries of outbound events over the API: what became of each, and those that were given up sent again."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import fields

from core.access.tokens import Scope
from core.runtime import Runtime
from core.subscriptions import STATES, Subscriptions
from core.subscriptions import Delivery as Found
from core.web.addresses import ROW_ID
from core.web.api.fields import Asked, Moment, Paging, Shown, one_of, page_of
from core.web.api.operations import LINKS, NO_PLACE, Resource, by, listed
from core.web.api.shown import integer, moment, string
from core.web.api.subscriptions import NO_SUCH, answer_mistakes


class DeliveryQuery(Paging):
    """Which deliveries are wanted."""

    state = fields.String(load_default="", validate=one_of(STATES))


class Since(Asked):
    """From when on."""

    since = Moment(
        required=True,
        metadata={
            "description": "What was given up since then, which an event is after some three days.",
            "example": "2026-11-01T09:30:00Z",
        },
    )


class Delivery(Shown):
    """An event on its way to a receiver."""

    id = integer()
    subscription_id = integer()
    message_id = string("The event's id, as the header webhook-id has it: again the same when it is replayed.")
    event_type = string(example="conversation.closed")
    payload = fields.Dict(keys=fields.String(), metadata={"description": "What is sent."})
    state = fields.String(validate=one_of(STATES))
    attempts = integer()
    next_at = moment("When it is tried again.", allow_none=True)
    status = integer("What the receiver answered the last time.", allow_none=True)
    error = string("What went wrong the last time, in words.")
    created_at = moment()
    done_at = moment(allow_none=True)
    replayed_by = string()
    replayed_at = moment(allow_none=True)


class ReplayedDead(Shown):
    """How much is sent again."""

    deliveries = integer()


DeliveryPage = page_of(Delivery, "DeliveryPage")


def deliveries(runtime: Runtime) -> Resource:
    """The operations on deliveries."""
    resource = Resource("Deliveries", runtime, "What became of each outbound event.")
    answer_mistakes(resource)

    @resource.operation(
        "GET",
        f"/subscriptions/<{ROW_ID}:subscription_id>/deliveries",
        Scope.ADMINISTER,
        query=DeliveryQuery,
        answers=DeliveryPage,
        words="A page of deliveries, newest first.",
        refuses={404: f"{NO_SUCH} Or: {NO_PLACE}"},
        tells=LINKS,
    )
    def list_deliveries(asked: dict[str, Any], subscription_id: int) -> Any:
        """List the deliveries of a subscription

        A delivery whose tries have all failed is `dead`.
        """
        page = Subscriptions(runtime).deliveries(subscription_id, asked["state"], asked["cursor"], asked["limit"])
        return listed(runtime, [_shown(each) for each in page.deliveries], page.next)

    _add_sending(resource, runtime)
    return resource


def _add_sending(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"/subscriptions/<{ROW_ID}:subscription_id>/test",
        Scope.ADMINISTER,
        answers=Delivery,
        status=202,
        words="The delivery of the test.",
        refuses={404: NO_SUCH, 409: "The subscription is paused."},
    )
    def send_test(subscription_id: int) -> Any:
        """Send an event that tells of nothing

        To try whether the receiver takes it.
        """
        return _shown(Subscriptions(runtime).send_test(subscription_id, by()))

    @resource.operation(
        "POST",
        f"/subscriptions/<{ROW_ID}:subscription_id>/deliveries/replay",
        Scope.ADMINISTER,
        body=Since,
        example={"since": "2026-11-01T09:30:00Z"},
        answers=ReplayedDead,
        status=202,
        words="They are on their way.",
        refuses={404: NO_SUCH, 409: "The subscription is paused."},
    )
    def replay_dead(given: dict[str, Any], subscription_id: int) -> Any:
        """Send again what was given up

        Each event as it was and under its own id.
        """
        return {"deliveries": Subscriptions(runtime).replay_dead_since(subscription_id, given["since"], by())}

    @resource.operation(
        "POST",
        f"/deliveries/<{ROW_ID}:delivery_id>/replay",
        Scope.ADMINISTER,
        answers=Delivery,
        status=202,
        words="It is on its way.",
        refuses={404: "There is no such delivery.", 409: "It is still on its way, or the subscription is paused."},
    )
    def replay_delivery(delivery_id: int) -> Any:
        """Deliver an event again

        As it was and under its own id: the receiver knows one that it has had.
        """
        return _shown(Subscriptions(runtime).replay(delivery_id, by()))


def _shown(found: Found) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in found.__slots__}
    return {**shown, "payload": json.loads(found.payload)}
