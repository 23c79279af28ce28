"""Markdown as plain text that reads well in a chat bubble: no marks, links spelt out, lists kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable("table")
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)


def parse(markdown: str) -> list[Token]:
    """The block tokens of a Markdown text (markdown-it's own), in order."""
    return _PARSER.parse(markdown)


def inline_text(token: Token) -> str:
    """The text of an inline token: emphasis dropped, a link as "text (address)", an image as its description."""
    out: list[str] = []
    links: list[tuple[str, int]] = []
    for child in token.children or []:
        if child.type == "link_open":
            links.append((str(child.attrs.get("href", "")), len(out)))
        elif child.type == "link_close" and links:
            address, start = links.pop()
            out.append(_address(address, "".join(out[start:])))
        elif child.type in ("softbreak", "hardbreak"):
            out.append(" " if child.type == "softbreak" else "\n")
        elif child.type != "html_inline":
            out.append(child.content)
    return "".join(out).strip()


def _address(address: str, shown: str) -> str:
    """What follows the text of a link; a link into the folder itself would lead a customer nowhere."""
    if not _ADDRESS.match(address):
        return ""
    bare = re.sub(r"^(?:mailto|tel):", "", address, flags=re.IGNORECASE)
    return "" if bare in shown or not shown.strip() else f" ({bare})"


def blocks(tokens: Sequence[Token]) -> list[str]:
    """The plain text of each outermost block (paragraph, list, table, quotation, code), without headings."""
    found: list[str] = []
    start = 0
    depth = 0
    for place, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            if not tokens[start].type.startswith("heading"):
                found.append(_block(tokens[start : place + 1]))
            start = place + 1
    return [block for block in found if block]


def _block(tokens: Sequence[Token]) -> str:
    lines: list[str] = []
    marks: list[tuple[str, int]] = []
    """The open lists: the bullet, or "" for a numbered one, and the number of the next item."""
    lead = ""
    row: list[str] | None = None
    for token in tokens:
        if token.type == "bullet_list_open":
            marks.append(("-", 0))
        elif token.type == "ordered_list_open":
            marks.append(("", int(token.attrs.get("start", 1))))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            marks.pop()
        elif token.type == "list_item_open":
            bullet, number = marks[-1]
            lead = "  " * (len(marks) - 1) + (bullet or f"{number}.") + " "
            marks[-1] = (bullet, number + 1)
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            lines.append(" | ".join(row or []))
            row = None
        elif token.type == "inline" and row is not None:
            row.append(inline_text(token))
        elif token.type in ("inline", "fence", "code_block"):
            text = inline_text(token) if token.type == "inline" else token.content.rstrip()
            lines.extend(_indented(text, lead, "  " * len(marks)))
            lead = ""
    return "\n".join(lines).strip()


def _indented(text: str, lead: str, indent: str) -> list[str]:
    """The lines of `text`: the first after the list mark `lead`, if there is one, the others indented."""
    first, *others = text.split("\n") if text else [""]
    if not text and not lead:
        return []
    return [f"{lead or indent}{first}", *(f"{indent}{line}" for line in others)]
