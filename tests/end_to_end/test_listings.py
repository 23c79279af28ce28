"""`relaydesk connections list` shows an operator what an account holds, in both dialects."""

from __future__ import annotations

import csv
import io
import json
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
api_url = "{api_url}"
access_token = "{token}"
default_agent_email = "robin@example.com"
"""
List = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=DIALECTS)
def sim(request: pytest.FixtureRequest) -> Iterator[Any]:
    with build(dialect=request.param, requests_per_minute=None) as running:
        yield running


@pytest.fixture
def run(sim: Any, tmp_path: Path) -> List:
    (tmp_path / "config.toml").write_text(CONFIG.format(api_url=sim.api_url, token=sim.token), encoding="utf-8")

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*RELAYDESK, "--config", str(tmp_path / "config.toml"), "connections", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert call("verify", "support").returncode == 0
    return call


def test_each_list_is_given_as_json_csv_and_table(sim: Any, run: List) -> None:
    ada = sim.customer("ada@example.com", "Ada Customer")
    sim.customer_writes(ada, "Hi")
    wanted = {"agents": "robin@example.com", "groups": "Support", "channels": "Web", "users": "ada@example.com"}
    for what, name in wanted.items():
        only = ["--filter", "email=ada@example.com"] if what == "users" else []
        shown = json.loads(run("list", "support", what, "--format", "json", *only).stdout)
        assert name in json.dumps(shown)
        rows = list(csv.DictReader(io.StringIO(run("list", "support", what, "--format", "csv", *only).stdout)))
        assert [row["id"] for row in rows] == [entry["id"] for entry in shown]
    table = run("list", "support", "groups")
    assert table.returncode == 0
    assert "Support" in table.stdout


def test_conversations_are_listed_where_the_account_does_or_it_is_said_what_else_can_be_asked(
    sim: Any, run: List
) -> None:
    ada = sim.customer("ada@example.com", "Ada Customer")
    conversation = sim.customer_writes(ada, "Hi")
    listed = run("list", "support", "conversations", "--format", "json")
    if sim.dialect == "documented":
        assert [one["conversation_id"] for one in json.loads(listed.stdout)] == [conversation.id]
        return
    assert listed.returncode == 1
    assert listed.stderr == (
        "this Freshchat account lists no conversations (most do not); --filter user=ID lists those of one "
        "user, and the inbox shows those Relaydesk knows\n"
    )
    of_ada = run("list", "support", "conversations", "--filter", f"user={ada.id}", "--format", "json")
    assert [one["conversation_id"] for one in json.loads(of_ada.stdout)] == [conversation.id]
    without = run("list", "support", "users")
    assert without.returncode == 1
    assert "--filter email=ada@example.com" in without.stderr


def test_a_limit_is_kept_and_wrong_calls_are_told(sim: Any, run: List) -> None:
    assert len(json.loads(run("list", "support", "agents", "--limit", "2", "--format", "json").stdout)) == 2
    unknown = run("list", "support", "bots")
    assert unknown.returncode == 2
    assert 'Freshchat has no list of "bots". Those there are: agents, groups, channels, users' in unknown.stderr
    assert "write it as KEY=VALUE" in run("list", "support", "agents", "--filter", "email").stderr
    sim.revoke_token()
    refused = run("list", "support", "agents")
    assert refused.returncode == 1
    assert sim.account.app_id not in refused.stdout
    assert refused.stderr.startswith("the vendor answered 401: ")
