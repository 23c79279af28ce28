"""The embedded responder: answers from a folder of Markdown files, with no service beside Relaydesk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core import Draft, Turn, hookimpl
from plugins.answers.answering import draft
from plugins.answers.library import Library
from plugins.answers.search import require_fts5
from plugins.answers.settings import AnswersSettings


class Plugin:
    """Drafts replies; several threads may call it at once.

    Raises `ConfigError` at start if the folder is none or SQLite lacks full-text search. `monotonic` tells the
    time in seconds, for the pace at which the folder is looked at.
    """

    settings_schema = AnswersSettings

    def __init__(self, settings: Mapping[str, Any], monotonic: Callable[[], float] = time.monotonic) -> None:
        require_fts5()
        self._library = Library(Path(settings["folder"]), monotonic)

    @hookimpl
    def draft_reply(self, turn: Turn) -> Draft:
        return draft(self._library.index(), turn)
