"""What every vendor's simulator is built on: a real HTTP server with a record, a rate limit and a fault switch."""

from __future__ import annotations

import abc
import logging
import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from core.clock import Clock, SystemClock
from core.signalled import wait_for_signal
from core.testing.faults import Fault, FaultSwitch, Performed, When
from core.testing.gate import Gate
from core.testing.rate_limit import SlidingWindow
from core.testing.record import Record
from core.testing.waiting import Changes
from core.testing.webhook_sender import WebhookSender

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

T = TypeVar("T")

POLL_SECONDS = 0.02
"""How quickly the server notices that it shall stop."""


class Simulator(abc.ABC):
    """A vendor that runs in this process: ``with SomeSimulator() as sim: sim.api_url``.

    A vendor offers `build_app` (its endpoints, in blueprints of any name but "sim", which is for its own pages),
    and `error_answer`. The endpoint functions' names are those by which faults are set and calls are recorded.
    They run one at a time, under `lock`; methods that drive the simulator from a test take the same lock.
    """

    name: ClassVar[str]
    """The connector's name."""
    api_prefix: ClassVar[str] = ""
    """What follows the server's address in the address of the API."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        requests_per_minute: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.changes = Changes()
        self.record = Record(self.changes)
        self.faults = FaultSwitch()
        self.rate = SlidingWindow(requests_per_minute, self.clock)
        self.rate_headers = False
        """Whether good answers name the limit and what is left of it (X-RateLimit-Total, X-RateLimit-Remaining)."""
        self.senders: list[WebhookSender] = []
        """What delivers webhooks; it runs while the server runs."""
        self.broken: list[Exception] = []
        """Mistakes of the simulator itself; leaving the context raises the first."""
        self._host = host
        self._port = port
        self._gate: Gate | None = None
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    # ---------------------------------------------------------------------------------- what a vendor offers

    @abc.abstractmethod
    def build_app(self) -> Flask:
        """The vendor's endpoints; called once, before the first start."""

    @abc.abstractmethod
    def error_answer(self, status: int, words: str) -> Response:
        """An error with the vendor's own body."""

    def cost(self, endpoint: str, request: Request) -> int:
        """How many calls this one counts as towards the rate limit."""
        return 1

    def admit(self, endpoint: str, request: Request) -> Response | None:
        """None if the rate limit admits the call, else the refusal."""
        wait = self.rate.take(self.cost(endpoint, request))
        return None if wait is None else self.too_many(wait)

    def with_rate(self, answer: Response) -> Response:
        """The answer with what is left of the rate limit, if this vendor tells it."""
        if self.rate_headers and self.rate.per_minute is not None:
            answer.headers["X-RateLimit-Total"] = str(self.rate.per_minute)
            answer.headers["X-RateLimit-Remaining"] = str(self.rate.remaining())
        return answer

    def too_many(self, retry_after: float | None) -> Response:
        """429 with the vendor's error body; `retry_after` in seconds, None to leave the header out."""
        answer = self.error_answer(429, "too many requests")
        if retry_after is not None:
            answer.headers["Retry-After"] = f"{retry_after:g}"
        return answer

    # ------------------------------------------------------------------------------------------- its lifetime

    def start(self) -> Self:
        """Listen; a simulator that was stopped starts again on the same port. Returns itself."""
        if self._server is not None:
            return self
        self.stopping.clear()
        self._server = make_server(self._host, self._port, self.gate, threaded=True, request_handler=QuietHandler)
        self._port = self._server.port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name=f"{self.name}-simulator", daemon=True
        )
        self._thread.start()
        for sender in self.senders:
            sender.start()
        return self

    def stop(self) -> None:
        """Refuse connections from now on; held calls are let go, the state is kept."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = self._thread = None
        self.stopping.set()
        server.shutdown()
        thread.join()
        for sender in self.senders:
            sender.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self.broken and error is None:
            raise RuntimeError(f"the {self.name} simulator itself failed") from self.broken[0]

    def run(self, say: Callable[[str], None] = print) -> None:
        """Run in the foreground until interrupted (Ctrl-C or SIGTERM), after telling how to reach it."""
        done = threading.Event()
        before = signal.signal(signal.SIGTERM, lambda *_: done.set())
        try:
            with self:
                for line in self.banner():
                    say(line)
                wait_for_signal(done)
        except KeyboardInterrupt:
            say("stopped")
        finally:
            signal.signal(signal.SIGTERM, before)

    def banner(self) -> list[str]:
        """What a person must know to use the running simulator, a line each."""
        return [f"{self.name} simulator: {self.url}/", f"API address: {self.api_url}"]

    @property
    def gate(self) -> Gate:
        """The WSGI application that the server runs."""
        if self._gate is None:
            app = self.build_app()
            app.config["PROPAGATE_EXCEPTIONS"] = True
            self._gate = Gate(self, app)
        return self._gate

    @property
    def url(self) -> str:
        """The server's address, without a trailing slash; known once it was started."""
        if not self._port:
            raise RuntimeError(f"the {self.name} simulator has not been started: it has no address yet")
        return f"http://{self._host}:{self._port}"

    @property
    def api_url(self) -> str:
        """What to give a connection as `api_url`."""
        return f"{self.url}{self.api_prefix}"

    # ---------------------------------------------------------------------------------------- faults, waiting

    def fault(
        self,
        endpoint: str,
        kind: str,
        *,
        times: int | None = 1,
        performed: Performed | None = None,
        after: int = 0,
        seconds: float | None = None,
        retry_after: float | None = 30,
        location: str = "/",
        when: When | None = None,
    ) -> Fault:
        """Let calls of `endpoint` (`*` in it stands for anything) go wrong; see `core.testing.faults`.

        Raises `ValueError`, naming the known ones, for an endpoint or kind that does not exist.
        """
        known = self.gate.endpoints()
        if "*" not in endpoint and endpoint not in known:
            raise ValueError(f"there is no endpoint {endpoint!r}; the endpoints are: {', '.join(known)}")
        return self.faults.add(
            Fault(endpoint, kind, times, performed, after, seconds, retry_after, location=location, when=when)
        )

    def apply_late(self) -> int:
        """Bring about now all effects that a fault made late; returns how many there were."""
        return self.gate.apply_late()

    def wait_for(self, predicate: Callable[[], T], seconds: float = 5.0) -> T:
        """Wait until `predicate` gives something true, at most `seconds`; returns its last result, true or not."""
        return self.changes.wait_for(predicate, seconds)

    def state(self) -> dict[str, Any]:
        """Everything a person or another process may want to see, as JSON values."""
        return {}


class QuietHandler(WSGIRequestHandler):
    """Keeps calls out of the terminal: the record is the simulator's log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        logging.getLogger(__name__).debug(message, *args)

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Ends a connection that a fault has dealt with; no further request is to be read from it."""
        self.close_connection = True


class OneWayRule(Rule):
    """A rule by which addresses are read and never made.

    werkzeug compiles two functions for each that is never called: most of the time that a simulator took to start.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _never_made


def _never_made(*_: Any, **__: Any) -> tuple[str, str]:
    raise NotImplementedError("a simulator makes no addresses from its rules")


class SimulatedApi(Flask):
    """A vendor's endpoints: a Flask application that is quick to make, and without `url_for`."""

    url_rule_class = OneWayRule

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
