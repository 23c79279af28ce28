"""Cuts a Markdown file into passages: one for each heading, short enough to be a message of a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from plugins.answers.plain_text import blocks, inline_text, parse

LONGEST = 900
"""Characters of a passage; a longer section becomes several passages."""

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<head>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[^\sa-zß-öø-ÿ])|(?<=[。！？])|\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a file that can be an answer.

    `source` is "file.md#heading"; `titles` the way to it, the file's title first; `text` is plain text of at most
    `LONGEST` characters; `language` is a two-letter code, "" if the file names none; `questions` are those of the
    file's front matter that this passage answers.
    """

    source: str
    titles: tuple[str, ...]
    text: str
    language: str = ""
    questions: tuple[str, ...] = ()


@dataclass(slots=True)
class FrontMatter:
    """What may stand at the top of a file, between two lines of three dashes."""

    title: str = ""
    language: str = ""
    questions: list[str] = field(default_factory=list)


def cut(name: str, markdown: str) -> list[Passage]:
    """The passages of the file `name` (its path within the folder), in order; none if it holds no text."""
    head, body = _front_matter(markdown.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    found: list[Passage] = []
    for titles, texts in _sections(head.title, body):
        anchor = slug(titles[-1]) if titles and titles != (head.title,) else ""
        source = f"{name}#{anchor}" if anchor else name
        named = titles or (re.sub(r"[-_]+", " ", name.rpartition("/")[2].removesuffix(".md")),)
        found.extend(Passage(source, named, text, head.language) for text in _pieces(texts))
    return _with_questions(found, head.questions)


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line's end is the end of a sentence too."""
    return [each.strip() for each in _SENTENCE_END.split(text) if each.strip()]


def shorten(text: str, most: int) -> str:
    """`text` in at most `most` characters, cut between words and marked with an ellipsis."""
    if len(text) <= most:
        return text
    return text[:most].rsplit(None, 1)[0][: most - 1].rstrip(" ,;:-") + "…"


def _front_matter(markdown: str) -> tuple[FrontMatter, str]:
    """The three known keys and the text below.

    Read line by line rather than as YAML: a question such as "Refund: how long?" needs no quotation marks then.
    """
    head = FrontMatter()
    match = _FRONT_MATTER.match(markdown)
    if match is None:
        return head, markdown
    key = ""
    for line in match["head"].splitlines():
        item = re.match(r"\s*-\s+(.+)", line)
        if item and key == "questions":
            head.questions.append(_unquoted(item[1]))
        elif pair := re.match(r"(\w+)\s*:\s*(.*)", line):
            key, value = pair[1].lower(), _unquoted(pair[2])
            if key == "title":
                head.title = value
            elif key == "language":
                head.language = re.split(r"[-_]", value.lower())[0]
            elif key == "questions" and value:
                head.questions.extend(_unquoted(each) for each in value.strip("[]").split(",") if each.strip())
    return head, markdown[match.end() :]


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _sections(title: str, body: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each heading's way from the top, and the blocks of text right under it."""
    tokens = parse(body)
    starts = [place for place, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    path: list[tuple[int, str]] = [(0, title)] if title else []
    for start, end in zip([0, *starts], [*starts, len(tokens)], strict=True):
        part = tokens[start:end]
        if part and part[0].type == "heading_open":
            level = int(part[0].tag[1:])
            name = inline_text(part[1])
            path = [entry for entry in path if entry[0] < level]
            # The file's title is often its first heading too.
            if name and all(name.casefold() != known.casefold() for _, known in path):
                path.append((level, name))
        texts = blocks(part)
        if texts:
            yield tuple(name for _, name in path), texts


def _pieces(texts: list[str]) -> list[str]:
    """Join blocks up to `LONGEST` characters; a block that is longer is cut between lines and sentences."""
    pieces: list[str] = []
    joint = "\n\n"
    for block in texts:
        parts = [block] if len(block) <= LONGEST else _chunks(block)
        for part in parts:
            if pieces and len(pieces[-1]) + len(joint) + len(part) <= LONGEST:
                pieces[-1] += joint + part
            elif pieces and pieces[-1].endswith(":") and "\n\n" in pieces[-1]:
                # "Do as follows:" belongs to the list below it.
                before, _, opening = pieces[-1].rpartition("\n\n")
                together = f"{opening}\n{part}"
                pieces[-1:] = [before, together] if len(together) <= LONGEST else [pieces[-1], part]
            else:
                pieces.append(part)
    return pieces


def _chunks(block: str) -> list[str]:
    """A long block in parts of whole lines, or of whole sentences where a line is too long."""
    units = [(line, "\n") for line in block.split("\n") if line.strip()]
    chunks: list[str] = []
    for line, joint in units:
        small = [(line, joint)] if len(line) <= LONGEST else [(each, " ") for each in sentences(line)]
        for unit, between in small:
            unit = shorten(unit, LONGEST)
            if chunks and len(chunks[-1]) + len(between) + len(unit) <= LONGEST:
                chunks[-1] += between + unit
            else:
                chunks.append(unit)
    return chunks


def _with_questions(passages: list[Passage], questions: list[str]) -> list[Passage]:
    """Give each question of the file to the passage it belongs to: the one whose anchor it names at its end
    ("How late is late? #delivery-times"), or else the one that shares most words with it, rare ones counting more.
    """
    given: dict[int, list[str]] = {}
    words = [set(_stems(" ".join((*passage.titles[1:], passage.text)))) for passage in passages]
    for line in questions if passages else []:
        question, anchor = _anchored(line)
        places = [place for place, each in enumerate(passages) if anchor and each.source.endswith(f"#{anchor}")]
        if not places:
            asked = set(_stems(question))
            shares = [sum(1 / sum(word in each for each in words) for word in asked & own) for own in words]
            places = [shares.index(max(shares))]
        given.setdefault(places[0], []).append(question)
    return [
        Passage(each.source, each.titles, each.text, each.language, tuple(given.get(place, ())))
        for place, each in enumerate(passages)
    ]


def _anchored(line: str) -> tuple[str, str]:
    """A question, and the anchor it names ("" if none)."""
    match = re.fullmatch(r"(.*\S)\s+#([\w-]+)", line)
    return (match[1], match[2]) if match else (line, "")


def _stems(text: str) -> list[str]:
    """Words cut to five letters: a rough kinship of words that is good enough within one file."""
    return [word[:5] for word in re.findall(r"\w{3,}", text.casefold())]


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub and most Markdown viewers build it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
