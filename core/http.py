"""The one way to a vendor: a deadline, a budget, an address guard, and errors that tell what is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from core.clock import Clock
from core.domain import Charge
from core.errors import BadPayload, OutcomeUnknown, Refused, RelaydeskError, VendorError
from core.http_answers import error_of, parse_json, trace_id_of, vendor_words
from core.http_transport import Attempt, Raw, exchange
from core.version import VERSION

MEBIBYTE = 1024 * 1024
MOST_REDIRECTS = 3
KEPT_OF_ANSWER = 4096
"""Bytes read of what a receiver of outbound events answers: only its status counts."""
USER_AGENT = f"Relaydesk/{VERSION}"
READS = ("GET", "HEAD")

Files = Mapping[str, Any] | Sequence[tuple[str, Any]]
Spend = Callable[[str, str, Mapping[str, Any]], Charge]
Learn = Callable[[int, Mapping[str, str], Charge], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer of status 200-299. `data` is its parsed JSON, None for an empty body."""

    status: int
    headers: Mapping[str, str]
    data: Any
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A fetched file; `content_type` is what the server called it, without parameters."""

    content: bytes
    content_type: str


class HttpClient:
    """Speaks to one account of one vendor.

    `base_url` may carry a path (``https://x.freshchat.com/v2``); `headers` hold the credential and go to
    `base_url`'s host only. `timeout_seconds` bounds a call as a whole: name look-up, connection, headers and
    body. `spend` is called before each request, with its verb, path and parameters; it gives its charge, or raises
    `RetryLater` when the budget is used up. `learn` gets the status and headers of each answer, and that charge.
    Unless `allow_private`, a host that leads to a private address is refused before anything is sent. An answer
    larger than `limit_bytes` (decoded) is not read to its end.

    Errors, for every method that calls the vendor: `AuthFailed` on 401 and 403; `RetryLater` if the call was
    certainly not applied (no connection, 409, 425, 429), and for reads on time-outs and 5xx; `OutcomeUnknown`
    for writes on time-outs, cut connections, 5xx and answers that cannot be read; `BadPayload` for reads whose
    answer is no JSON; `Refused` on everything else, redirects among it. None holds a header or a secret.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        clock: Clock,
        *,
        timeout_seconds: float = 10.0,
        spend: Spend | None = None,
        learn: Learn | None = None,
        allow_private: bool = False,
        limit_bytes: int = 4 * MEBIBYTE,
    ) -> None:
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"the header {name} holds a character that HTTP does not allow")
        self.base_url = base_url.rstrip("/")
        self._origin = _origin(self.base_url)
        if self._origin[0] not in ("http", "https") or not self._origin[1]:
            raise ValueError("base_url must be an http or https address without a user name")
        self._headers = dict(headers)
        self._clock = clock
        self._timeout = timeout_seconds
        self._spend = spend
        self._learn = learn
        self._allow_private = allow_private
        self._limit = limit_bytes
        self._reserved: Charge | None = None

    def __repr__(self) -> str:
        return f"HttpClient({self.base_url!r})"

    # ------------------------------------------------------------------------------------------ calls

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Read `path` (below `base_url`, or a full address on its host)."""
        return self.request("GET", path, params=params)

    def post(self, path: str, json: Any = None, files: Files | None = None) -> Answer:
        """Send JSON, or `files` as multipart; with both, the JSON object's values are the form's fields."""
        return self.request("POST", path, json=json, files=files)

    def put(self, path: str, json: Any = None) -> Answer:
        return self.request("PUT", path, json=json)

    def patch(self, path: str, json: Any = None) -> Answer:
        return self.request("PATCH", path, json=json)

    def delete(self, path: str, json: Any = None) -> Answer:
        return self.request("DELETE", path, json=json)

    def follow(self, href: str) -> Answer:
        """Read a pagination link: relative to the root of `base_url`'s host, or absolute on that very host."""
        return self.get(urljoin(self.base_url + "/", href.strip()))

    def reserve(self, verb: str, path: str) -> None:
        """Take the next request's place in the budget now; raises `RetryLater` if there is none.

        For a request that is recorded before it is made: once it is recorded, the budget no longer stands in its way.
        """
        if self._spend is not None:
            self._reserved = self._spend(verb.upper(), path, {})

    def request(
        self,
        verb: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        files: Files | None = None,
        limit_bytes: int | None = None,
        more_headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call and return its answer; the errors are those of the class.

        `limit_bytes` stands in for the client's own, for answers that are rightly larger. Of `more_headers` none takes
        the place of one that is sent anyway.
        """
        verb = verb.upper()
        write = verb not in READS
        ours = {"User-Agent": USER_AGENT, "Accept": "application/json", "Connection": "close"} | self._headers
        taken = {"content-type", *(name.lower() for name in ours)}
        headers = {name: value for name, value in (more_headers or {}).items() if name.lower() not in taken} | ours
        content: dict[str, Any] = {"data": json, "files": files} if files else {"json": json}
        prepared = _prepare(verb, self._address(path), headers, params=params, **content)
        # The address as the connection will read it decides where the credential goes, not the text we joined.
        if _origin(prepared.url or "") != self._origin:
            raise Refused("the address does not lead to the connection's own host")
        charge, self._reserved = self._reserved, None
        if charge is None:
            charge = Charge() if self._spend is None else self._spend(verb, path, params or {})
        raw = exchange(prepared, self._attempt(self._timeout), write=write, limit=limit_bytes or self._limit)
        if self._learn is not None:
            self._learn(raw.status, raw.headers, charge)
        return self._answer(raw, write=write)

    def download(self, url: str, hosts: Sequence[str], limit_bytes: int) -> Download:
        """Fetch a file without the credential, from one of `hosts` or a host below one of them.

        `url` must be https (http only with `allow_private`). Up to three redirects among those hosts are
        followed, all within one deadline. Raises `Refused` for any other address, for a file over `limit_bytes`
        and for 401 and 403, which here mean that the signed address has run out; otherwise as for reads.
        """
        ends_at = time.monotonic() + self._timeout
        for _ in range(MOST_REDIRECTS + 1):
            self._check_download(url, hosts)
            prepared = _prepare("GET", url, {"User-Agent": USER_AGENT, "Connection": "close"})
            raw = exchange(
                prepared, self._attempt(max(0.001, ends_at - time.monotonic())), write=False, limit=limit_bytes
            )
            if not (300 <= raw.status < 400 and raw.headers.get("Location")):
                return self._downloaded(raw)
            url = urljoin(url, raw.headers["Location"])
        raise Refused(f"the file's address was redirected more than {MOST_REDIRECTS} times")

    # ---------------------------------------------------------------------------------------- inside

    def _attempt(self, seconds: float) -> Attempt:
        return Attempt(seconds, allow_private=self._allow_private)

    def _address(self, path: str) -> str:
        if any(character in path for character in "\\\r\n\t ") or not path.isprintable():
            raise Refused("the address holds a character that does not belong there")
        if "://" in path.partition("?")[0] or path.startswith("//"):
            return path
        return f"{self.base_url}/{path.lstrip('/')}"

    def _check_download(self, url: str, hosts: Sequence[str]) -> None:
        scheme, host, port = _origin(url)
        if scheme != "https" and not (scheme == "http" and self._allow_private):
            raise Refused("files are fetched over https only")
        if urlsplit(url).username is not None or (port != 443 and not self._allow_private):
            raise Refused("the file's address names a user or an unusual port")
        if not any(host == allowed.lower() or host.endswith("." + allowed.lower()) for allowed in hosts):
            raise Refused(f"files are not fetched from {host or 'nowhere'}")

    def _downloaded(self, raw: Raw) -> Download:
        if 200 <= raw.status < 300:
            kind = (raw.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
            return Download(raw.content, kind)
        if raw.status in (401, 403):
            raise Refused(f"the file's address is no longer good ({raw.status})", status=raw.status)
        raise self._error(raw, write=False)

    def _answer(self, raw: Raw, *, write: bool) -> Answer:
        if not 200 <= raw.status < 300:
            raise self._error(raw, write=write)
        trace_id = trace_id_of(raw.headers)
        try:
            data = parse_json(raw.content)
        except ValueError:
            words = f"the vendor answered {raw.status} without JSON: {vendor_words(raw.content, self._secrets())}"
            problem: RelaydeskError = (
                OutcomeUnknown(words, status=raw.status, trace_id=trace_id) if write else BadPayload(words)
            )
        else:
            return Answer(raw.status, raw.headers, data, trace_id)
        raise problem

    def _error(self, raw: Raw, *, write: bool) -> VendorError:
        return error_of(
            raw.status, raw.headers, raw.content, write=write, now=self._clock.now(), secrets=self._secrets()
        )

    def _secrets(self) -> tuple[str, ...]:
        """Our header values and their longer words ("Bearer" aside), longest first, to strike out of what is shown."""
        words = {word for value in self._headers.values() for word in (value, *value.split()) if len(word) >= 8}
        return tuple(sorted(words, key=len, reverse=True))


def post_bytes(
    url: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float, allow_private: bool
) -> Raw:
    """Send a body as it stands to an address that is no connection's, such as a receiver of outbound events.

    Returns the answer whatever its status, a redirect too, with the beginning of its body. Raises `RetryLater` if
    nothing was sent, `OutcomeUnknown` if no answer came in time, and `Refused` for an address that may not be called.
    """
    sent = {"User-Agent": USER_AGENT, "Connection": "close", **headers}
    prepared = _prepare("POST", url, sent, data=body)
    if not _origin(prepared.url or "")[1]:
        raise Refused("the address names no host, or names a user")
    attempt = Attempt(timeout_seconds, allow_private=allow_private)
    return exchange(prepared, attempt, write=True, limit=KEPT_OF_ANSWER, whole=False)


def _prepare(verb: str, url: str, headers: Mapping[str, str], **content: Any) -> requests.PreparedRequest:
    try:
        return requests.Request(verb, url, headers=dict(headers), **content).prepare()
    except (requests.RequestException, UnicodeError, ValueError) as error:
        kind = type(error).__name__
    raise Refused(f"the request cannot be written ({kind}): its address or content is not fit to be sent")


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port as urllib3 will use them; empty ones for an address it cannot read."""
    try:
        parsed = parse_url(url)
    except (LocationParseError, UnicodeError):
        return "", "", 0
    if parsed.auth is not None:
        return "", "", 0
    scheme = (parsed.scheme or "").lower()
    return scheme, (parsed.host or "").lower(), parsed.port or {"https": 443, "http": 80}.get(scheme, 0)
