"""Logs: no credential in any line, whatever it came in with, and no line that text from outside could forge."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator

import pytest

from core.domain import Secret
from core.logs import configure_logs, redact

TOKEN = "WzMsMV0.0123456789abcdefABCDEF_-xyz"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Put back what `configure_logs` changes for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    named = {name: logging.getLogger(name) for name in ("gunicorn.access", "gunicorn.error", "werkzeug", "urllib3")}
    kept = {name: (logger.handlers[:], logger.level, logger.propagate) for name, logger in named.items()}
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, (own, own_level, propagate) in kept.items():
        named[name].handlers[:] = own
        named[name].setLevel(own_level)
        named[name].propagate = propagate


# -------------------------------------------------------------------------------------------------- redact


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: ***"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: ***"),
        ("{'Authorization': 'Bearer abc.def', 'Accept': '*/*'}", "{'Authorization': '***', 'Accept': '*/*'}"),
        ('{"authorization":"token abc"}', '{"authorization":"***"}'),
        ("Proxy-Authorization: Basic dXNlcg==", "Proxy-Authorization: ***"),
        ("sent bearer abcdef123456", "sent bearer ***"),
        ("postgresql://desk:pw@db.example.com/relaydesk", "postgresql://desk:***@db.example.com/relaydesk"),
        ("GET https://x:API-KEY@acme.example.com/v2", "GET https://x:***@acme.example.com/v2"),
        ("nothing secret: https://example.com/a?b=c", "nothing secret: https://example.com/a?b=c"),
        ("the bearer of news", "the bearer of news"),
    ],
)
def test_credentials_are_taken_out(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_known_secrets_are_taken_out_wherever_they_stand() -> None:
    text = redact("key=s3cr3t-key, url=https://a/?k=s3cr3t-key%2F1", [Secret("s3cr3t-key"), "s3cr3t-key/1"])
    assert text == "key=***, url=https://a/?k=***"


def test_a_secret_that_contains_another_leaves_no_part_behind() -> None:
    assert redact("abcdefgh", ["abcd", "abcdefgh"]) == "***"


def test_values_too_short_to_be_secrets_are_let_be() -> None:
    assert redact("a cat sat", ["a", "", "cat"]) == "a cat sat"


@pytest.mark.parametrize("after", ["", "?x=1", "/", " 200", '"', "'", "#f"])
def test_a_webhook_token_becomes_a_fingerprint(after: str) -> None:
    """Reliability T1: whoever holds the token may post events."""
    clean = redact(f"POST /webhooks/freshchat/{TOKEN}{after}")
    assert TOKEN not in clean
    start, fingerprint = clean.removesuffix(after).rsplit("/", 1)
    assert start == "POST /webhooks/freshchat"
    assert len(fingerprint) == 8
    assert int(fingerprint, 16) >= 0


def test_a_fingerprint_tells_addresses_apart_and_stays_itself() -> None:
    one = redact(f"/webhooks/freshchat/{TOKEN}")
    assert one == redact(f"https://desk.example.com/webhooks/freshchat/{TOKEN}").removeprefix(
        "https://desk.example.com"
    )
    assert one != redact(f"/webhooks/freshchat/{TOKEN}x")
    assert redact(one) == one


# --------------------------------------------------------------------------------------------------- lines


def failing(text: str) -> None:
    raise ValueError(f"could not call with {text}")


def test_a_line_has_moment_level_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    logging.getLogger("core.flow").info("claimed %s", "c-1")
    line = capsys.readouterr().err
    assert line.endswith(" INFO core.flow: claimed c-1\n")
    assert line[10] == "T"
    assert "+00:00 " in line


@pytest.mark.parametrize("as_json", [False, True])
def test_no_secret_survives_in_message_arguments_or_traceback(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """Reliability S-03."""
    secret = 'canary"ä/1\nline'
    configure_logs("DEBUG", json=as_json, secrets=[Secret(secret)])
    log = logging.getLogger("core.test")
    log.warning("token %s or %r at /webhooks/freshchat/%s", secret, secret, TOKEN)
    try:
        failing(secret)
    except ValueError:
        log.exception("failed with %s", {"token": secret}, extra={"token": secret})
    written = capsys.readouterr().err
    assert "could not call with ***" in written
    assert 'canary"' not in written
    assert "canary\\" not in written
    assert TOKEN not in written


def test_json_lines_are_one_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", json=True)
    try:
        failing("x")
    except ValueError:
        logging.getLogger("core.test").exception("first\nsecond")
    [line] = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert set(entry) == {"at", "level", "logger", "message", "exception"}
    assert (entry["level"], entry["logger"], entry["message"]) == ("ERROR", "core.test", "first\nsecond")
    assert entry["exception"].endswith("ValueError: could not call with x")


def test_text_from_outside_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Reliability T22."""
    configure_logs()
    logging.getLogger("core.test").info("from %s", "a\n2026-01-01 INFO core: forged\rx")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("from a")
    assert second == "    2026-01-01 INFO core: forged\\rx"


def test_servers_own_handlers_do_not_pass_by(capsys: pytest.CaptureFixture[str]) -> None:
    access = logging.getLogger("gunicorn.access")
    access.addHandler(logging.StreamHandler())
    access.propagate = False
    access.setLevel(logging.INFO)
    configure_logs()
    access.info("POST /webhooks/freshchat/%s", TOKEN)
    [line] = capsys.readouterr().err.splitlines()
    assert "POST /webhooks/freshchat/" in line
    assert TOKEN not in line


def test_configuring_again_replaces_the_handler(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    configure_logs(secrets=["canary-1"])
    logging.getLogger("core.test").info("canary-1")
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert len(logging.getLogger().handlers) == 1


def test_talkative_libraries_are_heard_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("DEBUG")
    logging.getLogger("urllib3.connectionpool").debug("https://acme.example.com:443")
    logging.getLogger("urllib3.connectionpool").warning("retrying")
    assert [line.split(": ", 1)[1] for line in capsys.readouterr().err.splitlines()] == ["retrying"]


def test_warnings_of_python_are_logged_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(secrets=["canary-1"])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old canary-1", UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    written = capsys.readouterr().err
    assert "UserWarning: old ***" in written
