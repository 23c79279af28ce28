"""The ledger of destinations over the API: what became of each record, and what a person decides about it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from flask import Response, stream_with_context

from core.access.tokens import Scope
from core.destinations import by_hand, records, responses
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.api.destinations import NO_SUCH, PLACE
from core.web.api.fields import Paging
from core.web.api.operations import LINKS, NO_PLACE, NOT_NOW, Resource, by, listed
from core.web.api.record_fields import (
    Arrived,
    OpenedRecord,
    RecordMended,
    RecordPage,
    RecordQuery,
    ResponsePage,
    Retried,
    StateQuery,
    Took,
)

NO_RECORD = "There is no such destination, or it has no such record."
CSV = "text/csv"
CHUNK = 64 * 1024
"""About how many characters of an export are sent at a time."""


def add_ledger(resource: Resource, runtime: Runtime) -> None:
    """Give a resource the operations on the ledger."""
    _add_reading(resource, runtime)
    _add_exports(resource, runtime)
    _add_deciding(resource, runtime)
    _add_giving_up(resource, runtime)
    _add_deciding_of_many(resource, runtime)


def _add_reading(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "GET",
        f"{PLACE}/records",
        Scope.READ,
        query=RecordQuery,
        answers=RecordPage,
        words="A page of records, newest first.",
        refuses={404: f"{NO_SUCH} Or: {NO_PLACE}"},
        tells=LINKS,
    )
    def list_records(asked: dict[str, Any], name: str) -> Any:
        """List the records of a destination"""
        page = records.page(runtime, name, asked["state"], asked["cursor"], asked["limit"])
        return listed(runtime, page.records, page.next)

    @resource.operation(
        "GET",
        f"{PLACE}/records/<{ROW_ID}:record_id>",
        Scope.READ,
        answers=OpenedRecord,
        words="The record, with the last call that it was in.",
        refuses={404: NO_RECORD},
    )
    def get_record(name: str, record_id: int) -> Any:
        """Read a record"""
        return records.one(runtime, name, record_id)

    @resource.operation(
        "GET",
        f"{PLACE}/responses",
        Scope.READ,
        query=Paging,
        answers=ResponsePage,
        words="A page of answers, newest first.",
        refuses={404: f"{NO_SUCH} Or: {NO_PLACE}"},
        tells=LINKS,
    )
    def list_responses(asked: dict[str, Any], name: str) -> Any:
        """List what the vendor answered

        Of a destination with `response`: every answer, good or bad, with the record's key and the captured id.
        """
        page = records.responses(runtime, name, asked["cursor"], asked["limit"])
        return listed(runtime, page.responses, page.next)


def _add_exports(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "GET",
        f"{PLACE}/records.csv",
        Scope.READ,
        query=StateQuery,
        gives=CSV,
        words="The records; the first line names the columns.",
        refuses={404: NO_SUCH},
    )
    def export_records(asked: dict[str, Any], name: str) -> Any:
        """Export the records of a destination as CSV

        Cells that a spreadsheet would take for formulas begin with an apostrophe.
        """
        return _as_csv(f"{name}-records.csv", records.export(runtime, name, asked["state"]))

    @resource.operation(
        "GET",
        f"{PLACE}/responses.csv",
        Scope.READ,
        gives=CSV,
        words="The answers; the first line names the columns.",
        refuses={404: NO_SUCH},
    )
    def export_responses(name: str) -> Any:
        """Export what the vendor answered as CSV"""
        return _as_csv(f"{name}-responses.csv", records.export_responses(runtime, name))


def _as_csv(called: str, rows: Iterator[Sequence[Any]]) -> Response:
    # What is wrong shows with the first row, when there can still be another answer.
    first = list(islice(rows, 1))
    answer = Response(stream_with_context(_lines(chain(first, rows))), mimetype=CSV)
    answer.headers["Content-Disposition"] = f"attachment; filename={called}"
    return answer


def _lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    written = io.StringIO()
    writer = csv.writer(written)
    for row in rows:
        writer.writerow(row)
        if written.tell() >= CHUNK:
            yield written.getvalue()
            written.seek(0)
            written.truncate()
    yield written.getvalue()


# --------------------------------------------------------------------------------------------- what is decided


def _add_deciding(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"{PLACE}/records/<{ROW_ID}:record_id>/retry",
        Scope.SEND,
        body=RecordMended,
        bare=True,
        example={"data": {"name": "Ada Customer", "email": "ada@example.com"}},
        answers=OpenedRecord,
        status=202,
        words="It is sent again.",
        refuses={404: NO_RECORD, 409: NOT_NOW},
    )
    def retry_record(given: dict[str, Any], name: str, record_id: int) -> Any:
        """Send a record again that failed

        As it is, or corrected.
        """
        by_hand.retry(runtime, name, record_id, by(), given.get("data"))
        return records.one(runtime, name, record_id)

    @resource.operation(
        "POST",
        f"{PLACE}/records/<{ROW_ID}:record_id>/arrived",
        Scope.SEND,
        body=Arrived,
        bare=True,
        example={"captured_id": "4711"},
        answers=OpenedRecord,
        words="It counts as sent.",
        refuses={404: NO_RECORD, 409: NOT_NOW},
    )
    def tell_arrived(given: dict[str, Any], name: str, record_id: int) -> Any:
        """Say that the vendor has a record

        Of one that may or may not have been written.
        """
        by_hand.arrived(runtime, name, record_id, by(), given["captured_id"])
        return records.one(runtime, name, record_id)


def _add_giving_up(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"{PLACE}/records/<{ROW_ID}:record_id>/drop",
        Scope.SEND,
        answers=OpenedRecord,
        words="It is not sent.",
        refuses={404: NO_RECORD, 409: NOT_NOW},
    )
    def drop_record(name: str, record_id: int) -> Any:
        """Give a record up

        It stays in the ledger, so that it is not taken again.
        """
        by_hand.drop(runtime, name, record_id, by())
        return records.one(runtime, name, record_id)


def _add_deciding_of_many(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"{PLACE}/retry",
        Scope.SEND,
        answers=Retried,
        status=202,
        words="They are sent again.",
        refuses={404: NO_SUCH, 409: NOT_NOW},
    )
    def retry_failed(name: str) -> Any:
        """Send all records again that failed"""
        return {"records": by_hand.retry_failed(runtime, name, by())}

    @resource.operation(
        "POST",
        f"{PLACE}/take-earlier",
        Scope.SEND,
        answers=Took,
        status=202,
        words="What was taken of it.",
        refuses={404: NO_SUCH, 409: "Its records are not another destination's answers."},
    )
    def take_earlier(name: str) -> Any:
        """Take what was answered before

        Of a destination whose records are the answers of another one: those from before it was made, too.
        """
        return responses.take_earlier(runtime, name, by())
