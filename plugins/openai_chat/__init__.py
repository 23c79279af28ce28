"""A responder that drafts with a language model, behind any service that speaks OpenAI's chat completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import ConfigError, Draft, Summary, Turn, hookimpl
from plugins.openai_chat.settings import OpenAIChatSettings


class Plugin:
    """Drafts replies and summaries; several threads may call it at once.

    `settings` is what the schema loaded; `first_wait` is the pause before the second try, in seconds. Raises
    `ConfigError` where the package `openai` is not installed. Nothing is sent before the first draft.
    """

    settings_schema = OpenAIChatSettings

    def __init__(self, settings: Mapping[str, Any], first_wait: float = 0.5) -> None:
        try:
            # Only now, so that an installation without the extra can say what it lacks.
            from plugins.openai_chat.client import ChatClient
        except ImportError as error:
            problem = f"the package openai cannot be imported ({error})"
            raise ConfigError("plugins.openai_chat", problem, "Run: pip install 'relaydesk[openai]'") from error
        from plugins.openai_chat.drafting import Drafting

        self._drafting = Drafting(ChatClient(settings, first_wait), settings)

    @hookimpl
    def draft_reply(self, turn: Turn) -> Draft:
        return self._drafting.draft(turn)

    @hookimpl
    def summarise_session(self, turn: Turn) -> Summary | None:
        return self._drafting.summarise(turn)
