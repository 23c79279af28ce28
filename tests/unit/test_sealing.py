"""Secrets in the store are sealed: only the key of this server, or a former one, opens them."""

from __future__ import annotations

import pytest

from core.domain import Secret
from core.errors import ConfigError
from core.sealing import Sealer

KEY = Secret("a secret key that is only good for these tests")
OTHER = Secret("another key that is as good for these tests too")
CANARY = "canary-Zürich-\N{KEY}-7781"


def test_what_was_sealed_is_opened_again_and_hides_its_text() -> None:
    sealed = Sealer(KEY).seal(CANARY)
    assert Sealer(KEY).open(sealed) == Secret(CANARY)
    assert sealed.isascii()
    assert "canary" not in sealed
    assert sealed != Sealer(KEY).seal(CANARY)  # so that two equal secrets cannot be told to be equal


def test_a_secret_sealed_with_a_former_key_is_opened_and_sealed_with_the_new_one() -> None:
    turned = Sealer(OTHER, (KEY,))
    assert turned.open(Sealer(KEY).seal(CANARY)) == Secret(CANARY)
    assert Sealer(OTHER).open(turned.seal(CANARY)) == Secret(CANARY)


@pytest.mark.parametrize(
    "sealed",
    [Sealer(OTHER).seal(CANARY), Sealer(KEY).seal(CANARY)[:-4], "plain text", "", "ü"],
    ids=["another key", "cut off", "never sealed", "empty", "no ASCII"],
)
def test_what_cannot_be_opened_names_the_setting_and_the_mend_and_never_the_text(sealed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Sealer(KEY).open(sealed)
    assert caught.value.key == "server.secret_key"
    assert "does not open a secret that the store holds" in str(caught.value)
    assert "server.former_secret_keys" in caught.value.mend
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
