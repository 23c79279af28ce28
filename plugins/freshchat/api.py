"""How Freshchat's API is called: ids in paths, objects and pages, in the documented and in the observed shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from core import Answer, BadPayload, HttpClient, Refused
from core.payload import clean
from plugins.freshchat.schemas import word

PAGE_SIZE = 50
"""Entries of a page; 50 is the documented most."""
MOST_PAGES = 400
"""Pages of one listing; beyond it the vendor's links are taken to lead in a circle."""


class FreshchatApi:
    """The base of `FreshchatClient`: what its methods have in common."""

    def __init__(self, http: HttpClient, settings: Mapping[str, Any]) -> None:
        self._http = http
        self._update_verb = str(settings["update_verb"])

    def _pages(self, path: str, params: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
        """All entries under `key` over all pages. New entries shift the pages, so each id is given once."""
        seen: set[str] = set()
        visited: set[str] = set()
        answer = self._http.get(path, params)
        for number in range(1, MOST_PAGES + 1):
            data = clean(answer.data)
            entries = self._entries(data, key, path)
            for entry in entries:
                if _id_of(entry) not in seen:
                    seen.add(_id_of(entry))
                    yield entry
            href = next_href(data) if isinstance(data, dict) else ""
            if not entries or (href and href in visited):
                return
            if href:
                visited.add(href)
                answer = self._follow(path, href)
            elif isinstance(data, dict) and more_pages(data, number):
                answer = self._http.get(path, {**params, "page": number + 1})
            else:
                return
        raise BadPayload(f"{key}: GET {path} goes on beyond {MOST_PAGES} pages")

    def _entries(self, data: Any, key: str, path: str) -> list[dict[str, Any]]:
        """The objects of a list, which stand under `key` or are the whole answer."""
        entries = data if isinstance(data, list) else data.get(key) if isinstance(data, dict) else None
        if not isinstance(entries, list):
            raise BadPayload(f"{key}: is missing from the answer to {path}")
        return [entry for entry in entries if isinstance(entry, dict)]

    def _follow(self, path: str, href: str) -> Answer:
        # The vendor's links begin with /v2, as the base address ends; a proxy may have put more before it.
        if href.startswith("/v2/"):
            return self._http.get(href.removeprefix("/v2"))
        return self._http.get(path + href) if href.startswith("?") else self._http.follow(href)


def segment(identifier: str) -> str:
    """An id as one segment of a path, whatever characters it is made of."""
    if identifier.strip(". ") == "":
        raise Refused("an empty id leads nowhere at the vendor")
    return quote(identifier, safe="")


def path_of(address: str, **ids: str) -> str:
    """An address of the API with an id in the place of each of its placeholders. Raises `Refused` for an empty one."""
    return address.format(**{name: segment(identifier) for name, identifier in ids.items()})


def id_in(path: str, address: str) -> str:
    """The id that stands in a path in the place of its address's one placeholder: what `path_of` was given."""
    before, _, rest = address.partition("{")
    return unquote(path.removeprefix(before).removesuffix(rest.partition("}")[2]))


def object_of(answer: Answer, name: str) -> dict[str, Any]:
    """The JSON object of an answer, its texts cleaned. Raises `BadPayload`."""
    data = clean(answer.data)
    if not isinstance(data, dict):
        raise BadPayload(f"{name}: the answer is no object")
    return data


def _id_of(entry: Mapping[str, Any]) -> str:
    return word(entry.get("id")) or word(entry.get("conversation_id"))


def next_href(data: Mapping[str, Any]) -> str:
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


def more_pages(data: Mapping[str, Any], number: int) -> bool:
    """Whether a list that gives no links has pages after `number`."""
    pagination = data.get("pagination")
    total = pagination.get("total_pages") if isinstance(pagination, Mapping) else None
    return isinstance(total, int) and number < total
