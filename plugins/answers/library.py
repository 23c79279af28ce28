"""The folder of Markdown files, kept in an index that follows the files as they change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from core import ConfigError
from plugins.answers.passages import Passage, cut
from plugins.answers.search import Index

RECHECK_SECONDS = 3.0
"""How often at most the folder is looked at for changes, in seconds."""
LARGEST_FILE = 1_000_000
"""Bytes; a larger file is not a help article, and reading it would hold up an answer."""
KEY = "plugins.answers.folder"

_log = logging.getLogger(__name__)
_Stamps = dict[Path, tuple[int, int]]


class Library:
    """The passages of a folder; `index` may be called by any thread at any time.

    A folder that is not there yet counts as an empty one, so that a first start needs no answers. Raises
    `ConfigError` on construction if it is no folder. `monotonic` gives the time in seconds.
    """

    def __init__(self, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        if folder.exists() and not folder.is_dir():
            raise ConfigError(KEY, f"{folder} is not a folder", "Name a folder with Markdown files in it.")
        self._folder = folder
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._told: set[str] = set()
        self._stamps: _Stamps = {}
        self._stamps = self._look()
        self._index = self._read(self._stamps)
        self._looked_at = monotonic()

    def index(self) -> Index:
        """The index of the files as they are now, or were at most `RECHECK_SECONDS` ago.

        While one thread reads changed files, the others are given the index from before.
        """
        if self._monotonic() - self._looked_at >= RECHECK_SECONDS and self._looking.acquire(blocking=False):
            try:
                self._follow()
            finally:
                self._looked_at = self._monotonic()
                self._looking.release()
        return self._index

    def _follow(self) -> None:
        try:
            stamps = self._look()
        except OSError as error:
            self._tell_once(f"cannot look into {self._folder} ({error.strerror}); answering from what was read before")
            return
        if stamps != self._stamps:
            self._told.clear()
            self._index = self._read(stamps)
            self._stamps = stamps

    def _look(self) -> _Stamps:
        """Every Markdown file in the folder and below, with what tells that it has changed."""
        if not self._stamps and not self._folder.exists():
            return {}
        root = self._folder.resolve(strict=True)
        stamps: _Stamps = {}
        for path in sorted(root.rglob("*.md")):
            try:
                real = path.resolve(strict=True)
                state = real.stat()
            except (OSError, RuntimeError):  # gone meanwhile, a link to nowhere, or links in a circle
                continue
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            # A link that leads out of the folder could show customers any file of the machine.
            if not hidden and real.is_file() and real.is_relative_to(root):
                stamps[path] = (state.st_mtime_ns, state.st_size)
        return stamps

    def _read(self, stamps: _Stamps) -> Index:
        passages = [passage for path in stamps for passage in self._passages_of(path)]
        if passages:
            _log.info("answers: %d passages from %d files in %s", len(passages), len(stamps), self._folder)
        else:
            there = "no Markdown text in" if self._folder.exists() else "there is no folder"
            self._tell_once(f"{there} {self._folder}: every question will be handed off")
        return Index(passages)

    def _passages_of(self, path: Path) -> list[Passage]:
        name = path.relative_to(self._folder.resolve()).as_posix()
        try:
            with path.open("rb") as file:
                raw = file.read(LARGEST_FILE + 1)
            if len(raw) > LARGEST_FILE:
                self._tell_once(f"{path} is skipped: it is larger than {LARGEST_FILE} bytes; cut it into several")
                return []
            return cut(name, raw.decode("utf-8"))
        except UnicodeDecodeError:
            self._tell_once(f"{path} is skipped: it is not UTF-8 text; save it as UTF-8")
        except OSError as error:
            self._tell_once(f"{path} is skipped: it cannot be read ({error.strerror})")
        return []

    def _tell_once(self, words: str) -> None:
        """Warn, unless the same was said since the files last changed."""
        if words not in self._told:
            self._told.add(words)
            _log.warning("answers: %s", words)
