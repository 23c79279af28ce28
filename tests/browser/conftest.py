"""A real browser at the real service, under gunicorn and on the machine's own clock, between simulated helpdesks."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from core.cli.demo_service import free_port, running_service
from core.cli.project import make_project
from plugins.freshchat.simulator import FreshchatSimulator
from plugins.freshdesk.simulator import FreshdeskSimulator

pytest.register_assert_rewrite("tests.browser.looking")

from tests.browser.looking import CHROMIUM, FLAGS, Person  # noqa: E402 - what it finds is to be told in full


@pytest.hookimpl(tryfirst=True)  # before xdist looks which tests belong together
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser after the other: what they wait for is real time."""
    for item in items:
        if "browser" in Path(item.fspath).parts:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.timeout(300))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With what was not seen goes what the service has told last."""
    report = yield
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and isinstance(site, Site):
        report.sections.append(("The service's log", "\n".join(site.log.splitlines()[-60:])))
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window; where there is none the tests are left out, but for CI."""
    if CHROMIUM is None:
        missing = "Chromium is missing (Debian: apt install chromium)"
        pytest.fail(missing, pytrace=False) if os.environ.get("RELAYDESK_TEST_STRICT") else pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Site:
    """The service and the helpdesks it may be connected to."""

    url: str
    folder: Path
    freshchat: FreshchatSimulator
    freshdesk: FreshdeskSimulator
    people: list[Person] = field(default_factory=list)

    @property
    def log(self) -> str:
        """What the service has printed so far."""
        return (self.folder / "service.log").read_text(encoding="utf-8")

    @property
    def first_link(self) -> str:
        """The one-time link for the first administrator, as it was printed."""
        found = re.search(r"http://\S+/welcome/\S+", self.log)
        assert found, self.log
        return found.group()


def _configuration(folder: Path, port: int) -> None:
    """A project as `relaydesk init` makes it, less the administrator, with less waiting, and drafts after calls."""
    file = folder / "config.toml"
    text = file.read_text(encoding="utf-8").replace("http://localhost:8000", f"http://127.0.0.1:{port}")
    text = re.sub(r"^#?admin_(email|password_hash) = .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^settle_seconds = .*$", "settle_seconds = 0.3", text, flags=re.MULTILINE)
    text = re.sub(r"^debounce_seconds = .*$", "debounce_seconds = 0.1", text, flags=re.MULTILINE)
    head, calls, tail = text.partition("[channels.phone]\n")
    text = head + calls + tail.replace('mode = "autopilot"', 'mode = "assist"', 1)
    text = text.replace("api_url_on_pages = false", "api_url_on_pages = true")
    text = text.replace("allow_private_webhooks = false", "allow_private_webhooks = true")
    file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service that nobody has signed in to yet and that is connected to nothing, and two helpdesks to connect."""
    folder = tmp_path_factory.mktemp("browser")
    port = free_port()
    make_project(folder, "", lambda _: None)
    _configuration(folder, port)
    chat, desk = FreshchatSimulator().start(), FreshdeskSimulator().start()
    try:
        with running_service(folder, port) as url:
            yield Site(url, folder, chat, desk)
    finally:
        chat.stop()
        desk.stop()
    keys = (chat.token, *desk.account.keys, (folder / "secret_key").read_text(encoding="utf-8").strip())
    log = (folder / "service.log").read_text(encoding="utf-8")
    assert not any(key in log for key in keys), "a secret is in the log"
    assert not re.search(r"/webhooks/\w+/[\w.~-]{20,}", log), "the address of a webhook is in the log"


@pytest.fixture
def person(site: Site, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Somebody with a browser of their own, who watches that nothing goes wrong in it."""
    somebody = Person(chromium, site.url, Path(request.node.fspath).stem)
    yield somebody
    somebody.leave()
