"""A short account of a session for the agent who takes it over, drawn from the messages themselves."""

from __future__ import annotations

from core import Author, Message, Summary, Turn, Visibility
from plugins.answers.passages import shorten
from plugins.answers.sentiment import sentiment_of
from plugins.answers.smalltalk import Kind, smalltalk

LONGEST = 600
"""Characters of a summary."""
_QUOTE = 120
"""Characters of a quotation in it."""


def summarise(turn: Turn) -> Summary:
    """What was asked, what was tried and what is open, in two to four sentences of at most `LONGEST` characters.

    Private messages are left out, for a summary may be copied to where the customer sees it.
    """
    public = [each for each in turn.messages if each.visibility is Visibility.PUBLIC]
    customer = [each for each in public if each.author is Author.CUSTOMER]
    asked = [each.text for each in customer if each.text.strip() and not smalltalk(each.text)]
    said = [_asked(asked, customer), _tried(public), _open(turn, public)]
    text = " ".join(sentence for sentence in said if sentence)
    return Summary(shorten(text, LONGEST), sentiment_of([each.text for each in customer]))


def _asked(asked: list[str], customer: list[Message]) -> str:
    if not asked:
        return "The customer sent attachments without text." if _files(customer) else "The customer asked nothing yet."
    if len(asked) == 1:
        return f"The customer wrote: {_quoted(asked[0])}."
    return f"The customer first wrote: {_quoted(asked[0])}. Most recently: {_quoted(asked[-1])}."


def _tried(public: list[Message]) -> str:
    answers = [each.text for each in public if each.author is Author.AI and each.text.strip()]
    if not answers:
        return "The AI has not answered yet."
    times = "once" if len(answers) == 1 else f"{len(answers)} times"
    return f"The AI answered {times}, last with: {_quoted(answers[-1])}."


def _open(turn: Turn, public: list[Message]) -> str:
    waiting = [each for each in turn.unanswered if each.visibility is Visibility.PUBLIC]
    files = _files(waiting)
    spoken = [each.text for each in waiting if each.text.strip()]
    last = smalltalk(spoken[-1]) if spoken else None
    if last is not None and last.kind is Kind.THANKS and not files:
        return "The customer ended with thanks; nothing is open."
    if files:
        return f"Open: {_count(files, 'attachment')} to look at" + (", and the last question." if spoken else ".")
    if spoken:
        return f"Open: {_count(len(waiting), 'message')} of the customer without an answer."
    return "Nothing is open." if public else ""


def _files(messages: list[Message]) -> int:
    return sum(len(each.attachments) for each in messages)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _quoted(text: str) -> str:
    return f'"{shorten(" ".join(text.split()), _QUOTE)}"'
