"""What the forms of the pages share."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from core.access.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from core.errors import ConfigError
from core.web.wording import words_of


def new_password(label: str, description: str = "") -> PasswordField:
    """The field for a password that somebody chooses."""
    return PasswordField(
        label,
        [
            InputRequired("Give a password."),
            Length(SHORTEST_PASSWORD, LONGEST_PASSWORD, f"At least {SHORTEST_PASSWORD} characters."),
        ],
        description=description,
        render_kw={"autocomplete": "new-password"},
    )


def repeated(label: str) -> PasswordField:
    """The field in which the one called `password` is given once more."""
    return PasswordField(
        label, [EqualTo("password", "The two passwords differ.")], render_kw={"autocomplete": "new-password"}
    )


class Form(FlaskForm):  # type: ignore[misc]  # the library ships no types
    """A form as all of ours are: what no text has is refused in every field, since PostgreSQL takes none of it."""

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        for field in self:
            if isinstance(field.data, str) and "\x00" in field.data:
                field.errors = (*field.errors, "It holds a character that no text has.")
                good = False
        return good


class Confirm(Form):
    """A form without fields: a button, protected from forgery."""


def complain(form: Any, problem: ConfigError) -> None:
    """Show an error at the field it is about, or above the form if there is none of that name."""
    words = words_of(problem)
    field = getattr(form, problem.key, None)
    if field is not None and hasattr(field, "errors"):
        field.errors = (*field.errors, words)
    else:
        form.form_errors.append(words)
