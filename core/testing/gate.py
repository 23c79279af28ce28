"""The gate in front of a simulated vendor: records every call, keeps the rate limit and lets faults strike."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from core.testing.faults import Fault
from core.testing.record import Call
from core.testing.wire import Wire

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from core.testing.simulator import Simulator

OUTCOME = "simulator.outcome"
"""In the WSGI environment, a dictionary by which an endpoint tells the gate more than its status does."""
OWN = "sim."
"""Endpoints of this Flask blueprint are the simulator's own: never recorded, limited or struck by faults."""
HTML = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True)
class Late:
    """A call whose effect is still to come; `due` is None if only `apply_late` brings it about."""

    due: datetime | None
    environ: dict[str, Any]
    body: bytes
    call: Call


class Gate:
    """The WSGI application that stands before a simulator's Flask application."""

    def __init__(self, sim: Simulator, app: Any) -> None:
        self._sim = sim
        self._app = app
        self._late: list[Late] = []
        self._late_lock = threading.Lock()

    def endpoints(self) -> list[str]:
        """The names under which faults can be set and calls are recorded."""
        return sorted({_plain(rule.endpoint) for rule in self._app.url_map.iter_rules() if not _own(rule.endpoint)})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            endpoint, _ = self._app.url_map.bind_to_environ(environ).match()
        except HTTPException:
            endpoint = "unknown"
        if _own(endpoint):
            own: Iterable[bytes] = self._app(environ, start_response)
            return own
        self.apply_late(self._sim.clock.now())
        return self._answer(environ, _plain(endpoint))(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, endpoint: str) -> Response:
        request = Request(environ)
        # Taken whole before anything is decided: closing a connection with unread data would reset it.
        body = request.get_data()
        call = self._describe(request, body, endpoint)
        refusal = self._sim.admit(endpoint, request)
        if refusal is not None:
            self._sim.record.add(replace(call, status=refusal.status_code))
            return refusal
        fault = self._sim.faults.take(endpoint, _json(body))
        if fault is None:
            answer, performed = self._perform(environ, body)
            self._sim.record.add(replace(call, status=answer.status_code, performed=performed))
            return self._sim.with_rate(answer)
        return self._strike(fault, environ, body, replace(call, fault=fault.kind))

    def _strike(self, fault: Fault, environ: WSGIEnvironment, body: bytes, call: Call) -> Response:
        good, performed = Response(), False
        if fault.works == "late":
            self._postpone(fault, environ, body, call)
        elif fault.works:
            good, performed = self._perform(environ, body)
        answer = self._faulty(fault, good)
        shown = answer if isinstance(answer, Response) else good
        silent = fault.kind in ("timeout", "late", "cut")
        status = None if silent else shown.status_code
        self._sim.record.add(replace(call, status=status, performed=performed))
        if isinstance(answer, Response):
            return answer
        answer(Wire(environ["werkzeug.socket"], self._sim.stopping))
        return good

    def _faulty(self, fault: Fault, good: Response) -> Response | Callable[[Wire], None]:
        """The answer that the fault gives, or what it does to the connection instead."""
        seconds = fault.seconds
        wire: dict[str, Callable[[Wire], None]] = {
            "timeout": lambda wire: wire.hold(),
            "late": lambda wire: wire.hold(),
            "cut": lambda wire: wire.reset(),
            "half_body": lambda wire: wire.half(good),
            "drip": lambda wire: wire.drip(good, 0.1 if seconds is None else seconds),
            "huge": lambda wire: wire.huge(),
            "slow": lambda wire: wire.pause(1.0 if seconds is None else seconds),
        }
        if fault.kind in wire:
            return wire[fault.kind]
        if fault.kind == "429":
            return self._sim.too_many(fault.retry_after)
        if fault.kind == "502-html":
            return Response(HTML.format("502 Bad Gateway"), 502, mimetype="text/html")
        if fault.kind == "html200":
            return Response(HTML.format("Sign in"), 200, mimetype="text/html")
        if fault.kind == "garbage":
            return Response('{"ok": tru', 200, mimetype="application/json")
        if fault.kind in ("202", "empty200"):
            return Response(b"", int(fault.kind.removeprefix("empty")), mimetype="application/json")
        if fault.kind == "redirect":
            return Response(b"", 302, headers={"Location": fault.location})
        return self._sim.error_answer(int(fault.kind.removesuffix("_posted")), "a fault was set for this call")

    def _perform(self, environ: WSGIEnvironment, body: bytes) -> tuple[Response, bool]:
        inner = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        inner.pop("HTTP_TRANSFER_ENCODING", None)
        outcome: dict[str, bool] = {}
        inner[OUTCOME] = outcome
        with self._sim.lock:
            try:
                answer = Response.from_app(self._app, inner, buffered=True)
            except Exception as error:
                # A mistake of the simulator itself must fail the test, not look like a fault of the vendor.
                self._sim.broken.append(error)
                answer = self._sim.error_answer(500, f"the simulator itself failed: {error!r}")
        self._sim.changes.note()
        return answer, outcome.get("performed", answer.status_code < 400)

    # ------------------------------------------------------------------------------------ late effects

    def _postpone(self, fault: Fault, environ: WSGIEnvironment, body: bytes, call: Call) -> None:
        due = None if fault.seconds is None else self._sim.clock.now() + timedelta(seconds=fault.seconds)
        late = Late(due, dict(environ), body, replace(call, fault="late-effect"))
        with self._late_lock:
            self._late.append(late)
        if fault.seconds is not None:
            # With the machine's own clock nobody need call for it; a held clock makes this timer come too early,
            # and then the effect waits for the next call or for `apply_late`.
            timer = threading.Timer(fault.seconds + 0.01, lambda: self.apply_late(self._sim.clock.now()))
            timer.daemon = True
            timer.start()

    def apply_late(self, now: datetime | None = None) -> int:
        """Bring about the late effects due at `now` (all of them if None); returns how many there were."""
        with self._late_lock:
            due = [late for late in self._late if now is None or (late.due is not None and late.due <= now)]
            self._late = [late for late in self._late if late not in due]
        if not self._sim.stopping.is_set():
            for late in due:
                answer, performed = self._perform(late.environ, late.body)
                at = self._sim.clock.now()
                self._sim.record.add(replace(late.call, at=at, status=answer.status_code, performed=performed))
        return len(due)

    def _describe(self, request: Request, body: bytes, endpoint: str) -> Call:
        clean = self._sim.record.clean
        return Call(
            at=self._sim.clock.now(),
            method=request.method,
            path=clean(request.path),
            status=None,
            performed=False,
            body=clean(_shown(request, body)),
            endpoint=endpoint,
            query=clean(request.query_string.decode("latin-1")),
            credential="Authorization" in request.headers,
        )


def mark_performed(environ: WSGIEnvironment) -> None:
    """Told by an endpoint that did its work although it answers an error."""
    environ[OUTCOME]["performed"] = True


def _own(endpoint: str) -> bool:
    return endpoint.startswith(OWN)


def _plain(endpoint: str) -> str:
    return endpoint.rpartition(".")[2]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _shown(request: Request, body: bytes) -> Any:
    if not body:
        return None
    if request.mimetype == "multipart/form-data":
        return f"multipart form of {len(body)} bytes"
    parsed = _json(body)
    return body[:1000].decode("utf-8", "replace") if parsed is None else parsed
