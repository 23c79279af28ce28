"""Texts as Freshdesk wants them: HTML for tickets, replies and notes, a structured body for chats.

Ours are light Markdown. Those of records are as their source wrote them: plain text, or HTML already.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from core import OutboundFile
from core.markdown import html_of, plain_text
from core.witness import html_to_text

# Tags that are closed, and those that never are: a "<" in plain text, or an address in angle brackets, is neither.
_CLOSED = r"</(?:a|b|blockquote|code|div|em|h[1-6]|i|li|ol|p|pre|span|strong|table|td|th|tr|u|ul)\s*>"
_MARKUP = re.compile(rf"{_CLOSED}|<(?:br|hr|img)\b[^<>]*>", re.IGNORECASE)


def note_html(text: str, reference: str) -> str:
    """A note as HTML, with the reference by which it is found again beyond doubt."""
    return html_of(text) + (f"<p>[ref:{html.escape(reference)}]</p>" if reference else "")


def structured_body(text: str) -> dict[str, Any]:
    """A text for a chat, which shows neither HTML nor Markdown.

    Documentation: "Conversations", create a reply, structured body.
    """
    return _structured(plain_text(text))


def _structured(content: str) -> dict[str, Any]:
    return {"body_contents": [{"type": "text", "data": {"content": content}}]}


def record_html(text: str) -> str:
    """A record's text as HTML: as it is if it has tags of HTML, else escaped, with its line breaks kept."""
    if _MARKUP.search(text):
        return text
    return re.sub(r"\r\n|\r|\n", "<br>", html.escape(text, quote=False))


def record_structured_body(text: str) -> dict[str, Any]:
    """A record's text for a chat, without the tags of HTML if it has any."""
    return _structured(html_to_text(text) if _MARKUP.search(text) else text)


def with_file_list(text: str, files: Sequence[OutboundFile]) -> str:
    """The text, and below it the names of the files that cannot be sent, with where they can be had."""
    lines = [f"- [{_label(file.name)}]({file.url})" if file.url else f"- {_label(file.name)}" for file in files]
    return "\n\n".join((text, "\n".join(lines)))


def _label(name: str) -> str:
    return "".join(character for character in name if character not in "[]\\`*_<>\n\r") or "file"
