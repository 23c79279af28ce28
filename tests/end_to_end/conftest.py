"""A whole service over real HTTP against the simulator, on a clock that is turned instead of waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from core.app import create_app
from core.config import load_config
from core.connections import Connections
from core.domain import Reply
from core.jobs.dispatch import drain_all_due, next_moment
from core.jobs.polling import poll_due
from core.provisioning import provision
from core.runtime import Runtime, build_runtime
from core.store.migrations import migrate
from core.store.models import ActionRow, DecisionRow, EventRow, MessageRow, SessionRow
from core.testing.clock import FakeClock
from plugins.freshchat.simulator import FreshchatSimulator

SCRIPTED = '''
"""A responder that does what the test says, and remembers every hook that was called."""
from core import Reply, hookimpl

class Plugin:
    def __init__(self, settings):
        self.turns, self.called = [], []
        self.answer = lambda turn: Reply("Hello from the AI.")
        self.summary = lambda turn: None
        self.route = lambda session: None
        self.amend = lambda action: None
        self.settled, self.changes = [], []

    @hookimpl
    def register_connectors(self):
        self.called.append("register_connectors")
        return []

    @hookimpl
    def inbound_event(self, event, session):
        self.called.append("inbound_event")

    @hookimpl
    def route_session(self, session, event, connection):
        self.called.append("route_session")
        return self.route(session)

    @hookimpl
    def draft_reply(self, turn):
        self.called.append("draft_reply")
        self.turns.append(turn)
        return self.answer(turn)

    @hookimpl
    def summarise_session(self, turn):
        self.called.append("summarise_session")
        return self.summary(turn)

    @hookimpl
    def outbound_action(self, action, session):
        self.called.append("outbound_action")
        return self.amend(action)

    @hookimpl
    def action_settled(self, action):
        self.called.append("action_settled")
        self.settled.append(action)

    @hookimpl
    def session_changed(self, session, change):
        self.called.append("session_changed")
        self.changes.append(change.kind)
'''

CONFIG = """
[server]
base_url = "http://127.0.0.1:8000"
secret_key = "a secret key that is only good for these tests, and long"
embedded_worker = false
{server}
[database]
url = "{database}"
[plugins]
enabled = [{enabled}]
paths = ["{plugins}"]
{extra}
[[connections]]
name = "support"
connector = "freshchat"
api_url = "{api_url}"
access_token = "{token}"
default_agent_email = "{agent}"
timeout_seconds = 0.4
{connection}
"""


class World:
    """The simulator, the service that is connected to it, and the clock they share."""

    def __init__(
        self, folder: Path, database_url: str, clock: FakeClock, dialect: str = "observed", events: str = "all"
    ) -> None:
        self.folder = folder
        self.database_url = database_url
        self.clock = clock
        # The vendor's time-out for webhooks is real time; here a slow machine must not look like a lost webhook.
        self.sim = FreshchatSimulator(
            clock=clock, dialect=dialect, events=events, webhook_timeout=20, webhook_retries=(0.05, 0.05)
        ).start()
        self.ai = self.sim.add_agent("robin@example.com", "Robin Assistant")
        self.human = self.sim.add_agent("hanna@example.com", "Hanna Human")
        self.ada = self.sim.customer("ada@example.com", "Ada Customer")
        self.runtime: Runtime
        self.url = ""
        self._server: Any = None

    # ------------------------------------------------------------------------------------------- the service

    def start(
        self,
        *,
        extra: str = "",
        server: str = "",
        enabled: Sequence[str] = ("scripted", "freshchat"),
        **connection: Any,
    ) -> World:
        """Start the service; `connection` are settings of the connection, `extra` sections of the file.

        `server` are further lines of `[server]`, `enabled` the plugins by priority.
        """
        plugins = self.folder / "more_plugins"
        plugins.mkdir(exist_ok=True)
        (plugins / "scripted.py").write_text(SCRIPTED, encoding="utf-8")
        config = self.folder / "config.toml"
        config.write_text(
            CONFIG.format(
                database=self.database_url,
                plugins=plugins,
                api_url=self.sim.api_url,
                token=self.sim.token,
                agent=connection.pop("default_agent_email", "robin@example.com"),
                extra=extra,
                server=server,
                enabled=", ".join(f'"{name}"' for name in enabled),
                connection="\n".join(f"{key} = {_toml(value)}" for key, value in connection.items()),
            ),
            encoding="utf-8",
        )
        self.runtime = build_runtime(load_config(config), self.clock)
        migrate(self.runtime.db)
        provision(self.runtime)
        self._server = make_server("127.0.0.1", 0, create_app(self.runtime), threaded=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.sim.webhook_url = self.webhook_url
        return self

    def stop(self) -> None:
        """Stop the service and the simulator."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self.runtime.close()
        self.sim.stop()
        if self.sim.broken:
            raise self.sim.broken[0]

    @property
    def connections(self) -> Connections:
        return self.runtime.connections

    @property
    def webhook_url(self) -> str:
        """Where the vendor calls."""
        connection = self.connections.named("support")
        assert connection
        token = self.runtime.tokens.make(connection.id, connection.generation)
        return f"{self.url}/webhooks/freshchat/{token}"

    @property
    def ai_plugin(self) -> Any:
        """The scripted plugin."""
        return self.runtime.plugins._manager.get_plugin("scripted")

    def post(self, body: bytes, headers: Mapping[str, str] | None = None, url: str = "") -> requests.Response:
        """Call the webhook as the vendor does."""
        return requests.post(url or self.webhook_url, data=body, headers=headers, timeout=10)

    # ----------------------------------------------------------------------------------------------- the time

    def run(self, seconds: float = 0.0) -> None:
        """Let everything happen that is due within `seconds` of turned time."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while True:
            assert self.sim.webhooks.settled(30), "a webhook was not taken"
            if drain_all_due(self.runtime):
                continue
            due = next_moment(self.runtime)
            if due is None or due > until:
                break
            self.clock.turn_to(due + timedelta(microseconds=1))  # a lease is over only after its last moment
        self.clock.turn_to(until)

    def poll(self, minutes: float = 0) -> None:
        """Let everything happen within `minutes` of turned time, with a round of polling whenever one is due."""
        until = self.clock.now() + timedelta(minutes=minutes)
        while True:
            poll_due(self.runtime)
            self.run(min(30.0, max(0.0, (until - self.clock.now()).total_seconds())))
            if self.clock.now() >= until:
                break

    def hear(self) -> None:
        """Wait until every webhook was delivered."""
        assert self.sim.webhooks.settled(30), "a webhook was not taken"

    # ------------------------------------------------------------------------------------------ what is there

    def public(self, conversation: Any) -> list[tuple[str, str]]:
        """The public thread at the vendor, as (who, text)."""
        return [
            (self._who(message), message.text)
            for message in self.sim.thread(conversation)
            if message.message_type == "normal"
        ]

    def replies(self, conversation: Any) -> list[str]:
        """What the AI has said publicly at the vendor."""
        return [text for who, text in self.public(conversation) if who == "ai"]

    def notes(self, conversation: Any) -> list[str]:
        """The private notes at the vendor."""
        return [m.text for m in self.sim.thread(conversation) if m.message_type == "private"]

    def _who(self, message: Any) -> str:
        return {self.ai.id: "ai", self.human.id: "human"}.get(message.actor_id, message.actor_type)

    def session(self, conversation: Any = None) -> SessionRow:
        """Our session of a conversation, or the only one."""
        with self.runtime.db.read():
            query = SessionRow.select()
            if conversation is not None:
                query = query.where(SessionRow.conversation_id == conversation.id)
            return query.get()

    def decisions(self) -> list[tuple[str, str]]:
        """All decisions, as (outcome, reason)."""
        with self.runtime.db.read():
            return [(row.outcome, row.reason) for row in DecisionRow.select().order_by(DecisionRow.id)]

    def actions(self) -> list[tuple[str, str]]:
        """All actions, as (kind, state)."""
        with self.runtime.db.read():
            return [(row.kind, row.state) for row in ActionRow.select().order_by(ActionRow.id)]

    def events(self) -> list[tuple[str, str]]:
        """All stored events, as (kind, state)."""
        with self.runtime.db.read():
            return [(row.kind, row.state) for row in EventRow.select().order_by(EventRow.id)]

    def messages(self) -> list[tuple[str, str, str]]:
        """All messages on our side, as (author, visibility, text)."""
        with self.runtime.db.read():
            rows = MessageRow.select().order_by(MessageRow.at, MessageRow.id)
            return [(row.author, row.visibility, row.text) for row in rows]

    def says(self, text: str) -> Callable[[Any], Reply]:
        """Let the AI answer with a text from now on."""

        def answer(turn: Any) -> Reply:
            return Reply(text)

        self.ai_plugin.answer = answer
        return answer


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else f'"{value}"'


@pytest.fixture
def world(tmp_path: Path, database_url: str, clock: FakeClock) -> Iterator[World]:
    """A world whose simulator runs; the test starts the service with the settings it wants."""
    made = World(tmp_path, database_url, clock)
    yield made
    made.stop()


EVERY_ACCOUNT = [
    pytest.param(("sqlite", "observed", True), id="sqlite-observed-all"),
    pytest.param(("sqlite", "documented", False), id="sqlite-documented-three"),
    pytest.param(("postgresql", "documented", True), id="postgresql-documented-all"),
    pytest.param(("postgresql", "observed", False), id="postgresql-observed-three"),
]
"""Engine, dialect, and whether all the vendor's events arrive or only the three of behaviour 25: every pair once."""


@pytest.fixture(params=EVERY_ACCOUNT)
def every_account(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    """A world over each engine, in each dialect, with all events and with three."""
    yield from _world(request, tmp_path, clock)


BOTH_ACCOUNTS = [
    pytest.param(("sqlite", "documented", False), id="sqlite-documented-three"),
    pytest.param(("postgresql", "observed", True), id="postgresql-observed-all"),
]
"""For what hardly touches the vendor: each engine, dialect and set of events once."""


@pytest.fixture(params=BOTH_ACCOUNTS)
def both_accounts(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    """A world over each engine, in each dialect, with all events and with three, but not each with each."""
    yield from _world(request, tmp_path, clock)


def _world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    engine, dialect, all_events = request.param
    sqlite = engine == "sqlite"
    url = f"sqlite:///{tmp_path}/relaydesk.db" if sqlite else request.getfixturevalue("postgres_url")
    made = World(tmp_path, url, clock, dialect, "all" if all_events else "guide")
    yield made
    made.stop()
