"""Commands that stand in for a vendor: `simulate` runs one, `send-fixture` sends one of its payloads.

A plugin takes part by a module `simulator` beside its connector. It has `build(**options)`, which gives an account
that is not running yet, and `simulate(host, port, *, say, **options)`, which runs one in the foreground. Where there
is a choice it has the tables of `CHOICES`, whose names are the values of an option; and where the vendor signs its
webhooks `signed_headers(body, pem)`, which raises `ValueError` for a key that is no good. A module `simulator_demo`
beside it has the vendor's round of the demo; see `core.testing.demo`.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

from core.cli.look import open_runtime, webhook_address
from core.config import Config, load_config
from core.connector import Connector
from core.errors import ConfigError
from core.plugin_manager import load_plugins
from core.testing.demo import Round

ANSWER_SECONDS = 10.0
CHOICES = {"dialect": "DIALECTS", "events": "EVENT_SETS", "plan": "PLANS", "webhook_content": "CONTENTS"}
"""Options that not every simulator knows, and the table by which one that does says which values there are."""

EVERYTHING = """
[server]
base_url = "http://127.0.0.1:8000"
secret_key = "only to find the connectors of the bundled plugins"
[plugins]
enabled = [{names}]
"""


def folder_of(connector: Connector) -> Path:
    """The folder of the plugin that a connector comes from."""
    return Path(str(sys.modules[type(connector).__module__].__file__)).parent


def simulator_of(connector: Connector) -> ModuleType | None:
    """The module that simulates a connector's vendor; None if its plugin has none."""
    return _beside(connector, "simulator")


def _beside(connector: Connector, module: str) -> ModuleType | None:
    """A module in the folder of a connector's plugin; None if there is no such one."""
    if not (folder_of(connector) / f"{module}.py").is_file():
        return None
    package = type(connector).__module__.rpartition(".")[0]
    return importlib.import_module(f"{package}.{module}")


def _bundled_connectors() -> Iterator[Connector]:
    """The connectors of the plugins beside core, found without any configuration of the user's."""
    plugins = Path(__file__).resolve().parents[2] / "plugins"
    names = sorted(folder.name for folder in plugins.iterdir() if (folder / "connector.py").is_file())
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "config.toml"
        file.write_text(EVERYTHING.format(names=", ".join(f'"{name}"' for name in names)), encoding="utf-8")
        config: Config = load_config(file)
        yield from load_plugins(config).connectors.values()


def find_simulator(name: str) -> ModuleType:
    """The simulator of the vendor called `name`; raises `ConfigError` listing those there are."""
    found = {connector.name: simulator_of(connector) for connector in _bundled_connectors()}
    simulator = found.get(name)
    if simulator is None:
        known = ", ".join(sorted(each for each, module in found.items() if module)) or "none"
        raise ConfigError("simulate", f'there is no simulator of "{name}"', f"Those there are: {known}.")
    return simulator


def find_rounds() -> dict[str, Round]:
    """The vendors' rounds of the demo, by the names of their connectors."""
    found = {connector.name: _beside(connector, "simulator_demo") for connector in _bundled_connectors()}
    return {name: module.ROUND for name, module in sorted(found.items()) if module is not None}


@click.command()
@click.argument("connector")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port to listen at; 0 takes a free one.")
@click.option("--token", default=None, help="The API token it accepts; without it one is made up.")
@click.option("--webhook-url", default=None, help="Where it sends its webhooks.")
@click.option("--requests-per-minute", type=click.IntRange(min=1), help="Its rate limit, instead of its own default.")
@click.option("--agent-email", default="robin@example.com", show_default=True, help="The e-mail of the AI's agent.")
@click.option("--dialect", help="How it answers (Freshchat).")
@click.option("--events", help="Which set of webhooks is on (Freshchat).")
@click.option("--plan", help="The plan whose rate limits it has (Freshdesk).")
@click.option("--webhook-content", help="What the rules that send its webhooks are filled in with (Freshdesk).")
def simulate(connector: str, host: str, port: int, **options: Any) -> None:
    """Run a simulated account of the vendor CONNECTOR, with a page to write as the customer and work as the agent.

    It prints what to put into a [[connections]] table, each with the name of its key: for Freshchat api_url,
    access_token, default_agent_email and public_key, for Freshdesk api_url and api_key.
    """
    simulator = find_simulator(connector)
    given = {name: value for name, value in options.items() if value is not None}
    for name, table in CHOICES.items():
        known = getattr(simulator, table, None)
        if name in given and (known is None or given[name] not in known):
            option = f"--{name.replace('_', '-')}"
            if known is None:
                raise click.UsageError(f'{option}: the simulator of "{connector}" has no such choice')
            raise click.UsageError(f'{option}: there is no "{given[name]}". Those there are: {", ".join(known)}')
    simulator.simulate(host, port, say=click.echo, **given)


