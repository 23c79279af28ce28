"""Destinations over the REST API: made, tried, let send, and fed with records, however many there are."""

from __future__ import annotations

import csv
import http.client
import io
import json
import tracemalloc
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import requests

from core.access.tokens import Scope
from core.destinations.provision import provision_destinations
from core.jobs.send_records import drain
from tests.end_to_end.program import Program, token_of
from tests.end_to_end.test_api_doors import operations
from tests.end_to_end.worlds import World

PEOPLE = {
    "connection": "support",
    "template": "create_end_user",
    "fields": {"first_name": "name", "email": "email"},
    "key": "email",
}
ADA, GRACE = {"name": "Ada", "email": "ada@acme.example"}, {"name": "Grace", "email": "grace@acme.example"}
records_module = import_module("core.web.api.records")  # the package's attribute of this name is the function
NDJSON, CSV = "application/x-ndjson", "text/csv"


@pytest.fixture
def program(quick: World) -> Program:
    """Another program, with every scope, at a service that runs."""
    return Program(quick.start(requests_per_minute=10_000))


@pytest.fixture
def people(program: Program) -> Program:
    """The same, with a destination `people` that is not active."""
    program.post("/destinations", {"name": "people", **PEOPLE})
    return program


def sent(program: Program) -> list[str]:
    """The addresses of the end-users that were made at the vendor."""
    users = program.world.sim.account.users.values()
    return sorted(user.email for user in users if (user.email or "").endswith("@acme.example"))


def put(program: Program, **options: Any) -> requests.Response:
    """Records sent to `people` as they stand."""
    kind = options.pop("kind", "application/json")
    query = options.pop("query", {})
    return program.call("POST", "/destinations/people/records", params=query, headers={"Content-Type": kind}, **options)


# --------------------------------------------------------------------------------------------------- the destination


def test_a_destination_is_made_read_changed_and_removed(program: Program) -> None:
    answer = program.call("POST", "/destinations", json={"name": "people", **PEOPLE})
    assert (answer.status_code, answer.headers["Location"]) == (201, "/api/v1/destinations/people")
    made = answer.json()
    assert (made["state"], made["connector"], made["origin"]) == ("inactive", "freshchat", "made")
    assert made["definition"] == PEOPLE
    assert made["created_by"] == "token:crm"
    assert program.get("/destinations/people") == made
    assert program.get("/destinations")["items"] == [made]
    changed = program._good(
        program.call("PUT", "/destinations/people", json={**PEOPLE, "exists": "skip", "revision": made["revision"]})
    )
    assert changed["definition"] == {**PEOPLE, "exists": "skip"}
    assert changed["revision"] > made["revision"]
    assert program.call("DELETE", "/destinations/people").status_code == 204
    program.refused("GET", "/destinations/people", 404)


def test_everything_that_a_definition_has_is_given_and_read(program: Program) -> None:
    manual = {
        "connection": "support",
        "method": "PUT",
        "url": "/users/{id}",
        "fields": {"email": "mail"},
        "constants": {"properties": [{"name": "plan", "value": "gold"}]},
        "exclude": ["secret"],
        "headers": "X-One:1,X-Two:2",
        "key": "id",
        "unique": "mail",
        "keep": "last",
        "batch": {"size": 20, "group_by": "field", "field": "mail", "bytes": 5000, "seconds": 2.5, "under": "rows"},
        "response": True,
    }
    made = program.post("/destinations", {"name": "by-hand", **manual, "content_format": "json"})
    assert made["definition"] == manual
    events = {"source": "events", "events": ["conversation.closed"]}
    assert program.post("/destinations", {"name": "news", **PEOPLE, **events})["definition"] == {**PEOPLE, **events}
    fed = program.post("/destinations", {"name": "fed", **PEOPLE, "source": "responses:by-hand"})
    assert fed["definition"]["source"] == "responses:by-hand"


