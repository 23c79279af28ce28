"""One-time links: what an invitation changes before it is used, and who can still be let in."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from core.access.passwords import Passwords
from core.access.users import Role, User, Users
from core.cli import cli
from core.domain import Secret
from core.errors import ConfigError
from core.store.models import database
from tests.end_to_end.visitor import ADMINISTRATOR, CHEAP, EMAIL, PASSWORD, Visitor, words
from tests.end_to_end.worlds import World

ADA, OLGA, NEWER = "ada@example.com", "olga@example.com", "a newer password"


def users_of(site: World) -> Users:
    return Users(site.runtime.db, site.runtime.config.server, Passwords(CHEAP))


def let_in(site: World, email: str, role: Role) -> User:
    """Somebody who was invited, and has set their password."""
    users = users_of(site)
    return users.accept(users.invite(email, role, "somebody"), PASSWORD)


def found(site: World, email: str) -> User:
    [user] = [each for each in users_of(site).all() if each.email == email]
    return user


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/", allow_redirects=False).status_code == 200


# ---------------------------------------------------------------------------------- somebody who is there already


def test_an_invitation_on_the_page_leaves_role_password_and_sign_ins_until_it_is_used(quick: World) -> None:
    quick.start(server=ADMINISTRATOR)
    let_in(quick, ADA, Role.ADMIN)
    ada, lead = Visitor(quick.url).sign_in(ADA), Visitor(quick.url).sign_in()
    lead.submit("/users", form="section form", email=ADA)
    link = lead.page.select_one("#link").text.removeprefix("http://127.0.0.1:8000")
    assert ada.get("/users").status_code == 200, "she is an administrator still, and signed in"
    assert is_in(Visitor(quick.url).sign_in(ADA)), "the old password works until there is a new one"
    Visitor(quick.url).submit(link, password=NEWER, again=NEWER)
    assert not is_in(ada)
    assert Visitor(quick.url).sign_in(ADA, NEWER).get("/users").status_code == 200


def test_the_command_keeps_a_role_that_it_is_not_told(quick: World) -> None:
    quick.start()
    let_in(quick, ADA, Role.ADMIN)
    command = ["--config", str(quick.folder / "config.toml"), "users", "invite", ADA]
    assert CliRunner().invoke(cli, command).exit_code == 0
    database.initialize(quick.runtime.db.native)  # the models speak to the store that was opened last
    assert found(quick, ADA).is_admin
    told = " ".join(CliRunner().invoke(cli, [*command, "--help"]).output.split())
    assert "Of somebody who is there already nothing changes until they use it" in told


@pytest.mark.parametrize(("before", "chosen"), [(Role.ADMIN, Role.OPERATOR), (Role.OPERATOR, Role.ADMIN)])
def test_a_role_that_is_named_counts_at_once_and_ends_the_sign_ins(quick: World, before: Role, chosen: Role) -> None:
    quick.start(server=ADMINISTRATOR)
    let_in(quick, ADA, before)
    ada, lead = Visitor(quick.url).sign_in(ADA), Visitor(quick.url).sign_in()
    lead.submit("/users", form="section form", email=ADA, role=chosen.value)
    assert found(quick, ADA).role is chosen
    assert not is_in(ada)
    assert f"{EMAIL} · user changed · {ADA}" in words(lead.read("/audit").main)


def test_the_last_administrator_cannot_be_invited_as_an_operator(quick: World) -> None:
    quick.start()
    let_in(quick, ADA, Role.ADMIN)
    ada = Visitor(quick.url).sign_in(ADA)
    ada.submit("/users", form="section form", email=ADA, role="operator")
    assert ada.answer.status_code == 422
    assert "Ada@example.com is the last administrator. Make another one first." in words(ada.page)
    assert ada.get("/users").status_code == 200
    config = str(quick.folder / "config.toml")
    tried = CliRunner().invoke(cli, ["--config", config, "users", "invite", ADA, "--role", "operator"])
    assert str(tried.exception) == "role: ada@example.com is the last administrator. Make another one first."


def test_somebody_who_is_locked_stays_so_until_they_use_the_link(quick: World) -> None:
    quick.start(server=ADMINISTRATOR)
    olga, users = let_in(quick, OLGA, Role.OPERATOR), users_of(quick)
    users.change(olga.id, EMAIL, active=False)
    lead = Visitor(quick.url).sign_in()
    lead.submit("/users", form="section form", email=OLGA)
    link = lead.page.select_one("#link").text.removeprefix("http://127.0.0.1:8000")
    assert not found(quick, OLGA).active
    assert "locked; the link that lets them in ends in" in words(lead.read("/users").main)
    assert not is_in(Visitor(quick.url).sign_in(OLGA)), "with the old password"
    visitor = Visitor(quick.url)
    visitor.submit(link, password=NEWER, again=NEWER)
    assert is_in(visitor)
    assert is_in(Visitor(quick.url).sign_in(OLGA, NEWER))


def test_a_lock_ends_the_link_that_was_made_before(quick: World) -> None:
    quick.start(server=ADMINISTRATOR)
    olga, users = let_in(quick, OLGA, Role.OPERATOR), users_of(quick)
    secret = users.invite(OLGA, None, EMAIL)
    users.change(olga.id, EMAIL, active=False)
    assert Visitor(quick.url).get(f"/welcome/{secret}").status_code == 404
    with pytest.raises(ConfigError, match="it was used already, or is too old"):
        users.accept(secret, NEWER)
    assert not found(quick, OLGA).active


# ------------------------------------------------------------------------------------------- the very first link


def test_the_first_link_is_good_no_more_once_there_is_an_administrator_by_another_way(quick: World) -> None:
    quick.start()
    users = users_of(quick)
    secret = users.first_link()
    assert secret
    let_in(quick, OLGA, Role.OPERATOR)
    assert Visitor(quick.url).get(f"/welcome/{secret}").status_code == 200, "an operator could let nobody in"
    let_in(quick, ADA, Role.ADMIN)
    mallory = Visitor(quick.url)
    assert mallory.get(f"/welcome/{secret}").status_code == 404
    assert "it was to make the first administrator and there is one" in words(mallory.page)
    with pytest.raises(ConfigError, match="link: "):
        users.accept(secret, PASSWORD, "Mallory", "mallory@example.com")


def test_the_first_link_is_good_no_more_once_the_file_names_an_administrator(quick: World) -> None:
    quick.start()
    secret = users_of(quick).first_link()
    quick.start(server=ADMINISTRATOR)
    assert Visitor(quick.url).get(f"/welcome/{secret}").status_code == 404


# ------------------------------------------------------------------------------------ the administrator of the file


def in_the_file(site: World, **server: object) -> World:
    """Somebody is administrator by the file alone, and it is changed then: `server` are its new values."""
    site.start(server=ADMINISTRATOR)
    assert is_in(Visitor(site.url).sign_in())
    for name, value in server.items():
        object.__setattr__(site.runtime.config.server, name, value)
    site.serve()
    return site


def test_whoever_was_taken_out_of_the_file_can_be_invited_and_changed(quick: World) -> None:
    in_the_file(quick, admin_email="", admin_password_hash=None)
    assert not is_in(Visitor(quick.url).sign_in())
    let_in(quick, ADA, Role.ADMIN)
    ada = Visitor(quick.url).sign_in(ADA)
    ada.submit("/users", form="section form", email=EMAIL)
    link = ada.page.select_one("#link").text.removeprefix("http://127.0.0.1:8000")
    Visitor(quick.url).submit(link, password=NEWER, again=NEWER)
    lead = Visitor(quick.url).sign_in(EMAIL, NEWER)
    assert lead.get("/users").status_code == 200, "the role is kept"
    assert "from the configuration file" not in words(lead.page.main)
    lead.submit("/account", old=NEWER, password=PASSWORD, again=PASSWORD)
    assert "The password is changed" in lead.answer.text
    ada.submit("/users", form=f".cards form[action$='/{found(quick, EMAIL).id}']", button="Make operator")
    assert found(quick, EMAIL).role is Role.OPERATOR


def test_an_address_of_the_file_without_a_password_there_is_that_of_a_user_like_any_other(quick: World) -> None:
    in_the_file(quick, admin_password_hash=None)
    assert "Nobody can sign in yet." in Visitor(quick.url).get("/login").text
    let_in(quick, EMAIL, Role.ADMIN)
    assert is_in(Visitor(quick.url).sign_in())


def test_a_link_of_before_somebody_stood_in_the_file_is_good_no_more(quick: World) -> None:
    quick.start()
    secret = users_of(quick).invite(EMAIL, Role.OPERATOR, "somebody")
    quick.start(server=ADMINISTRATOR)
    assert Visitor(quick.url).get(f"/welcome/{secret}").status_code == 404


def test_a_password_of_before_somebody_stood_in_the_file_is_good_no_more_when_they_are_taken_out(quick: World) -> None:
    quick.start()
    let_in(quick, EMAIL, Role.OPERATOR)
    server = quick.runtime.config.server
    for address, hashed in ((EMAIL, Secret(CHEAP.hash(NEWER))), ("", None)):
        object.__setattr__(server, "admin_email", address)
        object.__setattr__(server, "admin_password_hash", hashed)
        quick.serve()
        assert not is_in(Visitor(quick.url).sign_in())
        assert is_in(Visitor(quick.url).sign_in(EMAIL, NEWER)) == bool(address)
