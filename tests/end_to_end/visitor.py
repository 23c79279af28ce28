"""A person at the pages: a session with cookies that signs in, reads, and fills in forms, as a browser would."""

from __future__ import annotations

from typing import Any

import requests
from argon2 import PasswordHasher
from bs4 import BeautifulSoup

EMAIL, PASSWORD = "lead@example.com", "a password for these tests"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ADMINISTRATOR = f'admin_email = "{EMAIL}"\nadmin_password_hash = "{CHEAP.hash(PASSWORD)}"'
"""The lines of [server] that name an administrator; the hash is a cheap one, for speed."""


class Visitor:
    """Somebody at the pages of a service."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.answer: requests.Response

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> Visitor:
        """Sign in, as the administrator of the file unless another address is given."""
        self.submit("/login", email=email, password=password)
        return self

    def get(self, path: str, **options: Any) -> requests.Response:
        """Ask for a page, whatever comes back."""
        self.answer = self.http.get(f"{self.url}{path}", timeout=10, **options)
        return self.answer

    def read(self, path: str = "/") -> BeautifulSoup:
        """A page that must be there, and is not the one to sign in at."""
        answer = self.get(path, allow_redirects=False)
        assert answer.status_code == 200, answer.text
        return BeautifulSoup(answer.text, "html.parser")

    def post(self, path: str, forgery: str = "", **fields: Any) -> requests.Response:
        """Post fields as they are, with the token against forgery if one is given."""
        data = {**fields, **({"csrf_token": forgery} if forgery else {})}
        self.answer = self.http.post(f"{self.url}{path}", data=data, timeout=10)
        return self.answer

    def submit(self, path: str, form: str = "main form", button: str = "", **fields: Any) -> requests.Response:
        """Fill in a form of a page and send it; `form` is a CSS selector, `button` the words on the one to press."""
        page = BeautifulSoup(self.get(path).text, "html.parser")
        forms = [one for one in page.select(form) if not button or _button(one, button)]
        assert forms, f"no such form at {path}: {page.get_text(' ', strip=True)[:500]}"
        data = _values(forms[0])
        if button:
            pressed = _button(forms[0], button)
            if pressed.get("name"):
                data[pressed["name"]] = pressed.get("value", "")
        unknown = set(fields) - {one.get("name") for one in forms[0].select("[name]")}
        assert not unknown, f"the form has no {unknown}"
        data.update(fields)
        target = forms[0].get("action") or path
        self.answer = self.http.post(f"{self.url}{target}", data=data, timeout=10)
        return self.answer

    @property
    def page(self) -> BeautifulSoup:
        """The page that came last."""
        return BeautifulSoup(self.answer.text, "html.parser")


def _button(form: Any, words: str) -> Any:
    return next((one for one in form.select("button") if one.get_text(" ", strip=True).startswith(words)), None)


def _values(form: Any) -> dict[str, Any]:
    """What a browser would send of a form as it is."""
    values: dict[str, Any] = {}
    for one in form.select("input[name]"):
        kind = one.get("type", "text")
        if kind in ("checkbox", "radio") and not one.has_attr("checked"):
            continue
        if kind == "submit":
            continue
        if kind == "checkbox":
            values.setdefault(one["name"], []).append(one.get("value", "on"))
        else:
            values[one["name"]] = one.get("value", "")
    for one in form.select("textarea[name]"):
        values[one["name"]] = one.get_text()
    for one in form.select("select[name]"):
        chosen = one.select_one("option[selected]") or one.select_one("option")
        values[one["name"]] = chosen.get("value", chosen.get_text()) if chosen else ""
    return values


def words(node: Any) -> str:
    """What is to be read of a part of a page."""
    return " ".join(node.get_text(" ").split())
