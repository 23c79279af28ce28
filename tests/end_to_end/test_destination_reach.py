"""A manual destination reaches its connection's host and nothing else, and no other host ever sees the credential.

Each way is tried through the definition, which is refused with its mend, and with the definition forced into the
store. Sockets that listen on the loopback prove that nothing arrives where it must not.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.wrappers import Response

from core.destinations import rendering, trying
from core.destinations.checking import load_definition
from core.errors import ConfigError
from core.store.models import DestinationRecordRow, DestinationRow
from plugins.freshchat.connector import Freshchat
from tests.end_to_end.collector import TOKEN, with_collector
from tests.end_to_end.destined import BY, Destined, run
from tests.end_to_end.worlds import World

OWN = "acme.freshchat.com"
ELSEWHERE = {
    "another port": "http://127.0.0.1:{port}/items",
    "a name of the same machine": "http://localhost:{port}/items",
    "decimal": "http://2130706433:{port}/items",
    "decimal, at the right port": "http://2130706433:{own}/items",
    "octal": "http://0177.0.0.1:{port}/items",
    "hexadecimal": "http://0x7f000001:{port}/items",
    "hexadecimal in parts": "http://0x7f.1:{port}/items",
    "shortened": "http://127.1:{port}/items",
    "nothing": "http://0:{port}/items",
    "IPv6": "http://[::1]:{port}/items",
    "IPv4 in IPv6": "http://[::ffff:127.0.0.1]:{port}/items",
    "IPv4 in IPv6, in hexadecimal": "http://[::ffff:7f00:1]:{own}/items",
    "the metadata of a cloud": "http://169.254.169.254/latest/meta-data",
    "a user before the host": "http://127.0.0.1:{own}@127.0.0.1:{port}/items",
    "a user and a password": "http://me:secret@127.0.0.1:{own}/items",
    "a user with a slash written out": "http://127.0.0.1:{own}%2f@127.0.0.1:{port}/items",
    "a backslash": "http://127.0.0.1:{own}\\@127.0.0.1:{port}/items",
    "a fragment": "http://127.0.0.1:{own}#@127.0.0.1:{port}/items",
    "no scheme": "//127.0.0.1:{port}/items",
    "another scheme": "https://127.0.0.1:{own}/items",
    "no scheme of the web": "gopher://127.0.0.1:{port}/items",
    "a longer host": "http://127.0.0.1:{own}.evil.example/items",
    "a placeholder in the host": "http://{{host}}/items",
    "a placeholder after the host": "http://127.0.0.1:{own}{{host}}/items",
    "a line break": "http://127.0.0.1:{own}/items\r\nHost: 127.0.0.1:{port}",
}


class Listening:
    """A socket that takes connections and keeps what it is sent."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(5)
                self.heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    def proves_to_listen(self) -> None:
        """Connect to it, so that hearing nothing else means something."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
            probe.sendall(b"probe")
            probe.recv(1)
        assert self.heard == [b"probe"]

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Where nothing may arrive but the probe at the end."""
    made = Listening()
    yield made
    made.proves_to_listen()
    made.close()


@pytest.fixture
def world(quick: World) -> Iterator[Any]:
    """A service that is connected to the collector, which is `sim`."""
    collector = with_collector(quick, per_minute=100_000)
    yield SimpleNamespace(runtime=quick.runtime, clock=quick.clock, sim=collector)
    collector.stop()
    if collector.broken:
        raise collector.broken[0]


def port_of(world: Any) -> int:
    return int(world.sim.url.rpartition(":")[2])


def forced(world: Any, url: str) -> Destined:
    """An active destination with a record, whose definition was changed behind everybody's back."""
    writing = Destined(world, connection="collector", method="POST", url="/items")
    writing.give({"n": 1, "host": "127.0.0.1"})
    with world.runtime.db.write():
        definition = {**DestinationRow.get().definition, "url": url}
        DestinationRow.update(definition=definition).execute()
    return writing


def record_of(world: Any) -> DestinationRecordRow:
    with world.runtime.db.read():
        found: DestinationRecordRow = DestinationRecordRow.get()
    return found


