"""The worlds of the end-to-end tests: a whole service over real HTTP against a simulator, on a clock that is turned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from werkzeug.serving import make_server

from core.access.passwords import Passwords
from core.app import create_app
from core.config import load_config
from core.connecting import test_and_save
from core.connections import Connections
from core.domain import Identity, Reply, Secret
from core.jobs.dispatch import drain_all_due, next_moment
from core.jobs.polling import poll_due
from core.provisioning import provision
from core.runtime import Runtime, build_runtime
from core.store.migrations import migrate
from core.store.models import ActionRow, ConnectionRow, DecisionRow, EventRow, MessageRow, SessionRow
from core.testing.clock import FakeClock
from core.web.webhooks import webhooks
from plugins.freshchat.simulator import FreshchatSimulator
from plugins.freshdesk.simulator import FreshdeskSimulator
from plugins.freshdesk.simulator_rule_setup import install_rules
from tests.end_to_end.canaries import CREDENTIAL, WEBHOOK, Canaries
from tests.end_to_end.visitor import CHEAP
from tests.quick_apps import TEMPLATES

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
    def destination_templates(self):
        self.called.append("destination_templates")
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
connector = "{connector}"
api_url = "{api_url}"
timeout_seconds = 2.5
{connection}
"""


class World:
    """The simulator, the service that is connected to it, and the clock they share."""

    connector = "freshchat"
    sim: Any

    def __init__(
        self, folder: Path, database_url: str, clock: FakeClock, dialect: str = "observed", events: str = "all"
    ) -> None:
        self._prepare(folder, database_url, clock)
        # The vendor's time-out for webhooks is real time; here a slow machine must not look like a lost webhook.
        self.sim = FreshchatSimulator(
            clock=clock, dialect=dialect, events=events, webhook_timeout=20, webhook_retries=(0.05, 0.05)
        ).start()
        self.ai = self.sim.add_agent("robin@example.com", "Robin Assistant")
        self.human = self.sim.add_agent("hanna@example.com", "Hanna Human")
        self.ada = self.sim.customer("ada@example.com", "Ada Customer")

    def _prepare(self, folder: Path, database_url: str, clock: FakeClock) -> None:
        self.folder = folder
        self.database_url = database_url
        self.clock = clock
        self.runtime: Runtime
        self._app: Flask | None = None
        self._making = threading.Lock()
        self.url = ""
        self._server: Any = None
        self.canaries = Canaries()

    def credentials(self) -> dict[str, Any]:
        """The settings by which the service reaches the account."""
        return {"access_token": self.sim.token, "default_agent_email": "robin@example.com"}

    # ------------------------------------------------------------------------------------------- the service

    def start(
        self,
        *,
        extra: str = "",
        server: str = "",
        enabled: Sequence[str] = (),
        empty: bool = False,
        **connection: Any,
    ) -> World:
        """Start the service; `connection` are settings of the connection, `extra` sections of the file.

        `server` are further lines of `[server]`, `enabled` the plugins by priority. With `empty` the file has no
        connection, and allows the pages to make one that leads to a simulator; see `connect`.
        """
        plugins = self.folder / "more_plugins"
        plugins.mkdir(exist_ok=True)
        (plugins / "scripted.py").write_text(SCRIPTED, encoding="utf-8")
        config = self.folder / "config.toml"
        file = CONFIG.partition("[[connections]]")[0] if empty else CONFIG
        server += "api_url_on_pages = true" if empty else ""
        config.write_text(
            file.format(
                database=self.database_url,
                plugins=plugins,
                connector=self.connector,
                api_url=self.sim.api_url,
                extra=extra,
                server=server,
                enabled=", ".join(f'"{name}"' for name in enabled or ("scripted", self.connector)),
                connection="\n".join(
                    f"{key} = {_toml(value)}" for key, value in {**self.credentials(), **connection}.items()
                ),
            ),
            encoding="utf-8",
        )
        self.runtime = build_runtime(load_config(config), self.clock)
        migrate(self.runtime.db)
        if not empty:
            self._provision()
        self.serve()
        if not empty:
            self._register()
        return self

    def serve(self) -> None:
        """Serve the runtime as it is now, at an address of its own."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._app = None
        self._hooks = Flask("webhooks")
        self._hooks.register_blueprint(webhooks(self.runtime))
        self.canaries.arrive(self._secrets)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    @property
    def app(self) -> Flask:
        """The whole application: made when it is first asked for, since most worlds are only called by vendors."""
        with self._making:
            if self._app is None:
                self._app = create_app(self.runtime, Passwords(CHEAP))
                self._app.jinja_env.bytecode_cache = TEMPLATES
                self.canaries.attend(self._app)
            return self._app

    def _answer(self, environ: Any, start_response: Any) -> Any:
        called = environ["PATH_INFO"].startswith("/webhooks/") and self._app is None
        return self.canaries.serve(self._hooks if called else self.app, environ, start_response)

    def _secrets(self) -> Sequence[Secret]:
        return (*self.runtime.config.secrets(), *self.runtime.connections.secrets())

    def given(self, **changed: Any) -> dict[str, Any]:
        """What a person enters on the pages to connect the account; None leaves a setting out."""
        whole = {"api_url": self.sim.api_url, "timeout_seconds": 5, **self.credentials(), **changed}
        self.canaries.plant(CREDENTIAL, *(str(whole[name]) for name in ("access_token", "api_key") if whole.get(name)))
        return {key: value for key, value in whole.items() if value is not None}

    def connect(self, **changed: Any) -> Identity:
        """Make the connection on the pages, and do what an operator does at the vendor then."""
        identity = test_and_save(self.runtime, self.connector, "support", self.given(**changed), "ann@acme.example")
        self._register()
        return identity

    def _provision(self) -> None:
        """Have the connection verified; the time-out is real, so that a busy machine may need another try."""
        for _ in range(5):
            provision(self.runtime)
            with self.runtime.db.read():
                error = ConnectionRow.get().error
            if "no answer within" not in error and "no address answered in time" not in error:
                return

    def _register(self) -> None:
        """What an operator does at the vendor once the service runs."""
        self.sim.webhook_url = self.webhook_url

    def stop(self) -> None:
        """Stop the service and the simulator; no secret may have been seen."""
        try:
            if self._server is not None:
                self._server.shutdown()
                self._server.server_close()
                self.runtime.close()
            self.sim.stop()
            if self.sim.broken:
                raise self.sim.broken[0]
        finally:
            self.canaries.leave()

    @property
    def connections(self) -> Connections:
        return self.runtime.connections

    @property
    def webhook_url(self) -> str:
        """Where the vendor calls."""
        connection = self.connections.named("support")
        assert connection
        token = self.runtime.tokens.make(connection.id, connection.generation)
        self.canaries.plant(WEBHOOK, token)
        return f"{self.url}/webhooks/{self.connector}/{token}"

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
                query = query.where(SessionRow.conversation_id == str(conversation.id))
            row: SessionRow = query.get()
            assert row.contact_id is None or row.contact  # read with it
            return row

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


class DeskWorld(World):
    """The same with Freshdesk: tickets, two automation rules that call us, and mails instead of a chat."""

    connector = "freshdesk"
    sim: FreshdeskSimulator

    def __init__(
        self, folder: Path, database_url: str, clock: FakeClock, content: str = "advanced", **options: Any
    ) -> None:
        self._prepare(folder, database_url, clock)
        self.content = content
        self.sim = FreshdeskSimulator(clock=clock, webhook_timeout=20, **options).start()
        self.ai = self.sim.add_agent("robin@example.com", "Robin Assistant", admin=True)
        self.human = self.sim.add_agent("hanna@example.com", "Hanna Human")
        self.support = self.sim.add_group("Support", self.human)
        self.marker = self.sim.add_field("cf_opencx_handed_off", "custom_checkbox")
        self.ada = self.sim.customer("ada@example.com", "Ada Customer")

    def credentials(self) -> dict[str, Any]:
        return {"api_key": self.sim.key_for(self.ai), "requests_per_minute": 10_000, "backfill_days": 0}

    def start(self, **settings: Any) -> DeskWorld:
        super().start(**settings)
        return self

    def _register(self) -> None:
        install_rules(self.sim, self.webhook_url, content=self.content)

    def opens(self, text: str = "Where is my parcel?", subject: str = "A question", **fields: Any) -> Any:
        """A new ticket of Ada."""
        return self.sim.customer_opens(self.ada, subject, text, **fields)

    def answered(self, text: str = "Where is my parcel?", **fields: Any) -> Any:
        """A new ticket of Ada that the AI has answered, which is why it owns it."""
        ticket = self.opens(text, **fields)
        self.run(60)
        assert self.replies(ticket), self.decisions()
        return ticket

    def public(self, conversation: Any) -> list[tuple[str, str]]:
        return [(self._who(entry), entry.text) for entry in self.sim.thread(conversation) if not entry.private]

    def notes(self, conversation: Any) -> list[str]:
        return [entry.text for entry in self.sim.thread(conversation) if entry.private]

    def _who(self, message: Any) -> str:
        agents = {self.ai.id: "ai", self.human.id: "human"}
        return agents.get(message.user_id, "customer" if message.incoming else "agent")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else f'"{value}"'
