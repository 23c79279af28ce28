"""The outbox: every outbound effect is a row, and its states follow one table of allowed moves.

pending --> sending --> sent | retry | failed | uncertain
uncertain --> reconciling --> sent | uncertain | retry | parked | failed
pending, retry --> cancelled          parked, failed --> sent (an echo proves it)

A person may have what is parked or failed tried again (uncertain, where it posts: it is looked for first; else
retry), or discard it (cancelled).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.config import ChannelConfig
from core.domain import Action, ActionKind, ActionState, Channel, MessageFact, OutboundFile, Receipt, Visibility
from core.errors import RelaydeskError
from core.flow.leases import IN_DOUBT, OPEN_ACTIONS, Lease
from core.flow.plan import Planned
from core.store.models import ActionFileRow, ActionRow, AttemptRow, DecisionRow, MessageRow, SessionRow
from core.witness import same_text

S = ActionState
MOVES: Mapping[ActionState, frozenset[ActionState]] = {
    S.PENDING: frozenset({S.SENDING, S.CANCELLED, S.SENT}),
    S.RETRY: frozenset({S.SENDING, S.CANCELLED, S.SENT}),
    S.SENDING: frozenset({S.SENT, S.RETRY, S.FAILED, S.UNCERTAIN, S.PARKED}),
    S.UNCERTAIN: frozenset({S.RECONCILING, S.SENT, S.PARKED}),
    S.RECONCILING: frozenset({S.SENT, S.UNCERTAIN, S.RETRY, S.PARKED, S.FAILED}),
    S.PARKED: frozenset({S.SENT, S.UNCERTAIN, S.RETRY, S.CANCELLED}),
    S.FAILED: frozenset({S.SENT, S.UNCERTAIN, S.RETRY, S.CANCELLED}),
    S.SENT: frozenset(),
    S.CANCELLED: frozenset(),
}
PROVABLE = (*IN_DOUBT, S.PARKED.value, S.FAILED.value)
WAITING = (S.PENDING.value, S.RETRY.value)


class IllegalMove(RelaydeskError):
    """An action was to change its state in a way the table does not know, or had been changed meanwhile."""


def queue(
    row: SessionRow,
    planned: Sequence[Planned],
    decision: DecisionRow | None,
    basis: MessageRow | None,
    now: datetime,
) -> list[ActionRow]:
    """Store planned effects in order, inside the transaction now open; what needs the claim is tied to it."""
    claim: ActionRow | None = None
    made: list[ActionRow] = []
    for step in planned:
        action: ActionRow = ActionRow.create(
            session=row.id,
            lease=row.lease_id,
            connection=row.connection_id,
            decision=decision,
            requires=claim if step.after_claim else None,
            instead_of=made[-1].id if step.otherwise else None,
            kind=step.kind.value,
            purpose=step.purpose,
            text=step.text,
            assignee=step.assignee,
            fields=dict(step.fields),
            state=S.CANCELLED.value if step.vetoed else S.PENDING.value,
            error=f"vetoed: {step.vetoed}" if step.vetoed else "",
            settled_at=now if step.vetoed else None,
            reference=secrets.token_hex(8),
            priority=step.priority.value,
            basis=basis,
            created_at=now,
            by=step.by,
        )
        for file in step.files:
            ActionFileRow.create(
                action=action, name=file.name, content_type=file.content_type, url=file.url, content=file.content
            )
        if step.purpose == "claim":
            claim = action
        made.append(action)
    return made


def head(lease_id: int) -> ActionRow | None:
    """The first action of a conversation that is not settled: later ones wait for it."""
    row: ActionRow | None = (
        ActionRow.select()
        .where(ActionRow.lease == lease_id, ActionRow.state.in_(OPEN_ACTIONS))
        .order_by(ActionRow.id)
        .first()
    )
    return row


def waiting(lease_id: int) -> list[ActionRow]:
    """The actions of a conversation that wait to be sent, or to be sent again."""
    return list(
        ActionRow.select().where(ActionRow.lease == lease_id, ActionRow.state.in_(WAITING)).order_by(ActionRow.id)
    )


def proved_by(lease_id: int, fact: MessageFact) -> ActionRow | None:
    """The action in doubt that this message of our own agent is the effect of."""
    kind = ActionKind.NOTE if fact.visibility is Visibility.PRIVATE else ActionKind.REPLY
    candidates = ActionRow.select().where(
        ActionRow.lease == lease_id,
        ActionRow.kind == kind.value,
        ActionRow.state.in_(PROVABLE),
        ActionRow.vendor_id.is_null(),
    )
    # First what was sent just now: a person may write again what has failed before, in the same words.
    for action in sorted(candidates, key=lambda one: (one.state not in IN_DOUBT, one.id)):
        late_enough = action.started_at is None or fact.at >= action.started_at - timedelta(seconds=120)
        if late_enough and (action.reference in fact.text or same_text(action.text, fact.text)):
            found: ActionRow = action
            return found
    return None


def begin_attempt(action: ActionRow, lease: Lease, now: datetime) -> None:
    """Record an attempt, before its first byte is sent."""
    number = action.attempts + 1
    move(action, S.SENDING, started_at=now, attempts=number, fence=lease.fence, next_at=None, retried_by="")
    AttemptRow.create(action=action, number=action.attempts, started_at=now)


def end_attempt(
    action: ActionRow, outcome: str, now: datetime, words: str = "", status: int | None = None, trace_id: str = ""
) -> None:
    """Record how the last attempt ended."""
    AttemptRow.update(ended_at=now, outcome=outcome, words=words[:2000], status=status, trace_id=trace_id).where(
        AttemptRow.action == action.id, AttemptRow.number == action.attempts
    ).execute()


def tries_in_doubt(action: ActionRow) -> int:
    """How many attempts have left it unknown whether they took effect."""
    return int(AttemptRow.select().where(AttemptRow.action == action.id, AttemptRow.outcome == "unknown").count())


def move(action: ActionRow, to: ActionState, **values: Any) -> None:
    """Change an action's state, inside the transaction now open; raises `IllegalMove`."""
    old = S(action.state)
    if to not in MOVES[old]:
        raise IllegalMove(f"action {action.id} cannot go from {old} to {to}")
    changed = (
        ActionRow.update(state=to.value, **values)
        .where(ActionRow.id == action.id, ActionRow.state == old.value)
        .execute()
    )
    if changed != 1:
        raise IllegalMove(f"action {action.id} is no longer {old}")
    action.state = to.value
    for name, value in values.items():
        setattr(action, name, value)


