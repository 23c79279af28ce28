"""Another program at the REST API of a service: it has a token, and says what it wants in JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import requests

from core.access import tokens
from core.access.tokens import Scope
from tests.end_to_end.visitor import EMAIL
from tests.end_to_end.worlds import World

PROBLEM = "application/problem+json"


def token_of(world: World, *scopes: Scope, name: str = "crm", good_for: timedelta | None = None) -> str:
    """A token with these scopes, or with all of them."""
    return tokens.make(world.runtime.db, name, scopes or tuple(Scope), EMAIL, good_for)[1]


class Program:
    """Calls `/api/v1`, with a token or, where that is "", without one."""

    def __init__(self, world: World, token: str | None = None) -> None:
        self.world = world
        self.token = token_of(world) if token is None else token

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call an address, whatever comes back."""
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **options.pop("headers", {})}
        return requests.request(method, f"{self.world.url}/api/v1{path}", headers=headers, timeout=10, **options)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at an address, which must be there."""
        return self._good(self.call("GET", path, params=query))

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Do something that must be possible."""
        return self._good(self.call("POST", path, json=json, **options))

    def patch(self, path: str, **change: Any) -> Any:
        """Change something that must be possible to change."""
        return self._good(self.call("PATCH", path, json=change))

    def refused(self, method: str, path: str, status: int, **options: Any) -> Any:
        """What a call is refused with, which must be this status and say so as RFC 9457 has it."""
        answer = self.call(method, path, **options)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM), answer.text
        told = answer.json()
        assert told["status"] == status
        assert {"type", "title", "detail"} <= set(told)
        return told

    def _good(self, answer: requests.Response) -> Any:
        assert 200 <= answer.status_code < 300, answer.text
        return answer.json() if answer.content else None
