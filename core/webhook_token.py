"""The token in a webhook address: connection and generation, signed with a key kept apart from any API token."""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

from core.domain import Secret


class WebhookTokens:
    """Makes and reads webhook tokens.

    The key is derived from the server's `secret_key`, so that rotating a vendor's API token leaves the address
    as it is, while a raised generation (disconnect, reconnect) makes every earlier address stale. Generations
    begin at random, since an id may come back: that of a connection that was deleted.
    """

    def __init__(self, secret_key: Secret) -> None:
        self._serializer = URLSafeSerializer(
            secret_key.reveal(), salt="relaydesk.webhook", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def make(self, connection_id: int, generation: int) -> str:
        """The token for this generation of the connection."""
        return str(self._serializer.dumps([connection_id, generation]))

    def read(self, token: str) -> tuple[int, int] | None:
        """Connection id and generation; None if we did not sign this token (compared in constant time)."""
        try:
            connection_id, generation = self._serializer.loads(token)
        except (BadSignature, ValueError, TypeError):
            return None
        # Base64 leaves some bits of the last letter unused: the same signature can be spelt in four ways.
        return (int(connection_id), int(generation)) if token == self.make(connection_id, generation) else None
