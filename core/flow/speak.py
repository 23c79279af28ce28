"""A person speaks in a session from here, in their own words or in those that the AI has drafted for them."""

from __future__ import annotations

import hashlib

from core.domain import ActionKind, ActionState, Channel, OutboundFile, Owner, Priority
from core.flow import hand_over, outbox, plan, sessions, sync
from core.flow.by_hand import Hand, Missing, NotNow, Unfit, action_in_hand, in_hand
from core.flow.plan import Planned
from core.runtime import Runtime
from core.store.models import ActionRow, SessionRow

LONGEST = 20_000
"""Characters of a message: beyond that some vendor refuses it."""


def write_reply(
    runtime: Runtime, session_id: int, text: str, by: str, key: str = "", *, taking_over: bool = False
) -> int:
    """Answer the customer as the connection's agent, the only one as whom can be posted; returns the action's id.

    With `taking_over` the person takes the session over with it, see `hand_over.take_over`; what is refused, or was
    submitted before, leaves it with whom it is.
    `key` is unique to what the person submits: given twice, the same action is returned, and one reply is sent.
    Raises `Missing`, `NotNow` unless the session is open and a human has it, and if the key was given with another
    text, `Unfit` without one.
    """
    with in_hand(runtime, session_id, by) as hand:
        return _say(hand, text, key, taking_over=taking_over)


def write_note(runtime: Runtime, session_id: int, text: str, by: str, key: str = "") -> int:
    """Write a private note for the agents, whoever has the session; otherwise as `write_reply`."""
    with in_hand(runtime, session_id, by) as hand:
        note = Planned(ActionKind.NOTE, plan.BY_HAND, Priority.LIVE, text=_checked(text), by=by)
        known = _submitted(hand, note, key)
        if known is not None:
            return known
        hand.need_open()
        hand.need_vendor("private_note")
        return _queue(hand, note, "agent_comment", key)


def approve_draft(
    runtime: Runtime, action_id: int, by: str, text: str | None = None, *, taking_over: bool = False
) -> int:
    """Send the AI's draft, or `text` in its place, as this person's reply; returns the reply's action id.

    A draft is sent once, whoever clicks how often: the same person is told the same reply again, anybody else, and who
    has changed the text since, `NotNow`. Otherwise as `write_reply`.
    """
    with action_in_hand(runtime, action_id, by) as (hand, draft):
        drafted = _text_of(hand.runtime, hand.row, draft)
        said = _checked(drafted if text is None else text)
        done: ActionRow | None = ActionRow.get_or_none(ActionRow.draft == draft.id)
        if done is not None and done.by == by and (text is None or done.text == said):
            return int(done.id)
        _need_undecided(draft, done)
        verdict = "approved" if said == drafted.strip() else "edited"
        sent = _say(hand, said, files=outbox.files_of(draft), taking_over=taking_over)
        ActionRow.update(draft=draft.id).where(ActionRow.id == sent).execute()
        _decide(hand, draft, verdict)
        return sent


def dismiss_draft(runtime: Runtime, action_id: int, by: str) -> None:
    """Put a draft aside; doing it twice changes nothing. Raises `Missing`, `Unfit`, and `NotNow` if it was sent."""
    with action_in_hand(runtime, action_id, by) as (hand, draft):
        _text_of(hand.runtime, hand.row, draft)
        if draft.verdict == "dismissed":
            return
        _need_undecided(draft, ActionRow.get_or_none(ActionRow.draft == draft.id))
        if draft.state in (ActionState.PENDING, ActionState.RETRY):
            hand.cancel(draft, f"dismissed by {by}")
        _decide(hand, draft, "dismissed")


def text_of_draft(runtime: Runtime, action_id: int) -> str:
    """What the AI has drafted, as it would be sent: without the footer. Raises `Missing` and `Unfit`."""
    with runtime.db.read():
        draft = ActionRow.get_or_none(ActionRow.id == action_id)
        if draft is None:
            raise Missing(f"there is no action {action_id}")
        return _text_of(runtime, draft.session, draft)


def _say(hand: Hand, text: str, key: str = "", files: tuple[OutboundFile, ...] = (), *, taking_over: bool) -> int:
    reply = Planned(ActionKind.REPLY, plan.BY_HAND, Priority.LIVE, text=_checked(text), files=files, by=hand.by)
    known = _submitted(hand, reply, key)
    if known is not None:
        return known
    hand.need_open()
    if taking_over:
        hand_over.take(hand)
    if hand.row.owner != Owner.HUMAN:
        raise NotNow("the AI may still speak in this session; take it over first")
    hand.need_vendor()
    sync.close_gate(hand.row, hand.now)
    return _queue(hand, reply, "agent_message", key)


def _queue(hand: Hand, planned: Planned, kind: str, key: str) -> int:
    # A reply answers all that the person had before their eyes.
    basis = sessions.newest_customer_message(hand.row.id) if planned.kind is ActionKind.REPLY else None
    [action] = hand.queue(planned, basis=basis)
    if key:
        ActionRow.update(reference=_reference(hand, key)).where(ActionRow.id == action.id).execute()
    hand.mark(kind, action=action.id)
    return int(action.id)


def _submitted(hand: Hand, planned: Planned, key: str) -> int | None:
    known = ActionRow.get_or_none(ActionRow.reference == _reference(hand, key)) if key else None
    if known is None:
        return None
    if (known.kind, known.text) != (planned.kind, planned.text):
        raise NotNow("another message was sent with this key already; give this one a key of its own")
    return int(known.id)


def _reference(hand: Hand, key: str) -> str:
    return hashlib.sha256(f"{hand.row.id}\n{hand.by}\n{key}".encode()).hexdigest()[:16]


def _checked(text: str) -> str:
    said = text.replace("\x00", "").replace("\r\n", "\n").strip()  # a browser ends the lines of a form with both
    if not said:
        raise Unfit("a message needs a text")
    if len(said) > LONGEST:
        raise Unfit(f"a message has at most {LONGEST} characters, and this one has {len(said)}")
    return said


def _text_of(runtime: Runtime, row: SessionRow, draft: ActionRow) -> str:
    if draft.kind != ActionKind.NOTE or draft.purpose != "draft":
        raise Unfit("this action is no draft of the AI")
    channel = runtime.config.channels[Channel(row.channel)]
    return plan.without_footer(draft.text, str(draft.fields.get("footer", channel.assist_footer)))


def _need_undecided(draft: ActionRow, sent: ActionRow | None) -> None:
    if sent is not None:
        raise NotNow(f"this draft was sent already, by {sent.by}")
    if draft.verdict:
        raise NotNow(f"the draft was {draft.verdict} already")
    if draft.state == ActionState.CANCELLED:
        raise NotNow("the draft was withdrawn; write a reply of your own")


def _decide(hand: Hand, draft: ActionRow, verdict: str) -> None:
    ActionRow.update(verdict=verdict).where(ActionRow.id == draft.id).execute()
    hand.mark(f"draft_{verdict}", action=draft.id)
