"""The walk over what has changed in an account, past its 300 pages, and what a backfill costs (behaviour 93, 151)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests_mock

from core import BackfillEstimate, ChangePage, Refused
from core.domain import NOTHING
from tests.vendors.freshdesk_account import BASE, FRESHDESK, STARTED, connection, http, stamp, ticket

TICKETS = f"{BASE}/tickets"
PER_PAGE = 100


@pytest.fixture
def vendor() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def page(cursor: Mapping[str, Any] = NOTHING, since: datetime = STARTED, whole: bool = False) -> ChangePage:
    return FRESHDESK.list_changes(since, cursor, connection(), http(), whole=whole)


class Account:
    """The vendor's list of tickets over `times` (id to seconds), as it is at each call; full pages of 100."""

    def __init__(self, vendor: requests_mock.Mocker, times: dict[int, int]) -> None:
        self.times = times
        self.calls: list[dict[str, list[str]]] = []
        vendor.get(TICKETS, json=self._answer)

    def _answer(self, request: Any, context: Any) -> list[dict[str, Any]]:
        self.calls.append(request.qs)
        since = datetime.strptime(request.qs["updated_since"][0].upper(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        number = int(request.qs["page"][0])
        assert number <= 300
        first = int((since - STARTED).total_seconds())
        found = sorted((at, each) for each, at in self.times.items() if at >= first)
        if len(found) > number * PER_PAGE:
            context.headers["Link"] = '<https://acme.freshdesk.com/x>; rel="next"'
        shown = found[(number - 1) * PER_PAGE : number * PER_PAGE]
        return [ticket(id=each, updated_at=stamp(at)) for at, each in shown]

    def walk(self) -> list[str]:
        """The ids of a whole walk, with repeats."""
        found, cursor = [], dict[str, Any]()
        for _ in range(1000):
            one = page(cursor)
            found += [each.conversation_id for each in one.conversations]
            cursor = dict(one.cursor)
            if not cursor:
                return found
        raise AssertionError("the walk does not end")


@pytest.mark.parametrize("whole", [True, False])
def test_changed_tickets_are_asked_for_by_time_and_whole_ones_with_what_reading_needs(
    vendor: requests_mock.Mocker, whole: bool
) -> None:
    vendor.get(TICKETS, json=[])
    assert page(since=STARTED + timedelta(microseconds=999_999), whole=whole) == ChangePage(())
    included = {"include": ["description,requester"]} if whole else {}
    assert vendor.last_request.qs == included | {
        "updated_since": [stamp().lower()],
        "order_by": ["updated_at"],
        "order_type": ["asc"],
        "page": ["1"],
        "per_page": ["100"],
    }


@pytest.mark.parametrize(
    ("status", "waiting"), [(2, True), (3, True), (4, False), (5, False), (6, False), (None, False)]
)
def test_93_open_and_pending_tickets_are_waiting(vendor: requests_mock.Mocker, status: Any, waiting: bool) -> None:
    shown = ticket(status=status)
    vendor.get(TICKETS, json=[shown])
    [found] = page().conversations
    assert (found.conversation_id, found.waiting, found.status) == ("12", waiting, str(status or ""))
    assert found.at == STARTED + timedelta(seconds=60)
    assert found.payload == shown


def test_a_page_without_a_next_one_is_the_last(vendor: requests_mock.Mocker) -> None:
    Account(vendor, {1: 0, 2: 5})
    assert page().cursor == {}


def test_the_next_page_begins_at_the_last_change_seen(vendor: requests_mock.Mocker) -> None:
    Account(vendor, {each: each for each in range(150)})
    assert page().cursor == {"since": stamp(99), "page": 1}


def test_only_within_one_second_is_the_next_page_asked_for(vendor: requests_mock.Mocker) -> None:
    Account(vendor, dict.fromkeys(range(250), 0))
    assert page().cursor == {"since": stamp(0), "page": 2}
    assert page({"since": stamp(0), "page": 2}).cursor == {"since": stamp(0), "page": 3}


def test_151_a_walk_finds_all_tickets_and_meets_no_wall(vendor: requests_mock.Mocker) -> None:
    account = Account(vendor, {each: each // 7 for each in range(5000)} | dict.fromkeys(range(5000, 5350), 300))
    assert set(account.walk()) == {str(each) for each in range(5350)}
    assert max(int(call["page"][0]) for call in account.calls) <= 4


def test_what_changes_during_the_walk_is_not_left_out_and_leaves_nothing_out(vendor: requests_mock.Mocker) -> None:
    account = Account(vendor, {each: each for each in range(1000)})
    found, cursor, moved = set(), dict[str, Any](), 1000
    while True:
        one = page(cursor)
        found |= {each.conversation_id for each in one.conversations}
        cursor = dict(one.cursor)
        if not cursor:
            break
        for each in range(moved - 1000, moved - 990):  # those already seen move to the end of the list
            account.times[each] = moved
        moved += 10
    assert found == {str(each) for each in range(1000)}


def test_151_more_of_one_second_than_the_vendor_lists_is_told(vendor: requests_mock.Mocker) -> None:
    with pytest.raises(Refused, match="more than 30000 tickets were changed at 2026-11-20T09:00:00Z"):
        page({"since": stamp(), "page": 301})
    assert not vendor.called


def test_a_full_page_without_a_link_is_not_taken_for_the_last(vendor: requests_mock.Mocker) -> None:
    vendor.get(TICKETS, json=[ticket(id=each, updated_at=stamp(each)) for each in range(PER_PAGE)])
    assert page().cursor == {"since": stamp(99), "page": 1}


def test_tickets_without_an_id_are_left_out_and_without_a_time_are_of_the_start(vendor: requests_mock.Mocker) -> None:
    vendor.get(TICKETS, json=[ticket(id=None), ticket(updated_at=None)])
    [found] = page().conversations
    assert (found.conversation_id, found.at) == ("12", STARTED)


@pytest.mark.parametrize("cursor", [{}, {"since": "?", "page": "x"}, {"since": None}])
def test_a_cursor_that_cannot_be_read_begins_anew(vendor: requests_mock.Mocker, cursor: dict[str, Any]) -> None:
    vendor.get(TICKETS, json=[])
    page(cursor)
    assert vendor.last_request.qs["updated_since"] == [stamp().lower()]


# ------------------------------------------------------------------------------------------------- the estimate


def test_93_a_backfill_is_estimated_by_two_searches(vendor: requests_mock.Mocker) -> None:
    vendor.get(
        f"{BASE}/search/tickets", [{"json": {"total": 40, "results": []}}, {"json": {"total": 250, "results": []}}]
    )
    found = FRESHDESK.estimate_backfill(STARTED, connection(), http())
    assert found == BackfillEstimate(40, 40 + 3 * 5)
    assert [request.qs["query"][0] for request in vendor.request_history] == [
        "\"(status:2 or status:3) and updated_at:>'2026-11-20'\"",
        "\"updated_at:>'2026-11-20'\"",
    ]


@pytest.mark.parametrize("answer", [{"status_code": 400}, {"status_code": 403}, {"text": "<html>"}])
def test_an_account_that_does_not_search_leaves_the_estimate_open(
    vendor: requests_mock.Mocker, answer: dict[str, Any]
) -> None:
    vendor.get(f"{BASE}/search/tickets", **answer)
    assert FRESHDESK.estimate_backfill(STARTED, connection(), http()) == BackfillEstimate()
