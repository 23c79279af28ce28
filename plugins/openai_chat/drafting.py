"""Turns the model's answer into a draft, and every failure into a handoff that says what happened."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from core import Author, Draft, Handoff, Reason, Reply, Resolve, Silence, Summary, Turn
from plugins.openai_chat import prompt
from plugins.openai_chat.answer import ANSWER, SUMMARY, WHY, Answer, Junk, read_answer, read_summary
from plugins.openai_chat.client import ChatClient, ModelFailed, ModelRefused
from plugins.openai_chat.deadline import Deadline
from plugins.openai_chat.knowledge import Knowledge
from plugins.openai_chat.leak import repeats_private

log = logging.getLogger(__name__)

SUMMARY_SECONDS = 10.0
"""At most this long for a summary alone: the conversation is held meanwhile, and core has a listing in its place."""
LONGEST_DETAIL = 300
LONGEST_QUOTE = 200


class Drafting:
    """Asks `client` for drafts and summaries; `settings` is what `OpenAIChatSettings` loaded."""

    def __init__(self, client: ChatClient, settings: Mapping[str, Any]) -> None:
        self._client = client
        self._settings = settings
        self._knowledge = Knowledge(settings["knowledge"], settings["max_knowledge_characters"])

    def draft(self, turn: Turn) -> Draft:
        """The model's draft for `turn`; a handoff where none came in time, or none that can be used."""
        if not turn.unanswered:
            return Silence(detail="no message of the customer is without an answer")
        instructions, knowledge = self._settings["instructions"], self._knowledge.text()
        asked = prompt.for_draft(turn, instructions, knowledge, self._settings["max_input_characters"], ANSWER)
        try:
            answer = self._answer(asked)
        except ModelRefused as refusal:
            words = _short(f"the model refused: {refusal}", LONGEST_DETAIL)
            return Handoff(Reason.CANNOT_RESOLVE, words, _summary_without_model(turn, "would not answer"))
        except ModelFailed as failure:
            return _failed(turn, str(failure))
        except Junk as junk:
            return _failed(turn, f"the model did not answer in the form asked for: {junk}")
        return _draft_of(answer, turn, (instructions, knowledge))

    def _answer(self, asked: prompt.Prompt) -> Answer:
        """The model's answer; what is not in the form is asked for once more, if time is left for it."""
        seconds = self._settings["timeout_seconds"]
        deadline = Deadline(seconds)
        try:
            return read_answer(self._client.ask(asked.system, asked.user, ANSWER, seconds))
        except Junk:
            if self._settings["max_retries"] == 0 or deadline.remaining < seconds / 2:
                raise
        return read_answer(self._client.ask(asked.system, asked.user, ANSWER, deadline.remaining))

    def summarise(self, turn: Turn) -> Summary | None:
        """The model's summary of the public messages; None, with a line in the log, where none came."""
        if not turn.messages:
            return None
        asked = prompt.for_summary(turn, self._settings["max_input_characters"], SUMMARY)
        seconds = min(self._settings["timeout_seconds"], SUMMARY_SECONDS)
        try:
            return read_summary(self._client.ask(asked.system, asked.user, SUMMARY, seconds))
        except ModelRefused:
            why = "the model refused"
        except ModelFailed as failure:
            why = str(failure)
        except Junk as junk:
            why = f"the model did not answer in the form asked for: {junk}"
        log.warning("session %s could not be summarised: %s", turn.session.id, why)
        return None


def _draft_of(answer: Answer, turn: Turn, known: tuple[str, ...]) -> Draft:
    summary = Summary(answer.summary.strip(), answer.sentiment) if answer.summary.strip() else None
    if summary is not None and repeats_private(summary.text, turn, known):
        summary = None
    if answer.action in ("reply", "resolve") and repeats_private(answer.reply, turn, known):
        log.warning("session %s: a draft repeated a private message and was dropped", turn.session.id)
        detail = "the model's reply repeated a private message word for word"
        return Handoff(Reason.CANNOT_RESOLVE, detail, summary, answer.topic.strip())
    reason = _short(answer.reason, LONGEST_DETAIL)
    match answer.action:
        case "reply":
            return Reply(
                answer.reply.strip(),
                confidence=answer.confidence,
                might_solve=answer.might_solve,
                fully_covered=answer.fully_covered,
                sentiment=answer.sentiment,
                topic=answer.topic.strip(),
                summary=summary,
            )
        case "resolve":
            return Resolve(answer.reply.strip(), summary)
        case "silence":
            return Silence(Reason.NOT_USEFUL, reason)
        case _:
            return Handoff(WHY[answer.why], reason, summary, answer.topic.strip())


def _failed(turn: Turn, words: str) -> Handoff:
    log.warning("session %s gets no draft: %s", turn.session.id, words)
    detail = _short(words, LONGEST_DETAIL)
    return Handoff(Reason.RESPONDER_FAILED, detail, _summary_without_model(turn, f"gave no usable answer: {detail}"))


def _summary_without_model(turn: Turn, what: str) -> Summary:
    """What the agent is told where the model is no help; asking it for a summary would only fail once more."""
    said = [message.text for message in turn.messages if message.author is Author.CUSTOMER and message.text.strip()]
    first = f" The customer first wrote: “{_short(said[0], LONGEST_QUOTE)}”." if said[1:] else ""
    last = f" The customer last wrote: “{_short(said[-1], LONGEST_QUOTE)}”." if said else ""
    return Summary(f"The language model {what}.{first}{last}")


def _short(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
