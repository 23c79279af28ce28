"""Destinations over the API: made, changed, tried, let send and removed (behaviour 154-161)."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from core.access.tokens import Scope
from core.destination_settings import Definition, as_given, without_header_values
from core.destinations import trying
from core.destinations.catalogue import RECORD_STATES, Destinations, UnknownDestination
from core.destinations.catalogue import Destination as Found
from core.destinations.records import UnknownRecord
from core.errors import BadRecord, ConfigError, VendorError
from core.runtime import Runtime
from core.web.addresses import NAMED
from core.web.api.destination_fields import (
    Destination,
    DestinationPage,
    NewDefinition,
    NewDestination,
    RecordsTried,
    RecordTried,
    Samples,
    Tested,
)
from core.web.api.operations import Resource, address, by, listed
from core.web.problems import problem
from core.web.wording import words_of

PLACE = f"/destinations/<{NAMED}:name>"
NO_SUCH = "There is no such destination."
OF_STATE = ("destination", "record", "revision")
"""What an error is about that no other request would mend: how things stand."""
UNFIT = "It does not go together with what is there, such as the connection; `errors` says by field what to mend."
IN_FILE = "It stands in the configuration file"
EXAMPLE = {
    "connection": "support",
    "template": "create_end_user",
    "fields": {"first_name": "name", "email": "email"},
    "key": "email",
}


def answer_mistakes(resource: Resource) -> None:
    """Let a resource answer what the core says is wrong about destinations and their records.

    What is wrong with a definition by itself is found out here before, and is told with 422. What the core finds is
    that it does not go together with the connection and the templates there are, or with other destinations.
    """

    @resource.errorhandler(UnknownDestination)
    @resource.errorhandler(UnknownRecord)
    def unknown(told: Exception) -> Response:
        return problem(404, str(told))

    @resource.errorhandler(ConfigError)
    def mistake(told: ConfigError) -> Response:
        words = words_of(told)
        if told.key == "cursor":
            return problem(404, words)
        return problem(409, words, errors=None if told.key in OF_STATE else {told.key: [words]})

    @resource.errorhandler(BadRecord)
    def bad_record(told: BadRecord) -> Response:
        return problem(409, str(told), errors={told.field or "record": [told.reason]})

    @resource.errorhandler(VendorError)
    def not_reached(told: VendorError) -> Response:
        return problem(409, f"The vendor could not be asked. {told}")


def destinations(runtime: Runtime) -> Resource:
    """The operations on destinations."""
    resource = Resource("Destinations", runtime, "Where records are written to, and how a record becomes a request.")
    answer_mistakes(resource)
    _add_reading(resource, runtime)
    _add_making(resource, runtime)
    _add_ending(resource, runtime)
    _add_life(resource, runtime)
    _add_breaks(resource, runtime)
    _add_trying(resource, runtime)
    return resource


def _add_reading(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "GET", "/destinations", Scope.READ, answers=DestinationPage, words="All destinations, by their names."
    )
    def list_destinations() -> Any:
        """List destinations

        All on one page.
        """
        return listed(runtime, [_shown(each) for each in Destinations(runtime).list()])

    @resource.operation("GET", PLACE, Scope.READ, answers=Destination, words="The destination.", refuses={404: NO_SUCH})
    def get_destination(name: str) -> Any:
        """Read a destination"""
        return _shown(Destinations(runtime).get(name))


def _add_making(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        "/destinations",
        Scope.ADMINISTER,
        body=NewDestination,
        example={"name": "new-customers", **EXAMPLE},
        answers=Destination,
        status=201,
        words="The destination, which is not active yet.",
        refuses={409: f"There is one of this name. Or: {UNFIT}"},
        tells={"Location": "The destination."},
    )
    def create_destination(new: dict[str, Any]) -> Any:
        """Make a destination

        It takes records at once, and sends nothing before it is activated. Test it first.
        """
        made = Destinations(runtime).create(new, by())
        return _shown(made), address("Destinations.get_destination", name=made.name)

    @resource.operation(
        "PUT",
        PLACE,
        Scope.ADMINISTER,
        body=NewDefinition,
        example=EXAMPLE,
        answers=Destination,
        words="The destination as it is now.",
        refuses={404: NO_SUCH, 409: f"{IN_FILE}, or somebody else has changed it. Or: {UNFIT}"},
    )
    def change_destination(given: dict[str, Any], name: str) -> Any:
        """Give a destination another definition

        The whole one. What waits is sent as it says; what was sent stays so, and is not sent again.
        """
        revision = given.pop("revision", None)
        return _shown(Destinations(runtime).update(name, given, by(), revision))


def _add_ending(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "DELETE",
        PLACE,
        Scope.ADMINISTER,
        status=204,
        words="It is removed.",
        refuses={404: NO_SUCH, 409: f"It is active, or calls of it are under way. Or: {IN_FILE}."},
    )
    def delete_destination(name: str) -> Response:
        """Remove a destination with its ledger

        With the ledger it forgets what it has written: under another destination the same records are written again.
        """
        Destinations(runtime).delete(name, by())
        return Response(status=204, content_type=None)


def _add_life(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"{PLACE}/activate",
        Scope.ADMINISTER,
        answers=Destination,
        words="It sends.",
        refuses={404: NO_SUCH, 409: f"{IN_FILE}, which activates it. Or: {UNFIT}"},
    )
    def activate_destination(name: str) -> Any:
        """Let a destination send

        From now on, also what waits already. One that is active stays so, and one that is paused goes on.
        """
        return _shown(Destinations(runtime).activate(name, by()))

    @resource.operation(
        "POST",
        f"{PLACE}/deactivate",
        Scope.ADMINISTER,
        answers=Destination,
        words="It sends nothing any more.",
        refuses={404: NO_SUCH, 409: f"{IN_FILE}, which activates it."},
    )
    def deactivate_destination(name: str) -> Any:
        """Let a destination send nothing any more

        What waits goes on waiting.
        """
        return _shown(Destinations(runtime).deactivate(name, by()))


def _add_breaks(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"{PLACE}/pause",
        Scope.ADMINISTER,
        answers=Destination,
        words="It sends nothing until it is resumed.",
        refuses={404: NO_SUCH, 409: "It is not active."},
    )
    def pause_destination(name: str) -> Any:
        """Pause a destination

        What waits goes on waiting; what is on its way just now is brought to its end.
        """
        return _shown(Destinations(runtime).pause(name, by()))

    @resource.operation(
        "POST",
        f"{PLACE}/resume",
        Scope.ADMINISTER,
        answers=Destination,
        words="It sends.",
        refuses={404: NO_SUCH, 409: "It is not active."},
    )
    def resume_destination(name: str) -> Any:
        """Let a paused destination send again

        One that is held back after trouble with the account tries at once.
        """
        return _shown(Destinations(runtime).resume(name, by()))


def _add_trying(resource: Resource, runtime: Runtime) -> None:
    @resource.operation(
        "POST",
        f"{PLACE}/test",
        Scope.ADMINISTER,
        body=RecordTried,
        bare=True,
        example={"record": {"name": "Ada Customer", "email": "ada@example.com"}},
        answers=Tested,
        words="What the vendor said, also where it refused.",
        refuses={404: NO_SUCH, 409: "The record does not fit, there is none, or the connection cannot be used."},
    )
    def test_destination(given: dict[str, Any], name: str) -> Any:
        """Send one record for a test

        A real call: what it makes at the vendor is there then. It is made whether the destination is active or not, and
        the record is not in the ledger.
        """
        definition = Destinations(runtime).get(name).sound()
        record = given["record"] if "record" in given else _first(runtime, definition)
        return trying.send_test(runtime, definition, record, by(), name)

    @resource.operation(
        "POST",
        f"{PLACE}/samples",
        Scope.ADMINISTER,
        body=RecordsTried,
        bare=True,
        example={"records": [{"name": "Ada Customer", "email": "ada@example.com"}]},
        answers=Samples,
        words="The requests.",
        refuses={404: NO_SUCH, 409: UNFIT},
    )
    def show_samples(given: dict[str, Any], name: str) -> Any:
        """Show the requests that records become

        No call is made, and nothing is kept.
        """
        definition = Destinations(runtime).get(name).sound()
        records = given.get("records") or trying.sample_records(runtime, definition)
        return {"items": trying.samples(runtime, definition, records)}


def _first(runtime: Runtime, definition: Definition) -> dict[str, Any]:
    records = trying.sample_records(runtime, definition)
    if not records:
        raise ConfigError("record", "it has none yet, and no template that has a sample", "Give one.")
    return records[0]


def _shown(found: Found) -> dict[str, Any]:
    life = ("activated_at", "activated_by", "paused_at", "paused_by", "created_by", "created_at", "changed_by")
    names = ("name", "connector", "revision", "held_until", "held_reason", "tested", *life, "changed_at")
    definition = as_given(found.definition)
    del definition["name"]
    if Scope.ADMINISTER not in g.token.scopes:
        definition |= without_header_values(found.definition)
    return {
        **{name: getattr(found, name) for name in names},
        "state": found.state.value,
        "connection": found.definition.connection,
        "definition": definition,
        "origin": "file" if found.provisioned else "made",
        "records": {state: found.counts.get(state, 0) for state in RECORD_STATES},
    }
