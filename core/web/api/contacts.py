"""Contacts over the API: the people who write."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.access.tokens import Scope
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.api import shown
from core.web.api.fields import LONGEST_SEARCH, Paging, text
from core.web.api.operations import LINKS, NO_PLACE, Gone, Resource, listed
from core.web.queries.contacts import list_contacts, open_contact

NO_SUCH = "There is no such contact."


class ContactQuery(Paging):
    """Which contacts are wanted."""

    q = text("How words of the name or the e-mail begin.", LONGEST_SEARCH, load_default="")


def contacts(runtime: Runtime) -> Resource:
    """The operations on contacts."""
    resource = Resource("Contacts", runtime, "The people who write, matched by e-mail across connections.")

    @resource.operation(
        "GET",
        "/contacts",
        Scope.READ,
        query=ContactQuery,
        answers=shown.ContactPage,
        words="A page of contacts, the one heard of last first.",
        refuses={404: NO_PLACE},
        tells=LINKS,
    )
    def find_contacts(asked: dict[str, Any]) -> Any:
        """List contacts"""
        page = list_contacts(runtime.db, asked["q"], asked["cursor"], asked["limit"])
        return listed(runtime, page.lines, page.next_cursor, page.previous_cursor, cut=page.cut)

    @resource.operation(
        "GET",
        f"/contacts/<{ROW_ID}:contact_id>",
        Scope.READ,
        answers=shown.OpenedContact,
        words="The contact.",
        refuses={404: NO_SUCH},
    )
    def get_contact(contact_id: int) -> Any:
        """Read a contact

        With how the connections know them, and their latest sessions; `GET /sessions?contact=` has all.
        """
        found = open_contact(runtime.db, contact_id)
        if found is None:
            raise Gone(NO_SUCH)
        return {**dataclasses.asdict(found.line), "identities": found.identities, "sessions": found.sessions.lines}

    return resource
