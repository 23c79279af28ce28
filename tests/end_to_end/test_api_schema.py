"""The OpenAPI is what the service does: schemathesis calls everything in it, rightly and wrongly, with every check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs.send_records import drain
from core.testing.clock import FakeClock
from tests.end_to_end.people import Chats, Tickets
from tests.end_to_end.program import Program, token_of
from tests.end_to_end.worlds import DeskWorld, World

TOOL = Path(sys.executable).with_name("schemathesis")
MANUAL = {"connection": "support", "method": "PUT", "url": "/nothing/{id}", "response": True}
EXAMPLES = 10
"""Cases that are made up for each operation, beside those that its schema implies."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("engine", "phases"),
    [("sqlite", "coverage,stateful"), ("postgresql", "examples,fuzzing")],
    ids=["sqlite-coverage-stateful", "postgresql-examples-fuzzing"],
)
def test_whatever_is_called_however_the_service_answers_as_its_openapi_says(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock, engine: str, phases: str
) -> None:
    """No server error, no status, header or body that is not documented, nothing wrong taken or right refused."""
    sqlite = engine == "sqlite"
    url = request.getfixturevalue("sqlite_url" if sqlite else "postgres_url")
    world = World(tmp_path, url, clock) if sqlite else DeskWorld(tmp_path, url, clock)
    people = Chats(world) if sqlite else Tickets(world)
    try:
        world.start(server="allow_private_webhooks = true")
        _let_things_happen(people)
        done = subprocess.run(
            [
                *(TOOL, "run", f"{world.url}/api/v1/openapi.json", "--url", world.url, "--checks", "all"),
                *("--header", f"Authorization: Bearer {token_of(world, name='schemathesis')}"),
                *("--phases", phases, "--max-examples", str(EXAMPLES), "--generation-deterministic"),
                *("--continue-on-failure", "--no-color", "--request-timeout", "60"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        world.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    operations = sum(len(set(path) - {"parameters"}) for path in _paths(world).values())
    assert f"Tested: {operations}" in done.stdout, done.stdout


def _paths(world: World) -> dict[str, dict[str, object]]:
    answer = world.app.test_client().get("/api/v1/openapi.json").json
    found: dict[str, dict[str, object]] = answer["paths"]
    return found


def _let_things_happen(people: Chats) -> None:
    """Some of everything that can be asked for: sessions, an event that could not be read, events and records sent."""
    world, program = people.world, Program(people.world, token_of(people.world, name="first"))
    program.post("/subscriptions", {"url": "http://127.0.0.1:9/hook", "events": ["*"]})
    for text in ("Hello", "Where is my parcel?", "It does not work"):
        people.opens(text)
    program.post("/destinations", {"name": "people", **MANUAL})
    program.post("/destinations/people/activate")
    program.post("/destinations/people/records", [{"id": "1"}, {"id": "2"}, {"nothing": "to go by"}])
    program.post("/destinations", {"name": "later", **MANUAL, "source": "responses:people"})
    drain(world.runtime)
    world.run(60)
    world.post(b"this is not JSON")
