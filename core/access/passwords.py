"""Passwords: what makes one good enough, and comparing one in the same time whether or not there is such a user."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from core.errors import ConfigError

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000
"""Characters: hashing a longer text would cost time that somebody else could make us spend."""


class Passwords:
    """Hashes with argon2, by the library's parameters unless a test wants cheaper ones."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = ""

    def hash(self, password: str) -> str:
        """What is kept of a password; raises `ConfigError` for one that will not do."""
        if len(password) < SHORTEST_PASSWORD:
            problem = f"it has {len(password)} characters, and must have at least {SHORTEST_PASSWORD}"
            raise ConfigError("password", problem, "Several words make a good one.")
        if len(password) > LONGEST_PASSWORD:
            raise ConfigError("password", f"it is longer than {LONGEST_PASSWORD} characters", "Give a shorter one.")
        return self._hasher.hash(password)

    def fits(self, hashed: str, password: str) -> bool:
        """Whether this is the password of a hash; with "" for no hash it takes as long, and is False."""
        try:
            return self._hasher.verify(hashed or self._of_nobody(), password[:LONGEST_PASSWORD]) and bool(hashed)
        except (Argon2Error, InvalidHashError):
            return False

    def _of_nobody(self) -> str:
        self._nobodys = self._nobodys or self._hasher.hash(secrets.token_urlsafe())
        return self._nobodys
