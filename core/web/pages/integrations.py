"""The integrations: which helpdesks are connected, how they do, and what is left to do until events arrive."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from core import directory
from core.access.users import Role
from core.connecting import NoConnection, test_and_save
from core.connector import Connector
from core.domain import Identity
from core.errors import ConfigError, RelaydeskError
from core.forms import NotSaved, form_fields
from core.jobs.backfill_requests import progress
from core.overview import Overview, Setup, overview, overviews, setup
from core.provisioning import configured_connection, switch_on, verify
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.forms import Confirm
from core.web.guard import needs, signed_in
from core.web.live import when_changed
from core.web.pages import integrations_form, integrations_import, integrations_parting
from core.web.wording import sentence, speaks_as, words_of


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/integrations`."""
    blueprint = Blueprint("integrations", __name__)
    blueprint.add_app_template_filter(sentence, "sentence")
    blueprint.add_app_template_filter(speaks_as, "speaks_as")
    _add_reading(blueprint, runtime)
    _add_verifying(blueprint, runtime)
    integrations_form.add_forms(blueprint, runtime)
    integrations_parting.add_parting(blueprint, runtime)
    integrations_import.add_import(blueprint, runtime)
    return blueprint


def seen(runtime: Runtime, connection_id: int) -> Overview:
    """A connection as it is now; 404 if there is none."""
    try:
        return overview(runtime, connection_id)
    except NoConnection:
        abort(404)


def _add_reading(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.get("/integrations")
    @needs(Role.OPERATOR)
    def index() -> str:
        connectors = [(each, _can_connect(runtime, each)) for each in runtime.plugins.connectors.values()]
        return render_template("integrations/index.html", **_listed(runtime), connectors=connectors)

    @blueprint.get("/live/integrations")
    @needs(Role.OPERATOR)
    def live_index() -> Response:
        return when_changed(render_template("integrations/live.html", **_listed(runtime)))

    @blueprint.get(f"/integrations/<{ROW_ID}:connection_id>")
    @needs(Role.OPERATOR)
    def connection(connection_id: int) -> str:
        return render_template("integrations/connection.html", **_shown(runtime, connection_id), confirm=Confirm())

    @blueprint.get(f"/live/integrations/<{ROW_ID}:connection_id>")
    @needs(Role.OPERATOR)
    def live(connection_id: int) -> Response:
        return when_changed(render_template("integrations/connection_live.html", **_shown(runtime, connection_id)))


def _add_verifying(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.post(f"/integrations/<{ROW_ID}:connection_id>/verify")
    @needs(Role.ADMIN)
    def verify_again(connection_id: int) -> AnyResponse:
        shown = seen(runtime, connection_id)
        try:
            identity = _verified(runtime, shown)
        except NotSaved as problem:
            flash(f"{problem.headline}. {sentence(problem.problem)} {problem.mend}", "danger")
        except RelaydeskError as problem:
            flash(words_of(problem), "danger")
        else:
            flash(f"Verified: it {speaks_as(identity)}.", "success")
        return redirect(url_for("integrations.connection", connection_id=connection_id))


def _verified(runtime: Runtime, shown: Overview) -> Identity:
    """Try once more what a connection has, at the vendor. Raises an error with words to show."""
    if shown.state in ("disconnected", "clashing"):
        raise ConfigError(shown.name, f"it is {shown.state}", "What this page says of it must be mended first.")
    if shown.editable:
        return test_and_save(runtime, shown.connector, shown.name, {}, signed_in().email, existing=shown.id)
    configured = configured_connection(runtime, shown.name)
    identity = verify(runtime, configured)
    switch_on(runtime, configured, identity, shown.revision)
    return identity


# ------------------------------------------------------------------------------------------------------ their parts


def _can_connect(runtime: Runtime, connector: Connector) -> bool:
    """Whether the pages can connect it: they lead to addresses of the vendor's own alone."""
    return bool(connector.domains) or runtime.config.server.api_url_on_pages


def _listed(runtime: Runtime) -> dict[str, Any]:
    listed = [(each, progress(runtime, each.id)) for each in overviews(runtime)]
    return {"listed": listed, "now": runtime.db.now()}


def _shown(runtime: Runtime, connection_id: int) -> dict[str, Any]:
    try:
        found = setup(runtime, connection_id)
    except NoConnection:
        abort(404)
    connector = runtime.plugins.connectors.get(found.overview.connector)
    settings = _settings(runtime, found, connector) if connector is not None else []
    return {
        "found": found,
        "shown": found.overview,
        "settings": settings,
        "to_choose": [label for label, value in settings if value is None],
        "verify_label": connector.verify_label if connector is not None else "",
        "now": runtime.db.now(),
    }


def _settings(runtime: Runtime, found: Setup, connector: Connector) -> list[tuple[str, str | None]]:
    """The settings that a person made a choice of, in words; None where there was a choice and none was made."""
    settings = found.overview.connection.settings
    if not settings:
        return []
    names = directory.names(runtime.db, found.overview.id)
    told: list[tuple[str, str | None]] = []
    for field in form_fields(connector, settings):
        if field.group == "advanced":
            continue
        if field.kind == "secret":
            told.append((field.label, "set" if field.secret_is_set else "not set"))
        elif field.kind == "switch":
            words = {choice.value: choice.label for choice in field.choices} or {"true": "on", "false": "off"}
            told.append((field.label, words["true" if field.value else "false"]))
        elif field.kind == "picker":
            kind = directory.KINDS.get(field.picks, "")
            told.append((field.label, names.get((kind, str(field.value)), str(field.value)) if field.value else None))
        elif field.value not in (None, ""):
            told.append((field.label, "set" if field.multiline else str(field.value)))
    return told
