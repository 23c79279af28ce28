"""The inbox: sessions by tab, filter and search, staying up to date by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, render_template, request

from core.access.users import Role
from core.domain import Channel, Connection
from core.runtime import Runtime
from core.web.guard import needs
from core.web.live import when_changed
from core.web.queries import health
from core.web.queries.cursors import BadCursor
from core.web.queries.sessions import Counts, SessionFilter, SessionPage, counts, list_sessions

LONGEST_SEARCH = 500


@dataclass(frozen=True, slots=True)
class Tab:
    """A choice of sessions; `count` names its figure among `Counts`, "" for none."""

    name: str
    words: str
    wanted: SessionFilter
    count: str = ""


TABS = (
    Tab("open", "Open", SessionFilter(status="open"), "open"),
    Tab("needs", "Needs a person", SessionFilter(needs_person=True), "needs_person"),
    Tab("ai", "AI answers", SessionFilter(status="open", owner="ai"), "ai"),
    Tab("human", "Human answers", SessionFilter(status="open", owner="human"), "human"),
    Tab("nobody", "Unowned", SessionFilter(status="open", owner="nobody"), "nobody"),
    Tab("handed_off", "Handed off", SessionFilter(status="open", handed_off=True), "handed_off"),
    Tab("resolved", "Resolved", SessionFilter(status="closed_resolved")),
    Tab("unresolved", "Unresolved", SessionFilter(status="closed_unresolved")),
    Tab("all", "All", SessionFilter()),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    tab: Tab
    wanted: SessionFilter
    cursor: str
    arguments: dict[str, str]


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/`, and of the part of it that stays up to date."""
    blueprint = Blueprint("inbox", __name__)

    @blueprint.get("/")
    @needs(Role.OPERATOR)
    def inbox() -> str:
        asked, connections = _asked(), list(runtime.connections.all())
        return render_template(
            "inbox/inbox.html",
            **_shown(runtime, asked, connections),
            channels=[each.value for each in Channel],
            names=list(dict.fromkeys(connection.name for connection, _ in connections)),
        )

    @blueprint.get("/live/inbox")
    @needs(Role.OPERATOR)
    def live() -> Response:
        return when_changed(
            render_template("inbox/live.html", **_shown(runtime, _asked(), list(runtime.connections.all())))
        )

    return blueprint


def _asked() -> Asked:
    arguments = {
        name: value[:LONGEST_SEARCH]
        for name in ("tab", "q", "channel", "connection")
        if (value := request.args.get(name, "").replace("\x00", "").strip())
    }
    searching = bool(arguments.get("q"))
    # A search goes through everything, unless a tab was chosen with it.
    usual = "all" if searching else "open"
    tab = next((tab for tab in TABS if tab.name == arguments.get("tab", usual)), TABS[0])
    channel = arguments.get("channel", "")
    wanted = replace(
        tab.wanted,
        q=arguments.get("q", ""),
        channel=channel if channel in set(Channel) else "",
        connection=arguments.get("connection", ""),
    )
    return Asked(tab, wanted, request.args.get("cursor", ""), arguments)


def _shown(runtime: Runtime, asked: Asked, connections: list[tuple[Connection, str]]) -> dict[str, Any]:
    lost = False
    try:
        page = list_sessions(runtime.db, asked.wanted, asked.cursor)
    except BadCursor:
        page, lost = SessionPage(()), True
    return {
        "page": page,
        "asked": asked,
        "lost": lost,
        "tabs": [(tab, _figure(counts_of, tab)) for counts_of in (counts(runtime.db),) for tab in TABS],
        "troubles": health.troubles(runtime.db),
        "connections": health.lines_of(runtime.db, connections),
        "connected": bool(connections),
    }


def _figure(found: Counts, tab: Tab) -> int | None:
    return getattr(found, tab.count) if tab.count else None
