"""Users and API tokens: who may work here, and which programs may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import EmailField, RadioField, SelectField, SelectMultipleField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from core.access import tokens
from core.access.tokens import MEANING, Scope
from core.access.users import Role, Users
from core.errors import ConfigError
from core.runtime import Runtime
from core.web.addresses import ROW_ID
from core.web.forms import Confirm, Form, complain
from core.web.guard import needs, signed_in
from core.web.wording import words_of

ROLES = (
    SelectChoice(Role.OPERATOR.value, "Operator: works the inbox and reads everything"),
    SelectChoice(Role.ADMIN.value, "Administrator: also connections, imports, users and tokens"),
)
AS_IT_IS = SelectChoice("", "As it is; for somebody new, operator")
LIFETIMES = tuple(
    SelectChoice(days, words)
    for days, words in (("", "until it is revoked"), ("30", "30 days"), ("90", "90 days"), ("365", "a year"))
)


class InviteForm(Form):
    """Whom to let in, and as what."""

    email = EmailField("E-mail address", [InputRequired("Give an address."), Length(max=255)])
    name = StringField("Name", [Length(max=100)])
    role = RadioField("Role", choices=(AS_IT_IS, *ROLES), default="")
    submit = SubmitField("Make the link")


class TokenForm(Form):
    """What a token is for, and what it may do."""

    name = StringField("What it is for", [InputRequired("Say what it is for."), Length(max=100)])
    scopes = SelectMultipleField(
        "What it may do",
        choices=[SelectChoice(scope.value, f"{scope.value}: {MEANING[scope]}") for scope in Scope],
        default=[Scope.READ.value],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    days = SelectField("Good for", choices=LIFETIMES, default="90")
    submit = SubmitField("Make the token")


def pages(runtime: Runtime, users: Users) -> Blueprint:
    """The blueprint of `/users` and `/tokens`."""
    blueprint = Blueprint("people", __name__)
    _add_users(blueprint, runtime, users)
    _add_tokens(blueprint, runtime)
    return blueprint


def _add_users(blueprint: Blueprint, runtime: Runtime, users: Users) -> None:
    def show(form: InviteForm, link: str = "", status: int = 200) -> Any:
        everybody = users.all()
        page = render_template("people/users.html", form=form, users=everybody, link=link, confirm=Confirm())
        return page, status

    @blueprint.route("/users", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def list_users() -> Any:
        form = InviteForm()
        if not form.is_submitted():
            return show(form)
        if form.validate():
            role = Role(form.role.data) if form.role.data else None
            try:
                secret = users.invite(form.email.data, role, signed_in().email, form.name.data or "")
            except ConfigError as problem:
                complain(form, problem)
            else:
                # Shown in the answer itself, and kept nowhere: whoever has the link can take the account.
                return show(InviteForm(formdata=None), _link(runtime, secret))
        return show(form, status=422)

    @blueprint.post(f"/users/<{ROW_ID}:user_id>")
    @needs(Role.ADMIN)
    def change_user(user_id: int) -> Any:
        wanted = request.form.get("change", "")
        changes: dict[str, dict[str, Any]] = {
            "operator": {"role": Role.OPERATOR},
            "admin": {"role": Role.ADMIN},
            "lock": {"active": False},
            "unlock": {"active": True},
        }
        try:
            if wanted not in changes:
                raise ConfigError("change", "there is no such change", "Open the page again.")
            users.change(user_id, signed_in().email, **changes[wanted])
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        else:
            flash("Changed. Their browsers are signed out.", "success")
        return redirect(url_for("people.list_users"))


def _add_tokens(blueprint: Blueprint, runtime: Runtime) -> None:
    def show(form: TokenForm, text: str = "", status: int = 200) -> Any:
        every = tokens.every(runtime.db)
        page = render_template("people/tokens.html", form=form, tokens=every, text=text, confirm=Confirm())
        return page, status

    @blueprint.route("/tokens", methods=["GET", "POST"])
    @needs(Role.ADMIN)
    def list_tokens() -> Any:
        form = TokenForm()
        if not form.is_submitted():
            return show(form)
        if form.validate():
            good_for = timedelta(days=int(form.days.data)) if form.days.data else None
            scopes = [Scope(scope) for scope in form.scopes.data]
            try:
                _, text = tokens.make(runtime.db, form.name.data, scopes, signed_in().email, good_for)
            except ConfigError as problem:
                complain(form, problem)
            else:
                return show(TokenForm(formdata=None), text)
        return show(form, status=422)

    @blueprint.post(f"/tokens/<{ROW_ID}:token_id>/revoke")
    @needs(Role.ADMIN)
    def revoke_token(token_id: int) -> Response:
        try:
            token = tokens.revoke(runtime.db, token_id, signed_in().email)
        except ConfigError as problem:
            flash(words_of(problem), "danger")
        else:
            flash(f'The token "{token.name}" is revoked.', "success")
        return redirect(url_for("people.list_tokens"))


def _link(runtime: Runtime, secret: str) -> str:
    return f"{runtime.config.server.base_url}/welcome/{secret}"