# ------------------------------------------------------------------------------------------------------ other hosts


@pytest.mark.parametrize("way", ELSEWHERE)
def test_an_address_elsewhere_is_refused_with_the_mend_when_it_is_given(
    world: Any, listening: Listening, way: str
) -> None:
    url = ELSEWHERE[way].format(port=listening.port, own=port_of(world))
    before = len(world.sim.record)
    with pytest.raises(ConfigError) as refused:
        Destined(world, connection="collector", method="POST", url=url)
    assert refused.value.key == "url"
    assert refused.value.mend
    definition = load_definition(
        world.runtime, {"name": "rows", "connection": "collector", "method": "POST", "url": url}
    )
    with pytest.raises(ConfigError):
        trying.send_test(world.runtime, definition, {"n": 1, "host": "127.0.0.1"}, BY)
    with pytest.raises(ConfigError):
        trying.samples(world.runtime, definition, [{"n": 1, "host": "127.0.0.1"}])
    assert len(world.sim.record) == before


@pytest.mark.parametrize("way", ELSEWHERE)
def test_an_address_elsewhere_that_came_into_the_store_is_not_called(
    world: Any, listening: Listening, way: str
) -> None:
    writing = forced(world, ELSEWHERE[way].format(port=listening.port, own=port_of(world)))
    before = len(world.sim.record)
    run(world, 3600)
    assert (record_of(world).state, len(world.sim.record)) == ("waiting", before)
    assert "url: it " in writing.shown().held_reason
    with pytest.raises(ConfigError):
        writing.life.activate(writing.name, BY)


@pytest.mark.parametrize("way", [way for way in ELSEWHERE if "placeholder" not in way])
def test_below_the_check_of_addresses_there_is_another_that_keeps_the_credential(
    world: Any, listening: Listening, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    url = ELSEWHERE[way].format(port=listening.port, own=port_of(world))
    monkeypatch.setattr(rendering, "checked_address", lambda url, base_url: url)
    forced(world, url)
    run(world, 3600)
    record = record_of(world)
    # What is no address at all is taken for a path of the connection's own host, and is not found there.
    stayed = [taken.path for taken in world.sim.requests] + [call.path for call in world.sim.record.calls(status=404)]
    assert record.state == "failed", record.error
    assert "host" in record.error or "address" in record.error or stayed


@pytest.mark.parametrize(
    "value",
    ["//127.0.0.1:{port}/items", "http://127.0.0.1:{port}/", "@127.0.0.1:{port}", "..%2f..%2fadmin", "x\r\nHost: evil"],
)
def test_no_value_of_a_record_leads_away(world: Any, listening: Listening, value: str) -> None:
    writing = Destined(world, connection="collector", method="PUT", url="/things/{to}", exclude=["to"])
    writing.write({"to": value.format(port=listening.port)})
    assert all(taken.headers["host"] == f"127.0.0.1:{port_of(world)}" for taken in world.sim.requests)
    assert all(call.path.startswith("/things/") for call in world.sim.record.calls(method="PUT"))
    assert len(world.sim.record.calls(method="PUT")) == 1


# -------------------------------------------------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["http://127.0.0.1:{port}/items", "//127.0.0.1:{port}/items", "/things/other"])
def test_no_redirect_is_followed(world: Any, listening: Listening, status: int, where: str) -> None:
    world.sim.answers.append(Response(b"", status, headers={"Location": where.format(port=listening.port)}))
    writing = Destined(world, connection="collector", method="POST", url="/items")
    [record] = writing.write({"n": 1})
    run(world, 3600)
    assert (record.state, record.request.status) == ("failed", status)
    assert "redirect" in record.error
    assert [taken.path for taken in world.sim.requests] == ["/items"]
    assert world.sim.items == []


def test_a_redirect_of_a_look_up_is_not_followed_either(world: Any, listening: Listening) -> None:
    world.sim.fault("find_name", "redirect", location=f"http://127.0.0.1:{listening.port}/names/n1")
    writing = Destined(world, connection="collector", method="PUT", url="/things/{number(who)}")
    [record] = writing.write({"who": "n1"})
    assert (record.state, record.error_field) == ("failed", "who")
    assert world.sim.requests == []


def test_a_test_follows_no_redirect(quick: World, listening: Listening) -> None:
    quick.start()
    quick.sim.fault("create_user", "redirect", location=f"http://127.0.0.1:{listening.port}/")
    given = {"name": "x", "connection": "support", "method": "POST", "url": "/users"}
    tested = trying.send_test(quick.runtime, load_definition(quick.runtime, given), {"first_name": "x"}, BY)
    assert (tested.ok, tested.status) == (False, 302)


# -------------------------------------------------------------------------------------------------- private addresses


@pytest.fixture
def named(quick: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """An account at the vendor's own domain, whose name leads to whatever `answers` says, one after the other."""
    quick.start(requests_per_minute=100_000)
    seen = SimpleNamespace(world=quick, asked=[], answers=[], tried=[])
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def answer(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != OWN:
            return resolve(host, port, *rest, **more)
        seen.asked.append(host)
        found = seen.answers.pop(0) if len(seen.answers) > 1 else seen.answers[0]
        families = [(socket.AF_INET6 if ":" in each else socket.AF_INET, each) for each in found]
        return [(family, socket.SOCK_STREAM, 6, "", (each, seen.port or port)) for family, each in families]

    def noted(self: socket.socket, address: Any) -> None:
        if address[1] not in (443, seen.port):
            return connect(self, address)
        seen.tried.append(address[0])
        raise ConnectionRefusedError(111, "nobody is at home")

    seen.port = 0
    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket.socket, "connect", noted)
    monkeypatch.setattr(Freshchat, "base_url", lambda self, settings: f"https://{OWN}/v2")
    yield seen


def test_at_the_vendors_own_domain_private_addresses_are_not_allowed(named: SimpleNamespace) -> None:
    connections = named.world.runtime.connections
    connection = connections.named("support")
    client = connections.client(connections.connector(connection), connection.settings)
    assert (client.base_url, client._allow_private) == (f"https://{OWN}/v2", False)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "fd00::1"],
)
def test_a_name_that_leads_to_a_private_address_is_not_called(
    named: SimpleNamespace, listening: Listening, address: str
) -> None:
    named.answers, named.port = [[address]], listening.port
    [record] = Destined(named.world, method="POST", url=f"https://{OWN}/v2/users").write({"first_name": "x"})
    named.port = 0  # the probe of the end goes through
    assert record.state == "failed"
    assert f"{OWN} leads to an address that is not on the public internet" in record.error
    assert named.tried == []


