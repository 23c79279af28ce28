"""How fast the pages are with much in the store: the time each takes in the server, on both engines.

Run it as `.venv/bin/python -m benchmarks.reading` from the project's root. It fills a store with 200,000 sessions and
1,000,000 messages (and contacts, events, decisions and actions to match), serves it from one process with four
connections, asks for every page over HTTP and prints the median and the 95th percentile of the time between a request's
arrival in the application and the end of its answer, the same of the processor's part of it, and how many times that of
an empty store the median is; before all that, on which machine and with which versions.
`--cache DIR` keeps the stores for the next run; `--quick` takes a small store. PostgreSQL is expected at
127.0.0.1:5432, or where RELAYDESK_TEST_POSTGRES says; databases of its own are made there, and dropped without --cache.
"""

from __future__ import annotations

import os
import platform
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import psycopg
import requests
from argon2 import PasswordHasher
from bs4 import BeautifulSoup
from flask import Flask
from rich.console import Console
from rich.table import Table
from werkzeug.serving import WSGIRequestHandler, make_server

from benchmarks.reading_store import (
    CONNECTIONS,
    EMPTY,
    FULL,
    LONG_SESSION,
    QUICK,
    RARE,
    STORE_NOW,
    Language,
    Size,
    build,
)
from core.app import create_app
from core.clock import SystemClock
from core.config import load_config
from core.runtime import Runtime, build_runtime
from core.store.database import Database, open_database
from core.store.migrations import migrate
from core.testing.clock import FakeClock
from core.testing.postgres import find_server
from core.web.queries.sessions import list_sessions

EMAIL, PASSWORD = "reader@example.com", "a password for this benchmark"
LIMIT_MS = 50.0
"""What no page may take longer than, by the median."""
UNCHANGED = "unchanged"
"""In a label: the browser has it already, and asks whether there is anything new."""
SETTINGS = {
    "freshchat": 'domain = "company.freshchat.com"\naccess_token = "token"\ndefault_agent_email = "ai@example.com"',
    "freshdesk": 'domain = "company.freshdesk.com"\napi_key = "key"',
}
console = Console(width=120)


def pages(db: Database, size: Size) -> list[tuple[str, str]]:
    """What is asked for, by what it is called: every address at which much could be slow."""
    words, cursor = Language.of(size).words, ""
    for _ in range(99):
        following = list_sessions(db, cursor=cursor).next_cursor
        if not following:
            break
        cursor = following
    return [
        ("inbox: all, first page", "/?tab=all"),
        ("inbox: all, page 100", f"/?tab=all&cursor={cursor}"),
        ("inbox: open", "/"),
        ("inbox: open, the AI's", "/?tab=ai"),
        ("inbox: open, humans'", "/?tab=human"),
        ("inbox: open, nobody's", "/?tab=nobody"),
        ("inbox: handed off", "/?tab=handed_off"),
        ("inbox: needs a person", "/?tab=needs"),
        ("inbox: closed unresolved", "/?tab=unresolved"),
        ("inbox: by phone (one of 1,000)", "/?tab=all&channel=phone"),
        ("inbox: of one connection (1 %)", "/?tab=all&connection=returns"),
        ("inbox: a connection's other channel (none)", "/?tab=all&connection=returns&channel=web"),
        ("search: rare word", f"/?q={RARE}"),
        ("search: the commonest word", f"/?q={words[0]}"),
        ("search: a usual word", f"/?q={words[300]}"),
        ("search: a usual word, open ones", f"/?tab=open&q={words[300]}"),
        ("search: beginning of a name", "/?q=jör"),
        ("search: ticket id", f"/?q={40_000 + size.sessions - 5}"),
        ("search: session id", f"/?q=%23{size.sessions}"),
        ("inbox: its live part", "/live/inbox"),
        (f"inbox: its live part, {UNCHANGED}", "/live/inbox"),
        (f"session of {LONG_SESSION} messages", f"/sessions/{max(1, size.sessions - 1)}"),
        ("session of usual length", f"/sessions/{max(1, size.sessions // 2)}"),
        (f"session of {LONG_SESSION} messages: its live part", f"/live/sessions/{max(1, size.sessions - 1)}"),
        (f"session of {LONG_SESSION} messages: {UNCHANGED}", f"/live/sessions/{max(1, size.sessions - 1)}"),
        (f"session of usual length: {UNCHANGED}", f"/live/sessions/{max(1, size.sessions // 2)}"),
        ("activity", "/activity"),
        ("activity: events", "/activity/events"),
        ("activity: failed events", "/activity/events?state=failed"),
        ("activity: imported events", "/activity/events?source=backfill"),
        ("activity: one event", f"/activity/events/{max(1, size.events // 2)}"),
        ("activity: decisions", "/activity/decisions"),
        ("activity: decisions of a rare reason", "/activity/decisions?reason=frustration"),
        ("activity: actions", "/activity/actions"),
        ("activity: dead", "/activity/dead"),
    ]


