"""Who gets in: signing in and out, first links, roles on every address, forged forms, limits and expiry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from click.testing import CliRunner
from werkzeug.wrappers import Response

from core.access.passwords import Passwords
from core.access.users import Role, Users
from core.app import tell_first_link
from core.cli import cli
from core.domain import Secret
from core.store.models import AuditRow, UserRow
from core.web.cookies import KnownBrowsers
from core.web.guard import OWN, PUBLIC, need_of
from tests.end_to_end.visitor import ADMINISTRATOR, CHEAP, EMAIL, PASSWORD, Visitor, words
from tests.end_to_end.worlds import World

OPERATOR, OTHER_PASSWORD = "olga@example.com", "another fine password"


@pytest.fixture
def site(quick: World) -> World:
    """A running service with an administrator."""
    return quick.start(server=ADMINISTRATOR)


def users_of(site: World) -> Users:
    return Users(site.runtime.db, site.runtime.config.server, Passwords(CHEAP))


def with_operator(site: World) -> Visitor:
    """An operator who was invited, and is signed in."""
    secret = users_of(site).invite(OPERATOR, Role.OPERATOR, EMAIL)
    visitor = Visitor(site.url)
    visitor.submit(f"/welcome/{secret}", name="Olga", password=OTHER_PASSWORD, again=OTHER_PASSWORD)
    return visitor


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/", allow_redirects=False).status_code == 200


# --------------------------------------------------------------------------------------------------- signing in


@pytest.mark.parametrize("path", ["/", "/sessions/1", "/users", "/account", "/?tab=all"])
def test_whoever_is_not_signed_in_is_led_to_signing_in_and_back(site: World, path: str) -> None:
    visitor = Visitor(site.url)
    answer = visitor.get(path, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")
    visitor.submit(answer.headers["Location"], email=EMAIL, password=PASSWORD)
    assert visitor.answer.url == f"{site.url}{path}"


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "not the one"), ("someone@example.com", PASSWORD), (EMAIL, "x" * 5000)]
)
def test_a_wrong_password_or_address_is_refused_in_the_same_words(site: World, email: str, password: str) -> None:
    visitor = Visitor(site.url)
    visitor.submit("/login", email=email, password=password)
    assert visitor.answer.status_code == 401
    assert "The e-mail address or the password is wrong." in visitor.answer.text
    assert password not in visitor.answer.text
    assert not is_in(visitor)


def test_the_address_may_be_written_in_capitals(site: World) -> None:
    assert is_in(Visitor(site.url).sign_in(EMAIL.upper()))


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "///evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "//[",
        "http://[",
        "//\u2100",
        "/\x00",
    ],
)
def test_signing_in_leads_nowhere_but_to_pages_of_ours(site: World, target: str) -> None:
    visitor = Visitor(site.url)
    page = visitor.read("/login")
    token = page.select_one("[name=csrf_token]")["value"]
    data = {"email": EMAIL, "password": PASSWORD, "csrf_token": token}
    answer = visitor.http.post(
        f"{site.url}/login", params={"next": target}, data=data, timeout=10, allow_redirects=False
    )
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("target", ["//[", "http://[", "//\u2100"])
def test_an_address_that_cannot_be_parsed_is_led_to_the_inbox(site: World, target: str) -> None:
    stranger = Visitor(site.url)
    assert stranger.get("/login", params={"next": target}).status_code == 200
    lead = Visitor(site.url).sign_in()
    assert lead.get("/login", params={"next": target}, allow_redirects=False).headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/activity//[", "/?q=//[", "/?q=\u2100"])
def test_a_path_of_ours_may_hold_anything_that_can_be_read(site: World, target: str) -> None:
    answer = Visitor(site.url).sign_in().get("/login", params={"next": target}, allow_redirects=False)
    assert answer.status_code == 302
    assert unquote(answer.headers["Location"]) == target


def test_a_hash_that_is_none_lets_nobody_in(quick: World) -> None:
    quick.start(server=f'admin_email = "{EMAIL}"\nadmin_password_hash = "{PASSWORD}"')
    assert not is_in(Visitor(quick.url).sign_in())


def test_signing_out_ends_it(site: World) -> None:
    visitor = Visitor(site.url).sign_in()
    visitor.submit("/account", form=".own form", button="Sign out")
    assert "You have signed out." in visitor.answer.text
    assert not is_in(visitor)


def test_ten_failures_close_an_account_for_a_while_whatever_the_password(site: World) -> None:
    for _ in range(10):
        Visitor(site.url).sign_in(password="wrong")
    visitor = Visitor(site.url).sign_in()
    assert visitor.answer.status_code == 429
    assert "That went wrong too often. Try again in 15 minutes." in words(visitor.page)
    site.clock.advance(60 * 16)
    assert is_in(Visitor(site.url).sign_in())


def test_one_that_gets_in_begins_to_count_anew(site: World) -> None:
    for _ in range(2):
        for _ in range(9):
            Visitor(site.url).sign_in(password="wrong")
        assert is_in(Visitor(site.url).sign_in())
        site.clock.advance(60 * 6)


def test_thirty_failures_from_one_address_close_it_for_all_accounts(site: World) -> None:
    for number in range(30):
        Visitor(site.url).sign_in(f"guess{number}@example.com", "wrong")
    visitor = Visitor(site.url).sign_in()
    assert visitor.answer.status_code == 429
    assert "Try again in 5 minutes." in words(visitor.page)


def test_behind_a_proxy_it_is_the_callers_address_that_counts(quick: World) -> None:
    quick.start(server=f"{ADMINISTRATOR}\nproxies = 1")
    guesser = Visitor(quick.url)
    guesser.http.headers["X-Forwarded-For"] = "203.0.113.7"
    for number in range(30):
        guesser.sign_in(f"guess{number}@example.com", "wrong")
    assert guesser.sign_in().answer.status_code == 429
    assert is_in(Visitor(quick.url).sign_in())


def test_guesses_of_strangers_do_not_shut_out_a_browser_that_has_signed_in_before(site: World) -> None:
    known = Visitor(site.url).sign_in()
    known.submit("/account", form=".own form", button="Sign out")
    for _ in range(10):
        Visitor(site.url).sign_in(password="wrong")
    for number in range(30):
        Visitor(site.url).sign_in(f"guess{number}@example.com", "wrong")
    assert Visitor(site.url).sign_in().answer.status_code == 429
    assert is_in(known.sign_in())
    assert Visitor(site.url).sign_in().answer.status_code == 429, "for strangers it stays shut"


def test_whoever_was_invited_is_known_by_the_link_that_they_used(site: World) -> None:
    olga = with_operator(site)
    olga.submit("/account", form=".own form", button="Sign out")
    for _ in range(10):
        Visitor(site.url).sign_in(OPERATOR, "wrong")
    assert is_in(olga.sign_in(OPERATOR, OTHER_PASSWORD))


def test_a_known_browser_is_counted_by_itself_and_cannot_guess_without_end(site: World) -> None:
    known = Visitor(site.url).sign_in()
    known.submit("/account", form=".own form", button="Sign out")
    statuses = [known.sign_in(password="wrong").answer.status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert known.sign_in().answer.status_code == 429, "whatever the password"
    assert is_in(Visitor(site.url).sign_in()), "elsewhere nobody has failed"
    site.clock.advance(60 * 16)
    assert is_in(known.sign_in())


@pytest.mark.parametrize("mark", ["of another account", "made up", "signed with another key"])
def test_a_browser_is_known_by_a_mark_of_ours_for_the_same_account_alone(site: World, mark: str) -> None:
    browser = Visitor(site.url)
    server = site.runtime.config.server
    if mark == "of another account":
        browser = with_operator(site)
        browser.submit("/account", form=".own form", button="Sign out")
    elif mark == "made up":
        browser.http.cookies.set("relaydesk-known", "InoxMjMi.aaaaaa.bbbbbbbbbbbb")
    else:
        other = KnownBrowsers(replace(server, secret_key=Secret("another key of at least 32 characters")))
        browser.http.cookies.set("relaydesk-known", _value(other.remember(Response(), EMAIL)))
    for _ in range(10):
        Visitor(site.url).sign_in(password="wrong")
    assert browser.sign_in().answer.status_code == 429


@pytest.mark.parametrize(
    ("base", "name", "secure"), [("http", "relaydesk-known", False), ("https", "__Host-relaydesk-known", True)]
)
def test_the_cookie_of_a_known_browser_is_kept_from_scripts_and_other_sites(
    site: World, base: str, name: str, secure: bool
) -> None:
    server = replace(site.runtime.config.server, base_url=f"{base}://relaydesk.example")
    header = KnownBrowsers(server).remember(Response(), EMAIL).headers["Set-Cookie"]
    assert header.startswith(f"{name}=")
    assert EMAIL not in header
    for part in ("HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={365 * 24 * 3600}"):
        assert part in header
    assert ("Secure" in header) == secure
    assert "Domain" not in header


def _value(answer: Response) -> str:
    return answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]


def test_an_address_longer_than_any_is_refused_and_limited_like_every_other(world: World) -> None:
    world.start(server=ADMINISTRATOR)
    address = f"{'x' * 300}@example.com"
    for _ in range(10):
        assert Visitor(world.url).sign_in(address).answer.status_code == 401
    assert Visitor(world.url).sign_in(address).answer.status_code == 429
    assert is_in(Visitor(world.url).sign_in())


def test_what_no_text_has_is_refused_at_its_field(world: World) -> None:
    world.start(server=ADMINISTRATOR)
    visitor = Visitor(world.url).sign_in("lead\x00@example.com")
    assert visitor.answer.status_code == 422
    assert "It holds a character that no text has." in words(visitor.page)
    lead = Visitor(world.url).sign_in()
    lead.submit("/users", form="section form", email=OPERATOR, name="Ol\x00ga")
    lead.submit("/tokens", form="section form", name="dash\x00board")
    assert lead.answer.status_code == 422
    assert "It holds a character that no text has." in words(lead.page)
    assert OPERATOR not in words(lead.read("/users").main)


# ------------------------------------------------------------------------------------------------------ sessions


def test_a_sign_in_ends_when_it_is_not_used_for_its_hours_and_lasts_while_it_is(quick: World) -> None:
    quick.start(server=f"{ADMINISTRATOR}\nsession_hours = 2")
    visitor = Visitor(quick.url).sign_in()
    for _ in range(3):
        quick.clock.advance(60 * 110)
        assert is_in(visitor)
    quick.clock.advance(60 * 121)
    assert not is_in(visitor)


def test_a_page_that_is_merely_open_does_not_keep_a_sign_in_alive(quick: World) -> None:
    quick.start(server=f"{ADMINISTRATOR}\nsession_hours = 2")
    visitor = Visitor(quick.url).sign_in()
    statuses = []
    for _ in range(5):
        quick.clock.advance(60 * 30)
        statuses.append(visitor.get("/live/inbox", headers={"X-Live": "1"}).status_code)
    assert statuses == [200, 200, 200, 200, 401]
    assert not is_in(visitor)


def test_the_cookie_is_sent_in_answer_to_what_somebody_does_alone(site: World) -> None:
    visitor = Visitor(site.url).sign_in()
    live = {"X-Live": "1"}

    def sets_a_cookie(path: str, **headers: str) -> bool:
        return "Set-Cookie" in visitor.get(path, headers=headers, allow_redirects=False).headers

    site.clock.advance(60 * 5)
    assert not sets_a_cookie("/live/inbox", **live), "it may be answered after somebody has signed out"
    assert not sets_a_cookie("/assets/pages.css")
    assert visitor.answer.headers["Cache-Control"].startswith("public")
    assert "Cookie" not in visitor.answer.headers.get("Vary", "")
    assert sets_a_cookie("/"), "use is noted in it"
    assert not sets_a_cookie("/"), "though not every one within a minute"
    site.clock.advance(3600 * 13)
    assert not sets_a_cookie("/live/inbox", **live)
    assert visitor.answer.status_code == 401
    assert sets_a_cookie("/"), "and so is the end"
    assert "Max-Age=0" in visitor.answer.headers["Set-Cookie"]


def test_a_new_password_ends_the_sign_ins_elsewhere(site: World) -> None:
    here, elsewhere = with_operator(site), Visitor(site.url).sign_in(OPERATOR, OTHER_PASSWORD)
    assert is_in(elsewhere)
    here.submit("/account", old=OTHER_PASSWORD, password="a newer password", again="a newer password")
    assert "The password is changed" in here.answer.text
    assert is_in(here)
    assert not is_in(elsewhere)
    assert is_in(Visitor(site.url).sign_in(OPERATOR, "a newer password"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"old": "not mine", "password": "a newer password", "again": "a newer password"}, "It is not your password."),
        ({"old": OTHER_PASSWORD, "password": "short", "again": "short"}, "At least 10 characters."),
        ({"old": OTHER_PASSWORD, "password": "a newer password", "again": "another"}, "The two passwords differ."),
    ],
)
def test_a_password_that_will_not_do_is_refused_in_words(site: World, fields: dict[str, str], told: str) -> None:
    visitor = with_operator(site)
    visitor.submit("/account", **fields)
    assert visitor.answer.status_code == 422
    assert told in words(visitor.page)
    assert is_in(Visitor(site.url).sign_in(OPERATOR, OTHER_PASSWORD))


def test_signing_out_everywhere_ends_all_sign_ins(site: World) -> None:
    here, elsewhere = with_operator(site), Visitor(site.url).sign_in(OPERATOR, OTHER_PASSWORD)
    here.submit("/account", button="Sign out everywhere")
    assert not is_in(here)
    assert not is_in(elsewhere)


@pytest.mark.parametrize(
    ("base", "name", "secure"), [("http", "relaydesk", False), ("https", "__Host-relaydesk", True)]
)
def test_the_cookie_is_kept_from_scripts_and_other_sites(quick: World, base: str, name: str, secure: bool) -> None:
    quick.start(server=ADMINISTRATOR)
    object.__setattr__(quick.runtime.config.server, "base_url", f"{base}://relaydesk.example")
    quick.serve()
    visitor = Visitor(quick.url)
    visitor.get("/login")
    header = visitor.answer.headers["Set-Cookie"]
    assert header.startswith(f"{name}=")
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert ("Secure" in header) == secure
    assert ("Strict-Transport-Security" in visitor.answer.headers) == secure


# ---------------------------------------------------------------------------------------------- the first to come


def test_where_nobody_can_sign_in_a_link_is_printed_once(quick: World, capsys: pytest.CaptureFixture[str]) -> None:
    quick.start()
    assert "relaydesk users invite" in Visitor(quick.url).get("/login").text
    tell_first_link(quick.runtime)
    printed = capsys.readouterr().err
    assert "Nobody can sign in yet" in printed
    tell_first_link(quick.runtime)
    assert "/welcome/" not in capsys.readouterr().err, "of processes that start together one prints it"
    path = "/welcome/" + printed.split("/welcome/")[1].split()[0]
    visitor = Visitor(quick.url)
    visitor.submit(path, email="first@example.com", name="Fay First", password=PASSWORD, again=PASSWORD)
    assert is_in(visitor)
    assert Visitor(quick.url).get(path).status_code == 404, "it can be used once"
    assert visitor.get("/users").status_code == 200, "the first one is an administrator"
    quick.clock.advance(3600 * 1)
    tell_first_link(quick.runtime)
    assert "/welcome/" not in capsys.readouterr().err


def test_a_link_ends_after_a_day(quick: World) -> None:
    quick.start()
    secret = users_of(quick).first_link()
    quick.clock.advance(3600 * 24)
    answer = Visitor(quick.url).get(f"/welcome/{secret}")
    assert answer.status_code == 404
    assert "This link is no longer good" in answer.text


def test_the_command_invites_and_lists_users(quick: World) -> None:
    quick.start()
    config = str(quick.folder / "config.toml")
    run = CliRunner().invoke
    listed = run(cli, ["--config", config, "users", "list"])
    assert "nobody yet" in listed.output
    made = run(cli, ["--config", config, "users", "invite", "pat@example.com", "--role", "admin", "--name", "Pat"])
    assert made.exit_code == 0, made.output
    assert made.output.startswith("http://127.0.0.1:8000/welcome/")
    assert "has set no password yet" in run(cli, ["--config", config, "users", "list"]).output
    wrong = run(cli, ["--config", config, "users", "invite", "no address"])
    assert str(wrong.exception) == "email: it is no e-mail address. Write it as name@company.com."


# -------------------------------------------------------------------------------------------------- users, tokens


def test_an_administrator_invites_locks_and_promotes(site: World) -> None:
    admin = Visitor(site.url).sign_in()
    admin.submit("/users", form="section form", email=OPERATOR, name="Olga")
    link = admin.page.select_one("#link").text
    olga = Visitor(site.url)
    olga.submit(link.removeprefix("http://127.0.0.1:8000"), password=OTHER_PASSWORD, again=OTHER_PASSWORD)
    assert is_in(olga)
    assert link not in admin.get("/users").text, "it is shown once"
    assert olga.get("/users").status_code == 403
    admin.submit("/users", form=".cards form", button="Make administrator")
    assert not is_in(olga), "another role ends the sign-ins"
    olga.sign_in(OPERATOR, OTHER_PASSWORD)
    assert olga.get("/users").status_code == 200
    admin.submit("/users", form=".cards form", button="Lock")
    assert not is_in(olga)
    assert olga.sign_in(OPERATOR, OTHER_PASSWORD).answer.status_code == 401
    admin.submit("/users", form=".cards form", button="Unlock")
    assert is_in(olga.sign_in(OPERATOR, OTHER_PASSWORD))
    record = words(admin.read("/audit").main)
    assert f"{EMAIL} · user invited · {OPERATOR}" in record
    assert f"{EMAIL} · user changed · {OPERATOR}" in record


def test_the_file_s_administrator_and_the_last_one_cannot_be_taken_away(quick: World) -> None:
    quick.start()
    users = users_of(quick)
    secret = users.first_link()
    assert secret
    only = users.accept(secret, PASSWORD, "Fay", "fay@example.com")
    visitor = Visitor(quick.url).sign_in("fay@example.com")
    token = visitor.read("/users").select_one("[name=csrf_token]")["value"]
    visitor.post(f"/users/{only.id}", forgery=token, change="operator")
    assert "Fay@example.com is the last administrator. Make another one first." in words(visitor.page)
    assert "fay@example.com" in [user.email for user in users.all() if user.is_admin]


@pytest.mark.parametrize(
    ("email", "told"),
    [("no address", "It is no e-mail address."), (EMAIL, f"{EMAIL.capitalize()} stands in the configuration file.")],
)
def test_who_cannot_be_invited_is_told_at_the_field(site: World, email: str, told: str) -> None:
    admin = Visitor(site.url).sign_in()
    admin.submit("/users", form="section form", email=email)
    assert admin.answer.status_code == 422
    assert told in words(admin.page)


def test_a_token_is_shown_once_and_kept_as_a_digest(site: World) -> None:
    admin = Visitor(site.url).sign_in()
    admin.submit("/tokens", form="section form", name="dashboard")
    text = admin.page.select_one("#token").text
    assert text.startswith("rd_")
    assert text not in admin.get("/tokens").text
    assert text[:9] in admin.answer.text
    database = (site.folder / "relaydesk.db").read_bytes() + (site.folder / "relaydesk.db-wal").read_bytes()
    assert text.encode() not in database
    admin.submit("/tokens", form=".cards form", button="Revoke")
    assert 'The token "dashboard" is revoked.' in words(admin.page)
    with site.runtime.db.read():
        assert [row.what for row in AuditRow.select().order_by(AuditRow.id)] == ["token.made", "token.revoked"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"name": " "}, "It is missing. Say what the token is for."), ({"scopes": []}, "None is chosen.")],
)
def test_a_token_needs_a_name_and_something_it_may_do(site: World, fields: dict[str, Any], told: str) -> None:
    admin = Visitor(site.url).sign_in()
    admin.submit("/tokens", form="section form", **{"name": "one", **fields})
    assert admin.answer.status_code == 422
    assert told in words(admin.page)


# -------------------------------------------------------------------------------------- every address, every role


def test_every_address_lets_in_those_it_is_for_and_nobody_else(site: World) -> None:
    olga = with_operator(site)
    people = {None: Visitor(site.url), Role.OPERATOR: olga, Role.ADMIN: Visitor(site.url).sign_in()}
    tokens = {role: _forgery(visitor) for role, visitor in people.items()}
    tried = 0
    for rule in site.app.url_map.iter_rules():
        need = need_of(site.app, rule.endpoint)
        assert need, f"{rule} says nothing about whom it is for"
        if need in (PUBLIC, OWN) or "/account" in rule.rule:
            continue
        path = _path_of(site, rule)
        for role, visitor in people.items():
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = visitor.http.request(
                    method,
                    f"{site.url}{path}",
                    data={"csrf_token": tokens[role]} if method == "POST" else None,
                    allow_redirects=False,
                    timeout=10,
                )
                tried += 1
                told = f"{method} {path} as {role}: {answer.status_code}"
                if role is None:
                    led_away = answer.status_code == 302 and answer.headers["Location"].startswith("/login")
                    assert answer.status_code == 401 if method == "POST" else led_away, told
                elif role is Role.OPERATOR and need == Role.ADMIN:
                    assert answer.status_code == 403, told
                else:
                    assert answer.status_code not in (401, 403) and answer.status_code < 500, told
    assert tried > 20


def _forgery(visitor: Visitor) -> str:
    page = visitor.read("/account" if visitor.get("/account", allow_redirects=False).status_code == 200 else "/login")
    return str(page.select_one("[name=csrf_token]")["value"])


def _path_of(site: World, rule: Any) -> str:
    """An address of a rule, with something harmless in its places."""
    values = {}
    for name, converter in rule._converters.items():
        kind = type(converter).__name__
        words = sorted(getattr(converter, "items", ["none"]))
        values[name] = 999_999 if kind == "RowId" else words[0]
    with site.app.test_request_context():
        return str(site.app.url_map.bind("").build(rule.endpoint, values))


@pytest.mark.parametrize("path", ["/users", "/tokens", "/account", "/logout"])
def test_a_form_without_its_token_is_refused(site: World, path: str) -> None:
    visitor = Visitor(site.url).sign_in()
    visitor.post(path, email="mallory@example.com", role="admin", name="x")
    assert visitor.answer.status_code == 400
    assert "This form is no longer good" in words(visitor.page)
    assert is_in(visitor)
    with site.runtime.db.read():
        assert not UserRow.select().where(UserRow.email == "mallory@example.com").exists()


def test_an_address_that_is_none_is_told_in_a_page_of_ours(site: World) -> None:
    answer = requests.get(f"{site.url}/nothing/here", timeout=10)
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text
    assert "Content-Security-Policy" in answer.headers
