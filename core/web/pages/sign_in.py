"""Signing in and out, and the one-time link with which somebody sets their password."""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import EmailField, PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired, Length

from core.access.passwords import SHORTEST_PASSWORD
from core.access.rates import PER_ACCOUNT, PER_ADDRESS, PER_BROWSER, Tries
from core.access.users import Users
from core.errors import ConfigError
from core.runtime import Runtime
from core.web import guard
from core.web.cookies import KnownBrowsers
from core.web.forms import Form, complain, new_password, repeated

WRONG = "The e-mail address or the password is wrong."


class SignInForm(Form):
    """What somebody signs in with."""

    email = EmailField("E-mail address", [InputRequired("Give your address.")], render_kw={"autocomplete": "username"})
    password = PasswordField(
        "Password", [InputRequired("Give your password.")], render_kw={"autocomplete": "current-password"}
    )
    submit = SubmitField("Sign in")


class WelcomeForm(Form):
    """What somebody who was invited says of themselves."""

    email = EmailField("E-mail address", render_kw={"autocomplete": "username"})
    name = StringField("Your name, as colleagues know you", [Length(max=100)], render_kw={"autocomplete": "name"})
    password = new_password("Password", f"At least {SHORTEST_PASSWORD} characters; several words make a good one.")
    again = repeated("The same password again")
    submit = SubmitField("Set password and sign in")


def pages(runtime: Runtime, users: Users) -> Blueprint:
    """The blueprint of `/login`, `/logout` and `/welcome/<secret>`."""
    blueprint = Blueprint("sign_in", __name__)
    _add_sign_in(blueprint, runtime, users)
    _add_welcome(blueprint, runtime, users)
    return blueprint


def _add_sign_in(blueprint: Blueprint, runtime: Runtime, users: Users) -> None:
    tries, browsers = Tries(runtime.db), KnownBrowsers(runtime.config.server)

    @blueprint.route("/login", methods=["GET", "POST"])
    @guard.public
    def form() -> Any:
        target = guard.own_path(request.args.get("next", "/"))
        if current_user.is_authenticated:
            return redirect(target)
        made = SignInForm()
        if not made.validate_on_submit():
            return render_template("sign_in.html", form=made, anybody=users.anybody()), 422 if made.errors else 200
        account = made.email.data.strip().lower()
        mark = browsers.mark(account)
        limits = ((PER_BROWSER, mark),) if mark else ((PER_ADDRESS, request.remote_addr or ""), (PER_ACCOUNT, account))
        wait = max(tries.wait(*limit) for limit in limits)
        if wait:
            made.password.errors = (f"That went wrong too often. Try again in {_minutes(wait)}.",)
            return render_template("sign_in.html", form=made, anybody=True), 429
        user = users.sign_in(made.email.data, made.password.data)
        if user is None:
            for limit in limits:
                tries.failed(*limit)
            made.password.errors = (WRONG,)
            return render_template("sign_in.html", form=made, anybody=users.anybody()), 401
        tries.forget(*limits[-1])
        guard.sign_in(user, runtime.clock.now())
        return browsers.remember(redirect(target), account)

    @blueprint.post("/logout")
    @guard.public
    def leave() -> Response:
        guard.sign_out()
        flash("You have signed out.", "success")
        return redirect(url_for("sign_in.form"))


def _add_welcome(blueprint: Blueprint, runtime: Runtime, users: Users) -> None:
    browsers = KnownBrowsers(runtime.config.server)

    @blueprint.route("/welcome/<secret>", methods=["GET", "POST"])
    @guard.public
    def welcome(secret: str) -> Any:
        user = users.invited(secret)
        if user is None:
            return render_template("welcome.html", form=None), 404
        made = WelcomeForm(email=user.email, name=user.name)
        if made.validate_on_submit():
            try:
                user = users.accept(secret, made.password.data, made.name.data or "", made.email.data or "")
            except ConfigError as problem:
                complain(made, problem)
            else:
                guard.sign_in(user, runtime.clock.now())
                return browsers.remember(redirect(url_for("inbox.inbox")), user.email)
        return render_template("welcome.html", form=made, user=user), 422 if made.is_submitted() else 200


def _minutes(seconds: float) -> str:
    return "a minute" if seconds <= 60 else f"{math.ceil(seconds / 60)} minutes"
