"""The address of a manual destination is on the connection's own host, however it is written and whatever is put in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.destinations.addresses import checked_address, filled_path
from core.errors import BadRecord, ConfigError

BASE = "https://acme.freshchat.com/v2"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("/users", "/users", id="a path"),
        pytest.param("/v2/users", "/users", id="a path with the API's own beginning"),
        pytest.param("https://acme.freshchat.com/v2/users", "/users", id="a complete address"),
        pytest.param("HTTPS://Acme.Freshchat.COM/v2/users", "/users", id="in capitals"),
        pytest.param("https://acme.freshchat.com/v2/agents/{agent(email)}", "/agents/{agent(email)}", id="a look-up"),
        pytest.param("/conversations/{id}/messages?a={b}", "/conversations/{id}/messages?a={b}", id="a query"),
        pytest.param("https://acme.freshchat.com/v3/x", "https://acme.freshchat.com/v3/x", id="beside the API"),
        pytest.param("https://acme.freshchat.com", "https://acme.freshchat.com/", id="the host alone"),
    ],
)
def test_an_address_on_the_connection_s_host_is_taken_as_the_path_it_names(url: str, path: str) -> None:
    assert checked_address(url, BASE) == path


ELSEWHERE = [
    "https://evil.example/v2/users",
    "https://acme.freshchat.com.evil.example/v2/users",
    "https://acme.freshchat.com@evil.example/users",
    "https://evil.example/https://acme.freshchat.com/v2/users",
    "https://acme.freshchat.com:8443/v2/users",
    "http://acme.freshchat.com/v2/users",
    "https://127.0.0.1/users",
    "https://2130706433/users",
    "https://0x7f.1/users",
    "https://0177.0.0.1/users",
    "https://[::1]/users",
    "https://[::ffff:127.0.0.1]/users",
    "https://169.254.169.254/latest/meta-data",
    "https://{host}/v2/users",
    "https://acme.{zone}.com/v2/users",
    "https://{sub}.freshchat.com/v2/users",
    "//evil.example/users",
    "https:///users",
    "https://acme.freshchat.com\\@evil.example/users",
    "https://acme.freshchat.com#@evil.example/users",
    "ftp://acme.freshchat.com/v2/users",
    "users",
    "javascript:alert(1)",
    "https://ácme.freshchat.com/users",
    "/v2/users with space",
    "/v2/us\ners",
    "/v2/../admin",
    "/v2/./users",
    "/users/{id",
    "/users/id}",
    "",
]


@pytest.mark.parametrize("url", ELSEWHERE, ids=[f"no {number}" for number in range(len(ELSEWHERE))])
def test_an_address_that_leads_anywhere_else_is_refused_with_the_mend(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        checked_address(url, BASE)
    assert refused.value.key == "url"
    assert refused.value.mend


def test_the_refusal_names_where_it_leads_and_where_it_should() -> None:
    with pytest.raises(ConfigError) as refused:
        checked_address("https://evil.example/users", BASE)
    assert str(refused.value) == (
        "url: it leads to evil.example, which is not the connection's host. Give a path, such as /tickets/{id}, or an "
        "address that begins with https://acme.freshchat.com/."
    )


def test_a_value_is_one_piece_of_the_path_whatever_it_holds() -> None:
    values = {"id": "../../admin?x=1#y", "b": "a b/ü%2e"}
    assert filled_path("/users/{id}/x?b={b}", values.__getitem__) == (
        "/users/..%2F..%2Fadmin%3Fx%3D1%23y/x?b=a%20b%2F%C3%BC%252e"
    )


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_that_would_change_the_path_breaks_the_record(value: str) -> None:
    with pytest.raises(BadRecord) as broken:
        filled_path("/users/{id}", lambda _: value)
    assert (broken.value.field, broken.value.reason) == (
        "id",
        f"cannot be a part of the address, since it is {value!r}",
    )


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/users/{a}{b}/x", {"a": "", "b": "."}),
        ("/users/{a}{b}/x", {"a": ".", "b": "."}),
        ("/users/.{b}", {"b": "."}),
        ("/users/{b}.", {"b": "."}),
        ("/{a}/users/{b}", {"a": "x", "b": ".."}),
    ],
)
def test_values_do_not_change_the_path_together_either(path: str, values: dict[str, str]) -> None:
    with pytest.raises(BadRecord, match="cannot be a part of the address"):
        filled_path(path, values.__getitem__)
    assert filled_path(path, lambda _: "ok").startswith("/")
    assert filled_path("/users/x?a={a}{b}/..", lambda _: "ok") == "/users/x?a=okok/.."


@given(st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_no_value_adds_a_piece_to_the_path(value: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        return
    path = filled_path("/users/{id}/end", lambda _: value)
    assert path.count("/") == 3
    assert not any(letter in path for letter in "?#\\ \n")