def settle(action: ActionRow, to: ActionState, now: datetime, **values: Any) -> None:
    """Bring an action to its end."""
    move(action, to, settled_at=now, next_at=None, **values)


def settle_sent(action: ActionRow, receipt: Receipt, confirmed_by: str, now: datetime) -> None:
    """The effect is proven: by the vendor's answer, by reading back, or by its echo."""
    vendor_id = receipt.vendor_id or None
    remark = receipt.remark[:2000]
    settle(action, S.SENT, now, vendor_id=vendor_id, confirmed_by=confirmed_by, error="", remark=remark)


def set_idle_close(action: ActionRow, row: SessionRow, channel: ChannelConfig, now: datetime) -> None:
    """After an answer that may solve the matter, let the session be resolved once it is left alone (behaviour 46)."""
    answered = action.purpose == "answer" and action.decision is not None and action.decision.might_solve
    if answered and channel.resolve_after_minutes > 0:
        row.resolve_due_at = now + timedelta(minutes=channel.resolve_after_minutes)


def to_action(action: ActionRow, row: SessionRow) -> Action:
    """The action as connectors and plugins see it."""
    return Action(
        id=action.id,
        session_id=row.id,
        conversation_id=row.conversation_id,
        kind=ActionKind(action.kind),
        text=action.text,
        assignee=action.assignee,
        fields=dict(action.fields),
        channel=Channel(row.channel),
        state=S(action.state),
        started_at=action.started_at,
        reference=action.reference,
        vendor_id=action.vendor_id or "",
        error=action.error,
        files=files_of(action),
        known_ids=_bound_ids(row, action),
        data=dict(row.data),
    )


def files_of(action: ActionRow) -> tuple[OutboundFile, ...]:
    """The files that go with a message."""
    if not ActionKind(action.kind).posts:
        return ()
    rows = ActionFileRow.select().where(ActionFileRow.action == action.id).order_by(ActionFileRow.id)
    return tuple(OutboundFile(file.name, bytes(file.content), file.content_type, file.url) for file in rows)


def _bound_ids(row: SessionRow, action: ActionRow) -> frozenset[str]:
    bound = ActionRow.select(ActionRow.vendor_id).where(
        ActionRow.session == row.id, ActionRow.vendor_id.is_null(False), ActionRow.id != action.id
    )
    return frozenset(str(other.vendor_id) for other in bound)
