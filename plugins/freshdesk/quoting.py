"""Tells what a message newly says from what it quotes of earlier ones: by the structure of HTML, by lines of text.

The libraries for this were tried and passed over: mail-parser-reply takes time by the square of the text's length,
quotequail cuts at "On Monday I wrote:" and does not know the header block of Outlook. All here is linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.witness import html_to_text

LONGEST_LINE = 400
"""Characters of a line that may announce a quotation; longer ones are somebody's text."""
LONGEST_MESSAGE = 200_000
"""Characters of HTML that are looked into; what goes beyond them is no person's writing."""


@dataclass(frozen=True, slots=True)
class Split:
    """A message as plain text: what it says, and what it quotes ("" if nothing)."""

    text: str
    quoted: str = ""


def split_html(markup: str, subject: str = "") -> Split:
    """Take the HTML of a message apart.

    What it forwards is its content and no history, whether the `subject` or the quotation itself tells it. A message
    that would be left without a word is given back whole.
    """
    markup = _flowed(markup[:LONGEST_MESSAGE])
    kept, quoted = _by_structure(markup)
    return _joined(html_to_text(kept), html_to_text(quoted), lambda: html_to_text(markup), subject)


def split_text(text: str, subject: str = "") -> Split:
    """Take a message in plain text apart, as `split_html` does."""
    text = text[:LONGEST_MESSAGE].strip()
    return _joined(text, "", lambda: text, subject)


def _joined(text: str, quoted: str, whole: Callable[[], str], subject: str) -> Split:
    if _FORWARDED_SUBJECT.match(subject) or _FORWARDED.search(quoted[:500]):
        return Split(whole())
    text, history = _by_lines(text)
    if not text or _FORWARDED.search(text[-200:]):
        return Split(whole())
    return Split(text, "\n\n".join(part for part in (history, quoted) if part))