def test_a_destination_is_activated_paused_resumed_and_deactivated(people: Program) -> None:
    def does(what: str) -> Any:
        return people.post(f"/destinations/people/{what}")

    active = does("activate")
    assert (active["state"], active["activated_by"]) == ("active", "token:crm")
    assert (does("pause")["state"], does("resume")["state"], does("deactivate")["state"]) == (
        "paused",
        "active",
        "inactive",
    )
    for what in ("pause", "resume"):
        assert people.refused("POST", f"/destinations/people/{what}", 409)["detail"].startswith("It is not active.")
    does("activate")
    told = people.refused("DELETE", "/destinations/people", 409)
    assert told["detail"] == "It is active. Deactivate it first."


def test_one_of_the_file_is_changed_there_alone(quick: World) -> None:
    table = '[[destinations]]\nname = "people"\nconnection = "support"\ntemplate = "create_end_user"\n'
    program = Program(quick.start(extra=table))
    provision_destinations(quick.runtime)
    assert program.get("/destinations/people")["origin"] == "file"
    for method, path, body in (
        ("PUT", "", PEOPLE),
        ("DELETE", "", None),
        ("POST", "/activate", None),
        ("POST", "/deactivate", None),
    ):
        told = program.refused(method, f"/destinations/people{path}", 409, json=body)
        assert told["detail"].startswith("It stands in the configuration file"), (method, path)


@pytest.mark.parametrize(
    ("given", "status", "field"),
    [
        ({"template": "create_end_users"}, 409, "template"),
        ({"connection": "suport"}, 409, "connection"),
        ({"fields": {"frist_name": "name"}}, 409, "fields.frist_name"),
        ({"exists": "maybe"}, 422, "exists"),
        ({"key": 5}, 422, "key"),
        ({"tempalte": "x"}, 422, "tempalte"),
        ({"batch": {"size": 1001}}, 422, "batch.size"),
        ({"batch": {"seconds": True}}, 422, "batch.seconds"),
        ({"source": "everything"}, 422, "source"),
        ({"source": "responses:nothing"}, 409, "source"),
        ({"headers": "Authorization:mine"}, 409, "headers"),
        ({"active": True}, 422, "active"),
    ],
)
def test_what_is_wrong_with_a_definition_is_told_at_its_field(
    program: Program, given: dict[str, Any], status: int, field: str
) -> None:
    told = program.refused("POST", "/destinations", status, json={"name": "people", **PEOPLE, **given})
    assert field in told["errors"]
    assert program.get("/destinations")["items"] == []


def test_what_was_changed_meanwhile_and_a_name_that_is_taken_are_refused(people: Program) -> None:
    told = people.refused("PUT", "/destinations/people", 409, json={**PEOPLE, "revision": 77})
    assert (
        told["detail"] == "Somebody else has changed it meanwhile. Look at what it is now."
        or "meanwhile" in told["detail"]
    )
    told = people.refused("POST", "/destinations", 409, json={"name": "people", **PEOPLE})
    assert told["detail"] == "There is a destination people already. Choose another name, or change that one."


def test_whoever_only_sends_can_define_nothing_and_whoever_defines_sends_nothing(quick: World) -> None:
    quick.start()
    Program(quick).post("/destinations", {"name": "people", **PEOPLE})
    sends = Program(quick, token_of(quick, Scope.SEND, name="erp"))
    reads = Program(quick, token_of(quick, Scope.READ, name="bi"))
    defines = Program(quick, token_of(quick, Scope.ADMINISTER, name="it"))
    assert put(sends, json=[ADA]).status_code == 202
    assert sends.call("POST", "/destinations/people/activate").status_code == 403
    assert sends.call("GET", "/destinations/people/records").status_code == 403
    assert put(defines, json=[GRACE]).status_code == 403
    assert put(reads, json=[GRACE]).status_code == 403
    [record] = reads.get("/destinations/people/records")["items"]
    assert (record["data"], record["origin"]) == (ADA, "API by token:erp")


