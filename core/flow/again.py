"""A person has what failed tried again, or discards it: an action, or an event that could not be read."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.domain import ActionKind, ActionState, Connection, Inbound, Reason
from core.errors import BadPayload
from core.flow import guards, inbox, leases, outbox, sessions
from core.flow.by_hand import Missing, NotNow, action_in_hand
from core.runtime import Runtime
from core.store.models import ActionRow, AttemptRow, ConnectionRow, EventRow, LeaseRow, SessionRow

_WHY = {
    Reason.ASSIGNED_TO_HUMAN: "a human has the session; give it back to the AI first, or write a reply of your own",
    Reason.NOT_ASSIGNED_TO_AI: "the AI does not have the session",
    Reason.SESSION_CLOSED: "the session is closed; open it again first",
    Reason.SUPERSEDED: "the customer has written since; it would answer what is past",
    Reason.CANCELLED: "the session has moved on, and it is not wanted any more",
}
_ONCE_MORE = (ActionState.FAILED, ActionState.PARKED)


# ------------------------------------------------------------------------------------------------- actions


def retry_action(runtime: Runtime, action_id: int, by: str) -> None:
    """Have a failed or parked action sent again; a message is first looked for at the vendor, and only then sent.

    Raises `Missing`, and `NotNow` for one that is in another state, or that would not be wanted any more.
    """
    with action_in_hand(runtime, action_id, by) as (hand, action):
        hand.need_vendor()
        if action.state not in _ONCE_MORE:
            raise NotNow(_state_in_words(action))
        stood_in = ActionRow.select().where(ActionRow.instead_of == action.id).first()
        if stood_in is not None and stood_in.state in (ActionState.SENT.value, *leases.IN_DOUBT):
            raise NotNow("another step was taken in its place")
        verdict = guards.check(action, hand.row, None, hand.connection.agent_id)
        if verdict is not None:
            raise NotNow(_WHY[verdict] if isinstance(verdict, Reason) and verdict in _WHY else f"{verdict}")
        if ActionKind(action.kind).posts:
            _look_for_it_first(runtime, action, hand.now)
        else:
            outbox.move(action, ActionState.RETRY, next_at=hand.now)
        again = {"retried_by": by, "settled_at": None, "failed_reads": 0, "missing_reads": 0}
        ActionRow.update(**again).where(ActionRow.id == action.id).execute()
        hand.mark("action_retried_by_agent", action=action.id, what=action.kind)


def _look_for_it_first(runtime: Runtime, action: ActionRow, now: datetime) -> None:
    """Whichever attempt may have posted it: the thread is read from the first on, and not before the last is over."""
    first = AttemptRow.select().where(AttemptRow.action == action.id).order_by(AttemptRow.number).first()
    quarantine = timedelta(seconds=runtime.config.worker.quarantine_seconds)
    outbox.move(
        action,
        ActionState.UNCERTAIN,
        started_at=first.started_at if first is not None else action.started_at,
        uncertain_at=now,
        next_at=max(now, (action.started_at or now) + quarantine),
        refused=False,
        clean_reads=0,
    )


def discard_action(runtime: Runtime, action_id: int, by: str) -> None:
    """Give up an action that waits, has failed or is parked; one that was cancelled already stays so.

    What needs it is cancelled with it, and what stands in its place is judged as ever. Raises `Missing`, and `NotNow`
    for one that was sent, or may be just now.
    """
    with action_in_hand(runtime, action_id, by) as (hand, action):
        if action.state == ActionState.CANCELLED:
            return
        if action.state not in (*_ONCE_MORE, ActionState.PENDING, ActionState.RETRY):
            raise NotNow(_state_in_words(action))
        before = f"; before that: {action.error}" if action.error else ""
        hand.cancel(action, f"discarded by {by}{before}")
        hand.mark("action_discarded_by_agent", action=action.id, what=action.kind)


def _state_in_words(action: ActionRow) -> str:
    match ActionState(action.state):
        case ActionState.SENT:
            return "it was sent already"
        case ActionState.CANCELLED:
            return "it was cancelled; what is still wanted must be done anew"
        case ActionState.PENDING | ActionState.RETRY:
            return "it is on its way already"
        case _:
            return "it is being sent, or looked for at the vendor; wait until its outcome is known"


# ------------------------------------------------------------------------------------------------- events


def retry_event(runtime: Runtime, event_id: int, by: str) -> int:
    """Have a dead event read again: one that failed, one of a kind that is known only now, or a rejected body.

    Returns how many events there are to be read now: a body may hold several, or none that is new. Raises `Missing`,
    and `NotNow` for an event that is not dead, or cannot be read any better now.
    """
    with runtime.db.write():
        event = EventRow.get_or_none(EventRow.id == event_id)
        if event is None:
            raise Missing(f"there is no event {event_id}")
        connection = _connection_of(runtime, event)
        if event.lease_id is not None:
            runtime.db.for_update(LeaseRow.select().where(LeaseRow.id == event.lease_id), skip_locked=False).get()
        event = runtime.db.for_update(EventRow.select().where(EventRow.id == event_id), skip_locked=False).get()
        if event.state == "rejected":
            number = _split_again(runtime, connection, event, by)
        else:
            _need_dead(runtime, connection, event)
            number = _read_again(runtime, event, by)
        runtime.db.signal()
    return number


def obstacle(runtime: Runtime, event_id: int) -> str:
    """Why `retry_event` would refuse an event as things stand, in its words; "" if it would not. Raises `Missing`."""
    with runtime.db.read():
        event = EventRow.get_or_none(EventRow.id == event_id)
        if event is None:
            raise Missing(f"there is no event {event_id}")
        try:
            connection = _connection_of(runtime, event)
            if event.state == "rejected":
                _what_is_in_it(runtime, connection, event)
            else:
                _need_dead(runtime, connection, event)
        except NotNow as problem:
            return str(problem)
    return ""


def _connection_of(runtime: Runtime, event: EventRow) -> Connection:
    found = runtime.connections.get(event.connection_id)
    if found is None or ConnectionRow.get_by_id(event.connection_id).disconnected_at is not None:
        raise NotNow("the connection is disconnected; connect it again first")
    return found


def _need_dead(runtime: Runtime, connection: Connection, event: EventRow) -> None:
    if event.state == "pending":
        raise NotNow("it is about to be read")
    if event.state == "failed" and event.conversation_id:
        return
    if event.state == "failed":
        raise NotNow("it names no conversation, so that it cannot be read")
    if event.reason != "unknown_kind":
        raise NotNow("it was read already; reading it once more would change nothing")
    if not runtime.connections.connector(connection).knows(event.kind):
        raise NotNow(f"the kind {event.kind} is not understood yet; a newer plugin may know it")
    if not event.conversation_id:
        raise NotNow("it names no conversation, so that it cannot be read")


def _read_again(runtime: Runtime, event: EventRow, by: str) -> int:
    lease_id = inbox.lease_of(runtime.db, event.connection_id, event.conversation_id)
    afresh = {"attempts": 0, "waits": 0, "next_at": None, "error": "", "reason": "", "done_at": None}
    EventRow.update(state="pending", lease=lease_id, retried_by=by, **afresh).where(EventRow.id == event.id).execute()
    _tell(runtime, lease_id, event, by)
    leases.wake(lease_id, runtime.db.now())
    return 1


def _tell(runtime: Runtime, lease_id: int, event: EventRow, by: str) -> None:
    row = SessionRow.get_or_none(SessionRow.lease == lease_id)
    if row is not None:
        sessions.mark(row, "event_retried_by_agent", runtime.db.now(), {"by": by, "event": event.id})


def _what_is_in_it(runtime: Runtime, connection: Connection, event: EventRow) -> list[Inbound]:
    """The events in a rejected body, which can be read by now; raises `NotNow` if it still cannot."""
    body = str(event.payload.get("body", "")).encode()
    if len(body) >= inbox.KEPT_OF_A_REJECTION:
        raise NotNow("only the beginning of this body was kept; the vendor must send it again")
    try:
        return runtime.connections.connector(connection).split(body)
    except BadPayload as problem:
        raise NotNow(f"it still cannot be read: {problem}") from problem


def _split_again(runtime: Runtime, connection: Connection, event: EventRow, by: str) -> int:
    connector = runtime.connections.connector(connection)
    found = _what_is_in_it(runtime, connection, event)
    dedupe = timedelta(hours=float(connection.settings["dedupe_hours"]))
    number = sum(
        inbox.store_event(runtime.db, connection.id, one, known=connector.knows(one.kind), dedupe=dedupe)
        for one in found
    )
    now = runtime.db.now()
    EventRow.update(state="done", reason="split_again", error="", done_at=now, retried_by=by).where(
        EventRow.id == event.id
    ).execute()
    return number
