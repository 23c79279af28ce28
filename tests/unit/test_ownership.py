"""The rules of ownership, as a table."""

from __future__ import annotations

import pytest

from core.domain import Author, Owner, Visibility
from core.flow.ownership import after_assignment, after_message, must_be_confirmed

OURS, OTHER, NOBODY = "agent-ai", "agent-anna", ""


@pytest.mark.parametrize(
    ("owner", "assignee", "moved", "expected"),
    [
        (Owner.NOBODY, OURS, True, Owner.AI),
        (Owner.NOBODY, OTHER, True, Owner.HUMAN),
        (Owner.NOBODY, NOBODY, False, Owner.NOBODY),
        (Owner.AI, OTHER, True, Owner.HUMAN),
        (Owner.AI, OURS, False, Owner.AI),
        (Owner.AI, NOBODY, True, Owner.NOBODY),
        (Owner.HUMAN, OTHER, False, Owner.HUMAN),
        (Owner.HUMAN, NOBODY, True, Owner.HUMAN),
        (Owner.HUMAN, OURS, True, Owner.AI),
        (Owner.HUMAN, OURS, False, Owner.HUMAN),
    ],
)
def test_b34_assignment_decides_who_may_speak(owner: Owner, assignee: str, moved: bool, expected: Owner) -> None:
    assert after_assignment(owner, assignee, OURS, moved=moved) is expected


@pytest.mark.parametrize("owner", list(Owner))
def test_g4_an_agent_who_speaks_publicly_takes_over(owner: Owner) -> None:
    assert after_message(owner, Author.AGENT, Visibility.PUBLIC, own=False) is Owner.HUMAN


@pytest.mark.parametrize("owner", list(Owner))
@pytest.mark.parametrize(
    ("author", "visibility", "own"),
    [
        (Author.AGENT, Visibility.PRIVATE, False),
        (Author.AGENT, Visibility.PUBLIC, True),
        (Author.SYSTEM, Visibility.PUBLIC, False),
        (Author.CUSTOMER, Visibility.PUBLIC, False),
    ],
)
def test_notes_echoes_and_customers_move_no_owner(
    owner: Owner, author: Author, visibility: Visibility, own: bool
) -> None:
    assert after_message(owner, author, visibility, own=own) is owner


def test_only_giving_the_voice_back_to_the_ai_needs_a_look_at_the_vendor() -> None:
    assert must_be_confirmed(Owner.HUMAN, OURS, OURS)
    assert not must_be_confirmed(Owner.HUMAN, OTHER, OURS)
    assert not must_be_confirmed(Owner.NOBODY, OURS, OURS)
    assert not must_be_confirmed(Owner.HUMAN, NOBODY, NOBODY)
