"""Who may speak now: the rules by which the owner of a session changes, as pure functions."""

from __future__ import annotations

from core.domain import Author, Owner, Visibility


def after_message(owner: Owner, author: Author, visibility: Visibility, *, own: bool) -> Owner:
    """An agent who speaks publicly takes the conversation over; private notes and our own echoes do not."""
    if author is Author.AGENT and visibility is Visibility.PUBLIC and not own:
        return Owner.HUMAN
    return owner


def after_assignment(
    owner: Owner, assignee: str, agent_id: str, *, moved: bool, new: bool = False, takes_all: bool = False
) -> Owner:
    """What an assignment at the vendor means.

    `assignee` is who has the conversation now ("" for nobody); `moved` says that this is news to us: what we
    recorded before was somebody else, or nobody. Without it a conversation that we are just handing off, and that
    still shows our agent, would fall back to the AI. While it is `new` nobody has acted in it: whoever it is assigned
    to may lose it again, and where the AI `takes_all` that is new, to the AI (behaviour 75).
    """
    if assignee and assignee != agent_id:
        return owner if new and takes_all and owner is Owner.NOBODY else Owner.HUMAN
    if assignee and assignee == agent_id:
        if owner is Owner.HUMAN:
            return Owner.AI if moved else Owner.HUMAN
        return Owner.AI
    # Nobody has it: what was handed off stays with the humans until it is given back to the AI's agent.
    return Owner.NOBODY if owner is Owner.AI or new else owner


def must_be_confirmed(owner: Owner, assignee: str, agent_id: str) -> bool:
    """Whether an assignment event must be checked at the vendor first.

    Giving the AI its voice back on the word of an old event (the late echo of our own claim, say) would let it
    speak into a human's conversation.
    """
    return owner is Owner.HUMAN and bool(agent_id) and assignee == agent_id
