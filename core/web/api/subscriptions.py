"""Subscriptions to outbound events over the API: made, changed and removed (behaviour 117-119)."""

from __future__ import annotations

import re
from typing import Any

from flask import Response
from marshmallow import fields, validate

from core.access.tokens import Scope
from core.errors import ConfigError
from core.receivers import ANSWERS, EVENTS, LONGEST_URL
from core.runtime import Runtime
from core.subscriptions import Subscriptions, Unknown
from core.web.addresses import ROW_ID
from core.web.api.fields import Asked, Flag, Pattern, Shown, page_of, text
from core.web.api.operations import Resource, address, by, listed
from core.web.api.shown import integer, moment, string
from core.web.problems import problem
from core.web.wording import words_of

NO_SUCH = "There is no such subscription."
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_PORT = r"(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?"
URL = rf'^https?://{_LABEL}(\.{_LABEL})*{_PORT}([/?][!"$-\[\]-~]*)?$'
EVENT = rf"^({'|'.join(re.escape(each) for each in EVENTS)}|{ANSWERS})$"
OF_STATE = ("subscription", "delivery", "secret")
"""What an error is about that no other request would mend: how things stand."""


def _url(**more: Any) -> fields.String:
    return fields.String(
        validate=[
            validate.Length(max=LONGEST_URL),
            Pattern(URL, error="It is not an address such as https://example.com/hooks/relaydesk."),
        ],
        metadata={
            "description": "Where events are sent; https, unless the service allows receivers in its own network.",
            "example": "https://example.com/hooks/relaydesk",
        },
        **more,
    )


def _events(**more: Any) -> fields.List[Any]:
    return fields.List(
        fields.String(validate=Pattern(EVENT, error="There is no such event.")),
        validate=validate.Length(1, 50),
        metadata={
            "description": (
                "Types, families of them, or * for all of these; or, each by name, the answers that a destination "
                "gets: responses:people."
            ),
            "example": ["conversation.*"],
        },
        **more,
    )


class NewSubscription(Asked):
    """A receiver, and what it is to be told."""

    url = _url(required=True)
    events = _events(required=True)
    description = text("What it is for.", load_default="")


class SubscriptionChange(Asked):
    """What is to be changed of it; the rest stays."""

    url = _url()
    events = _events()
    description = text("What it is for.")
    active = Flag(metadata={"description": "false pauses it: what waits goes on waiting. true resumes it."})


class Subscription(Shown):
    """A receiver of outbound events, without its secret."""

    id = integer()
    url = string("Where events are sent.")
    description = string()
    events = fields.List(fields.String())
    active = fields.Boolean()
    paused_reason = string()
    paused_at = moment(allow_none=True)
    failing_since = moment("Set while every try fails.", allow_none=True)
    delivered_at = moment(allow_none=True)
    created_by = string(example="token:crm")
    created_at = moment()
    changed_by = string()
    changed_at = moment()
    waiting = integer("How many deliveries wait.")
    dead = integer("How many were given up.")


class MadeSubscription(Subscription):
    """A subscription with its secret, which is told this once."""

    secret = string("By which the receiver knows that an event is ours (Standard Webhooks); it is not told again.")


class NewSecret(Shown):
    """A secret that was made anew."""

    secret = string("It is not told again; for a day events are signed with the former one too.")


SubscriptionPage = page_of(Subscription, "SubscriptionPage")


def answer_mistakes(resource: Resource) -> None:
    """Let a resource answer what the core says is wrong about subscriptions."""

    @resource.errorhandler(Unknown)
    def unknown(told: Unknown) -> Response:
        return problem(404, str(told))

    @resource.errorhandler(ConfigError)
    def mistake(told: ConfigError) -> Response:
        words = words_of(told)
        if told.key in OF_STATE:
            return problem(409, words)
        return problem(404, words) if told.key == "cursor" else problem(422, errors={told.key: [words]})


def subscriptions(runtime: Runtime) -> Resource:
    """The operations on subscriptions."""
    resource = Resource("Subscriptions", runtime, "Who is told of what happens: receivers of signed outbound events.")
    answer_mistakes(resource)
    _add_reading(resource, runtime)
    _add_making(resource, runtime)
    _add_changing(resource, runtime)
    _add_ending(resource, runtime)
    return resource


def _add_reading(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "GET", "/subscriptions", Scope.ADMINISTER, answers=SubscriptionPage, words="All subscriptions, oldest first."
    )
    def list_subscriptions() -> Any:
        """List subscriptions

        All on one page.
        """
        return listed(runtime, Subscriptions(runtime).list())

    @resource.operation(
        "GET",
        f"/subscriptions/<{ROW_ID}:subscription_id>",
        Scope.ADMINISTER,
        answers=Subscription,
        words="The subscription.",
        refuses={404: NO_SUCH},
    )
    def get_subscription(subscription_id: int) -> Any:
        """Read a subscription"""
        return Subscriptions(runtime).get(subscription_id)


def _add_making(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        "/subscriptions",
        Scope.ADMINISTER,
        body=NewSubscription,
        example={"url": "https://example.com/hooks/relaydesk", "events": ["conversation.*", "handoff.*"]},
        answers=MadeSubscription,
        status=201,
        words="The subscription, with its secret.",
        refuses={409: "The address is subscribed to these events already."},
        tells={"Location": "The subscription."},
    )
    def create_subscription(new: dict[str, Any]) -> Any:
        """Subscribe an address to events

        What happens from now on is sent there. The answer has the secret by which the receiver checks the signatures.
        """
        made, secret = Subscriptions(runtime).create(new["url"], new["events"], new["description"], by())
        shown = {name: getattr(made, name) for name in made.__slots__}
        where = address("Subscriptions.get_subscription", subscription_id=made.id)
        return {**shown, "secret": secret.reveal()}, where


def _add_changing(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "PATCH",
        f"/subscriptions/<{ROW_ID}:subscription_id>",
        Scope.ADMINISTER,
        body=SubscriptionChange,
        example={"active": False},
        answers=Subscription,
        words="The subscription as it is now.",
        refuses={404: NO_SUCH},
    )
    def change_subscription(change: dict[str, Any], subscription_id: int) -> Any:
        """Change, pause or resume a subscription

        What waits goes to the new address; what is subscribed to counts from now on.
        """
        subscribed = Subscriptions(runtime)
        active = change.pop("active", None)
        found = subscribed.get(subscription_id)
        if change:
            found = subscribed.update(subscription_id, by(), **change)
        if active is not None and active != found.active:
            found = (subscribed.resume if active else subscribed.pause)(subscription_id, by())
        return found

    @resource.operation(
        "POST",
        f"/subscriptions/<{ROW_ID}:subscription_id>/secret",
        Scope.ADMINISTER,
        answers=NewSecret,
        words="The new secret.",
        refuses={404: NO_SUCH, 409: "It was replaced too often within a day."},
    )
    def rotate_secret(subscription_id: int) -> Any:
        """Replace the secret of a subscription

        For a day everything is signed with the former one too, also where that was replaced just before.
        """
        return {"secret": Subscriptions(runtime).rotate_secret(subscription_id, by()).reveal()}


def _add_ending(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "DELETE",
        f"/subscriptions/<{ROW_ID}:subscription_id>",
        Scope.ADMINISTER,
        status=204,
        words="It is removed.",
        refuses={404: NO_SUCH},
    )
    def delete_subscription(subscription_id: int) -> Response:
        """Remove a subscription

        What waits for it is cancelled, and its secret forgotten.
        """
        Subscriptions(runtime).delete(subscription_id, by())
        return Response(status=204, content_type=None)
