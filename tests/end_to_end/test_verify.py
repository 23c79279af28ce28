"""Behaviour 15-19 and 57: a failed verification begins in the words users know, names the field and the mend."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins.freshchat.simulator import DIALECTS, build

RELAYDESK = [sys.executable, "-c", "from core.cli import main; main()"]
CONFIG = """
[server]
base_url = "http://127.0.0.1:8000"
secret_key = "a secret key that is only good for these tests, and long"
[plugins]
enabled = ["freshchat"]
[[connections]]
name = "support"
connector = "freshchat"
{address}
access_token = "{token}"
default_agent_email = "{agent}"
timeout_seconds = {patience}
"""
Verify = Callable[..., subprocess.CompletedProcess[str]]
CORRECT = "Correct the address, or leave api_url out and give the domain: Freshchat's own API needs no other."
LATER = "Check the api_url for a slip, and that this machine may reach it; then try again."
ADMIN = "Have an account admin make the token, with the permission to manage conversations."


@pytest.fixture(params=DIALECTS)
def sim(request: pytest.FixtureRequest) -> Iterator[Any]:
    with build(dialect=request.param) as running:
        yield running


@pytest.fixture
def verify(sim: Any, tmp_path: Path) -> Verify:
    """Runs `relaydesk connections verify`; the account is the simulator's unless another `address` is given."""

    def call(
        address: str = "", agent: str = "robin@example.com", patience: float = 10
    ) -> subprocess.CompletedProcess[str]:
        text = CONFIG.format(
            address=address or f'api_url = "{sim.api_url}"', token=sim.token or "gone", agent=agent, patience=patience
        )
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        command = [*RELAYDESK, "--config", str(tmp_path / "config.toml"), "connections", "verify", "support"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return call


def host(sim: Any) -> str:
    return str(sim.url.removeprefix("http://"))


def test_b15_b16_a_good_connection_shows_who_it_speaks_as(sim: Any, verify: Verify) -> None:
    done = verify(agent="ROBIN@example.com")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"support speaks as Robin Assistant <robin@example.com> at {host(sim)}\n"


@pytest.mark.parametrize(
    "given", ["https://acme.freshchat.com", "acme.freshchat.com/v2", "http://Acme.Freshchat.com/a/1?x=2"]
)
def test_b15_b57_a_scheme_or_path_in_the_domain_is_refused_and_the_clean_form_offered(
    verify: Verify, given: str
) -> None:
    done = verify(f'domain = "{given}"')
    assert done.returncode == 2
    assert done.stderr.startswith(
        "relaydesk: Failed to verify credentials: connections[support].domain: must be the host name alone, without "
        'scheme, port or path; write "acme.freshchat.com". '
    )


def test_b19_a_host_that_is_not_the_vendors_is_refused(verify: Verify) -> None:
    done = verify('domain = "acme.example.com"')
    assert done.returncode == 2
    assert done.stderr.startswith(
        "relaydesk: Failed to verify credentials: connections[support].domain: must be a host below freshchat.com or "
        'myfreshworks.com, such as "yourcompany.freshchat.com"; copy it from the Chat URL'
    )


def test_b17_an_unknown_host_is_told_with_the_address_to_check(verify: Verify) -> None:
    done = verify('api_url = "http://no-such-account.invalid/v2"')  # a name that never is in any DNS
    assert done.returncode == 1
    told = (
        r"Failed to verify credentials: api_url: no-such-account\.invalid gave no usable answer "
        r"\(no-such-account\.invalid cannot be resolved: .+\)\. "
    )
    assert re.fullmatch(told + re.escape(LATER) + "\n", done.stderr)


def test_b17_an_answer_that_is_a_page_and_not_the_api_is_told(sim: Any, verify: Verify) -> None:
    sim.fault("list_agents", "html200", times=None)
    done = verify()
    assert done.returncode == 1
    assert done.stderr == (
        f"Failed to verify credentials: api_url: {host(sim)} does not answer as the Freshchat API "
        f"(the vendor answered 200 without JSON: Sign in). {CORRECT}\n"
    )


def test_b19_b58_a_revoked_token_is_told(sim: Any, verify: Verify) -> None:
    sim.revoke_token()
    done = verify()
    assert done.returncode == 1
    assert done.stderr == (
        "Failed to verify credentials: access_token: Freshchat does not accept the token (the vendor answered 401: "
        "UNAUTHENTICATED: the access token is missing, wrong or revoked). It is revoked, out of date or another "
        "account's: paste the current one of Freshchat's API settings page.\n"
    )


def test_b14_b19_a_token_that_may_not_read_agents_is_told(sim: Any, verify: Verify) -> None:
    sim.fault("list_agents", "403", times=None)
    done = verify()
    assert done.returncode == 1
    assert done.stderr == (
        "Failed to verify credentials: access_token: the token may not read agents (the vendor answered 403: "
        f"FORBIDDEN: a fault was set for this call). {ADMIN}\n"
    )


def test_b19_a_token_without_the_permission_for_conversations_is_told(sim: Any, verify: Verify) -> None:
    sim.may_manage_conversations = False
    done = verify()
    assert done.returncode == 1
    assert done.stderr == (
        "Failed to verify credentials: access_token: the token may not read conversations (the vendor answered 403: "
        f"FORBIDDEN: the token has no permission for conversations). {ADMIN}\n"
    )


def test_b16_an_agent_that_is_missing_is_told(verify: Verify) -> None:
    done = verify(agent="nobody@example.com")
    assert done.returncode == 1
    assert done.stderr == (
        "Failed to verify credentials: default_agent_email: the account has no agent with the email "
        "nobody@example.com. Create a dedicated agent for the AI in Freshchat, or correct the email.\n"
    )


def test_b16_an_agent_that_is_deactivated_is_told(sim: Any, verify: Verify) -> None:
    sim.add_agent("asleep@example.com", "Asleep", deactivated=True)
    done = verify(agent="asleep@example.com")
    assert done.returncode == 1
    assert done.stderr == (
        "Failed to verify credentials: default_agent_email: the agent asleep@example.com is deactivated or deleted. "
        "Activate the agent in Freshchat, or give the email of another one.\n"
    )


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        ("list_agents", "timeout", "no answer within 0.6 s"),
        ("list_agents", "503", "the vendor answered 503: SERVICE_UNAVAILABLE: a fault was set for this call"),
        ("list_agents", "429", "the vendor answered 429: TOO_MANY_REQUESTS: too many requests"),
        ("get_conversation", "timeout", "no answer within 0.6 s"),
    ],
)
def test_b49_an_account_that_does_not_answer_can_be_asked_later(
    sim: Any, verify: Verify, call: str, kind: str, said: str
) -> None:
    sim.fault(call, kind, times=None)
    done = verify(patience=0.6) if kind == "timeout" else verify()
    assert done.returncode == 1
    assert done.stderr == (
        f"Failed to verify credentials: api_url: {host(sim)} gave no usable answer ({said}). {LATER}\n"
    )
    assert sim.token not in done.stderr


def test_a_token_that_is_revoked_between_the_two_questions_is_told_as_such(sim: Any, verify: Verify) -> None:
    sim.fault("get_conversation", "401")
    assert verify().stderr.startswith(
        "Failed to verify credentials: access_token: Freshchat does not accept the token (the vendor answered 401: "
    )
