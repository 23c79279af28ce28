"""The people who sign in to the pages: their roles, passwords and one-time links."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.access import audit
from core.access.passwords import Passwords
from core.config import ServerConfig
from core.domain import Secret
from core.errors import ConfigError
from core.store.database import Database
from core.store.models import UserRow

LINK_GOOD_FOR = timedelta(hours=24)
_CAN_SIGN_IN = (UserRow.active, UserRow.password_hash != "", ~UserRow.provisioned)
"""Who could sign in, but for the administrator of the file."""
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class Role(StrEnum):
    """What a user may do: `operator` works the inbox and reads, `admin` also sets everything up."""

    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """A user as the pages see them. `stamp` changes when their sign-ins are to end; `state` is in words."""

    id: int
    email: str
    name: str
    role: Role
    stamp: str
    provisioned: bool = False
    active: bool = True
    has_password: bool = True
    signed_in_at: datetime | None = None
    link_until: datetime | None = None

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def called(self) -> str:
        """Their name, or else their address."""
        return self.name or self.email


class Users:
    """All users of one service; `server` holds the administrator of the configuration file, if there is one."""

    def __init__(self, db: Database, server: ServerConfig, passwords: Passwords | None = None) -> None:
        self._db = db
        self._passwords = passwords or Passwords()
        self._filed_hash = server.admin_password_hash or Secret("")
        # Nobody stands in the file without a password there: whoever is named without one is a user like any other.
        self._filed = (server.admin_email.strip().lower() or None) if self._filed_hash else None

    # --------------------------------------------------------------------------------------------- signing in

    def sign_in(self, email: str, password: str) -> User | None:
        """The user with this address and password; None if there is none, or they may not sign in."""
        email = email.strip().lower()
        self._keep_provisioned(email)
        with self._db.read():
            row = UserRow.get_or_none(UserRow.email == email)
        stored = self._hash_of(row) if row is not None and row.active else ""
        fits = self._passwords.fits(stored, password)
        if row is None or not fits:
            return None
        with self._db.write():
            UserRow.update(signed_in_at=self._db.now()).where(UserRow.id == row.id).execute()
        return self._to_user(row)

    def get(self, user_id: int) -> User | None:
        """The user with this id, if they may still sign in."""
        with self._db.read():
            row = UserRow.get_or_none(UserRow.id == user_id, UserRow.active)
        return self._to_user(row) if row is not None and self._hash_of(row) else None

    def anybody(self) -> bool:
        """Whether there is anybody who could sign in."""
        if self._filed:
            return True
        with self._db.read():
            return bool(UserRow.select().where(*_CAN_SIGN_IN).exists())

    # ----------------------------------------------------------------------------------------------- links

    def invite(self, email: str, role: Role | None, by: str, name: str = "") -> str:
        """Make a user, or a new link for one; returns the secret part of the one-time link.

        Of somebody who is there already nothing changes until the link is used: a lock holds, and so does the old
        password. Only a `role` that is named counts at once, as with `change`; without one they keep theirs, and
        somebody new is an operator. Raises `ConfigError` for an address that is none, for the administrator of the
        file, and where the last administrator would be one no more.
        """
        email = _address(email)
        with self._db.write():
            row = UserRow.get_or_none(UserRow.email == email)
            if email == self._filed:
                raise ConfigError("email", f"{email} stands in the configuration file", "Change the password there.")
            if row is None:
                row = UserRow.create(
                    email=email, name=name, role=(role or Role.OPERATOR).value, created_at=self._db.now()
                )
            elif role is not None and role != row.role:
                self._set(row, by, role)
            audit.note(self._db, by, "user.invited", email, {"role": role or row.role})
            return self._new_link(row.id)

    def first_link(self) -> str | None:
        """The secret of a link for the very first administrator, who then says who they are.

        None where somebody can sign in, and where another process has made such a link within the last minute: of
        those that start together one shows it.
        """
        if self.anybody():
            return None
        with self._db.write():
            now = self._db.now()
            self._db.insert_ignore(UserRow, email="", role=Role.ADMIN.value, created_at=now)
            row = UserRow.get(UserRow.email == "")
            if row.link_until is not None and row.link_until > now + LINK_GOOD_FOR - timedelta(minutes=1):
                return None
            return self._new_link(row.id)

    def invited(self, secret: str) -> User | None:
        """Whom a one-time link is for; None if it was used, is good no more or never was one."""
        with self._db.read():
            row = self._linked(secret)
            return self._to_user(row) if row is not None else None

    def accept(self, secret: str, password: str, name: str = "", email: str = "") -> User:
        """Set the password of whom a link is for, which signs them in, and ends the link and their sign-ins elsewhere.

        `email` is wanted of the first administrator alone. Raises `ConfigError` for a link that is no longer good,
        and for a password or address that will not do.
        """
        hashed = self._passwords.hash(password)
        with self._db.write():
            row = self._linked(secret)
            if row is None:
                raise ConfigError("link", "it was used already, or is too old", "Ask an administrator for a new one.")
            address = row.email or _address(email)
            taken = UserRow.get_or_none(UserRow.email == address)
            if taken is not None and taken.id != row.id:
                raise ConfigError("email", f"{address} has a user already", "Give another address.")
            UserRow.update(
                email=address,
                name=name.strip() or row.name,
                password_hash=hashed,
                provisioned=False,
                active=True,  # whoever was locked was invited after that: a lock ends their link
                link_digest=None,
                link_until=None,
                epoch=row.epoch + 1,
                signed_in_at=self._db.now(),
            ).where(UserRow.id == row.id).execute()
            audit.note(self._db, address, "user.password_set", address)
            return self._to_user(UserRow.get_by_id(row.id))

    def _linked(self, secret: str) -> UserRow | None:
        row: UserRow | None = UserRow.get_or_none(UserRow.link_digest == _digest(secret))
        if row is None or row.link_until <= self._db.now() or row.email == self._filed:
            return None
        # The link for the first administrator is good until there is one, however they came.
        return row if row.email or not self._administered() else None

    def _new_link(self, user_id: int) -> str:
        secret = secrets.token_urlsafe(32)
        UserRow.update(link_digest=_digest(secret), link_until=self._db.now() + LINK_GOOD_FOR).where(
            UserRow.id == user_id
        ).execute()
        return secret

    # -------------------------------------------------------------------------------------------- changes

    def all(self) -> list[User]:
        """Everybody, by address; the one who has not said yet who they are is left out."""
        self._keep_provisioned(self._filed)
        with self._db.read():
            rows = list(UserRow.select().where(UserRow.email != "").order_by(UserRow.email))
        return [self._to_user(row) for row in rows]

    def change(self, user_id: int, by: str, *, role: Role | None = None, active: bool | None = None) -> None:
        """Give a user another role, or let them in no more. Ends their sign-ins, and a lock also their link.

        Raises `ConfigError` for the administrator of the file, and for the last administrator there is.
        """
        with self._db.write():
            row = UserRow.get_or_none(UserRow.id == user_id)
            if row is None:
                raise ConfigError("user", "there is no such user", "Look at the list again.")
            if row.email == self._filed:
                raise ConfigError("user", f"{row.email} stands in the configuration file", "Change it there.")
            self._set(row, by, role, active)

    def _set(self, row: UserRow, by: str, role: Role | None = None, active: bool | None = None) -> None:
        stays = (role or Role(row.role)) is Role.ADMIN and (row.active if active is None else active)
        if not stays and row.role == Role.ADMIN and not self._administered(but=row.id):
            raise ConfigError("role", f"{row.email} is the last administrator", "Make another one first.")
        values: dict[str, object] = {"role": (role or Role(row.role)).value, "epoch": row.epoch + 1}
        if active is not None:
            values["active"] = active
        if active is False:  # or a link of before would let them in again
            values |= {"link_digest": None, "link_until": None}
        UserRow.update(**values).where(UserRow.id == row.id).execute()
        audit.note(self._db, by, "user.changed", row.email, {"role": values["role"], "active": active})

    def change_password(self, user: User, old: str, new: str) -> User:
        """Set a user's own password; ends their sign-ins elsewhere. Raises `ConfigError`."""
        if user.provisioned:
            raise ConfigError("password", "it stands in the configuration file", "Change it there.")
        hashed = self._passwords.hash(new)
        with self._db.read():
            row = UserRow.get_by_id(user.id)
        if not self._passwords.fits(row.password_hash, old):
            raise ConfigError("old", "it is not your password", "Give the one you sign in with.")
        with self._db.write():
            UserRow.update(password_hash=hashed, epoch=UserRow.epoch + 1).where(UserRow.id == user.id).execute()
            audit.note(self._db, user.email, "user.password_set", user.email)
            return self._to_user(UserRow.get_by_id(user.id))

    def sign_out_everywhere(self, user: User) -> None:
        """End all sign-ins of a user, this one included."""
        with self._db.write():
            UserRow.update(epoch=UserRow.epoch + 1).where(UserRow.id == user.id).execute()
            audit.note(self._db, user.email, "user.signed_out_everywhere", user.email)

    def _administered(self, but: int = 0) -> bool:
        """Whether somebody could sign in as an administrator, not counting the user with an id."""
        if self._filed:
            return True
        others = UserRow.select().where(*_CAN_SIGN_IN, UserRow.role == Role.ADMIN.value, UserRow.id != but)
        return bool(others.exists())

    # --------------------------------------------------------------------------------- the file's administrator

    def _keep_provisioned(self, email: str | None) -> None:
        """See that the administrator of the file has a row, if it is their address."""
        if email is None or email != self._filed:
            return
        with self._db.read():
            row = UserRow.get_or_none(UserRow.email == email)
        if row is not None and row.provisioned and row.role == Role.ADMIN and row.active:
            return
        values = {"role": Role.ADMIN.value, "provisioned": True, "active": True}
        with self._db.write():
            self._db.insert_ignore(UserRow, email=email, created_at=self._db.now(), **values)
            UserRow.update(**values).where(UserRow.email == email).execute()

    def _hash_of(self, row: UserRow) -> str:
        """The hash a user's password is compared with; "" for whoever has none.

        Whoever was taken out of the file has none until they set one: not even one of before they stood there.
        """
        if row.email == self._filed:
            return self._filed_hash.reveal()
        return "" if row.provisioned else str(row.password_hash)

    def _to_user(self, row: UserRow) -> User:
        hashed = self._hash_of(row)
        return User(
            id=row.id,
            email=row.email,
            name=row.name,
            role=Role(row.role),
            stamp=_digest(f"{row.id}:{row.epoch}:{hashed}")[:16],
            provisioned=row.email == self._filed,
            active=row.active,
            has_password=bool(hashed),
            signed_in_at=row.signed_in_at,
            link_until=row.link_until,
        )


def _address(text: str) -> str:
    address = text.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise ConfigError("email", "it is no e-mail address", "Write it as name@company.com.")
    return address


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
