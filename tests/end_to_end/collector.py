"""A small vendor that takes rows, one by one or many in a body, and answers for each: a connector and its simulator.

No vendor of ours takes arrays; what destinations make of them is tried here. A row is refused by what it holds: one
with ``refuse`` is answered with these words. The simulator keeps each request as it came, headers and bytes included.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, request
from marshmallow import fields
from werkzeug.wrappers import Response

from core import (
    Action,
    Connection,
    Connector,
    ConnectorSettings,
    Contact,
    Event,
    Fact,
    Guide,
    HttpClient,
    Identity,
    Inbound,
    LookUp,
    Receipt,
    Refused,
    Secret,
    SecretField,
    Session,
    VendorState,
)
from core.testing.clock import FakeClock
from core.testing.simulator import SimulatedApi, Simulator
from tests.end_to_end.worlds import World

PLUGIN = '''
"""The connector of a vendor that takes arrays."""
from core import hookimpl
from tests.end_to_end.collector import Collector

class Plugin:
    def __init__(self, settings):
        pass

    @hookimpl
    def register_connectors(self):
        return [Collector()]
'''


class CollectorSettings(ConnectorSettings):
    """An address and a token."""

    api_url = fields.String(required=True, metadata={"help": "the address of the API"})
    token = SecretField(required=True, metadata={"help": "the token"})


class Collector(Connector):
    """Only writes: no event ever comes from it."""

    name = "collector"
    label = "Collector"
    settings_schema = CollectorSettings
    look_ups = (LookUp("place", "the name of a place", "the place's id"),)

    def base_url(self, settings: Mapping[str, object]) -> str:
        return str(settings["api_url"])

    def headers(self, settings: Mapping[str, object]) -> Mapping[str, str]:
        token = settings["token"]
        return {"Authorization": f"Bearer {token.reveal() if isinstance(token, Secret) else token}"}

    def verify(self, settings: Mapping[str, object], http: HttpClient) -> Identity:
        return Identity(http.get("/me").data["id"], "Collector", "collector@example.com")

    def look_up(self, what: str, value: str, connection: Connection, http: HttpClient) -> str:
        for place in http.get("/places", {"name": value}).data:
            return str(place["id"])
        raise Refused(f"there is no place called {value}")

    def setup_guide(self, connection: Connection, webhook_url: str) -> Guide:
        return Guide(())

    def authenticate(self, raw: bytes, headers: Mapping[str, str], connection: Connection) -> None:
        return None

    def split(self, raw: bytes) -> list[Inbound]:
        return []

    def normalise(self, event: Event, connection: Connection) -> list[Fact]:
        return []

    def knows(self, kind: str) -> bool:
        return False

    def read_state(self, session: Session, connection: Connection, http: HttpClient) -> VendorState:
        raise Refused("it has no conversations")

    def fetch_contact(self, external_id: str, connection: Connection, http: HttpClient) -> Contact | None:
        return None

    def perform(self, action: Action, connection: Connection, http: HttpClient) -> Receipt:
        raise Refused("it has no conversations")

    def find_effect(self, action: Action, connection: Connection, http: HttpClient) -> Receipt | None:
        return None


@dataclass(frozen=True, slots=True)
class Taken:
    """A request as it came; the names of its headers are in lower case."""

    verb: str
    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """Its JSON."""
        return json.loads(self.raw)


class CollectorSimulator(Simulator):
    """Takes rows at `/rows` and at whatever is below it, by any verb that writes.

    `rows` are those that it keeps, each with the `id` it was given; `requests` all that wrote, refused or not; `places`
    what can be looked up. `answers` are given, once each, in the place of its own: what it does not answer, it does not
    keep.
    """

    name = "collector"
    api_prefix = "/api"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.token = secrets.token_urlsafe(32)
        self.record.hide(self.token)
        self.rows: list[dict[str, Any]] = []
        self.requests: list[Taken] = []
        self.answers: list[Response] = []
        self.places: dict[str, str] = {}

    def error_answer(self, status: int, words: str) -> Response:
        return _json({"error": words}, status)

    def build_app(self) -> Flask:
        app = SimulatedApi("collector")

        @app.before_request
        def check() -> Response | None:
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                return self.error_answer(401, "the token is wrong")
            return None

        @app.get("/api/me")
        def me() -> Response:
            return _json({"id": "me"})

        @app.get("/api/places")
        def places() -> Response:
            name = request.args.get("name", "")
            return _json([{"id": self.places[name]}] if name in self.places else [])

        @app.route("/api/rows", methods=["POST", "PUT", "PATCH"], defaults={"place": ""})
        @app.route("/api/rows/<path:place>", methods=["POST", "PUT", "PATCH"])
        def take(place: str) -> Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.requests.append(Taken(request.method, request.path, headers, request.get_data()))
            if self.answers:
                return self.answers.pop(0)
            return self._take(json.loads(request.get_data()))

        return app

    def _take(self, body: Any) -> Response:
        if isinstance(body, list):
            return _json([self._keep(row) for row in body])
        inner = [(name, value) for name, value in body.items() if isinstance(value, list)]
        if len(body) == 1 and inner:
            [(name, rows)] = inner
            return _json({"accepted": len(rows), name: [self._keep(row) for row in rows]})
        kept = self._keep(body)
        return _json(kept, 422 if "error" in kept else 201)

    def _keep(self, row: Any) -> dict[str, Any]:
        if "refuse" in row:
            return {"status": 422, "error": row["refuse"]}
        made = f"row-{len(self.rows) + 1}"
        self.rows.append({**row, "id": made})
        return {"status": 201, "id": made}


class CollectorWorld(World):
    """A service that is connected to the collector, and to nothing else."""

    connector = "collector"
    sim: CollectorSimulator

    def __init__(self, folder: Path, database_url: str, clock: FakeClock) -> None:
        self._prepare(folder, database_url, clock)
        self.sim = CollectorSimulator(clock=clock).start()

    def credentials(self) -> dict[str, Any]:
        return {"token": self.sim.token, "requests_per_minute": 100_000}

    def start(self, **settings: Any) -> CollectorWorld:
        plugins = self.folder / "more_plugins"
        plugins.mkdir(exist_ok=True)
        (plugins / "collector.py").write_text(PLUGIN, encoding="utf-8")
        super().start(**settings)
        return self

    def _register(self) -> None:
        """Nothing comes from there."""


def _json(data: Any, status: int = 200) -> Response:
    return Response(json.dumps(data), status, mimetype="application/json")
