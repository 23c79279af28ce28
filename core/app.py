"""The application: a Flask app around one runtime, with the worker of this process beside it."""

from __future__ import annotations

import logging
import os
import sys
import threading

from flask import Flask

from core.access.passwords import Passwords
from core.access.users import Users
from core.config import load_config
from core.jobs.worker import Worker
from core.logs import configure_logs
from core.runtime import Runtime, build_runtime
from core.store.migrations import migrate
from core.web.api import install_api
from core.web.health import health
from core.web.pages import install_pages
from core.web.site import install_site
from core.web.webhooks import LARGEST_BODY, webhooks

log = logging.getLogger(__name__)

FORKS_WITHIN = 0.5
"""Seconds within which a server that forks after loading the application has begun to."""


def create_app(runtime: Runtime, passwords: Passwords | None = None) -> Flask:
    """The Flask app over a runtime; it starts no thread. `passwords` are hashed by argon2's defaults if left out."""
    app = Flask("relaydesk", static_folder=None, static_url_path="/static")
    app.config.update(
        SECRET_KEY=runtime.config.server.secret_key.reveal(),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
    )
    users = Users(runtime.db, runtime.config.server, passwords)
    forgery = install_site(app, runtime, users)
    for blueprint in (webhooks(runtime), health(runtime)):
        forgery.exempt(blueprint)
        app.register_blueprint(blueprint)
    install_api(app, runtime, forgery)
    install_pages(app, runtime, users)
    return app


def serve() -> Flask:
    """The complete service of one process, from the configuration file: what `wsgi:app` is.

    Raises `ConfigError` for every mistake in the file, naming the key and the mend.
    """
    runtime = start_runtime()
    tell_first_link(runtime)
    app = create_app(runtime)
    if runtime.config.server.embedded_worker:
        # Last of all: making the app may take longer than a server that forks is waited for.
        EmbeddedWorker(runtime).start()
    return app


def tell_first_link(runtime: Runtime) -> None:
    """Where nobody can sign in yet, print a one-time link for the first administrator.

    On standard error, beside the log and not in it: the log is kept, and sent on.
    """
    secret = Users(runtime.db, runtime.config.server).first_link()
    if secret is not None:
        address = f"{runtime.config.server.base_url}/welcome/{secret}"
        sys.stderr.write(f"Nobody can sign in yet. Within a day, become the first administrator at\n  {address}\n")


def start_runtime() -> Runtime:
    """Read the configuration, bring the store up to date and say in the log what is running."""
    config = load_config()
    level = os.environ.get("RELAYDESK_LOG_LEVEL", "INFO")
    configure_logs(level, secrets=config.secrets())
    runtime = build_runtime(config)
    # The plugins' own credentials are known only now, and a connection's may change while the service runs.
    configure_logs(level, secrets=lambda: (*runtime.config.secrets(), *runtime.connections.secrets()))
    log.info("configuration %s; plugins: %s", config.path, ", ".join(runtime.plugins.names))
    log.info("store: %s", runtime.db.describe())
    migrate(runtime.db)
    return runtime


class EmbeddedWorker:
    """The worker beside a serving process, begun a moment after it has loaded the application.

    A process that forks in that moment is no serving one but the parent of such, as under `gunicorn --preload`: it
    stays without a worker, and each child gets its own. What a serving process forks later, such as a plugin's pool
    of processes, gets none.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._begun = False
        self._timer: threading.Timer

    def start(self) -> None:
        """Begin in a moment, in this process or in its children."""
        os.register_at_fork(
            before=lambda: self._lock.acquire(), after_in_parent=self._in_parent, after_in_child=self._in_child
        )
        self._arm()

    def _arm(self) -> None:
        self._timer = threading.Timer(FORKS_WITHIN, self._begin)
        self._timer.daemon = True
        self._timer.start()

    def _begin(self) -> None:
        with self._lock:
            if self._timer.finished.is_set():
                return  # cancelled by a fork at the last moment
            self._begun = True
        Worker(self._runtime).start()

    def _in_parent(self) -> None:
        if not self._begun:
            self._timer.cancel()
        self._lock.release()

    def _in_child(self) -> None:
        self._lock = threading.Lock()
        if not self._begun:
            self._arm()
