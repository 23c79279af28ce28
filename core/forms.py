"""Forms made of a connector's schema: their fields, and what was entered into them, checked and ready to be tried."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import fields, missing, validate

from core.connector import Connector
from core.domain import Secret
from core.errors import ConfigError, RelaydeskError
from core.settings import ConnectorSettings, check_settings
from core.stored_connections import fields_of, foreign_host, holds_secret

ACCOUNT, ADVANCED = "account", "advanced"
API_URL = "api_url"
PICKS = ("agents", "groups", "checkbox_fields")
"""What a person can choose from, of what the vendor's account holds."""
_ADVANCED = {*ConnectorSettings().fields, API_URL}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, as a person reads it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form. `kind` is text, number, switch, secret, choice, or picker of what `picks` says.

    `group` is where it stands: "account" comes first, "advanced" is folded away. `value` is what is shown, never a
    secret; `secret_is_set` says that there is one, which stays if nothing is entered. `multiline` texts have lines. A
    switch has `choices` where its two states are better said in words: "true" and "false".
    """

    name: str
    label: str
    help: str
    kind: str
    group: str
    required: bool
    default: Any = None
    value: Any = None
    choices: tuple[Choice, ...] = ()
    picks: str = ""
    secret_is_set: bool = False
    multiline: bool = False


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field of a form, and the mend; `key` is its name, "" for the form as a whole."""

    key: str
    problem: str
    mend: str


class NotSaved(RelaydeskError):
    """What was entered does not work: nothing of it was kept. All `errors` are told at once, after the `headline`."""

    def __init__(self, *errors: FieldError, headline: str = "Nothing was saved") -> None:
        told = "; ".join(f"{each.key}: {each.problem}" if each.key else each.problem for each in errors)
        super().__init__(f"{headline}: {told}. {errors[0].mend}".rstrip())
        self.errors = errors
        self.headline = headline

    @property
    def key(self) -> str:
        """The field of the first error."""
        return self.errors[0].key

    @property
    def problem(self) -> str:
        """The first error's problem."""
        return self.errors[0].problem

    @property
    def mend(self) -> str:
        """The first error's mend."""
        return self.errors[0].mend


def form_fields(
    connector: Connector, settings: Mapping[str, Any] | None = None, *, with_api_url: bool = False
) -> list[FormField]:
    """The fields for a connection of this connector, those of the account first and the advanced ones last.

    `settings` are those of a `Connection`, None for a new one. The field `api_url` is there only `with_api_url`.
    """
    known = fields_of(connector.settings_schema())
    found = [_form_field(name, each, settings) for name, each in known.items() if name != API_URL or with_api_url]
    groups = [ACCOUNT, *dict.fromkeys(one.group for one in found if one.group not in (ACCOUNT, ADVANCED)), ADVANCED]
    return sorted(found, key=lambda one: groups.index(one.group))


def _form_field(name: str, declared: fields.Field[Any], settings: Mapping[str, Any] | None) -> FormField:
    about = declared.metadata
    secret = holds_secret(declared)
    default = None if secret else _shown(_default(declared))
    value = None if secret or settings is None else _shown(settings.get(name))
    return FormField(
        name=name,
        label=str(about.get("label") or name.replace("_", " ").capitalize()),
        help=str(about.get("page_help") or about.get("help") or ""),
        kind=_kind(declared),
        group=str(about.get("group") or (ADVANCED if name in _ADVANCED else ACCOUNT)),
        required=declared.required,
        default=default,
        value=default if settings is None else value,
        choices=tuple(_choices(declared)),
        picks=str(about.get("picks") or ""),
        secret_is_set=secret and settings is not None and bool(settings.get(name)),
        multiline=bool(about.get("multiline")),
    )


def _kind(declared: fields.Field[Any]) -> str:
    if holds_secret(declared):
        return "secret"
    if declared.metadata.get("picks"):
        return "picker"
    if isinstance(declared, fields.Boolean):
        return "switch"
    if isinstance(declared, fields.Number):
        return "number"
    return "choice" if list(_choices(declared)) else "text"


def _choices(declared: fields.Field[Any]) -> Iterator[Choice]:
    if isinstance(declared, fields.Boolean):
        words = declared.metadata.get("words", ())
        yield from (Choice(value, str(each)) for value, each in zip(("true", "false"), words, strict=False))
    if isinstance(declared, fields.Enum):
        yield from (Choice(str(each.value), str(each.value)) for each in declared.enum)
    for check in declared.validators:
        if isinstance(check, validate.OneOf):
            labels = [*check.labels, *check.choices]
            yield from (Choice(str(one), str(labels[at])) for at, one in enumerate(check.choices))


