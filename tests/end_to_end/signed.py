"""How a receiver of outbound events checks them: with the library of Standard Webhooks, at a moment of the tests."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any
from unittest.mock import patch

from standardwebhooks import Webhook

from core.domain import Secret
from core.testing.receiver import Received


def verified(received: Received, secret: Secret, at: datetime) -> Any:
    """The JSON of a delivery that the library takes for ours; raises what the library raises."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return at

    with patch("standardwebhooks.webhooks.datetime", Then):
        return Webhook(secret.reveal()).verify(received.body, dict(received.headers))