# ------------------------------------------------------------------------------------------------------- the stores


@contextmanager
def store(engine: str, size: Size, cache: Path | None) -> Iterator[str]:
    """The address of a store of a size, made or found again; what was made for this run alone is removed after it."""
    # One that is not kept has a name of its own: another run on the same server may be at it too.
    name = f"relaydesk_reading_{size.sessions}" + ("" if cache else f"_{secrets.token_hex(4)}")
    with ExitStack() as stack:
        if engine == "sqlite":
            folder = cache or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relaydesk-reading-")))
            folder.mkdir(parents=True, exist_ok=True)
            url = f"sqlite:///{folder.resolve() / name}.db"
            there = (folder / f"{name}.db").exists()
        else:
            server = find_server()
            url = f"{server.rpartition('/')[0]}/{name}"
            with psycopg.connect(server, autocommit=True) as connection:
                asked = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                there = asked.fetchone() is not None
                if not there:
                    connection.execute(f'CREATE DATABASE "{name}"')
            if cache is None:
                stack.callback(_drop, server, name)
        if not there:
            if size.sessions:
                console.print(f"Filling {engine} with {size.sessions:,} sessions and {size.messages:,} messages")
            db = open_database(url, SystemClock(), single_process=True)
            build(db, size, console.print if size.sessions else lambda _: None)
            db.close()
        db = open_database(url, SystemClock(), single_process=True)
        migrate(db)
        db.close()
        yield url


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


# ------------------------------------------------------------------------------------------------------- measuring


class Watch:
    """Takes the time of each request inside the application, in milliseconds: of the clock, and of the processor.

    The processor's is the thread's own, and that of the server's processes on this machine where the store has some:
    the one figure that other programs on the machine change little.
    """

    def __init__(self, app: Any, db: Database) -> None:
        self._app, self._db = app, db
        self._processes: list[Path] = []
        self.taken: tuple[float, float] = (0.0, 0.0)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        clock, processor, others = time.perf_counter(), time.thread_time(), self._others()
        body = b"".join(self._app(environ, start_response))
        taken = time.perf_counter() - clock, time.thread_time() - processor + self._others() - others
        self.taken = taken[0] * 1000, taken[1] * 1000
        return [body]

    def look(self) -> None:
        """Find the server's processes that this one is connected to."""
        if self._db.engine == "postgresql":
            asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            with self._db.read():
                found = self._db.native.execute_sql(f"{asked} UNION SELECT pg_backend_pid()").fetchall()
            self._processes = [Path(f"/proc/{pid}/schedstat") for (pid,) in found]

    def _others(self) -> float:
        return sum(int(each.read_text().split()[0]) for each in self._processes if each.exists()) / 1e9


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any, **__: Any) -> None:
        """Nothing: thousands of lines say nothing."""


@contextmanager
def served(url: str) -> Iterator[tuple[Runtime, Flask]]:
    """The service over a store, at the moment the store was made for."""
    with tempfile.TemporaryDirectory(prefix="relaydesk-reading-") as folder:
        path = Path(folder) / "config.toml"
        connections = "".join(
            f'[[connections]]\nname = "{name}"\nconnector = "{connector}"\n{SETTINGS[connector]}\n'
            for name, connector in CONNECTIONS
        )
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        path.write_text(
            f'[server]\nbase_url = "http://127.0.0.1"\nsecret_key = "{"k" * 40}"\n'
            f'admin_email = "{EMAIL}"\nadmin_password_hash = "{cheap}"\n'
            f'[database]\nurl = "{url}"\n[plugins]\nenabled = ["freshchat", "freshdesk"]\n{connections}'
        )
        runtime = build_runtime(load_config(path), FakeClock(STORE_NOW))
        try:
            yield runtime, create_app(runtime)
        finally:
            runtime.close()