def test_every_operation_on_what_is_not_there_answers_404(program: Program) -> None:
    bodies: dict[str, Any] = {"PUT": PEOPLE}
    every = [(method, path) for method, path, _ in operations(program.world.app) if path.startswith("/destinations/1")]
    assert len(every) == 20
    for method, path in every:
        options = {"json": bodies.get(method, [ADA] if path.endswith("/records") else {})} if method != "GET" else {}
        told = program.refused(method, path, 404, **options)
        assert told["detail"] in ("There is no destination 1.", "There is nothing at this address."), (method, path)


# ------------------------------------------------------------------------------------------------ tests and samples


def test_b161_a_test_makes_one_real_call_before_activation_and_tells_the_answer(people: Program) -> None:
    tested = people.post("/destinations/people/test", {"record": ADA})
    assert (tested["ok"], tested["verb"], tested["status"]) == (True, "POST", tested["status"])
    assert tested["url"].endswith("/users")
    assert tested["body"]["email"] == "ada@acme.example"
    assert tested["captured_id"] in tested["answer"]
    assert sent(people) == ["ada@acme.example"]
    assert people.get("/destinations/people")["tested"]["ok"] is True
    assert people.get("/destinations/people/records")["items"] == []


def test_what_a_test_is_refused_is_told_with_the_vendors_words(program: Program) -> None:
    update = {"connection": "support", "method": "PUT", "url": "/users/{id}"}
    program.post("/destinations", {"name": "people", **update})
    refused = program.post("/destinations/people/test", {"record": {"id": "nobody"}})
    assert (refused["ok"], refused["status"]) == (False, 404)
    assert refused["error"]
    unmade = program.post("/destinations/people/test", {"record": {"name": "Ada"}})
    assert (unmade["ok"], unmade["status"], unmade["url"]) == (False, None, "")
    assert "id" in unmade["error"]


def test_without_a_record_a_test_takes_one_of_its_own_and_samples_show_it_without_a_call(people: Program) -> None:
    put(people, json=[ADA])
    before = len(people.world.sim.record.calls())
    [sample] = people.post("/destinations/people/samples")["items"]
    assert (sample["verb"], sample["body"]["email"], sample["problem"]) == ("POST", "ada@acme.example", "")
    [bad] = people.post("/destinations/people/samples", {"records": [{"email": "x@acme.example"}]})["items"]
    assert "name" in bad["problem"]
    assert len(people.world.sim.record.calls()) == before
    assert people.post("/destinations/people/test")["body"]["email"] == "ada@acme.example"


# ----------------------------------------------------------------------------------------------------- the records


def test_b154_records_wait_until_the_destination_is_active_and_are_then_written_once(people: Program) -> None:
    took = put(people, json=[ADA, GRACE, ADA, {"email": "no name"}]).json()
    assert (took["read"], took["accepted"], took["known"], took["broken"]) == (4, 2, 1, 1)
    [error] = took["errors"]
    assert (error["line"], error["field"]) == (4, "name")
    drain(people.world.runtime)
    assert sent(people) == []
    people.post("/destinations/people/activate")
    drain(people.world.runtime)
    assert sent(people) == ["ada@acme.example", "grace@acme.example"]
    assert put(people, json=[ADA, GRACE]).json()["known"] == 2
    drain(people.world.runtime)
    assert people.get("/destinations/people")["records"]["sent"] == 2
    record = people.get("/destinations/people/records", state="sent")["items"][0]
    opened = people.get(f"/destinations/people/records/{record['id']}")
    assert (opened["call"]["verb"], opened["call"]["body"]["email"]) == ("POST", record["data"]["email"])
    assert opened["captured_id"] in opened["call"]["answer"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps([ADA, GRACE])),
        ("application/json", json.dumps(ADA)),
        (NDJSON, f"{json.dumps(ADA)}\n\n{json.dumps(GRACE)}"),
        ("application/jsonl", f"{json.dumps(ADA)}\r\n{json.dumps(GRACE)}\r\n"),
        (f"{CSV}; charset=utf-8", "name,email\r\nAda,ada@acme.example\r\nGrace,grace@acme.example\r\n"),
    ],
)
def test_records_come_as_json_as_lines_of_it_and_as_csv(people: Program, kind: str, body: str) -> None:
    took = put(people, data=body.encode(), kind=kind).json()
    assert took["accepted"] == took["read"] == (1 if body[0] == "{" and kind == "application/json" else 2)
    records = people.get("/destinations/people/records")["items"]
    assert records[-1]["data"] == ADA


