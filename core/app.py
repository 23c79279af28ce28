"""The application: a Flask app around one runtime, with the worker of this process beside it."""

from __future__ import annotations

import atexit
import logging
import os

from flask import Flask

from core.config import load_config
from core.jobs.worker import Worker
from core.logs import configure_logs
from core.runtime import Runtime, build_runtime
from core.store.migrations import migrate
from core.web.health import health
from core.web.pages import pages
from core.web.webhooks import LARGEST_BODY, webhooks

log = logging.getLogger(__name__)


def create_app(runtime: Runtime) -> Flask:
    """The Flask app over a runtime; it starts no thread."""
    app = Flask("relaydesk")
    app.config.update(
        SECRET_KEY=runtime.config.server.secret_key.reveal(),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.register_blueprint(webhooks(runtime))
    app.register_blueprint(health(runtime))
    app.register_blueprint(pages(runtime))
    return app


def serve() -> Flask:
    """The complete service of one process, from the configuration file: what `wsgi:app` is.

    Raises `ConfigError` for every mistake in the file, naming the key and the mend.
    """
    runtime = start_runtime()
    if runtime.config.server.embedded_worker:
        _start_worker(runtime)
        # Under `gunicorn --preload` this process forks, and threads do not survive that: each child has its own.
        os.register_at_fork(after_in_child=lambda: _start_worker(runtime))
    return create_app(runtime)


def start_runtime() -> Runtime:
    """Read the configuration, bring the store up to date and say in the log what is running."""
    config = load_config()
    level = os.environ.get("RELAYDESK_LOG_LEVEL", "INFO")
    configure_logs(level, secrets=config.secrets())
    runtime = build_runtime(config)
    configure_logs(level, secrets=runtime.config.secrets())  # the plugins' own credentials are known only now
    log.info("configuration %s; plugins: %s", config.path, ", ".join(runtime.plugins.names))
    log.info("store: %s", runtime.db.describe())
    migrate(runtime.db)
    return runtime


def _start_worker(runtime: Runtime) -> None:
    worker = Worker(runtime)
    worker.start()
    atexit.register(worker.stop)
