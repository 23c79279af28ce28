"""A session's page: its thread and all that happened in it, and what a person may do about it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from core import directory
from core.access.users import Role
from core.flow import closing, hand_over, speak
from core.flow.by_hand import Missing, NotNow, Unfit
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.forms import Confirm
from core.web.guard import needs, signed_in
from core.web.live import unless_known
from core.web.queries import single, thread
from core.web.timeline import what_happened
from core.web.wording import words_of

SHOWN_IN_PLACE = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""Pictures that no browser runs anything in."""


def pages(runtime: Runtime) -> Blueprint:
    """The blueprint of `/sessions/<id>` and what is done there."""
    blueprint = Blueprint("session", __name__)
    _add_reading(blueprint, runtime)
    _add_speaking(blueprint, runtime)
    _add_handling(blueprint, runtime)
    return blueprint


def _add_reading(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.get(f"/sessions/<{ROW_ID}:session_id>")
    @needs(Role.OPERATOR)
    def session(session_id: int) -> str:
        return _page(runtime, session_id)

    @blueprint.get(f"/live/sessions/<{ROW_ID}:session_id>")
    @needs(Role.OPERATOR)
    def live(session_id: int) -> Response:
        version = thread.version(runtime.db, session_id)
        if not version:
            abort(404)
        # Ages are shown to the minute. What is no part of the session, such as the names of agents, is no later then.
        version = f"{version}-{runtime.db.now():%Y%m%d%H%M}"
        return unless_known(version, lambda: render_template("inbox/session_live.html", **_shown(runtime, session_id)))

    @blueprint.get(f"/attachments/<{ROW_ID}:file_id>")
    @needs(Role.OPERATOR)
    def attachment(file_id: int) -> AnyResponse:
        found = single.content(runtime.db, file_id)
        if found is None:
            abort(404)
        in_place = found.content_type in SHOWN_IN_PLACE
        answer = send_file(
            found.stream(),
            mimetype=found.content_type if in_place else "application/octet-stream",
            as_attachment=not in_place,
            download_name=found.name or "attachment",
        )
        # Whatever a customer has sent: it is looked at or kept, and runs nothing.
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        # As all that the pages show it stays in no browser; for a file the library would have it asked for again.
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _add_speaking(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.post(f"/sessions/<{ROW_ID}:session_id>/message")
    @needs(Role.OPERATOR)
    def message(session_id: int) -> Any:
        text, kind, by = request.form.get("text", ""), request.form.get("as", ""), signed_in().email
        # What somebody has changed after going back is another message.
        submitted = request.form.get("key", "")
        key = hashlib.sha256("\n".join((submitted, kind, text)).encode()).hexdigest() if submitted else ""
        try:
            if kind == "note":
                speak.write_note(runtime, session_id, text, by, key)
                flash("The note is on its way.", "success")
            else:
                # Whoever speaks to the customer has the session: the AI must not go on beside them.
                speak.write_reply(runtime, session_id, text, by, key, taking_over=True)
                flash("The reply is on its way.", "success")
        except Missing:
            abort(404)
        except (NotNow, Unfit) as problem:
            # What was written is not lost: it stands in the page that says what is wrong.
            return _page(runtime, session_id, written=text, problem=words_of(problem)), 409
        return redirect(url_for("session.session", session_id=session_id, _anchor="write"))

    @blueprint.post(f"/drafts/<{ROW_ID}:action_id>/<any(send, dismiss):what>")
    @needs(Role.OPERATOR)
    def draft(action_id: int, what: str) -> Any:
        session_id, by = _session_of(runtime, action_id), signed_in().email
        if what == "dismiss":
            return _do(lambda: speak.dismiss_draft(runtime, action_id, by), "The draft is put aside.", session_id)
        text = request.form.get(f"draft-{action_id}")
        try:
            speak.approve_draft(runtime, action_id, by, text, taking_over=True)
        except (NotNow, Unfit) as problem:
            return _page(runtime, session_id, written=text or "", problem=words_of(problem)), 409
        flash("The draft is on its way as your reply.", "success")
        return redirect(url_for("session.session", session_id=session_id))


def _add_handling(blueprint: Blueprint, runtime: Runtime) -> None:
    @blueprint.post(f"/sessions/<{ROW_ID}:session_id>/take-over")
    @needs(Role.OPERATOR)
    def take_over(session_id: int) -> AnyResponse:
        assignee = request.form.get("assignee", "")[:255]
        done = "You have the session now. The AI says nothing more in it."
        return _do(lambda: hand_over.take_over(runtime, session_id, signed_in().email, assignee), done, session_id)

    @blueprint.post(f"/sessions/<{ROW_ID}:session_id>/give-back")
    @needs(Role.OPERATOR)
    def give_back(session_id: int) -> AnyResponse:
        done = "The AI has the session again. It answers the customer's next message."
        return _do(lambda: hand_over.give_back(runtime, session_id, signed_in().email), done, session_id)

    @blueprint.post(f"/sessions/<{ROW_ID}:session_id>/close/<any(resolved, unresolved):how>")
    @needs(Role.OPERATOR)
    def close(session_id: int, how: str) -> AnyResponse:
        tell = request.form.get("tell") == "yes"
        by = signed_in().email

        def act() -> None:
            resolved = how == "resolved"
            closing.resolve(runtime, session_id, by, resolved=resolved, tell_vendor=tell, summarise=tell)

        words = "Closed here, and the helpdesk is told." if tell else "Closed here. The helpdesk was left as it is."
        return _do(act, words, session_id)

    @blueprint.post(f"/sessions/<{ROW_ID}:session_id>/reopen")
    @needs(Role.OPERATOR)
    def reopen(session_id: int) -> AnyResponse:
        tell = request.form.get("tell") == "yes"
        done = "Open again, here and in the helpdesk." if tell else "Open again here. The helpdesk was left as it is."
        return _do(lambda: closing.reopen(runtime, session_id, signed_in().email, tell_vendor=tell), done, session_id)


# ------------------------------------------------------------------------------------------------------ their parts


def _shown(runtime: Runtime, session_id: int) -> dict[str, Any]:
    found = thread.opened(runtime.db, session_id)
    if found is None:
        abort(404)
    drafts = [action for action in found.actions if action.purpose == "draft" and action.state != "cancelled"]
    draft = drafts[-1] if drafts and not drafts[-1].verdict and found.line.status == "open" else None
    connection = runtime.connections.get(found.connection_id)
    names = directory.names(runtime.db, found.connection_id)
    agents = [(number, name) for (kind, number), name in names.items() if kind == "agent"]
    own = connection.agent_id if connection is not None else ""
    return {
        "found": found,
        "names": names,
        "happened": [(line, what_happened(line, names)) for line in reversed(found.timeline)],
        "agents": sorted(((number, name) for number, name in agents if number != own), key=lambda one: one[1].lower()),
        "own_agent": own,
        "draft": draft,
        "drafted": speak.text_of_draft(runtime, draft.id) if draft is not None else "",
        "label": runtime.connections.connector(connection).label if connection is not None else found.line.connector,
    }


def _page(runtime: Runtime, session_id: int, written: str = "", problem: str = "") -> str:
    return render_template(
        "inbox/session.html",
        **_shown(runtime, session_id),
        written=written,
        problem=problem,
        # Sent twice by a second click or after going back, it is one message.
        key=secrets.token_hex(16),
        confirm=Confirm(),
    )


def _session_of(runtime: Runtime, action_id: int) -> int:
    session_id = single.session_of_action(runtime.db, action_id)
    if session_id is None:
        abort(404)
    return session_id


def _do(act: Callable[[], object], done: str, session_id: int) -> AnyResponse:
    """Do what was asked for, and go back to the session, saying how it went."""
    try:
        act()
    except Missing:
        abort(404)
    except (NotNow, Unfit) as problem:
        flash(words_of(problem), "danger")
    else:
        flash(done, "success")
    return redirect(url_for("session.session", session_id=session_id))