def test_the_first_records_are_a_sample_that_is_remembered(people: Program) -> None:
    assert put(people, json=[ADA, GRACE], query={"limit": 1}).json()["accepted"] == 1
    took = put(people, json=[ADA, GRACE], query={"origin": "people.json"}).json()
    assert (took["known"], took["accepted"]) == (1, 1)
    newest, oldest = people.get("/destinations/people/records")["items"]
    assert (newest["origin"], newest["line"]) == ("people.json", 2)
    assert (oldest["origin"], oldest["line"]) == ("API by token:crm", 1)


def test_a_dry_run_keeps_and_sends_nothing(people: Program) -> None:
    people.post("/destinations/people/activate")
    before = len(people.world.sim.record.calls())
    answer = put(people, json=[ADA, GRACE, {}], query={"dry_run": "true"})
    told = answer.json()
    assert (answer.status_code, told["read"], told["good"], told["broken"], told["requests"]) == (200, 3, 2, 1, 2)
    assert told["samples"][0]["body"]["email"] == "ada@acme.example"
    assert told["errors"][0]["line"] == 3
    drain(people.world.runtime)
    assert len(people.world.sim.record.calls()) == before
    assert people.get("/destinations/people/records")["items"] == []


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        ({"data": b""}, 422, "The body is missing."),
        ({"data": b"x", "kind": "text/plain"}, 415, "and say so in the header Content-Type."),
        ({"data": b"hello"}, 400, "The body of the request is not JSON."),
        ({"data": b"5"}, 400, "The body of the request is not JSON."),
        ({"data": b'[{"name": '}, 400, "The body of the request is not JSON."),
        ({"data": b"a,a\n1,2\n", "kind": CSV}, 409, "Several columns are called a."),
        ({"json": [ADA], "query": {"limit": 0}}, 422, "`errors` says by field"),
        ({"json": [ADA], "query": {"dry_run": "yes"}}, 422, "`errors` says by field"),
        ({"json": [ADA], "query": {"sample": 1}}, 422, "`errors` says by field"),
    ],
)
def test_a_body_that_is_refused_leaves_nothing(people: Program, options: Any, status: int, told: str) -> None:
    answer = put(people, **options)
    assert answer.status_code == status, answer.text
    assert told in answer.json()["detail"]
    assert people.get("/destinations/people/records")["items"] == []


def test_json_that_breaks_off_in_the_middle_keeps_what_came_before_and_tells_where(people: Program) -> None:
    good = [{"name": "Ada", "email": f"ada{number}@acme.example"} for number in range(1200)]
    body = json.dumps(good)[:-1] + ', {"name": '
    took = put(people, data=body.encode()).json()
    assert (took["accepted"], took["broken"], took["read"]) == (1200, 1, 1201)
    assert took["errors"] == [{"line": 1201, "field": "", "reason": "the file breaks off here"}]


# ------------------------------------------------------------------------------------------------------ how large


def pieces(number: int) -> Iterator[bytes]:
    """So many records of some 10 kB, made as they are sent."""
    filling = b"x" * 10_000
    yield b"["
    for each in range(number):
        yield b'%s{"name": "Ada", "email": "a%d@acme.example", "note": "%s"}' % (b"," * (each > 0), each, filling)
    yield b"]"


