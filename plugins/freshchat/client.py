"""Freshchat's API v2, one method an endpoint; every address of the vendor's API is in this file.

Vendor documentation: developers.freshchat.com/api. Each method names its section there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from core import Answer, BadPayload, HttpClient, Refused
from plugins.freshchat.schemas import clean, word

PAGE_SIZE = 50
"""Entries of a page; 50 is the documented most."""
MOST_PAGES = 400
"""Pages of one listing; beyond it the vendor's links are taken to lead in a circle."""


class FreshchatClient:
    """The calls Relaydesk makes to one Freshchat account; errors are those of `HttpClient`, and `BadPayload`."""

    def __init__(self, http: HttpClient, settings: Mapping[str, Any]) -> None:
        self._http = http
        self._update_verb = str(settings["update_verb"])

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        """`GET /conversations/{conversation_id}`; documentation: "Conversations", retrieve a conversation."""
        return _object(self._http.get(f"/conversations/{_segment(conversation_id)}"), "conversation")

    def conversations(self, status: str, page: int) -> tuple[list[dict[str, Any]], bool]:
        """`GET /conversations`; in the OpenAPI, "List all conversations". Many accounts have no such collection.

        The conversations of one page, and whether there are more.
        """
        params = {"status": status, "page": page, "items_per_page": PAGE_SIZE}
        data = _object(self._http.get("/conversations", params), "conversations")
        found = data.get("conversations")
        if not isinstance(found, list):
            raise BadPayload("conversations: is missing from the answer to GET /conversations")
        more = bool(found) and (bool(_next_href(data)) or _more_pages(data, page))
        return [entry for entry in found if isinstance(entry, dict)], more

    def user_conversations(self, user_id: str) -> Iterator[dict[str, Any]]:
        """`GET /users/{user_id}/conversations`; documentation: "Users", conversations of a user. All pages."""
        return self._pages(f"/users/{_segment(user_id)}/conversations", {}, "conversations")

    def update_conversation(self, conversation_id: str, values: Mapping[str, Any]) -> None:
        """`PUT /conversations/{conversation_id}`; documentation: "Conversations", update a conversation.

        Only the `values` given change. `PATCH` is another document's word for it, hence the setting update_verb.
        """
        self._http.request(self._update_verb, f"/conversations/{_segment(conversation_id)}", json=dict(values))

    def messages(self, conversation_id: str, from_time: datetime | None = None) -> Iterator[dict[str, Any]]:
        """`GET /conversations/{conversation_id}/messages`; documentation: "Messages", list messages.

        All pages, newest first, each message once; with `from_time` those written at that time or later.
        """
        params: dict[str, Any] = {"page": 1, "items_per_page": PAGE_SIZE}
        if from_time is not None:
            params["from_time"] = from_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return self._pages(f"/conversations/{_segment(conversation_id)}/messages", params, "messages")

    def send_message(self, conversation_id: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /conversations/{conversation_id}/messages`; documentation: "Messages", send a message.

        Returns the message object; {} where the answer holds none. There is no idempotency key: sent twice is
        shown twice, and a 400 has been seen for a message that was posted all the same.
        """
        answer = self._http.post(f"/conversations/{_segment(conversation_id)}/messages", dict(message))
        data = clean(answer.data)
        nested = data.get("message") if isinstance(data, dict) else None
        return nested if isinstance(nested, dict) else data if isinstance(data, dict) else {}

    def agents(self) -> Iterator[dict[str, Any]]:
        """`GET /agents`; documentation: "Agents", list all agents. All pages: there is no filter by email."""
        return self._pages("/agents", {"page": 1, "items_per_page": PAGE_SIZE}, "agents")

    def agent(self, agent_id: str) -> dict[str, Any]:
        """`GET /agents/{agent_id}`; documentation: "Agents", retrieve an agent."""
        return _object(self._http.get(f"/agents/{_segment(agent_id)}"), "agent")

    def user(self, user_id: str, *, system: bool = False) -> dict[str, Any]:
        """`GET /users/{user_id}`; documentation: "Users", retrieve a user. `system` finds bots and system senders."""
        params = {"system_user": "true"} if system else None
        return _object(self._http.get(f"/users/{_segment(user_id)}", params), "user")

    def account_configuration(self) -> dict[str, Any]:
        """`GET /accounts/configuration`; documentation: "Account", configuration. Not every account offers it."""
        return _object(self._http.get("/accounts/configuration"), "account")

    def _pages(self, path: str, params: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
        """All entries under `key` over all pages. New entries shift the pages, so each id is given once."""
        seen: set[str] = set()
        visited: set[str] = set()
        answer = self._http.get(path, params)
        for number in range(1, MOST_PAGES + 1):
            data = clean(answer.data)
            entries = data if isinstance(data, list) else data.get(key) if isinstance(data, dict) else None
            if not isinstance(entries, list):
                raise BadPayload(f"{key}: is missing from the answer to GET {path}")
            for entry in entries:
                if isinstance(entry, dict) and _id_of(entry) not in seen:
                    seen.add(_id_of(entry))
                    yield entry
            href = _next_href(data) if isinstance(data, dict) else ""
            if not entries or (href and href in visited):
                return
            if href:
                visited.add(href)
                answer = self._follow(path, href)
            elif isinstance(data, dict) and _more_pages(data, number):
                answer = self._http.get(path, {**params, "page": number + 1})
            else:
                return
        raise BadPayload(f"{key}: GET {path} goes on beyond {MOST_PAGES} pages")

    def _follow(self, path: str, href: str) -> Answer:
        # The vendor's links begin with /v2, as the base address ends; a proxy may have put more before it.
        if href.startswith("/v2/"):
            return self._http.get(href.removeprefix("/v2"))
        return self._http.get(path + href) if href.startswith("?") else self._http.follow(href)


def _segment(identifier: str) -> str:
    """An id as one segment of a path, whatever characters it is made of."""
    if identifier.strip(". ") == "":
        raise Refused("an empty id leads nowhere at the vendor")
    return quote(identifier, safe="")


def _object(answer: Answer, name: str) -> dict[str, Any]:
    data = clean(answer.data)
    if not isinstance(data, dict):
        raise BadPayload(f"{name}: the answer is no object")
    return data


def _id_of(entry: Mapping[str, Any]) -> str:
    return word(entry.get("id")) or word(entry.get("conversation_id"))


def _next_href(data: Mapping[str, Any]) -> str:
    """The link to the next page, without its host: only our own is ever called with the credential.

    Messages carry ``link: {href}``; agents ``links: {next_page: {href}}``, in some documents a plain string.
    """
    links = data.get("links")
    link = data.get("link") or (links.get("next_page") if isinstance(links, Mapping) else None)
    href = link.get("href") if isinstance(link, Mapping) else link
    if not isinstance(href, str) or not href.strip():
        return ""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        raise BadPayload("link.href: is no address") from None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _more_pages(data: Mapping[str, Any], number: int) -> bool:
    pagination = data.get("pagination")
    total = pagination.get("total_pages") if isinstance(pagination, Mapping) else None
    return isinstance(total, int) and number < total
