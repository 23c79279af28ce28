"""Secrets in the store are sealed: whoever reads the database alone reads none of them."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.domain import Secret
from core.errors import ConfigError


class Sealer:
    """Seals texts for the store, and opens them again.

    The key is derived from the server's `secret_key`, for this purpose alone. What was sealed while one of the
    `former` keys was in use can still be opened; what is sealed now is sealed with the key of now.
    """

    def __init__(self, secret_key: Secret, former: tuple[Secret, ...] = ()) -> None:
        self._keys = MultiFernet([_key(each) for each in (secret_key, *former)])

    def seal(self, text: str) -> str:
        """The text as it may stand in the store: ASCII, another one each time."""
        return self._keys.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> Secret:
        """The text that was sealed. Raises `ConfigError`, which names `server.secret_key`, if no key opens it."""
        try:
            return Secret(self._keys.decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise ConfigError(
                "server.secret_key",
                "it does not open a secret that the store holds, so it is not the one with which that was sealed",
                "Put the earlier key back, or name it in server.former_secret_keys, or enter the stored secrets anew.",
            ) from None


def _key(secret_key: Secret) -> Fernet:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"relaydesk.sealing").derive(
        secret_key.reveal().encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))
