"""A local service that speaks OpenAI's streamed chat completions over a real socket, well or badly as a test asks."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

MODEL = "test-model"
KEY = "sk-canary-0123456789"

ANSWER: dict[str, Any] = {
    "action": "reply",
    "reply": "Parcels arrive within two working days.",
    "confidence": 0.9,
    "might_solve": True,
    "fully_covered": True,
    "topic": "delivery",
    "sentiment": "neutral",
    "summary": "The customer asks when the parcel comes.",
    "why": "none",
    "reason": "The knowledge says so.",
}
SUMMARY: dict[str, Any] = {"summary": "The customer asks when the parcel comes.", "sentiment": "angry"}

Case = Callable[["Call"], None]


class Call(BaseHTTPRequestHandler):
    """One request to the service; the cases below answer it."""

    protocol_version = "HTTP/1.1"
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.close_connection = True
        service = self.server.owner
        with service.lock:
            service.requests.append(body)
            service.headers.append(dict(self.headers))
            case = service.cases.pop(0) if len(service.cases) > 1 else service.cases[0]
        wrong = service.complaint(self.path, self.headers, body)
        if wrong:
            service.complaints.append(wrong)
            self.refuse(400, {"message": wrong, "type": "invalid_request_error", "code": None, "param": None})
            return
        with contextlib.suppress(OSError):  # the client has given up, which is what some cases are about
            case(self)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def refuse(self, status: int, error: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self.send(status, "application/json", json.dumps({"error": error}).encode(), headers)

    def send(self, status: int, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self) -> None:
        """Begin a stream that lasts until the connection is closed."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()

    def event(self, delta: Mapping[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.raw({"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]})

    def raw(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.wfile.write(f"data: {text}\n\n".encode())

    def stream(self, text: str, finish: str | None = "stop") -> None:
        """A whole answer in pieces; without `finish` it breaks off."""
        self.begin()
        self.event({"role": "assistant", "content": ""})
        for start in range(0, len(text), 25):
            self.event({"content": text[start : start + 25]})
        if finish is not None:
            self.event({}, finish)
            self.raw({"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": []})
            self.raw("[DONE]")


class Service(ThreadingHTTPServer):
    """The listening socket, which knows whose it is."""

    daemon_threads = True
    request_queue_size = 50
    owner: OpenAIServer


class OpenAIServer:
    """The service: a context manager. The `cases` are used one after the other, the last one again and again.

    `key` is what must be sent as bearer token (None: no Authorization at all), `output` the `response_format`'s type
    ("" for none), `limit` the key and number of the token limit. What does not agree is answered with 400, and
    stands in `complaints`.
    """

    def __init__(self) -> None:
        self.cases: list[Case] = [answers()]
        self.key: str | None = KEY
        self.output = "json_schema"
        self.limit = ("max_tokens", 800)
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.complaints: list[str] = []
        self.over = threading.Event()
        self.lock = threading.Lock()
        self._http = Service(("127.0.0.1", 0), Call)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def does(self, *cases: Case) -> None:
        """Use these cases from now on."""
        self.cases = list(cases)

    def complaint(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> str:
        """What is wrong with a request, "" if nothing is."""
        authorization = None if self.key is None else f"Bearer {self.key}"
        if headers.get("Authorization") != authorization:
            return "the wrong Authorization"
        if path != "/v1/chat/completions":
            return f"the wrong path {path}"
        name, number = self.limit
        known = {"model": MODEL, "stream": True, name: number}
        if {key: value for key, value in body.items() if key not in ("messages", "response_format")} != known:
            return f"the wrong parameters {sorted(body)}"
        if [sorted(each) for each in body["messages"]] != [["content", "role"]] * 2:
            return "messages without role or content"
        if [each["role"] for each in body["messages"]] != ["system", "user"]:
            return "the wrong roles"
        return self._wrong_format(body.get("response_format"))

    def _wrong_format(self, given: Any) -> str:
        if (given or {}).get("type", "") != self.output:
            return "the wrong response_format"
        if self.output != "json_schema":
            return ""
        schema = given["json_schema"]["schema"]
        strict = given["json_schema"]["strict"] is True and schema["additionalProperties"] is False
        whole = sorted(schema["required"]) == sorted(schema["properties"])
        return "" if strict and whole else "a schema that a strict service refuses"


# ------------------------------------------------------------------------------------------------------ cases


def says(text: str, finish: str | None = "stop") -> Case:
    """Stream a text."""
    return lambda call: call.stream(text, finish)


def answers(**changes: Any) -> Case:
    """Stream the usual answer with some keys changed, or left out where they are `...`."""
    return says(json.dumps({key: value for key, value in (ANSWER | changes).items() if value is not ...}))


def summarises(**changes: Any) -> Case:
    """Stream the usual summary with some keys changed."""
    return says(json.dumps(SUMMARY | changes))


def cut(text: str = '{"action": "reply", "reply": "Parcels arr') -> Case:
    """Break off in the middle of the answer."""
    return says(text, None)


def done_without_end() -> Case:
    """Send a whole answer and the last mark, and yet no finish_reason."""

    def case(call: Call) -> None:
        call.begin()
        call.event({"content": json.dumps(ANSWER)})
        call.raw("[DONE]")

    return case


def refuses(status: int, code: str | None = None, after: str = "", message: str = "no") -> Case:
    """Answer with an error."""
    headers = {"Retry-After": after} if after else {}
    return lambda call: call.refuse(status, {"message": message, "type": None, "code": code, "param": None}, headers)


def redirects(to: str) -> Case:
    """Send the client elsewhere, as it is: with body and all."""
    return lambda call: call.send(307, "text/plain", b"", {"Location": to})


def sends(kind: str, body: str) -> Case:
    """Answer 200 with anything."""
    return lambda call: call.send(200, kind, body.encode())


def events(*data: Any) -> Case:
    """Stream events of any content."""

    def case(call: Call) -> None:
        call.begin()
        for each in data:
            call.raw(each)

    return case


def deltas(*each: Mapping[str, Any], finish: str = "stop") -> Case:
    """Stream these deltas."""

    def case(call: Call) -> None:
        call.begin()
        for delta in each:
            call.event(delta)
        call.event({}, finish)
        call.raw("[DONE]")

    return case


def silent() -> Case:
    """Take the request and never answer."""
    return lambda call: call.server.owner.over.wait(20) and None


def hangs_up() -> Case:
    """Close the connection without a word."""
    return lambda call: None


def drips(*, headers: bool = False, comments: bool = False, every: float = 0.05) -> Case:
    """Send a little all the time, beyond every deadline: bytes of headers, comments, or pieces of the answer."""

    def case(call: Call) -> None:
        if headers:
            call.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        else:
            call.begin()
        while not call.server.owner.over.wait(every):
            if headers:
                call.wfile.write(b"a")
            elif comments:
                call.wfile.write(b": still thinking\n\n")
            else:
                call.event({"content": "a"})
            call.wfile.flush()

    return case
