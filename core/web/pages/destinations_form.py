"""A destination as a form: what was given for it becomes fields to be filled in, and what they hold what is given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from core.destination_settings import EVENTS, Batching, Definition, DestinationSchema
from core.destination_template import DestinationTemplate, FieldKind, TemplateField
from core.destinations.checking import mistakes_of
from core.destinations.formats import NotJson, read_json
from core.errors import ConfigError
from core.runtime import Runtime
from core.settings import check_settings

Posted = MultiDict[str, str]

SAME, CHOSEN = "same", "chosen"
"""Whether attributes are taken under their own names, or those alone that are entered."""
FROM, ALWAYS = "from:", "always:"
"""How the fields begin that say of a template's field where it is from, and what it always is."""
FREE_ROWS, MORE_ROWS, MOST_ROWS = 3, 3, 200
LONGEST = 5000
UNNAMED = "draft"
"""What a destination is called in its samples while its name will not do."""
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that browsers change, or that nobody could see in a field; JSON says them in letters."""
_FREE = re.compile(r"row(\d{1,3})_(?:name|from|always)")
_PLACES = {"exclude": "exclude", "headers": "headers", "source": "source", "events": "events", "batch": "batch"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the mapping: a field of the template, or a free one whose `name` is entered, as `number` of those.

    `source` is the attribute or expression it takes its value from, `always` what it is in each request.
    """

    name: str
    source: str
    always: str
    field: TemplateField | None = None
    number: int = 0


# -------------------------------------------------------------------------------------------------- from what is given


def posted_of(given: Mapping[str, Any], template: DestinationTemplate | None) -> Posted:
    """The fields of a form as a browser would send them, were what is given entered there."""
    entered: dict[str, Any] = {
        name: str(given.get(name, ""))
        for name in ("name", "connection", "template", "method", "url", "headers", "key", "unique")
    }
    for name, usual in (("keep", "first"), ("exists", "fail"), ("source", "records")):
        entered[name] = str(given.get(name, usual))
    chosen, constants = given.get("fields") or {}, given.get("constants") or {}
    entered["take"] = CHOSEN if chosen else SAME
    free = []
    for name in dict.fromkeys([*chosen, *constants]):
        own = _own(template, name)
        always = _as_text(constants[name], own) if name in constants else ""
        if own is None:
            free.append((name, chosen.get(name, ""), always))
        else:
            entered[FROM + name], entered[ALWAYS + name] = chosen.get(name, ""), always
    for number, (name, source, always) in enumerate(free):
        entered |= {f"row{number}_name": name, f"row{number}_from": source, f"row{number}_always": always}
    # An attribute may have a comma in its name: one a line, the last with an end too.
    entered["exclude"] = "".join(f"{name}\n" for name in given.get("exclude", ()))
    entered["events"] = list(given.get("events", ()))
    batch = given.get("batch")
    entered |= {"batch": ["true"] if batch is not None else [], "response": ["true"] if given.get("response") else []}
    usual_batch = Batching()
    for name in Batching.__slots__:
        entered[f"batch_{name}"] = _number_text((batch or {}).get(name, getattr(usual_batch, name)))
    return MultiDict(entered)


def _number_text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else repr(value) if isinstance(value, float) else str(value)


def _own(template: DestinationTemplate | None, name: str) -> TemplateField | None:
    """The field of the template that has a line of its own for this name."""
    found = template.field(name) if template is not None else None
    return found if found is not None and found.name == name else None


def _as_text(value: Any, field: TemplateField | None) -> str:
    """A constant as it is entered: JSON wherever a text would not come back from the form as it was."""
    if isinstance(value, str) and value and not _UNSEEN.search(value) and _entered(value) == value:
        try:
            if _constant(value, field) == value:
                return value
        except NotJson:
            pass
    return json.dumps(value, ensure_ascii=False)


# --------------------------------------------------------------------------------------------------- to what is given


def given_of(posted: Posted, template: DestinationTemplate | None) -> dict[str, Any]:
    """What a filled-in form gives for a destination, in the form of the configuration file; nothing is checked."""
    given: dict[str, Any] = {"name": _text(posted, "name"), "connection": _text(posted, "connection")}
    if template is not None:
        given["template"] = template.name
        if template.finds_existing:
            given["exists"] = _text(posted, "exists") or "fail"
    else:
        given |= {name: _text(posted, name) for name in ("template", "method", "url")}
    given |= {name: _text(posted, name) for name in ("headers", "key", "unique")}
    given["keep"] = _text(posted, "keep") or "first"
    lines = list(rows(posted, template))
    if posted.get("take") == CHOSEN:
        given["fields"] = {line.name: line.source for line in lines if line.source}
    given["constants"] = {line.name: _constant_or_text(line) for line in lines if line.always}
    given["exclude"] = _names(posted.get("exclude", ""))
    given["response"] = posted.get("response") == "true"
    given["source"] = _text(posted, "source") or "records"
    if given["source"] == EVENTS:
        given["events"] = posted.getlist("events")
    if posted.get("batch") == "true" and (template is None or template.merged_by):
        given["batch"] = _batch(posted, under=template is None)
    return given