class Sized:
    """The same, with their length told before."""

    def __init__(self, number: int) -> None:
        self._length = sum(map(len, pieces(number)))
        self._pieces = pieces(number)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


@pytest.mark.parametrize("body", [pieces, Sized], ids=["chunked", "with its length"])
def test_what_is_streamed_in_is_never_in_memory_as_a_whole(people: Program, body: Any) -> None:
    tracemalloc.start()
    try:
        took = put(people, data=body(2400)).json()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (took["read"], took["accepted"]) == (2400, 2400)
    assert peak < 16 * 1024**2, f"{peak:,} bytes"


def test_more_than_the_most_is_refused_before_any_of_it_is_read(people: Program) -> None:
    address = people.world.url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.putrequest("POST", "/api/v1/destinations/people/records")
    headers = {"Authorization": f"Bearer {people.token}", "Content-Type": "application/json"}
    for name, value in {**headers, "Content-Length": str(records_module.LARGEST + 1)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["detail"]) == (
        413,
        "A body may have 100 MB. Send what is larger in parts.",
    )
    connection.close()


def test_more_than_the_most_without_its_length_is_refused_with_what_was_taken(
    quick: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_module, "LARGEST", 8 * 1024**2)
    program = Program(quick.start())
    program.post("/destinations", {"name": "people", **PEOPLE})
    connection = http.client.HTTPConnection(program.world.url.removeprefix("http://"), timeout=10)
    headers = {"Authorization": f"Bearer {program.token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/destinations/people/records", pieces(840), headers, encode_chunked=True)
    answer = connection.getresponse()
    told = json.load(answer)["detail"]
    connection.close()
    there = sum(program.get("/destinations/people")["records"].values())
    assert 0 < there < 840
    assert (answer.status, told) == (
        413,
        f"A body may have 8 MB. Send what is larger in parts. Of this one the first {there} records were taken.",
    )


# ----------------------------------------------------------------------------------------- what became of them


def test_failed_records_are_mended_retried_dropped_and_listed_page_by_page(people: Program) -> None:
    put(people, json=[{"email": f"a{number}@acme.example"} for number in range(3)])
    first = people.get("/destinations/people/records", limit=2, state="failed")
    second = people.get("/destinations/people/records", limit=2, state="failed", cursor=first["next"])
    assert [each["line"] for each in (*first["items"], *second["items"])] == [3, 2, 1]
    assert second["next"] is None
    third, other, last = (each["id"] for each in (*first["items"], *second["items"]))
    place = "/destinations/people/records"
    told = people.refused("POST", f"{place}/{third}/retry", 409)
    assert "name" in told["errors"]
    mended = people.post(f"{place}/{third}/retry", {"data": {"name": "Ann", "email": "a2@acme.example"}})
    assert (mended["state"], mended["by"]) == ("waiting", "token:crm")
    assert people.refused("POST", f"{place}/{third}/retry", 409)["detail"].startswith("It is waiting.")
    assert people.post(f"{place}/{other}/drop")["state"] == "dropped"
    assert people.refused("POST", f"{place}/{other}/arrived", 409)["detail"].startswith("It is dropped.")
    assert people.post("/destinations/people/retry") == {"records": 0}
    assert people.get(f"{place}/{last}")["error_field"] == "name"
    people.post("/destinations/people/activate")
    drain(people.world.runtime)
    assert sent(people) == ["a2@acme.example"]
    people.refused("GET", f"{place}/999", 404)
    people.refused("GET", f"{place}?cursor=nonsense", 404)


