"""Commands that run the service: `serve` and `worker`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import click

from core.app import start_runtime
from core.config import load_config
from core.jobs.worker import Worker
from core.runtime import build_runtime
from core.signalled import wait_for_signal


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to listen at.")
@click.option(
    "--workers", default=2, show_default=True, help="How many web processes; one of them is elected to answer."
)
@click.pass_obj
def serve(config_path: str, host: str, port: int, workers: int) -> None:
    """Serve webhooks and pages under gunicorn, with the worker inside (see server.embedded_worker)."""
    # A mistake is told here in one line; gunicorn would bury it under a traceback of each web process.
    build_runtime(load_config(Path(config_path))).close()
    os.environ["RELAYDESK_CONFIG"] = config_path
    gunicorn = [sys.executable, "-m", "gunicorn"]
    options = ["-w", str(workers), "--threads", "8", "-b", f"{host}:{port}"]
    # The process becomes gunicorn, so that its signals are gunicorn's own.
    os.execv(sys.executable, [*gunicorn, *options, "core.app:serve()"])  # noqa: S606 - the arguments are ours


@click.command()
@click.pass_obj
def worker(config_path: str) -> None:
    """Work on what comes in, without serving HTTP; several may run, on PostgreSQL also on several machines."""
    os.environ["RELAYDESK_CONFIG"] = config_path
    runtime = start_runtime()
    running = Worker(runtime, every_process_dispatches=True)
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    running.start()
    click.echo(f"working as {runtime.owner}; stop with Ctrl-C", err=True)
    wait_for_signal(stopped)
    running.stop()
    runtime.close()
