"""The token of a webhook address is read as it was made, and in no other spelling."""

from __future__ import annotations

import string

from core.domain import Secret
from core.webhook_token import WebhookTokens

TOKENS = WebhookTokens(Secret("k" * 32))


def test_a_token_says_of_which_connection_and_generation_it_is() -> None:
    assert TOKENS.read(TOKENS.make(7, 2**31)) == (7, 2**31)


def test_b20_a_token_of_which_any_letter_was_changed_is_not_ours() -> None:
    """Also the last one, of which base64 leaves two bits unused."""
    token = TOKENS.make(1, 873712489)
    letters = string.ascii_letters + string.digits + "-_."
    for place, letter in enumerate(token):
        for other in set(letters) - {letter}:
            assert TOKENS.read(token[:place] + other + token[place + 1 :]) is None, (place, other)


def test_b20_a_token_of_another_key_is_not_ours() -> None:
    assert TOKENS.read(WebhookTokens(Secret("j" * 32)).make(1, 1)) is None
