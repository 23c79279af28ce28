"""Our texts as Freshdesk wants them: HTML for replies and notes, a structured body for chats."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt

from core import OutboundFile
from core.witness import html_to_text

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True})


def html_of(text: str) -> str:
    """Light Markdown as HTML; tags in the text are escaped, line breaks kept."""
    return str(_MARKDOWN.render(text)).strip()


def note_html(text: str, reference: str) -> str:
    """A note as HTML, with the reference by which it is found again beyond doubt."""
    return html_of(text) + (f"<p>[ref:{html.escape(reference)}]</p>" if reference else "")


def structured_body(text: str) -> dict[str, Any]:
    """A text for a chat, which shows neither HTML nor Markdown.

    Documentation: "Conversations", create a reply, structured body.
    """
    return {"body_contents": [{"type": "text", "data": {"content": plain_of(text)}}]}


def plain_of(text: str) -> str:
    """Light Markdown as plain text; where a link's address would be lost with its marks, it stays beside its words."""
    rendered = MarkdownIt("commonmark", {"html": False, "breaks": True})
    tokens = rendered.parse(text)
    for token in tokens:
        for number, child in enumerate(token.children or ()):
            if child.type == "link_open":
                _append_address(token.children or [], number)
    return html_to_text(rendered.renderer.render(tokens, rendered.options, {})) or text.strip()


def _append_address(children: list[Any], opened: int) -> None:
    """Put a link's address into the text before its end, unless its words say it already."""
    address = str(children[opened].attrs.get("href", ""))
    for child in children[opened + 1 :]:
        if child.type == "link_close":
            return
        if child.type == "text" and child.content and address not in (child.content, f"mailto:{child.content}"):
            child.content = f"{child.content} ({address})"
            return


def with_file_list(text: str, files: Sequence[OutboundFile]) -> str:
    """The text, and below it the names of the files that cannot be sent, with where they can be had."""
    lines = [f"- [{_label(file.name)}]({file.url})" if file.url else f"- {_label(file.name)}" for file in files]
    return "\n\n".join((text, "\n".join(lines)))


def _label(name: str) -> str:
    return "".join(character for character in name if character not in "[]\\`*_<>\n\r") or "file"
