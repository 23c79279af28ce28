"""Reads the folder of Markdown files that goes into every prompt, as far as there is room."""

from __future__ import annotations

import logging
from pathlib import Path

log = logging.getLogger(__name__)


class Knowledge:
    """A folder's files, read anew for each prompt, so that a change counts at once; None is no folder."""

    def __init__(self, folder: Path | None, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._told: frozenset[str] = frozenset()

    def text(self) -> str:
        """The files in the order of their names, whole ones alone, up to the limit; "" where there are none.

        What is left out, because it does not fit or cannot be read, is named in the log once.
        """
        if self._folder is None:
            return ""
        parts: list[str] = []
        missing: list[str] = []
        room = self._limit
        for path in sorted(self._folder.rglob("*.md")):
            name = path.relative_to(self._folder).as_posix()
            if any(part.startswith(".") for part in Path(name).parts):
                continue
            try:
                part = f"--- {name} ---\n{path.read_text(encoding='utf-8').strip()}\n"
            except (OSError, UnicodeDecodeError):
                missing.append(name)
                continue
            if len(part) > room:
                missing.append(name)
                continue
            parts.append(part)
            room -= len(part)
        self._tell(frozenset(missing))
        return "\n".join(parts)

    def _tell(self, missing: frozenset[str]) -> None:
        if missing - self._told:
            names = ", ".join(sorted(missing))
            log.warning("left out of the prompt, for want of room or because it cannot be read: %s", names)
        self._told = missing
