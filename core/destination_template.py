"""Destination templates: what a plugin offers to write to its vendor, one class an endpoint."""

from __future__ import annotations

import abc
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from core.domain import Connection
from core.http import HttpClient


class FieldKind(StrEnum):
    """What a field of a template holds; text from a file is read as this."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"
    OBJECT = "object"
    ANY = "any"
    """Whatever JSON has: an account's own fields, of which nobody knows beforehand what they hold."""


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A field that a template takes. `name` may end in ``*``: ``cf_*`` stands for all that begin so.

    Of `choices` the value must be one, if there are any; for a number they are numbers. `look_up` names what its
    connector can look the value up by, where the vendor wants an id that people do not know.
    """

    name: str
    help: str
    required: bool = False
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[Any, ...] = ()
    look_up: str = ""


@dataclass(frozen=True, slots=True)
class VendorCall:
    """A call that writes: `path` is below the address of the vendor's API, `body` is sent as JSON."""

    verb: str
    path: str
    body: Any


class DestinationTemplate(abc.ABC):
    """One kind of record that a vendor takes, and how it is written there.

    A template holds no state, and its `call` makes no call: core makes it, records it before, keeps the budget, and
    settles what becomes of it. What it is given as a record is what the mapping made of the source's: only fields that
    the template has, those required present, each of its kind. Errors of the vendor pass through untouched.
    """

    connector: ClassVar[str]
    """The name of the connector to whose connections it can write."""
    name: ClassVar[str]
    """The word used in the configuration, such as ``create_ticket``; unique among the connector's."""
    label: ClassVar[str]
    """What people call it."""
    about: ClassVar[str]
    """What it does, in a sentence, with what must exist before."""
    documentation: ClassVar[str]
    """Where the vendor documents the call."""
    verb: ClassVar[str]
    path: ClassVar[str]
    """As documented, with ids as placeholders: ``/conversations/{conversation_id}``."""
    fields: ClassVar[tuple[TemplateField, ...]]
    sample: ClassVar[Mapping[str, Any]]
    """A record as a source may have it; it can be sent as it stands, but for ids and addresses."""
    merged_by: ClassVar[tuple[str, ...]] = ()
    """The fields by which several records become one call, if they are equal in all of them; () if none ever do."""
    in_order_of: ClassVar[str] = ""
    """The field by which records belong together: those with the same value are written in their order."""
    finds_existing: ClassVar[bool] = False
    """Whether `existing` and `update_call` are there, so that what the vendor has already can be skipped or updated."""

    @abc.abstractmethod
    def call(self, records: Sequence[Mapping[str, Any]], connection: Connection) -> VendorCall:
        """The call that writes a record, or several that are equal in `merged_by`. Raises `BadRecord`."""

    @abc.abstractmethod
    def captured(self, call: VendorCall, data: Any) -> str:
        """The vendor's id of what was made or changed, from the answer's JSON (None for an empty body).

        Raises `OutcomeUnknown` if the answer to a call that makes something has no id.
        """

    @abc.abstractmethod
    def find(
        self, call: VendorCall, since: datetime, known: Collection[str], connection: Connection, http: HttpClient
    ) -> str | None:
        """Look at the vendor whether a call that was begun at `since` took effect: the id, or None if it shows nowhere.

        Ids among `known` belong to other records, and prove nothing.
        """

    def existing(self, record: Mapping[str, Any], connection: Connection, http: HttpClient) -> str | None:
        """The id under which the vendor has such a record already; None if it has none."""
        return None

    def update_call(self, record: Mapping[str, Any], existing_id: str, connection: Connection) -> VendorCall:
        """The call that brings what the vendor has already to the values of the record. Raises `BadRecord`."""
        raise NotImplementedError(f"{self.name} cannot update what exists already")

    def field(self, name: str) -> TemplateField | None:
        """The field that takes a value of this name; None if there is none."""
        for each in self.fields:
            if each.name == name or (each.name.endswith("*") and name.startswith(each.name[:-1]) and name != each.name):
                return each
        return None
