"""Tokens of the REST API: made with scopes, shown once, kept as digests, revoked at any time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.access import audit
from core.errors import ConfigError
from core.store.database import Database
from core.store.models import ApiTokenRow

PREFIX = "rd_"
HINT = len(PREFIX) + 6
"""How many of a token's characters are kept in the open, to know it by."""
USED_EVERY = timedelta(minutes=1)
"""How exact the moment of its last use is: not every call is worth a write."""


class Scope(StrEnum):
    """What a token may be used for."""

    READ = "read"
    OPERATE = "operate"
    SEND = "send"
    ADMINISTER = "administer"


MEANING = {
    Scope.READ: "read sessions, messages, contacts, connections, events, actions, backfills and destinations",
    Scope.OPERATE: "change sessions and actions: reply, resolve, take over, retry",
    Scope.SEND: "send records to destinations, and decide about those that failed",
    Scope.ADMINISTER: "start backfills, replay events, and manage outbound events and destinations",
}


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token without its secret; `state` is active, expired or revoked."""

    id: int
    name: str
    hint: str
    scopes: tuple[Scope, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    state: str

    @property
    def called(self) -> str:
        """How the record of changes names it."""
        return f"token:{self.name}"


def make(
    db: Database, name: str, scopes: Iterable[Scope], by: str, good_for: timedelta | None = None
) -> tuple[ApiToken, str]:
    """Make a token that is good for a while, or until it is revoked; returns it, and its text, which is kept nowhere.

    Raises `ConfigError` for one without a name or scope, or whose name another one that is active has.
    """
    name = name.strip()
    wanted = tuple(scope for scope in Scope if scope in set(scopes))
    if not name:
        raise ConfigError("name", "it is missing", "Say what the token is for.")
    if not wanted:
        raise ConfigError("scopes", "none is chosen", "Choose what the token may do.")
    text = PREFIX + secrets.token_urlsafe(32)
    with db.write():
        now = db.now()
        if any(token.name == name and token.state == "active" for token in _all(db)):
            raise ConfigError("name", f'there is a token "{name}" already', "Give it another name, or revoke that one.")
        row = ApiTokenRow.create(
            name=name,
            hint=text[:HINT],
            digest=_digest(text),
            scopes=[scope.value for scope in wanted],
            created_by=by,
            created_at=now,
            expires_at=None if good_for is None else now + good_for,
        )
        audit.note(db, by, "token.made", name, {"scopes": row.scopes})
        return _to_token(row, now), text


def find(db: Database, text: str) -> ApiToken | None:
    """The token with this text, if it is active; its use is noted."""
    with db.read():
        row = ApiTokenRow.get_or_none(ApiTokenRow.digest == _digest(text))
    now = db.now()
    token = _to_token(row, now) if row is not None else None
    if token is None or token.state != "active":
        return None
    if token.used_at is None or now - token.used_at >= USED_EVERY:
        with db.write():
            ApiTokenRow.update(used_at=now).where(ApiTokenRow.id == token.id).execute()
    return token


def every(db: Database) -> list[ApiToken]:
    """All tokens there ever were, the latest first."""
    with db.read():
        return _all(db)


def revoke(db: Database, token_id: int, by: str) -> ApiToken:
    """End a token at once; raises `ConfigError` if there is none of this id."""
    with db.write():
        row = ApiTokenRow.get_or_none(ApiTokenRow.id == token_id)
        if row is None:
            raise ConfigError("token", "there is no such token", "Look at the list again.")
        if row.revoked_at is None:
            row.revoked_at = db.now()
            row.save()
            audit.note(db, by, "token.revoked", row.name)
        return _to_token(row, db.now())


def _all(db: Database) -> list[ApiToken]:
    return [_to_token(row, db.now()) for row in ApiTokenRow.select().order_by(ApiTokenRow.id.desc())]


def _to_token(row: ApiTokenRow, now: datetime) -> ApiToken:
    expired = row.expires_at is not None and row.expires_at <= now
    return ApiToken(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        state="revoked" if row.revoked_at is not None else "expired" if expired else "active",
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
