"""One's own account: the password, and ending all sign-ins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField, SubmitField
from wtforms.validators import InputRequired

from core.access.users import Role, Users
from core.errors import ConfigError
from core.runtime import Runtime
from core.web.forms import Confirm, Form, complain, new_password, repeated
from core.web.guard import needs, sign_in, sign_out, signed_in


class PasswordForm(Form):
    """The old password, and the new one twice."""

    old = PasswordField("Present password", [InputRequired("Give it.")], render_kw={"autocomplete": "current-password"})
    password = new_password("New password")
    again = repeated("The new password again")
    submit = SubmitField("Change password")


def pages(runtime: Runtime, users: Users) -> Blueprint:
    """The blueprint of `/account`."""
    blueprint = Blueprint("account", __name__)

    @blueprint.route("/account", methods=["GET", "POST"])
    @needs(Role.OPERATOR)
    def own() -> Any:
        made = PasswordForm()
        if made.validate_on_submit():
            try:
                user = users.change_password(signed_in(), made.old.data, made.password.data)
            except ConfigError as problem:
                complain(made, problem)
            else:
                sign_in(user, runtime.clock.now())
                flash("The password is changed, and other browsers are signed out.", "success")
                return redirect(url_for("account.own"))
        status = 422 if made.is_submitted() else 200
        return render_template("people/account.html", form=made, confirm=Confirm()), status

    @blueprint.post("/account/sign-out-everywhere")
    @needs(Role.OPERATOR)
    def everywhere() -> Response:
        users.sign_out_everywhere(signed_in())
        sign_out()
        flash("All browsers are signed out.", "success")
        return redirect(url_for("sign_in.form"))

    return blueprint
