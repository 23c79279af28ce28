"""The records of a destination: files are taken in, each record can be looked at and mended, and answers are read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, FileField, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from core.access.users import Role
from core.destinations import by_hand, formats, intake, records, trying
from core.destinations.catalogue import RECORD_STATES, Destinations
from core.errors import ConfigError
from core.runtime import Runtime
from core.web.addresses import NAMED, ROW_ID
from core.web.forms import Confirm, Form
from core.web.guard import needs, signed_in
from core.web.pages.destinations_wording import BADGES, CALLS, MEANINGS, OUTCOMES, as_json
from core.web.pages.destinations_wording import RECORD_STATES as WORDS
from core.web.wording import words_of

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes that a file may have which is given to a page; the API and the command line take larger ones."""
_OF_THE_FORM = 64 * 1024
LARGEST_FORM = 4 * 1024 * 1024
"""Bytes of a form that holds records: one may have 1 MiB, of which a browser makes up to three."""
WITH_RECORDS = frozenset(f"destinations.{each}" for each in ("new", "edit", "samples", "correct"))
"""The addresses to which such forms go."""
MOST_INDENTED = 100_000
"""Characters of a record that is shown with its lines; of a longer one they would make several times as many."""
MOST_ROWS = 200_000
"""Records of a file that a page takes in while somebody waits for it."""
DONE = {
    "arrived": "Noted: it arrived.",
    "retry": "It is sent again.",
    "drop": "It is given up, and not sent.",
}

ShowPage = Callable[..., str]


class SendForm(Form):
    """A file of records, and what is done with them."""

    file = FileField("File", [InputRequired("Choose a file.")])
    limit = IntegerField(
        "Only the first",
        [Optional(), NumberRange(1, 10**9, "Give a whole number from 1, or leave it empty.")],
    )
    dry = BooleanField("Dry run: show what would be sent, and send nothing")


def add_upload(blueprint: Blueprint, runtime: Runtime, kept: Destinations, show: ShowPage) -> None:
    """Add what takes a file in; `show` makes the page of a destination with what came of it."""

    @blueprint.url_value_preprocessor
    def allow_files(endpoint: str | None, values: dict[str, Any] | None) -> None:
        # Before the forgery protection reads the form, which is the first to do so.
        if endpoint == "destinations.upload":
            request.max_content_length = LARGEST_FILE + _OF_THE_FORM
        elif endpoint in WITH_RECORDS:
            request.max_content_length = request.max_form_memory_size = LARGEST_FORM

    @blueprint.post(f"/destinations/<{NAMED}:name>/upload")
    @needs(Role.ADMIN)
    def upload(name: str) -> Any:
        kept.get(name)
        form = SendForm()
        good = form.validate()
        if not isinstance(form.file.data, FileStorage) and not form.file.errors:
            form.file.errors, good = ("Choose a file.",), False  # something of that name is there, and is none
        if not good:
            return show(name, send=form), 422
        try:
            return show(name, **_taken_in(runtime, kept, name, form))
        except ConfigError as problem:
            form.file.errors = (*form.file.errors, words_of(problem))
            return show(name, send=form), 422

    @blueprint.errorhandler(RequestEntityTooLarge)
    def too_large(problem: RequestEntityTooLarge) -> Any:
        if request.endpoint == "destinations.upload":
            largest = f"{LARGEST_FILE // 1024 // 1024} MB"
            words = f"A page takes up to {largest}. Send it in parts, or by: relaydesk destinations send NAME FILE"
        else:
            largest = f"{LARGEST_FORM // 1024 // 1024} MB"
            words = f"A form takes up to {largest}, and nothing was done. Go back, and enter shorter records"
        return render_template("trouble.html", status=413, title="That is too much at once", words=words), 413


def _taken_in(runtime: Runtime, kept: Destinations, name: str, form: SendForm) -> dict[str, Any]:
    """What came of a file; nothing is stored in a dry run."""
    file: FileStorage = form.file.data
    called = (file.filename or "").replace("\x00", "").rpartition("/")[2][-200:]
    # Browsers name the type by what is installed beside them; the ending of the name says more.
    items = formats.read_items(cast(BinaryIO, file.stream), formats.kind_of(called))
    limit = form.limit.data
    most = min(limit or MOST_ROWS, MOST_ROWS)
    told: dict[str, Any] = {"origin": called, "limit": limit}
    if form.dry.data:
        told["dried"] = trying.dry_run(runtime, kept.get(name).sound(), items, most)
    else:
        told["took"] = intake.take_in(runtime, name, items, called, limit=most)
    more = (limit is None or limit > most) and next(items, None) is not None
    return {**told, "cut_at": most if more else 0}