def rows(posted: Posted, template: DestinationTemplate | None, *, empty: int = 0) -> Iterator[Row]:
    """The lines of the mapping: those of the template, then free ones that are filled, and so many `empty` ones."""
    for field in template.fields if template is not None else ():
        if not field.name.endswith("*"):
            always = _entered(posted.get(ALWAYS + field.name, ""))
            yield Row(field.name, _text(posted, FROM + field.name), always, field)
    number = 0
    for entered in sorted({int(found.group(1)) for name in posted if (found := _FREE.fullmatch(name))})[:MOST_ROWS]:
        name, source = (_text(posted, f"row{entered}_{part}") for part in ("name", "from"))
        always = _entered(posted.get(f"row{entered}_always", ""))
        if name or source or always:
            yield Row(name, source, always, number=number)
            number += 1
    for _ in range(empty):
        yield Row("", "", "", number=number)
        number += 1


def takes_free_rows(template: DestinationTemplate | None, posted: Posted) -> bool:
    """Whether there are lines whose field is entered too: a manual one has no other, and ``cf_*`` stands for many."""
    wild = template is None or any(field.name.endswith("*") for field in template.fields)
    return wild or any(line.field is None for line in rows(posted, template))


def _text(posted: Posted, name: str) -> str:
    return posted.get(name, "").strip()[:LONGEST]


def _names(text: str) -> list[str]:
    """Names given one a line, or all on one with commas between."""
    parts = text.splitlines() if "\n" in text.strip("\r") else text.split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _entered(text: str) -> str:
    """What stands in a field of several lines, whose ends browsers send as two characters."""
    return text.replace("\r\n", "\n").strip()


def _constant(text: str, field: TemplateField | None) -> Any:
    """A constant: JSON where it is some, else a text; a field that holds a text takes none but a text in quotes.

    Raises `NotJson` for JSON that cannot be kept.
    """
    texts_only = field is not None and field.kind is FieldKind.TEXT
    if texts_only and not (text.startswith('"') and text.endswith('"')):
        return text
    try:
        value = read_json(text)
    except NotJson as problem:
        if problem.line:
            return text
        raise
    return value if isinstance(value, str) or not texts_only else text


def _constant_or_text(line: Row) -> Any:
    try:
        return _constant(line.always, line.field)
    except NotJson:
        return line.always


def _batch(posted: Posted, *, under: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: text
        for name in Batching.__slots__
        if (text := _text(posted, f"batch_{name}")) and (name != "under" or under)
    }
    grouping = found.get("group_by", "count")
    # What belongs to another grouping may stand in the form, and does not count.
    for name, owner in (("field", "field"), ("bytes", "bytes")):
        if grouping != owner:
            found.pop(name, None)
    return found


# ----------------------------------------------------------------------------------------------------- is it any good


def checked(
    runtime: Runtime, posted: Posted, template: DestinationTemplate | None
) -> tuple[Definition | None, dict[str, Any], list[ConfigError]]:
    """The definition that a form makes, what was given for it, and all mistakes; the first None if it cannot be read.

    Where nothing but the name will not do there is a definition all the same, called otherwise.
    """
    given = given_of(posted, template)
    mistakes = list(_of_the_form(posted, template, given))
    definition, wrong = check_settings(DestinationSchema(), given, "", runtime.config.folder)
    mistakes += wrong
    if definition is None and all(each.key == "name" for each in wrong):
        definition, _ = check_settings(DestinationSchema(), {**given, "name": UNNAMED}, "", runtime.config.folder)
    if definition is not None:
        mistakes += mistakes_of(runtime, definition)
    return definition, given, mistakes


def _of_the_form(
    posted: Posted, template: DestinationTemplate | None, given: Mapping[str, Any]
) -> Iterator[ConfigError]:
    if any("\x00" in text for _, text in posted.items(multi=True)):
        yield ConfigError("", "something entered holds a character that no text has", "Enter it again.")
    names: set[str] = set()
    for line in rows(posted, template):
        try:
            _constant(line.always, line.field)
        except NotJson as problem:
            mend = "Give something simpler, or a text in quotes."
            yield ConfigError(f"constants.{line.name}", str(problem), mend)
        if not line.name:
            yield ConfigError(
                f"row{line.number}_name", "it is missing", "Say what it is sent as, or empty the whole line."
            )
        elif line.name in names:
            yield ConfigError(f"row{line.number}_name", f"{line.name} is there already", "Empty one of the lines.")
        names.add(line.name)
    if posted.get("take") == CHOSEN and not given.get("fields"):
        mend = "Enter at least one attribute, or take those of the same name."
        yield ConfigError("take", "no attribute is chosen", mend)


def place_of(key: str) -> str:
    """The field of a form at which a mistake is told, by its key in the definition; "" above all fields."""
    for begins in ("fields.", "constants."):
        if key.startswith(begins):
            return f"row:{key.removeprefix(begins)}"
    if key.startswith("batch."):
        return f"batch_{key.removeprefix('batch.')}"
    first = re.split(r"[.\[]", key)[0]
    if first in _PLACES:
        return _PLACES[first]
    known = ("name", "method", "url", "key", "unique", "keep", "exists", "take", "response", "answers_to", "records")
    return first if first in known or first.startswith("row") else ""


def as_records(text: str) -> list[dict[str, Any]]:
    """The sample records that were entered. Raises `ConfigError` in words for what is no list of objects."""
    wanted = 'Give a list of records, such as [{"email": "ann@example.com"}].'
    try:
        found = read_json(text)
    except NotJson as problem:
        raise ConfigError("records", problem.in_lines, wanted) from None
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise ConfigError("records", "this is not a list of records", wanted)
    return found
