"""Our texts, which are light Markdown, as the vendors take them: as plain text, and as HTML."""

from __future__ import annotations

from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True})


def plain_text(text: str) -> str:
    """Light Markdown without its marks, for whoever shows marks and tags as they are; a link's address stays."""
    blocks: list[tuple[str, bool]] = []
    depth, marker = 0, ""
    for token in _MARKDOWN.parse(text):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "list_item_open":
            marker = "  " * (depth - 1) + (f"{token.info}{token.markup} " if token.info else "- ")
        elif token.type == "inline":
            blocks.append((marker + _inline(token.children or ()), depth > 0))
            marker = ""
        elif token.type in ("fence", "code_block"):
            blocks.append((marker + token.content.rstrip("\n"), depth > 0))
            marker = ""
    lines: list[str] = []
    for number, (block, in_list) in enumerate(blocks):
        if number:
            lines.append("\n" if in_list and blocks[number - 1][1] else "\n\n")
        lines.append(block)
    return "".join(lines).strip() or text.strip()


def html_of(text: str) -> str:
    """Light Markdown as HTML; tags in the text are escaped, line breaks kept."""
    return str(_MARKDOWN.render(text)).strip()


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