def add_records(blueprint: Blueprint, runtime: Runtime, kept: Destinations) -> None:
    """Add the page of a record, and what is decided there."""
    _add_settling(blueprint, runtime)

    def shown(name: str, record_id: int, problem: str = "") -> str:
        record = records.one(runtime, name, record_id)
        text = record.raw if record.data is None else _as_text(record.data)
        if problem:
            text = request.form.get("text", "")
        return render_template(
            "destinations/record.html",
            destination=kept.get(name),
            record=record,
            text=text,
            rows=min(24, max(5, text.count("\n") + 2)),
            problem=problem,
            words=WORDS,
            call_words=CALLS,
            meanings=MEANINGS,
            badges=BADGES,
            confirm=Confirm(),
        )

    @blueprint.get(f"/destinations/<{NAMED}:name>/records/<{ROW_ID}:record_id>")
    @needs(Role.OPERATOR)
    def record(name: str, record_id: int) -> str:
        return shown(name, record_id)

    @blueprint.post(f"/destinations/<{NAMED}:name>/records/<{ROW_ID}:record_id>")
    @needs(Role.ADMIN)
    def correct(name: str, record_id: int) -> Any:
        try:
            by_hand.retry(runtime, name, record_id, signed_in().email, _corrected(request.form.get("text", "")))
        except ConfigError as problem:
            field = "" if problem.key == "record" else f"{problem.key}: "
            return shown(name, record_id, f"{field}{words_of(problem)}"), 422
        flash("It is sent again as it stands now.", "success")
        return redirect(url_for("destinations.record", name=name, record_id=record_id))


def _add_settling(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.post(f"/destinations/<{NAMED}:name>/records/<{ROW_ID}:record_id>/<any(arrived, retry, drop):what>")
    @needs(Role.ADMIN)
    def settle(name: str, record_id: int, what: str) -> AnyResponse:
        by = signed_in().email
        try:
            if what == "arrived":
                captured_id = request.form.get("captured_id", "").replace("\x00", "").strip()[:255]
                by_hand.arrived(runtime, name, record_id, by, captured_id)
            elif what == "retry":
                by_hand.retry(runtime, name, record_id, by)
            else:
                by_hand.drop(runtime, name, record_id, by)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        else:
            flash(DONE[what], "success")
        return redirect(url_for("destinations.record", name=name, record_id=record_id))


def _as_text(data: Mapping[str, Any]) -> str:
    """A record as it is read and corrected; of a large one no line more than it has."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) > MOST_INDENTED else as_json(data)


def _corrected(text: str) -> dict[str, Any]:
    """A record as it was corrected. Raises `ConfigError` for what is no object in JSON."""
    mend = 'Give it as {"name": "value"}.'
    try:
        data = formats.read_json(text)
    except formats.NotJson as problem:
        raise ConfigError("record", problem.in_lines, mend) from None
    if not isinstance(data, dict):
        raise ConfigError("record", "this is no record", mend)
    return data


def add_answers(blueprint: Blueprint, runtime: Runtime, kept: Destinations) -> None:
    """Add the answers that are kept, and what is exported."""

    @blueprint.get(f"/destinations/<{NAMED}:name>/responses")
    @needs(Role.OPERATOR)
    def answers(name: str) -> str:
        destination = kept.get(name)
        lost = False
        try:
            page = records.responses(runtime, name, request.args.get("cursor", ""))
        except ConfigError:
            page, lost = records.ResponsePage((), ""), True
        return render_template(
            "destinations/answers.html",
            destination=destination,
            page=page,
            lost=lost,
            cursor=request.args.get("cursor", ""),
            fed=[each for each in kept.list() if each.definition.upstream == name],
            words=OUTCOMES,
        )

    @blueprint.get(f"/destinations/<{NAMED}:name>/records.csv")
    @needs(Role.OPERATOR)
    def export(name: str) -> Response:
        kept.get(name)
        state = request.args.get("state", "")
        state = state if state in RECORD_STATES else ""
        return _as_file(records.export(runtime, name, state), f"{name}{'-' if state else ''}{state}.csv")

    @blueprint.get(f"/destinations/<{NAMED}:name>/responses.csv")
    @needs(Role.OPERATOR)
    def export_answers(name: str) -> Response:
        kept.get(name)
        return _as_file(records.export_responses(runtime, name), f"{name}-answers.csv")


def _as_file(rows: Iterable[Iterable[Any]], called: str) -> Response:
    """Rows as a CSV file, which is sent while it is read."""

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        for row in rows:
            writer.writerow(row)
            if buffer.tell() > 64 * 1024:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue()

    headers = {"Content-Disposition": f'attachment; filename="{called}"'}
    return Response(lines(), mimetype="text/csv", headers=headers)
