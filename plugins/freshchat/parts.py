"""The parts of a Freshchat message as plain text and attachments.

Vendor documentation: developers.freshchat.com/api, "Messages": message parts and reply parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from core import Attachment
from core.witness import html_to_text
from plugins.freshchat.schemas import word

FILES = ("image", "video", "audio", "file")
LABELLED = ("quick_reply_button", "callback", "reference")


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says: `subject` is that of an email; `has_email` and `has_text`, of which kinds its parts are."""

    text: str
    attachments: tuple[Attachment, ...]
    subject: str = ""
    has_email: bool = False
    has_text: bool = False


def read_parts(parts: Iterable[Any]) -> Content:
    """Read `message_parts`, `reply_parts` or the `msg_parts` of 2018; an unknown kind is named in brackets."""
    lines: list[str] = []
    attachments: list[Attachment] = []
    subject, has_email, has_text = "", False, False
    for kind, part in _flatten(parts):
        if kind in FILES:
            attachments.append(_attachment(kind, part))
        elif kind == "email":
            has_email = True
            subject = subject or _text(part, "subject")
            lines.append(html_to_text(_text(part, "content", "text")))
        else:
            has_text = has_text or kind == "text"
            lines.append(_line(kind, part))
    text = "\n".join(line for line in lines if line.strip())
    return Content(text, tuple(attachments), subject, has_email, has_text)


def _flatten(parts: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Each part as (kind, content); collections and templates give the parts inside them."""
    for entry in parts:
        if not isinstance(entry, Mapping):
            yield "unreadable part", {}
            continue
        if isinstance(entry.get("part_type"), str):  # the shape of 2018
            entry = {word(entry["part_type"]).lower(): entry.get("properties")}
        for kind, part in entry.items():
            nested = part if isinstance(part, Mapping) else {}
            if kind == "collection":
                yield from _flatten(_list(nested.get("sub_parts")))
            elif kind == "template_content":
                for section in _list(nested.get("sections")):
                    yield from _flatten(_list(section.get("parts")) if isinstance(section, Mapping) else ())
            elif isinstance(part, Mapping) or kind == "text":
                yield kind, part


def _line(kind: str, part: Any) -> str:
    if kind == "text":
        return part if isinstance(part, str) else _text(part, "content", "text")
    label = _text(part, "label")
    if kind == "url_button":
        address = _text(part, "url")
        return f"{label} ({address})" if label and address else label or address
    if kind in LABELLED and label:
        return label
    return f"[{kind[:60]}]"


def _attachment(kind: str, part: Mapping[str, Any]) -> Attachment:
    url = _text(part, "url")
    name = _text(part, "name", "file_name") or _name_in(url) or kind
    size = part.get("file_size_in_bytes", part.get("size"))
    content_type = _text(part, "content_type", "contentType", "file_content_type")
    # A file is shown before its virus scan is over, and then has no address yet.
    placeholder = "" if url else f"{name}: Freshchat has not given an address for this {kind}"
    return Attachment(
        name=name,
        url=url,
        content_type=content_type,
        size=size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**53 else None,
        placeholder=placeholder,
    )


def _name_in(url: str) -> str:
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2])[:200]
    except ValueError:
        return ""


def _text(part: Any, *keys: str) -> str:
    if not isinstance(part, Mapping):
        return ""
    return next((part[key] for key in keys if isinstance(part.get(key), str) and part[key]), "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