def test_a_name_that_is_bound_anew_between_two_looks_is_asked_once_a_call(
    named: SimpleNamespace, listening: Listening
) -> None:
    named.answers, named.port = [["8.8.8.8"], ["127.0.0.1"]], listening.port
    writing = Destined(named.world, method="POST", url="/users")
    writing.write({"first_name": "x"})
    # The first look is public, and what it said is what was called: there was no second one for this call.
    assert (named.asked, named.tried) == ([OWN], ["8.8.8.8"])
    run(named.world, 60)
    named.port = 0
    [record] = writing.ledger()
    assert record.state == "failed"
    assert "not on the public internet" in record.error
    assert (len(named.asked), named.tried) == (2, ["8.8.8.8"])


def test_of_several_addresses_the_private_ones_are_left_out(named: SimpleNamespace, listening: Listening) -> None:
    named.answers, named.port = [["127.0.0.1", "8.8.8.8", "::1"]], listening.port
    Destined(named.world, method="POST", url="/users").write({"first_name": "x"})
    named.port = 0
    assert named.tried == ["8.8.8.8"]


def test_no_other_host_is_ever_given_the_credential(world: Any, listening: Listening) -> None:
    world.sim.answers.append(Response(b"", 307, headers={"Location": f"http://127.0.0.1:{listening.port}/"}))
    Destined(world, connection="collector", method="POST", url="/items").write({"n": 1}, {"n": 2})
    assert [taken.headers["authorization"] for taken in world.sim.requests] == [f"Bearer {TOKEN}"] * 2
    assert listening.heard == []