def measure(url: str, size: Size, rounds: int) -> tuple[dict[str, list[tuple[float, float]]], str]:
    """The times of every page and question, by its label, and what the store is.

    A page that the store has nothing for is left out.
    """
    with served(url) as (runtime, app):
        asked = pages(runtime.db, size)
        watch = Watch(app, runtime.db)
        server = make_server("127.0.0.1", 0, watch, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            library = runtime.db.describe().partition(" through ")[0]
            return _times(f"http://127.0.0.1:{server.port}", watch, asked, rounds), library
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _times(
    origin: str, watch: Watch, asked: list[tuple[str, str]], rounds: int
) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    shown: dict[str, str] = {}
    with requests.Session() as http:
        form = BeautifulSoup(http.get(f"{origin}/login", timeout=60).text, "html.parser")
        token = form.select_one("[name=csrf_token]")
        assert token is not None
        fields = {"csrf_token": str(token["value"]), "email": EMAIL, "password": PASSWORD}
        assert http.post(f"{origin}/login", data=fields, timeout=60, allow_redirects=False).status_code == 302
        # Round by round, so that a busy moment of the machine falls on all alike; the first one warms up.
        for turn in range(rounds + 1):
            watch.look()
            for label, path in asked:
                headers = {"If-None-Match": shown[path]} if UNCHANGED in label and path in shown else {}
                answer = http.get(f"{origin}{path}", timeout=60, allow_redirects=False, headers=headers)
                if answer.status_code == 404:
                    continue
                assert answer.status_code == (304 if headers else 200), f"{path}: {answer.status_code}"
                shown[path] = answer.headers.get("ETag", "")
                if turn:
                    found.setdefault(label, []).append(watch.taken)
    return found


def show(title: str, times: dict[str, list[tuple[float, float]]], empty: dict[str, Any]) -> bool:
    """Print a table; returns whether every median is within the limit."""
    table = Table("page", *("median", "95 %", "processor", "95 %", "to empty"), title=title)
    good = True
    for label, taken in times.items():
        clock, processor = (sorted(each) for each in zip(*taken, strict=True))
        middle = statistics.median(clock)
        good = good and middle <= LIMIT_MS
        before = statistics.median(each for each, _ in empty[label]) if label in empty else None
        table.add_row(
            label,
            f"[{'green' if middle <= LIMIT_MS else 'red'}]{middle:.1f}[/]",
            f"{clock[int(len(clock) * 0.95)]:.1f}",
            f"{statistics.median(processor):.1f}",
            f"{processor[int(len(processor) * 0.95)]:.1f}",
            f"{middle / before:.1f}" if before else "",
        )
    console.print(table)
    return good


def circumstances() -> str:
    """What the figures depend on: the machine, how busy it is, and the versions of what does the work."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    libraries = ", ".join(f"{name} {version(name)}" for name in ("Flask", "Jinja2", "peewee"))
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} x {model}, load {load}; Python {platform.python_version()}, {libraries}"


@click.command()
@click.option("--engine", type=click.Choice(["sqlite", "postgresql", "both"]), default="both", show_default=True)
@click.option("--quick", is_flag=True, help="A small store, in some seconds.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Keep the stores, and use them again.")
@click.option("--rounds", default=30, show_default=True, help="How many times each page is asked for.")
def main(engine: str, quick: bool, cache: Path | None, rounds: int) -> None:
    """Measure the pages, and end with 1 if one takes longer than it may; a quick run only shows the figures."""
    size = QUICK if quick else FULL
    good = True
    console.print(circumstances())
    for name in ("sqlite", "postgresql") if engine == "both" else (engine,):
        with store(name, EMPTY, None) as url:
            empty, _ = measure(url, EMPTY, rounds)
        with store(name, size, cache) as url:
            times, library = measure(url, size, rounds)
        title = f"{size.sessions:,} sessions, {size.messages:,} messages in {library}; milliseconds in the server"
        good = show(title, times, empty) and good
    raise SystemExit(0 if good or quick else 1)


if __name__ == "__main__":
    main()