def _default(declared: fields.Field[Any]) -> Any:
    default = declared.load_default() if callable(declared.load_default) else declared.load_default
    return None if default is missing else default


def _shown(value: Any) -> Any:
    """A value as a form holds it."""
    if isinstance(value, enum.Enum):
        return value.value
    return str(value) if isinstance(value, Path) else None if isinstance(value, Secret) else value


# --------------------------------------------------------------------------------------------- what was entered


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered and is well-formed: as `given`, to be stored, and the `settings` that a schema made of it."""

    given: Mapping[str, Any] = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Before:
    """What a connection has until something else is saved: as `given`, secrets opened, and the `address` it leads to.

    The address is "" where it cannot be told: then no secret is used again.
    """

    given: Mapping[str, Any] = field(repr=False)
    address: str = ""


def read_form(
    connector: Connector, entered: Mapping[str, Any], before: Before | None, folder: Path, *, any_host: bool
) -> Entered:
    """Check what was entered, by name of the setting. Raises `NotSaved` with all that is wrong.

    What is left out stays as it was `before`, and so does a secret that is ""; None gives a setting its default.
    A secret that was given for one address is never sent to another: there it must be entered again. An address that is
    not the vendor's own is refused unless `any_host`; so is a secret by reference, which may name any file of ours.
    """
    known = fields_of(connector.settings_schema())
    given, kept, references = _merged(known, entered, before)
    if references:
        mend = "Enter the secret itself."
        raise NotSaved(*(FieldError(key, "must be a text, and not a reference", mend) for key in references))
    settings, mistakes = check_settings(connector.settings_schema(), given, "", folder)
    if mistakes:
        raise NotSaved(*(_field_error(each, known) for each in mistakes))
    address = connector.base_url(settings)
    if not any_host and foreign_host(connector, settings):
        key = API_URL if settings.get(API_URL) else "domain" if "domain" in known else ""
        raise NotSaved(
            FieldError(
                key,
                f"{address} is not an address of {connector.label}'s own, to which alone one of the pages may lead",
                "Leave it out, or put the connection into the configuration file.",
            )
        )
    if before is not None and kept and address != before.address:
        why = "must be entered again, because the account's address has changed"
        raise NotSaved(*(FieldError(key, why, _wanted(known[key])) for key in kept))
    return Entered(given, settings)


def _merged(
    known: Mapping[str, fields.Field[Any]], entered: Mapping[str, Any], before: Before | None
) -> tuple[dict[str, Any], list[str], list[str]]:
    """What is given by now, which secrets among it were entered earlier, and which were entered as a reference."""
    given = dict(before.given) if before is not None else {}
    references: list[str] = []
    for key, value in entered.items():
        declared = known.get(key)
        secret = declared is not None and holds_secret(declared)
        if secret and value == "":
            continue
        if secret and _refers(value):
            references.append(key)
        elif value is None or (value == "" and declared is not None and not _may_be_empty(declared)):
            given.pop(key, None)
        else:
            given[key] = value
    kept = [key for key, each in known.items() if holds_secret(each) and key in given and entered.get(key, "") == ""]
    return given, kept, references


def _refers(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(map(_refers, value)))


def _may_be_empty(declared: fields.Field[Any]) -> bool:
    """Whether "" says something else than nothing: there is a default that is not wanted."""
    return isinstance(declared, fields.String) and bool(_default(declared)) and not list(_choices(declared))


def _field_error(mistake: ConfigError, known: Mapping[str, fields.Field[Any]]) -> FieldError:
    declared = known.get(mistake.key)
    if declared is None:
        return FieldError(mistake.key, mistake.problem, mistake.mend)
    problem = "is missing" if mistake.problem == "it is missing" else mistake.problem
    says_the_mend = problem.startswith("is missing; ")  # which a connector may know better than its help
    return FieldError(mistake.key, problem, "" if says_the_mend else _wanted(declared))


def _wanted(declared: fields.Field[Any]) -> str:
    explained = str(declared.metadata.get("help") or "")
    return f"Wanted is {explained}." if explained else "Correct it."
