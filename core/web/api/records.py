"""The records of destinations over the API: taken as they come in, however many there are."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, cast

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from core.access.tokens import Scope
from core.destinations import formats, intake, trying
from core.destinations.catalogue import Destinations
from core.destinations.pieces import NO_BEGINNING
from core.runtime import Runtime
from core.web.api.destinations import NO_SUCH, PLACE, answer_mistakes
from core.web.api.ledger import add_ledger
from core.web.api.operations import Resource, by
from core.web.api.record_fields import RECORDS_BODY, DryRun, SendingQuery, Took
from core.web.api.streamed import Streamed
from core.web.problems import problem

LARGEST = 100 * 1024**2
"""Bytes of records in one request."""
AHEAD = 64 * 1024
"""How much of them is read at a time."""


def records(runtime: Runtime) -> Resource:
    """The operations on records."""
    resource = Resource("Records", runtime, "What is written to destinations, and what became of each.")
    answer_mistakes(resource)
    _add_sending(resource, runtime)
    add_ledger(resource, runtime)
    return resource


def _add_sending(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"{PLACE}/records",
        Scope.SEND,
        query=SendingQuery,
        takes=Streamed(RECORDS_BODY, LARGEST),
        answers=Took,
        status=202,
        words="What was taken of it, also where some or all of it is broken.",
        otherwise={200: (DryRun, "What would be sent, where `dry_run` is true.")},
        refuses={404: NO_SUCH, 409: "The first line of a CSV names no columns, or one of them twice."},
    )
    def send_records(asked: dict[str, Any], name: str) -> Any:
        """Send records

        As JSON, as lines of JSON, or as CSV; up to 100 MB, which are read as they come in, so that a body may also be
        sent in chunks without its length. A record whose key is known already is not taken again: what was broken off
        is best sent once more as a whole. They wait until the destination is active.
        """
        definition = Destinations(runtime).get(name).sound()
        counted = _Counted()
        try:
            items = _items(formats.kind_of("", request.mimetype))
            if items is None:
                return problem(400)
            if asked["dry_run"]:
                found = trying.dry_run(runtime, definition, items, asked.get("limit"))
                return Response(DryRun().dumps(found), status=200, mimetype="application/json")
            origin = asked["origin"] or f"API by {by()}"
            return intake.take_in(runtime, name, items, origin, limit=asked.get("limit"), told=counted.tell)
        except RequestEntityTooLarge:
            taken = f" Of this one the first {counted.read:,} records were taken." if counted.read else ""
            return problem(413, f"A body may have {LARGEST // 1024**2} MB. Send what is larger in parts.{taken}")


class _Counted:
    """How many records of a body are in the ledger, for whoever sent too much."""

    read = 0

    def tell(self, read: int) -> None:
        self.read = read


def _items(kind: str) -> Iterator[formats.Item] | None:
    """The records of the body, one by one; None where the whole of it is no JSON."""
    stream = io.BufferedReader(cast(io.RawIOBase, request.stream), AHEAD)
    if kind != "json":
        return formats.read_items(stream, kind)
    items = formats.read_items(stream, kind)
    first = list(islice(items, 2))
    alone = len(first) == 1 and first[0].data is None
    if alone and (first[0].reason in NO_BEGINNING or not _is_json(first[0].raw)):
        return None
    return chain(first, items)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
