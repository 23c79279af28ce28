"""What the forms of the pages share."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm

from core.errors import ConfigError
from core.web.wording import words_of


class Confirm(FlaskForm):  # type: ignore[misc]  # the library ships no types
    """A form without fields: a button, protected from forgery."""


def complain(form: Any, problem: ConfigError) -> None:
    """Show an error at the field it is about, or above the form if there is none of that name."""
    words = words_of(problem)
    field = getattr(form, problem.key, None)
    if field is not None and hasattr(field, "errors"):
        field.errors = (*field.errors, words)
    else:
        form.form_errors.append(words)