def test_records_and_answers_are_exported_as_csv_that_no_spreadsheet_calculates(program: Program) -> None:
    program.post("/destinations", {"name": "people", **PEOPLE, "response": True})
    put(program, json=[ADA, {"name": "=cmd()", "email": "=1+1"}])
    program.post("/destinations/people/activate")
    drain(program.world.runtime)
    answer = program.call("GET", "/destinations/people/records.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=people-records.csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["key"] for row in rows] == ["ada@acme.example", "'=1+1"]
    failed = program.call("GET", "/destinations/people/records.csv?state=dropped").text
    assert len(failed.splitlines()) == 1
    [*_, good] = program.get("/destinations/people/responses")["items"]
    assert (good["key"], good["ok"], good["data"]) == ("ada@acme.example", True, ADA)
    exported = list(csv.DictReader(io.StringIO(program.call("GET", "/destinations/people/responses.csv").text)))
    assert exported[0]["captured_id"] == good["captured_id"]


def test_b160_what_was_answered_before_feeds_a_destination_that_is_made_later(program: Program) -> None:
    program.post("/destinations", {"name": "people", **PEOPLE, "response": True})
    program.post("/destinations/people/activate")
    put(program, json=[ADA])
    drain(program.world.runtime)
    talk = {"connection": "support", "method": "PUT", "url": "/users/{id}", "source": "responses:people"}
    program.post("/destinations", {"name": "talk", **talk})
    took = program.post("/destinations/talk/take-earlier")
    assert (took["accepted"], took["errors"]) == (1, [])
    assert program.post("/destinations/talk/take-earlier")["known"] == 1
    told = program.refused("POST", "/destinations/people/take-earlier", 409)
    assert "source" in told["errors"]


def test_the_values_of_headers_are_told_to_those_alone_who_may_change_them(people: Program) -> None:
    given = {**PEOPLE, "headers": "X-Key:hidden-value,X-Team:sales"}
    people._good(people.call("PUT", "/destinations/people", json=given))
    assert people.get("/destinations/people")["definition"]["headers"] == given["headers"]
    reader = {"Authorization": f"Bearer {token_of(people.world, Scope.READ, name='reader')}"}
    for path in ("/destinations", "/destinations/people"):
        answer = people.call("GET", path, headers=reader)
        assert "X-Key:\u2026,X-Team:\u2026" in json.dumps(answer.json(), ensure_ascii=False)
        assert "hidden-value" not in answer.text
    told = people.refused("PUT", "/destinations/people", 409, json={**PEOPLE, "headers": "X-Key:\u2026"})
    assert "must be given" in told["errors"]["headers"][0]
    assert people.get("/destinations/people")["definition"]["headers"] == given["headers"]


def test_a_test_with_an_empty_record_sends_no_other(people: Program) -> None:
    told = people.post("/destinations/people/test", {"record": {}})
    assert (told["ok"], told["url"]) == (False, "")
    assert "is missing" in told["error"]
    assert sent(people) == []


def test_what_feeds_another_is_neither_removed_nor_cut_off(people: Program) -> None:
    people._good(people.call("PUT", "/destinations/people", json={**PEOPLE, "response": True}))
    people.post("/destinations", {"name": "next", **PEOPLE, "source": "responses:people"})
    assert "next" in people.refused("PUT", "/destinations/people", 409, json=PEOPLE)["errors"]["response"][0]
    assert people.refused("DELETE", "/destinations/people", 409)["detail"].startswith("Its answers feed next.")


def test_records_may_begin_with_any_amount_of_white_space(people: Program) -> None:
    body = b" " * 200_000 + json.dumps([ADA]).encode()
    assert put(people, data=body).json()["accepted"] == 1
    assert put(people, data=b" " * 200_000 + b"nonsense").status_code == 400


def test_a_test_without_an_answer_is_uncertain(people: Program) -> None:
    people.world.sim.fault("*user*", "cut")
    told = people.post("/destinations/people/test", {"record": ADA})
    assert (told["ok"], told["uncertain"]) == (False, True)
    assert told["error"].endswith("it may be there; look before you send it again")
