"""Bodies that are read as they come in, and never are in memory as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from core.web.problems import problem


@dataclass(frozen=True, slots=True)
class Streamed:
    """A body that the view reads as it comes in: what it may be, by media type as the OpenAPI has it, and how large.

    `most` are bytes. The view finds it in `request.stream`, which raises `RequestEntityTooLarge` where there is more.
    """

    media: Mapping[str, Mapping[str, Any]]
    most: int

    def documented(self) -> dict[str, Any]:
        """What the OpenAPI says of it."""
        return {"required": True, "content": {name: dict(told) for name, told in self.media.items()}}

    def refused(self) -> Response | None:
        """Why the present request's body cannot be taken, before any of it is read; None if it can.

        What is larger than bodies are elsewhere is let in from here on.
        """
        request.max_content_length = self.most
        kinds = " or ".join(self.media)
        if not request.content_length and "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
            return problem(422, f"The body is missing. Send {kinds}.")
        if (request.content_length or 0) > self.most:
            return problem(413, f"A body may have {self.most // 1024**2} MB. Send what is larger in parts.")
        if request.mimetype not in self.media:
            return problem(415, f"Send {kinds}, and say so in the header Content-Type.")
        return None
