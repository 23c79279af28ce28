"""A small web server that takes webhooks and keeps them, to test what a simulator delivers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from core.testing.simulator import POLL_SECONDS, QuietHandler
from core.testing.waiting import Changes, T


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery as it came in: the exact body, and the headers with their names in lower case."""

    body: bytes
    headers: Mapping[str, str]
    json: Any


class WebhookReceiver:
    """``with WebhookReceiver() as receiver: receiver.url``; what came is in `received`.

    `answers` are the next answers, or their statuses alone, in order; when they are used up it answers 200.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[int | Response] = []
        self._changes = Changes()
        self._release = threading.Event()
        self._release.set()
        self._server = make_server("127.0.0.1", 0, self._take, threaded=True, request_handler=QuietHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True)

    @property
    def url(self) -> str:
        """Where to send webhooks."""
        return f"http://127.0.0.1:{self._server.port}/hook"

    def hang(self) -> None:
        """Take what comes, but answer none of it until `answer_again`."""
        self._release.clear()

    def answer_again(self) -> None:
        """Answer what hangs, and all that follows at once."""
        self._release.set()

    def wait_for(self, predicate: Callable[[], T], seconds: float = 5.0) -> T:
        """Wait until `predicate` gives something true, at most `seconds`; returns its last result, true or not."""
        return self._changes.wait_for(predicate, seconds)

    def _take(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.get_data(), headers, request.get_json(silent=True)))
        answer = self.answers.pop(0) if self.answers else 200
        self._changes.note()
        self._release.wait()
        response = answer if isinstance(answer, Response) else Response(b"", answer)
        return response(environ, start_response)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answer_again()
        self._server.shutdown()
        self._thread.join()
