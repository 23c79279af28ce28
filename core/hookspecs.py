"""The whole plugin contract: every hook, when it is called, with what, and what its result does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

from core.domain import (
    Action,
    Connection,
    Draft,
    Event,
    Route,
    Session,
    SessionChange,
    Summary,
    Turn,
    Veto,
)

if TYPE_CHECKING:
    from core.connector import Connector
    from core.destination_template import DestinationTemplate

PROJECT = "relaydesk"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_connectors() -> list[Connector]:  # type: ignore[empty-body]
    """Offer connectors.

    When: once per process, at start-up, before the connections of the configuration are read.
    Arguments: none.
    Returns: a list of `Connector` objects; each `name` must be unique.
    If it raises: start-up stops and names the plugin.
    """


@hookspec
def destination_templates() -> list[DestinationTemplate]:  # type: ignore[empty-body]
    """Offer templates of what can be written to a vendor.

    When: once per process, at start-up, after the connectors were registered.
    Arguments: none.
    Returns: a list of `DestinationTemplate` objects, each for a connector that an enabled plugin offers; a `name` must
    be unique among its connector's.
    If it raises: start-up stops and names the plugin.
    """


@hookspec
def inbound_event(event: Event, session: Session) -> None:
    """Observe an inbound event.

    When: after the event has been recorded in its session, before any turn it leads to.
    Arguments: the stored `event`; the `session` as it stands with the event applied.
    Returns: nothing.
    If it raises: it is logged with the plugin's name; nobody else notices. A crash of the process may skip the call.
    """


@hookspec(firstresult=True)
def route_session(session: Session, event: Event, connection: Connection) -> Route | None:
    """Decide whether the AI may speak in a session that nobody owns yet.

    When: in a turn, after the vendor's present state was read, if the owner is `nobody`.
    Arguments: the `session`; the `event` that led to the turn; the `connection` it came by.
    Returns: a `Route`, or None to leave it to the next plugin and at last to the connection's routing mode.
    If it raises: the turn fails, is tried again with growing waits, and after five failures is handed off.
    """


@hookspec(firstresult=True)
def draft_reply(turn: Turn) -> Draft | None:
    """Draft what the AI does in this turn.

    When: in a turn in which the AI may speak; no transaction is open, so it may take its time (30 s at most). It is not
    asked where the handoff rules settle the turn by what the customer wrote (a request for a person, say).
    Arguments: the `turn`: session, contact, the whole thread, the unanswered messages, and in `guidance` what the
    handoff settings ask of a responder.
    Returns: `Reply`, `Handoff`, `Resolve` or `Silence`; None to leave it to the next plugin.
    If it raises: the turn fails, is tried again with growing waits, and after five failures is handed off.
    """


@hookspec(firstresult=True)
def summarise_session(turn: Turn) -> Summary | None:
    """Summarise a session for the agent who takes it over or finds it resolved.

    When: a handoff or resolution was decided and the draft brought no summary of its own.
    Arguments: the `turn`, as `draft_reply` gets it.
    Returns: a `Summary`, or None to leave it to the next plugin and at last to core, which draws one from the thread.
    If it raises: it is logged, and core's is used.
    """


@hookspec
def outbound_action(action: Action, session: Session) -> Action | Veto | None:
    """Amend or veto an action.

    When: before the action is queued; plugins are asked one after the other, each seeing the last amendment.
    Arguments: the `action` (its `id` is 0: it is not stored yet); the `session` it belongs to.
    Returns: None to let it be, an `Action` to put in its place (`text`, `assignee` and `fields` count), or a `Veto`.
    If it raises: the turn fails, is tried again with growing waits, and after five failures is handed off.
    """


@hookspec
def action_settled(action: Action) -> None:
    """Observe the end of an action.

    When: after an action has become `sent`, `failed`, `parked` or `cancelled`, and that is stored.
    Arguments: the `action`, with its `state`, `vendor_id` and `error`.
    Returns: nothing.
    If it raises: it is logged with the plugin's name; nobody else notices. A crash of the process may skip the call.
    """


@hookspec
def session_changed(session: Session, change: SessionChange) -> None:
    """Observe a change of a session: opened, claimed, handed off, taken over, given back, closed, reopened.

    When: after the change is stored.
    Arguments: the `session` as it now stands; the `change`, whose `kind` is a word of the timeline.
    Returns: nothing.
    If it raises: it is logged with the plugin's name; nobody else notices. A crash of the process may skip the call.
    """