# ----------------------------------------------------------------------------------------- HTML, by structure

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_PREFORMATTED = re.compile(r"<pre\b|white-space\s{0,3}:\s{0,3}pre", re.IGNORECASE)
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr"})
_CLASS = re.compile(r"""\b(?:class|id)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_QUOTE_NAMES = frozenset(
    (
        *("freshdesk_quote", "gmail_quote", "gmail_quote_container", "gmail_extra", "yahoo_quoted", "protonmail_quote"),
        *("moz-cite-prefix", "zmail_extra", "tutanota_quote", "quoted-text", "front-blockquote"),
    )
)
# From these on all is history: Outlook, Yahoo and Hotmail put it beside the divider and not into it.
_REST_NAMES = frozenset({"divrplyfwdmsg", "x_divrplyfwdmsg", "appendonsend", "stopspelling", "outlookmessageheader"})
_OUTLOOK_LINE = re.compile(r"border:\s*none;\s*border-top:\s*solid\s+#[0-9a-f]{6}\s+1\.0pt", re.IGNORECASE)


def _flowed(markup: str) -> str:
    """Line ends in HTML are spaces, unless the text is preformatted or has no tag at all."""
    if not _TAG.search(markup) or _PREFORMATTED.search(markup):
        return markup
    return re.sub(r"[\r\n]+", " ", markup)


def _by_structure(markup: str) -> tuple[str, str]:
    """The HTML without its quotations, and these. One nested in another goes with it."""
    kept: list[str] = []
    quoted: list[str] = []
    at, inside, depth = 0, "", 0
    for tag in _TAG.finditer(markup):
        closing, name = bool(tag.group(1)), tag.group(2).lower()
        if inside:
            if name == inside:
                depth += -1 if closing else 1
            if depth == 0:
                quoted.append(markup[at : tag.end()])
                at, inside = tag.end(), ""
        elif not closing:
            if _starts_rest(tag.group(3)):
                kept.append(markup[at : tag.start()])
                quoted.append(markup[tag.start() :])
                return "".join(kept), "".join(quoted)
            if name not in _VOID and _starts_quote(name, tag.group(3)):
                kept.append(markup[at : tag.start()])
                at, inside, depth = tag.start(), name, 1
    # One that nothing closes reaches to the end.
    (quoted if inside else kept).append(markup[at:])
    return "".join(kept), "".join(quoted)


def _starts_quote(name: str, attributes: str) -> bool:
    return name == "blockquote" or not _names(attributes).isdisjoint(_QUOTE_NAMES)


def _starts_rest(attributes: str) -> bool:
    return not _names(attributes).isdisjoint(_REST_NAMES) or bool(_OUTLOOK_LINE.search(attributes[:2000]))


def _names(attributes: str) -> set[str]:
    """The classes and the id of a tag."""
    found = (match.group(1) or match.group(2) or match.group(3) or "" for match in _CLASS.finditer(attributes[:2000]))
    return {name for value in found for name in value.lower().split()}


# ------------------------------------------------------------------------------------------ plain text, by lines

# An announcement names a time or an address, so that "On Monday I wrote:" is not taken for one.
_ANNOUNCED = re.compile(
    r"(?=.*[\d@])(?:"
    r"On\b.*\bwrote|Am\b.*\bschrieb\b.*|Le\b.*\ba [ée]crit|El\b.*\bescribi[óo]|Em\b.*\bescreveu|Il\b.*\bha scritto|"
    r"Op\b.*\b(?:schreef\b.*|geschreven)|Den\b.*\bskrev\b.*|W dniu\b.*\bnapisa[łl]\(?a?\)?|Dne\b.*\bnapsal\(?a?\)?|"
    r".*\bнаписал\(?а?\)?|.*\bwrote"
    r")\s*[:：]?\s*\Z"
)
_DIVIDER = re.compile(
    r"-{2,}\s*(?:Original Message|Original Appointment|Urspr[üu]ngliche Nachricht|Message d'origine|Message original|"
    r"Mensaje original|Mensagem original|Messaggio originale|Oorspronkelijk bericht|Originalmeddelande|"
    r"Oprindelig meddelelse|Исходное сообщение|Wiadomo[śs][ćc] oryginalna)\s*-{2,}\s*\Z",
    re.IGNORECASE,
)
_FROM = re.compile(r"[*]?(?:From|Von|De|Da|Van|Från|Fra|Od|От|Expéditeur|差出人|发件人)[*]?\s?[:：]", re.IGNORECASE)
_HEADER = re.compile(
    r"[*]?(?:From|To|Sent|Date|Cc|Subject|Von|An|Gesendet|Datum|Betreff|De|À|A|Para|Pour|Envoyé|"
    r"Enviado(?: el)?|Enviada(?: em)?|Fecha|Data|Objet|Asunto|Assunto|Oggetto|Inviato|Van|Aan|Verzonden|Onderwerp|Från|"
    r"Till|Skickat|Ämne|Fra|Til|Sendt|Emne|Od|Do|Wysłano|Temat|От|Кому|Тема|Дата)[*]?\s?[:：]",
    re.IGNORECASE,
)
_UNDERSCORES = re.compile(r"_{10,}\s*\Z")
_OPENING = re.compile(r"(?:On|Am|Le|El|Em|Il|Op|Den|W dniu|Dne)\b.*\d")
_FORWARDED_SUBJECT = re.compile(r"\s*(?:fwd?|wg|rv|tr|enc|doorst|vs|i)\s*:", re.IGNORECASE)
_FORWARDED = re.compile(
    r"-{3,}\s*(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado|Messaggio inoltrato|"
    r"Doorgestuurd bericht)|Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-Mail)|"
    r"Début du message réexpédié",
    re.IGNORECASE,
)


def _by_lines(text: str) -> tuple[str, str]:
    """The text up to where its history begins, and the history; quoted lines at the end belong to it."""
    lines = text.splitlines()
    cut = next((number for number in range(len(lines)) if _announces(lines, number)), len(lines))
    end = cut
    if cut == len(lines):
        while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
            end -= 1
        if not any(line.lstrip().startswith(">") for line in lines[end:]):
            end = len(lines)
    return "\n".join(lines[:end]).strip(), "\n".join(lines[end:]).strip()


def _announces(lines: Sequence[str], number: int) -> bool:
    """Whether all from this line on is history."""
    line = lines[number].strip()
    if not line or len(line) > LONGEST_LINE:
        return False
    if _DIVIDER.match(line):
        return True
    if _UNDERSCORES.match(line) or _FROM.match(line):
        return _is_header_block(lines[number : number + 8])
    if line[-1] in ":：" or line.endswith("wrote"):
        return bool(_ANNOUNCED.match(line))
    return bool(_OPENING.match(line)) and _is_broken_announcement(line, lines[number + 1 : number + 3])


def _is_broken_announcement(line: str, following: Sequence[str]) -> bool:
    """Whether an announcement that begins in this line ends in one of those that follow."""
    so_far = line
    for each in following:
        so_far = f"{so_far} {each.strip()[:LONGEST_LINE]}"
        if so_far.endswith((":", "：")):
            return bool(_ANNOUNCED.match(so_far))
    return False


def _is_header_block(lines: Sequence[str]) -> bool:
    """Whether the lines hold the sender and two further headers of a mail, with little else between them."""
    headers = [line.strip() for line in lines if _HEADER.match(line.strip()[:LONGEST_LINE])]
    return len(headers) >= 3 and any(_FROM.match(line) for line in headers)
