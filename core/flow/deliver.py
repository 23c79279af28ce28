"""Actions leave the outbox: guarded once more, recorded before the first byte, and read back when in doubt."""

from __future__ import annotations

import logging
from datetime import timedelta

from core.domain import (
    Action,
    ActionKind,
    ActionState,
    Connection,
    Owner,
    Priority,
    Reason,
    Receipt,
    Session,
    SessionStatus,
    VendorState,
)
from core.errors import BadPayload, OutcomeUnknown, VendorError
from core.flow import announce, guards, handback, leases, outbox, sessions, settle
from core.flow.leases import Lease
from core.flow.process import back_off, has_due_event
from core.flow.reading import GONE_AFTER
from core.runtime import Runtime
from core.store.models import ActionRow, SessionRow

log = logging.getLogger(__name__)


def deliver_next(runtime: Runtime, lease: Lease, connection: Connection) -> bool:
    """Move the conversation's first unsettled action on by one step; False when nothing can be done now."""
    with runtime.db.read():
        action = outbox.head(lease.id)
        now = runtime.db.now()
        if action is None or (action.next_at is not None and action.next_at > now):
            return False
        session = sessions.to_session(SessionRow.get_by_id(action.session_id))
    match ActionState(action.state):
        case ActionState.PENDING | ActionState.RETRY:
            _send(runtime, lease, connection, action, session)
        case ActionState.SENDING:
            settle.transition(runtime, lease, connection, action.id, settle.unfinished(runtime))
        case _:
            _reconcile(runtime, lease, connection, action)
    return True


def _send(runtime: Runtime, lease: Lease, connection: Connection, action: ActionRow, session: Session) -> None:
    try:
        state = _look(runtime, connection, action, session)
    except (VendorError, BadPayload) as problem:
        _wait_to_look(runtime, lease, connection, action, problem)
        return
    asked = _begin(runtime, lease, connection, action, state)
    if asked is None:
        return
    connector = runtime.connections.connector(connection)
    http = runtime.connections.http(connection, Priority(action.priority))
    seen: VendorState | None = None
    try:
        receipt = connector.perform(asked, connection, http)
        if action.purpose == "claim":
            # The vendor takes an assignment from two sides at once: only what it shows afterwards counts (gap G10).
            seen = connector.read_state(session, connection, http)
        elif action.by and ActionKind(action.kind) is ActionKind.REPLY:
            seen = _who_has_it(runtime, connection, session)
    except VendorError as problem:
        change = settle.trouble(runtime, problem)
    except BadPayload as problem:
        change = settle.trouble(runtime, OutcomeUnknown(str(problem)))
    else:
        change = settle.sent(runtime, connection, receipt, "response", seen)
    settle.transition(runtime, lease, connection, action.id, change)


def _who_has_it(runtime: Runtime, connection: Connection, session: Session) -> VendorState | None:
    """Look what a person's reply has changed: some accounts assign a conversation to whoever speaks in it.

    The reply is sent, whatever this look may meet.
    """
    connector = runtime.connections.connector(connection)
    try:
        return connector.read_state(session, connection, runtime.connections.http(connection, Priority.SYNC))
    except (VendorError, BadPayload) as problem:
        log.info("conversation %s could not be looked at after a reply: %s", session.conversation_id, problem)
        return None


def _look(runtime: Runtime, connection: Connection, action: ActionRow, session: Session) -> VendorState | None:
    """Look at the vendor right before an effect that depends on who has the conversation (behaviour 125)."""
    if not guards.needs_a_look(action) or (session.status is not SessionStatus.OPEN and not action.by):
        return None
    connector = runtime.connections.connector(connection)
    http = runtime.connections.http(connection, Priority(action.priority))
    return connector.read_state(session, connection, http)


def _begin(
    runtime: Runtime, lease: Lease, connection: Connection, action: ActionRow, state: VendorState | None
) -> Action | None:
    """Run the guards and commit the attempt; None when the action is not to be performed now."""
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        now = runtime.db.now()
        if has_due_event(lease.id, now):
            return None  # what has just arrived is read first: it may be a takeover, or a newer message
        row = SessionRow.get_by_id(action.session_id)
        action = ActionRow.get_by_id(action.id)
        if action.state not in outbox.WAITING:
            return None  # a person has cancelled it while the vendor was looked at
        changes = [] if state is None else handback.take_over(runtime, connection, row, state)
        verdict = guards.check(action, row, state, connection.agent_id)
        if verdict is None:
            outbox.begin_attempt(action, lease, now)
            if action.by and action.kind == ActionKind.REPLY and row.owner == Owner.HUMAN:
                row.own_doing = True  # some accounts assign a conversation to whoever speaks in it
        row.save()
        announce.tell(runtime.db, row, changes)
        asked = outbox.to_action(action, row)
        session = sessions.to_session(row)
    for change in changes:
        runtime.plugins.observe("session_changed", session=session, change=change)
    if verdict is None:
        return asked
    if verdict is guards.DONE_ALREADY:
        ended = settle.sent(runtime, connection, Receipt(), "readback", state)
    else:
        ended = settle.cancelled(str(verdict))
    settle.transition(runtime, lease, connection, action.id, ended)
    return None


def _wait_to_look(
    runtime: Runtime, lease: Lease, connection: Connection, action: ActionRow, problem: VendorError | BadPayload
) -> None:
    """The vendor could not be asked, so nothing was tried: it does not count as an attempt."""
    missing = isinstance(problem, VendorError) and problem.status == 404
    if missing and action.missing_reads + 1 >= GONE_AFTER:
        gone = settle.cancelled(Reason.CONVERSATION_GONE.value)
        settle.transition(runtime, lease, connection, action.id, gone)
        return
    failures = action.failed_reads
    after = settle.pause_for(problem, failures) if isinstance(problem, VendorError) else back_off(failures)
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        ActionRow.update(
            failed_reads=failures + 1,
            missing_reads=action.missing_reads + int(missing),
            error=str(problem),
            next_at=runtime.db.now() + timedelta(seconds=after),
        ).where(ActionRow.id == action.id, ActionRow.state.in_(outbox.WAITING)).execute()


def _reconcile(runtime: Runtime, lease: Lease, connection: Connection, action: ActionRow) -> None:
    """Look for an uncertain effect at the vendor; only what is not found may be sent again."""
    with runtime.db.write():
        leases.hold(runtime.db, lease)
        action = ActionRow.get_by_id(action.id)
        if action.state == ActionState.UNCERTAIN:
            outbox.move(action, ActionState.RECONCILING, next_at=None)
        asked = outbox.to_action(action, SessionRow.get_by_id(action.session_id))
    connector = runtime.connections.connector(connection)
    http = runtime.connections.http(connection, Priority(action.priority))
    try:
        receipt = connector.find_effect(asked, connection, http)
    except (VendorError, BadPayload) as problem:
        change = settle.read_failed(problem)
    else:
        if receipt is None:
            change = settle.not_found(runtime, connection)
        else:
            change = settle.sent(runtime, connection, receipt, "readback")
    settle.transition(runtime, lease, connection, action.id, change)
