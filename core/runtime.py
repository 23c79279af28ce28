"""Runtime: everything a running process is made of, built once and handed on."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field

from core.clock import Clock, SystemClock
from core.config import Config, check_plugin_settings
from core.connections import Connections
from core.logs import redact
from core.plugin_manager import Plugins, load_plugins
from core.sealing import Sealer
from core.store.database import Database, open_database
from core.webhook_token import WebhookTokens


@dataclass(frozen=True)
class Runtime:
    """Configuration, plugins, store, clock and connections of one process."""

    config: Config
    plugins: Plugins
    db: Database
    clock: Clock
    connections: Connections
    tokens: WebhookTokens
    sealer: Sealer
    start: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def owner(self) -> str:
        """The name of this process in leases: another one after each start, and in each child that was forked."""
        return f"{socket.gethostname()}:{os.getpid()}:{self.start}"

    def without_secrets(self, text: str) -> str:
        """A text from outside, less every credential that is known here and the tokens of webhook addresses."""
        return redact(text, (*self.config.secrets(), *self.connections.secrets()))

    def close(self) -> None:
        """Give back what is open."""
        self.db.close()


def build_runtime(config: Config, clock: Clock | None = None) -> Runtime:
    """Put a runtime together; raises `ConfigError` for every mistake of configuration or plugins."""
    clock = clock or SystemClock()
    plugins = load_plugins(config)
    config = check_plugin_settings(config, plugins)
    db = open_database(config.database.url, clock)
    sealer = Sealer(config.server.secret_key, config.server.former_secret_keys)
    return Runtime(
        config=config,
        plugins=plugins,
        db=db,
        clock=clock,
        connections=Connections(config, plugins, db, clock, sealer),
        tokens=WebhookTokens(config.server.secret_key),
        sealer=sealer,
    )
