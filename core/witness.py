"""Recognises our own text in what a vendor shows: it stands in for the idempotency key vendors do not offer."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator

from rapidfuzz.distance import Indel

SIMILAR = 0.97
SHORT = 60
"""Characters; a text shorter than this proves itself only by being equal: one changed word may be its whole point."""
LONGEST_FOOTER = 300
"""Characters a vendor may append to our text without a dividing line (an agent's signature)."""

_BREAKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figure", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_UNSEEN = frozenset({"head", "script", "style", "template", "title"})

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_PUNCTUATION = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys(_DASHES, "-"),
        "\u2026": "...",
        # Marks of light Markdown: a vendor shows them, drops them or makes HTML of them.
        **dict.fromkeys("*_`~#", ""),
        # Joiners, direction marks, soft hyphens and variation selectors, which vendors drop at will.
        **dict.fromkeys("\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f", ""),
        **{chr(code): "" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
    }
)
# Tags are found by hand: a text of unclosed ones keeps the standard library's parser (of Python 3.11) busy for minutes,
# and these patterns never look past the next "<".
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)[^<>]*>")
_DECLARATION = re.compile(r"<[!?][^<>]*>?")
_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*([^()\s]+)\s*\)")
_BULLET = re.compile(r"^[ \t]*[-+•◦▪·][ \t]+", re.MULTILINE)
_DIVIDER = re.compile(
    r"^[ \t]*(?:"
    rf"[-_=*{_DASHES}]{{2,}}[ \t]*$"
    r"|>"
    r"|-+ ?Original Message ?-+"
    r"|On .{4,100} wrote:"
    r"|(?:sent|delivered|powered|replied) (?:from|via|by|with|using) "
    r")",
    re.MULTILINE | re.IGNORECASE,
)


def html_to_text(markup: str) -> str:
    """The text of HTML as a person sees it: blocks on lines of their own, entities resolved, scripts left out."""
    lines = (" ".join(line.replace("\u00a0", " ").split()) for line in _without_tags(markup).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_tags(markup: str) -> str:
    if "<" not in markup:
        return html.unescape(markup)
    return html.unescape(_shown(_DECLARATION.sub("", _without_comments(markup)), hide=True))


def _shown(markup: str, *, hide: bool) -> str:
    """What stands between the tags, without the inside of scripts and the like unless `hide` is off."""
    pieces: list[str] = []
    hidden, at = 0, 0
    for tag in _TAG.finditer(markup):
        if not hidden:
            pieces.append(markup[at : tag.start()])
        at, name = tag.end(), tag.group(2).lower()
        if hide and name in _UNSEEN:
            hidden = max(0, hidden - 1) if tag.group(1) else hidden + 1
        elif name in _BREAKS:
            pieces.append("\n")
    if hidden:  # nothing closes it, so it is somebody's text about HTML
        return _shown(markup, hide=False)
    return "".join(pieces) + markup[at:]


def _without_comments(markup: str) -> str:
    """Leave comments out; an opening that nothing closes is left out alone."""
    pieces, at = [], 0
    while (start := markup.find("<!--", at)) >= 0 and (end := markup.find("-->", start + 4)) >= 0:
        pieces.append(markup[at:start])
        at = end + 3
    return "".join(pieces) + markup[at:].replace("<!--", "")


def normalise_text(text: str) -> str:
    """What is left of a text when everything a vendor may change on its way has been evened out.

    HTML and plain text, light Markdown and its plain form, typographic and plain quotes, and all kinds of white
    space come out alike. Idempotent.
    """
    return " ".join(_even(text).split())


def _even(text: str) -> str:
    """As `normalise_text`, but with the lines still apart."""
    # Escaped text is text with entities, unescaped text may look like a tag: only the fixed point is common to both.
    for _ in range(10):
        plain = _LINK.sub(_link, _without_tags(text))
        plain = unicodedata.normalize("NFC", _BULLET.sub("", plain).translate(_PUNCTUATION))
        if plain == text:
            break
        text = plain
    return text


def _link(found: re.Match[str]) -> str:
    label, target = found.group(1).strip(), found.group(2)
    return target if not label or label == target else f"{label} ({target})"


def fingerprint(text: str) -> str:
    """A short, stable name of a text (SHA-256, hexadecimal) that is equal for texts that differ in form only."""
    return hashlib.sha256(normalise_text(text).encode("utf-8", "surrogatepass")).hexdigest()


def same_text(sent: str, seen: str) -> bool:
    """Whether `seen`, read back from the vendor, is the text we `sent`.

    Equal after normalising, with or without what follows a dividing line; or, for a text of 60 characters and
    more, followed by a footer of up to 300 characters, or at least 97 % alike with the very same numbers in it.
    An empty text is nobody's.
    """
    ours = normalise_text(sent)
    if not ours:
        return False
    candidates = [" ".join(part.split()) for part in _cuts(_even(seen))]
    if ours in candidates:
        return True
    if len(ours) < SHORT:
        return False
    return any(_followed(ours, part) or _alike(ours, part) for part in candidates)


def _cuts(seen: str) -> Iterator[str]:
    """The whole text, and the text up to each line that looks like the start of a signature or a quotation."""
    yield seen
    for number, divider in enumerate(_DIVIDER.finditer(seen)):
        if number == 20:
            return
        yield seen[: divider.start()]


def _followed(ours: str, seen: str) -> bool:
    return seen.startswith(ours + " ") and len(seen) - len(ours) <= LONGEST_FOOTER


def _alike(ours: str, seen: str) -> bool:
    # A changed number is another statement, however small a part of the text it is.
    return re.findall(r"\d+", ours) == re.findall(r"\d+", seen) and (
        Indel.normalized_similarity(ours, seen, score_cutoff=SIMILAR) >= SIMILAR
    )
