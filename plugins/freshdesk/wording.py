"""Our texts as Freshdesk wants them: HTML for replies and notes, a structured body for chats."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core import OutboundFile

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
    """Light Markdown as plain text; a link's address stays, beside its words."""
    shown = ""
    depth, marker, in_list = 0, "", False
    for token in _MARKDOWN.parse(text):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "list_item_open":
            marker = "  " * (depth - 1) + (f"{token.info}{token.markup} " if token.info else "- ")
        elif token.type in ("inline", "fence", "code_block"):
            block = _inline(token.children or ()) if token.type == "inline" else token.content.rstrip("\n")
            between = "\n" if in_list and depth else "\n\n"
            shown += f"{between if shown else ''}{marker}{block}"
            marker, in_list = "", depth > 0
    return shown.strip() or text.strip()


def _inline(tokens: Iterable[Token]) -> str:
    pieces: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
        elif token.type == "image":
            pieces.append(_linked(token.content, str(token.attrs.get("src", ""))))
        elif token.type == "link_open":
            links.append((len(pieces), str(token.attrs.get("href", ""))))
        elif token.type == "link_close":
            start, target = links.pop()
            pieces[start:] = [_linked("".join(pieces[start:]), target)]
        else:
            pieces.append(token.content)
    return "".join(pieces)


def _linked(label: str, target: str) -> str:
    if not label or target in (label, f"mailto:{label}"):
        return label or target
    return f"{label} ({target})" if target else label


def with_file_list(text: str, files: Sequence[OutboundFile]) -> str:
    """The text, and below it the names of the files that cannot be sent, with where they can be had."""
    lines = [f"- [{_label(file.name)}]({file.url})" if file.url else f"- {_label(file.name)}" for file in files]
    return "\n\n".join((text, "\n".join(lines)))


def _label(name: str) -> str:
    return "".join(character for character in name if character not in "[]\\`*_<>\n\r") or "file"
