"""A vendor that takes records one by one or in batches, and the plugin that somebody has written for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Flask, Response, jsonify, request

from core.testing.simulator import SimulatedApi, Simulator
from tests.end_to_end.worlds import World

PLUGIN = '''
"""Writes to the collector, and answers nobody: what its author must write at least."""
from core import Connector, ConnectorSettings, Guide, Identity, LookUp, SecretField, hookimpl
from marshmallow import fields


class Settings(ConnectorSettings):
    api_url = fields.String(required=True, metadata={"help": "its address"})
    token = SecretField(required=True, metadata={"help": "its token"})


class Collector(Connector):
    name, label, settings_schema = "collector", "The collector", Settings
    look_ups = (LookUp("number", "a name", "the number of who is called so", keep_seconds=600),)

    def base_url(self, settings): return settings["api_url"]
    def headers(self, settings): return {"Authorization": "Bearer " + settings["token"].reveal()}
    def verify(self, settings, http): return Identity("1", "Collector", "")
    def look_up(self, what, value, connection, http): return str(http.get("/names/" + value).data["number"])
    def setup_guide(self, connection, webhook_url): return Guide(())
    def authenticate(self, raw, headers, connection): pass
    def split(self, raw): return []
    def normalise(self, event, connection): return []
    def knows(self, kind): return False
    def read_state(self, session, connection, http): raise NotImplementedError
    def fetch_contact(self, external_id, connection, http): return None
    def perform(self, action, connection, http): raise NotImplementedError
    def find_effect(self, action, connection, http): return None


@hookimpl
def register_connectors():
    return [Collector()]
'''
TOKEN = "collectors-token-1"
CONNECTION = """
[[connections]]
name = "collector"
connector = "collector"
inbound = false
api_url = "{api_url}"
token = "{token}"
timeout_seconds = 2.5
requests_per_minute = {per_minute}
uncertain = "{uncertain}"
"""


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


class Collector(Simulator):
    """Keeps what it is given under `/items`, an object, an array or an array under a key, and under `/things/…`.

    Of an array it refuses what says `bad`, and answers with an entry for each. `requests` are all that wrote. While
    there are `answers`, the next one is given, and nothing kept.
    """

    name: ClassVar[str] = "collector"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.items: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.requests: list[Taken] = []
        self.answers: list[Response] = []

    def build_app(self) -> Flask:
        app = SimulatedApi("collector")

        @app.before_request
        def note() -> Response | None:
            if request.method == "GET":
                return None
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.requests.append(Taken(request.method, request.path, headers, request.get_data()))
            return self.answers.pop(0) if self.answers else None

        @app.post("/items")
        def take_items() -> Response:
            self.headers.append(dict(request.headers))
            body = request.get_json()
            key = next((name for name, value in body.items() if isinstance(value, list)), "") if is_object(body) else ""
            records = body[key] if key else [body] if is_object(body) else body
            self.sizes.append(len(records))
            outcomes = [self.keep(record) for record in records]
            if is_object(body) and not key:
                return jsonify(outcomes[0])
            return jsonify({key: outcomes} if key else outcomes)

        @app.route("/things/<thing>", methods=["PUT", "PATCH"])
        def change_thing(thing: str) -> Response:
            body = request.get_json()
            records = [body] if is_object(body) else body
            return jsonify([self.keep({"thing": thing, **record}) for record in records])

        @app.get("/names/<name>")
        def find_name(name: str) -> Response:
            return (
                jsonify({"number": 1000 + int(name[1:])})
                if name[1:].isdigit()
                else self.error_answer(404, f"nobody is called {name}")
            )

        return app

    def keep(self, record: dict[str, Any]) -> dict[str, Any]:
        if record.get("bad"):
            return {"status": 422, "error": "it is bad"}
        self.items.append(record)
        return {"status": 201, "id": len(self.items)}

    def error_answer(self, status: int, words: str) -> Any:
        return Response(json.dumps({"message": words}), status, mimetype="application/json")

    def names(self) -> list[str]:
        """The names of what it has, in order."""
        return [str(each.get("name")) for each in self.items]


def is_object(body: Any) -> bool:
    return isinstance(body, dict)


def with_collector(world: World, per_minute: int = 6000, uncertain: str = "resend", **connection: Any) -> Collector:
    """Start a world with a second connection that leads to a collector, by a plugin dropped into its folder."""
    collector = Collector(clock=world.clock).start()
    folder = world.folder / "more_plugins"
    folder.mkdir(exist_ok=True)
    (folder / "collector.py").write_text(PLUGIN, encoding="utf-8")
    extra = CONNECTION.format(api_url=collector.api_url, token=TOKEN, per_minute=per_minute, uncertain=uncertain)
    world.start(extra=extra, enabled=("scripted", "collector", world.connector), **connection)
    return collector
