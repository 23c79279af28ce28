"""A short account of a session for the agent who takes it over, drawn from the messages without any service."""

from __future__ import annotations

from core.domain import Author, Message, Sentiment, Summary, Turn, Visibility
from core.flow.courtesy import is_courtesy, is_thanks
from core.flow.sentiment import sentiment_of

LONGEST = 600
"""Characters of a summary."""
_QUOTE = 120
"""Characters of a quotation in it."""


def summarise(turn: Turn) -> Summary:
    """What was asked, what was tried and what is open, in two to four sentences of at most `LONGEST` characters.

    It takes the place of a responder's summary where there is none. Private messages are left out, for a summary may
    be copied to where the customer sees it.
    """
    public = [each for each in turn.messages if each.visibility is Visibility.PUBLIC]
    customer = [each for each in public if each.author is Author.CUSTOMER]
    asked = [each.text for each in customer if each.text.strip() and not is_courtesy(each.text)]
    said = [_asked(asked, customer), _tried(public), _open(turn, public)]
    text = " ".join(sentence for sentence in said if sentence)
    return Summary(_shortened(text, LONGEST), sentiment_of_turn(turn))


def sentiment_of_turn(turn: Turn) -> Sentiment:
    """How the customer feels, by all that they have written."""
    return sentiment_of([each.text for each in turn.messages if each.author is Author.CUSTOMER])


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
    if spoken and is_thanks(spoken[-1]) and not files:
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
    return f'"{_shortened(" ".join(text.split()), _QUOTE)}"'


def _shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters, cut between words and marked with an ellipsis."""
    if len(text) <= most:
        return text
    return text[:most].rsplit(None, 1)[0][: most - 1].rstrip(" ,;:-") + "…"
