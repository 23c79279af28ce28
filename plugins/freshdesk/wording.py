"""Our texts as Freshdesk wants them: HTML for replies and notes, a structured body for chats."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from core import OutboundFile
from core.markdown import html_of, plain_text


def note_html(text: str, reference: str) -> str:
    """A note as HTML, with the reference by which it is found again beyond doubt."""
    return html_of(text) + (f"<p>[ref:{html.escape(reference)}]</p>" if reference else "")


def structured_body(text: str) -> dict[str, Any]:
    """A text for a chat, which shows neither HTML nor Markdown.

    Documentation: "Conversations", create a reply, structured body.
    """
    return {"body_contents": [{"type": "text", "data": {"content": plain_text(text)}}]}


def with_file_list(text: str, files: Sequence[OutboundFile]) -> str:
    """The text, and below it the names of the files that cannot be sent, with where they can be had."""
    lines = [f"- [{_label(file.name)}]({file.url})" if file.url else f"- {_label(file.name)}" for file in files]
    return "\n\n".join((text, "\n".join(lines)))


def _label(name: str) -> str:
    return "".join(character for character in name if character not in "[]\\`*_<>\n\r") or "file"
