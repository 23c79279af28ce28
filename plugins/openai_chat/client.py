"""Asks the service through the official client: streamed, tried again within one deadline, failures as plain words."""

from __future__ import annotations

import logging
import math
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import openai

from core import Secret
from plugins.openai_chat.deadline import Deadline, within
from plugins.openai_chat.settings import Output, is_official
from plugins.openai_chat.stream import Miss, Said, read

_TRIED_AGAIN = frozenset({408, 409, 429})
"""Statuses below 500 after which another try may help."""
_STATUS_WORDS = {
    400: "the service rejected the request",
    401: "the service did not accept the API key",
    403: "the service refused access",
    404: "the service knows no such model or address",
    413: "the request is too large for the service",
    422: "the service rejected the request",
    429: "the service is asked too often, or its quota is used up",
}
HIDDEN = "***"
NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""What JSON can say and no database can store: NUL, and halves of characters."""
_FILTERED = ("content_filter", "content_policy_violation")
# They tell of each call, with addresses, and at level DEBUG of its parts.
for _name in ("openai", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(max(logging.WARNING, logging.getLogger(_name).level))


class ModelFailed(Exception):
    """No usable answer came; the text says why, without key or prompt."""


class ModelRefused(Exception):
    """The model, or a filter of the service, would not answer; the text says what it said."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form an answer must have: a `name` for the service, and a JSON `schema`."""

    name: str
    schema: Mapping[str, Any]


class ChatClient:
    """One service and model; several threads may use it at once.

    `settings` is what `OpenAIChatSettings` loaded; `first_wait` the pause before the second try, in seconds. Raises
    what the official client raises for an address or an environment it cannot work with.
    """

    def __init__(self, settings: Mapping[str, Any], first_wait: float) -> None:
        self._settings = settings
        self._first_wait = first_wait
        self._key = settings["api_key"] or Secret("")
        # What the client cannot be made of, such as a certificate file that is not there, shall stop the start.
        with openai.DefaultHttpxClient() as http:
            self._client(http)

    def ask(self, system: str, user: str, form: Form, seconds: float) -> str:
        """The whole text of the answer to two messages, which is meant to be JSON in `form`.

        Raises `ModelFailed` after `seconds` at most, or `ModelRefused`.
        """
        deadline = Deadline(seconds)
        request = self._request(system, user, form)
        # A connection of its own for each draft: closing it ends a call whose time is up, and no other.
        http = openai.DefaultHttpxClient(follow_redirects=False)
        try:
            outcome = within(deadline, lambda: self._all_tries(http, request, deadline), http.close)
        except TimeoutError:
            outcome = _late(deadline)
        finally:
            http.close()
        if isinstance(outcome, Said):
            if outcome.refused:
                raise ModelRefused(self._clean(outcome.text))
            return outcome.text
        raise ModelFailed(self._clean(outcome.words))

    def _request(self, system: str, user: str, form: Form) -> dict[str, Any]:
        limit = self._settings["token_limit_key"]
        if limit == "auto":
            limit = "max_completion_tokens" if is_official(self._settings["base_url"]) else "max_tokens"
        request: dict[str, Any] = {
            "model": self._settings["model"],
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            limit: self._settings["max_output_tokens"],
        }
        if not self._key:
            # The client insists on being told with each request that there is no key.
            request["extra_headers"] = {"Authorization": openai.Omit()}
        match self._settings["structured_output"]:
            case Output.JSON_SCHEMA:
                asked = {"name": form.name, "strict": True, "schema": dict(form.schema)}
                request["response_format"] = {"type": "json_schema", "json_schema": asked}
            case Output.JSON_OBJECT:
                request["response_format"] = {"type": "json_object"}
        return request

    def _all_tries(self, http: Any, request: Mapping[str, Any], deadline: Deadline) -> Said | Miss:
        try:
            return self._tries(http, request, deadline)
        finally:
            # Once more, in this thread: a connection may have been made just after the time was up.
            http.close()

    def _tries(self, http: Any, request: Mapping[str, Any], deadline: Deadline) -> Said | Miss:
        client = self._client(http)
        most = 1 + self._settings["max_retries"]
        cut = False
        number = 0
        while True:
            number += 1
            outcome = _try(client, request, deadline)
            if isinstance(outcome, Said):
                return outcome
            words = outcome.words if number == 1 else f"{outcome.words}, after {number} tries"
            if not outcome.again or number == most or (outcome.cut and cut):
                return replace(outcome, words=words)
            cut = cut or outcome.cut
            wait = outcome.after
            if wait is None:
                wait = self._first_wait * 2 ** (number - 1) * (1 - random.random() / 4)
            if wait >= deadline.remaining:
                asked = f"; it asks to wait {wait:g} s" if outcome.after is not None else ""
                return replace(outcome, words=f"{words}{asked}, and no time is left for another try")
            time.sleep(wait)

    def _client(self, http: Any) -> openai.OpenAI:
        # Left to itself the client takes keys and ids from the environment, and would send them to any address.
        headers: dict[str, Any] = {
            "Authorization": f"Bearer {self._key.reveal()}" if self._key else openai.Omit(),
            "OpenAI-Organization": openai.Omit(),
            "OpenAI-Project": openai.Omit(),
        }
        return openai.OpenAI(
            api_key=self._key.reveal() or "none",
            admin_api_key="",
            base_url=self._settings["base_url"],
            max_retries=0,
            default_headers=headers,
            http_client=http,
        )

    def _clean(self, words: str) -> str:
        """One line that can be stored, without the key; a service may repeat it in its words."""
        line = " ".join(NO_TEXT.sub("", words).split())
        return line.replace(self._key.reveal(), HIDDEN) if self._key else line


