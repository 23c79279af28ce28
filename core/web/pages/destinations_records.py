"""The records of a destination: files are taken in, each record can be looked at and mended, and answers are read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask_wtf.file import FileField, FileRequired
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, IntegerField
from wtforms.validators import NumberRange, Optional

from core.access.users import Role
from core.destinations import by_hand, formats, intake, records, trying
from core.destinations.catalogue import RECORD_STATES, Destinations
from core.errors import ConfigError, RelaydeskError
from core.runtime import Runtime
from core.web.addresses import HIGHEST_ID, ROW_ID
from core.web.forms import Confirm, Form
from core.web.guard import needs, signed_in
from core.web.pages.destinations_form import LONGEST
from core.web.pages.destinations_wording import BADGES, MEANINGS, RECORD_STATES as WORDS
from core.web.wording import sentence, words_of

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes that a file may have which is given to a page; the API and the command line take larger ones."""
_OF_THE_FORM = 64 * 1024

ShowPage = Callable[..., str]


class SendForm(Form):
    """A file of records, and what is done with them."""

    file = FileField("File", [FileRequired("Choose a file.")])
    limit = IntegerField(
        "Only the first",
        [Optional(), NumberRange(1, 10**9, "Give a whole number from 1, or leave it empty.")],
    )
    dry = BooleanField("Dry run: show what would be sent, and send nothing")


def add_upload(blueprint: Blueprint, runtime: Runtime, show: ShowPage) -> None:
    """Add what takes a file in; `show` makes the page of a destination with what came of it."""

    @blueprint.url_value_preprocessor
    def allow_files(endpoint: str | None, values: dict[str, Any] | None) -> None:
        # Before the forgery protection reads the form, which is the first to read it.
        if endpoint == "destinations.upload":
            request.max_content_length = LARGEST_FILE + _OF_THE_FORM

    @blueprint.post("/destinations/<name>/upload")
    @needs(Role.ADMIN)
    def upload(name: str) -> Any:
        form = SendForm()
        if not form.validate():
            return show(name, send=form), 422
        try:
            return show(name, **_taken_in(runtime, name, form))
        except RelaydeskError as problem:
            form.file.errors = (*form.file.errors, words_of(problem))
            return show(name, send=form), 422

    @blueprint.errorhandler(RequestEntityTooLarge)
    def too_large(problem: RequestEntityTooLarge) -> Any:
        largest = f"{LARGEST_FILE // 1024 // 1024} MB"
        words = f"That is more than {largest}. Send it in parts, or with: relaydesk destinations send NAME FILE"
        return render_template("trouble.html", status=413, title="The file is too large", words=words), 413