@click.command("send-fixture")
@click.argument("connection")
@click.argument("fixture", required=False, default="")
@click.option("--list", "listing", is_flag=True, help="List the fixtures of the connection's connector.")
@click.option("--url", default="", help="Send it here instead of to server.base_url's webhook address.")
@click.option(
    "--sign-with",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A private RSA key (PEM) to sign it with, for a connection whose public_key is its counterpart.",
)
@click.option("--header", "given", multiple=True, metavar="NAME:VALUE", help="A header to send with it.")
@click.pass_obj
def send_fixture(
    config_path: str,
    connection: str,
    fixture: str,
    listing: bool,
    url: str,
    key_file: Path | None,
    given: tuple[str, ...],
) -> None:
    """Send the vendor's payload FIXTURE to the running service, as the vendor would, by way of CONNECTION.

    A connection with a public key refuses it without --sign-with: a fixture bears no signature of your account.
    For that make a pair of keys, and let the public one be the connection's public_key while you are trying:
    `openssl genrsa -out key.pem` and `openssl rsa -in key.pem -pubout`. One with a secret wants --header.
    """
    with closing(open_runtime(config_path)) as runtime:
        address, _ = webhook_address(runtime, connection)
        known = runtime.connections.named(connection)
        if known is None:
            raise ConfigError("connections", f'there is no connection "{connection}"', "Add it to the configuration.")
        connector = runtime.connections.connector(known)
    folder = folder_of(connector) / "fixtures"
    fixtures = {file.stem: file for file in sorted([*folder.glob("*.json"), *folder.glob("*.txt")])}
    if listing:
        click.echo("\n".join(fixtures))
        return
    if fixture not in fixtures:
        known_ones = ", ".join(fixtures) or "none"
        raise click.UsageError(f'there is no fixture "{fixture}". Those there are: {known_ones}')
    body = fixtures[fixture].read_bytes()
    headers = {"Content-Type": _content_type(body), **dict(map(_header, given))}
    if key_file is not None:
        headers |= _signature(connector, body, key_file)
    try:
        answer = requests.post(url or address, data=body, headers=headers, timeout=ANSWER_SECONDS)
    except (InvalidSchema, InvalidURL, MissingSchema):
        raise click.UsageError("--url is no http address") from None
    except requests.RequestException:
        # The error's own words would show the address, and whoever has that can post events.
        click.echo("no service answers there; start it with: relaydesk serve", err=True)
        sys.exit(1)
    click.echo(f"{answer.status_code} {answer.text.strip()}")
    sys.exit(0 if answer.ok else 1)


def _content_type(body: bytes) -> str:
    """What a vendor says of such a body: JSON also where it is broken, else a form."""
    return "application/json" if body.lstrip()[:1] in (b"{", b"[") else "application/x-www-form-urlencoded"


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (name.strip() and colon):
        raise click.UsageError(f"--header {name}: write it as NAME:VALUE")
    return name.strip(), value.strip()


def _signature(connector: Connector, body: bytes, key_file: Path) -> dict[str, str]:
    """The headers that make a body the vendor's own; raises `UsageError` for a key that is no good."""
    signed_headers = getattr(simulator_of(connector), "signed_headers", None)
    if signed_headers is None:
        raise click.UsageError(f"--sign-with: {connector.label} signs nothing")
    try:
        return dict(signed_headers(body, key_file.read_bytes()))
    except ValueError as problem:
        raise click.UsageError(f"--sign-with: {key_file} {problem}") from None