def _try(client: openai.OpenAI, request: Mapping[str, Any], deadline: Deadline) -> Said | Miss:
    """One request. Errors are turned into words here: they hold the request, with its key, and must not live on."""
    try:
        with client.chat.completions.create(**request, stream=True, timeout=max(0.001, deadline.remaining)) as stream:
            return read(stream)
    except openai.APITimeoutError:
        return _late(deadline)
    except openai.APIStatusError as error:
        return _answer_of_status(error)
    except openai.APIConnectionError as error:
        return Miss(f"the connection to the service failed ({_cause(error)})", again=True)
    except openai.APIError as error:
        return Miss(f"the service broke off with an error ({_code(error) or 'not named'})", again=True)
    except (openai.OpenAIError, ValueError, TypeError, AttributeError, RuntimeError):
        return Miss("the service sent something that is no stream of chat completions")


def _late(deadline: Deadline) -> Miss:
    return Miss(f"the service did not finish within {deadline.seconds:g} s (time-out)")


def _answer_of_status(error: openai.APIStatusError) -> Said | Miss:
    status, code = error.status_code, _code(error)
    if code in _FILTERED:
        return Said("the service's content filter stopped the request", refused=True)
    if 300 <= status < 400:
        return Miss(f"the service answered with a redirect ({status}), which is not followed; correct base_url")
    otherwise = "the service failed" if status >= 500 else "the service rejected the request"
    words = f"{_STATUS_WORDS.get(status, otherwise)} ({status}{', ' if code else ''}{code})"
    again = (status >= 500 or status in _TRIED_AGAIN) and code != "insufficient_quota"
    return Miss(words, again=again, after=_retry_after(error))


def _retry_after(error: openai.APIStatusError) -> float | None:
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(error.response.headers.get(header, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None


def _code(error: openai.APIError) -> str:
    """The error's code where it is a mere word; its message is left out, for it may repeat the prompt or the key."""
    code = error.code or error.type
    return code if isinstance(code, str) and re.fullmatch(r"[a-z][a-z_]{2,40}", code) else ""


def _cause(error: BaseException) -> str:
    return type(error.__cause__ or error).__name__
