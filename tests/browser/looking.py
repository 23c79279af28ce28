"""What a person sees of a page, and what must never be: errors, sideways scroll, things that overlap, barriers."""

from __future__ import annotations

import os
import shutil
from copy import copy
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, ViewportSize, expect

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
SHOTS = Path(os.environ.get("RELAYDESK_SCREENSHOTS", Path(__file__).parent / "screenshots"))
"""Where the screenshots of every page are kept, at both widths."""
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
PATIENCE = 75_000
"""Milliseconds: what is waited for takes a second or two. Where a helpdesk's call is lost on a busy machine, it is told
once more in five minutes, and found within one by asking."""
OVERLAPS = """() => {
  const place = document.querySelector("dialog[open]") || document;
  const shown = [...place.querySelectorAll("a, button, input, select, textarea, summary")].filter((one) => {
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const hidden = style.visibility === "hidden" || style.display === "none" || box.width < 2 || box.height < 2;
    const unseen = ".visually-hidden, .visually-hidden-focusable, details:not([open]) > :not(summary)";
    return !hidden && !one.closest(unseen) && !one.closest(".session-head, .own, .menu");
  });
  const boxes = shown.flatMap((one) => [...one.getClientRects()].map((box) => [box, one]));
  boxes.sort(([one], [other]) => one.top - other.top);
  const found = [];
  for (const [at, [a, one]] of boxes.entries()) {
    for (let next = at + 1; next < boxes.length && boxes[next][0].top < a.bottom - 2; next += 1) {
      const [b, other] = boxes[next];
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - b.top;
      if (wide <= 2 || high <= 2 || one.contains(other) || other.contains(one)) continue;
      found.push(`${one.outerHTML.slice(0, 80)} and ${other.outerHTML.slice(0, 80)}`);
    }
  }
  return found;
}"""


class Person:
    """Somebody at the pages with a browser."""

    def __init__(self, browser: Browser, url: str, name: str, **options: Any) -> None:
        self.url = url
        self._name = name
        # Colours on their way to others would be found wanting.
        self._context = browser.new_context(viewport=WIDE, reduced_motion="reduce", **options)
        self._context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        self.page: Page = self._context.new_page()
        self.complaints: list[str] = []
        self.expected: list[str] = []
        """Parts of complaints that are meant: a refused form answers 4xx, which browsers call an error."""
        self._watch()

    def beside(self) -> Person:
        """The same person at a further page of the same browser; what goes wrong there counts here too."""
        further = copy(self)
        further.page = self._context.new_page()
        further._watch()
        return further

    def leave(self) -> None:
        """Close the browser's window; nothing may have gone wrong in it."""
        self._context.close()
        self.had_no_trouble()

    def had_no_trouble(self) -> None:
        """Find that nothing has gone wrong in the browser since this was asked last."""
        heard, self.complaints[:] = [*self.complaints], []
        assert [one for one in heard if not any(part in one for part in self.expected)] == []

    def go(self, path: str) -> None:
        """Open an address."""
        self.page.goto(path if path.startswith("http") else f"{self.url}{path}")

    def sees(self, words: str, within: str = "body") -> Locator:
        """Wait until something is to be read, without reloading."""
        found = self.page.locator(within).get_by_text(words).first
        expect(found).to_be_visible(timeout=PATIENCE)
        return found

    def fill(self, **fields: str) -> None:
        """Fill in fields by their names; the form's, as the service reads them."""
        for name, value in fields.items():
            self.page.locator(f"main [name='{name}']").first.fill(value)

    def press(self, words: str) -> None:
        """Press the button, or follow the link, that reads so."""
        button = self.page.get_by_role("button", name=words).or_(self.page.get_by_role("link", name=words))
        button.first.click()

    def look(self, name: str) -> None:
        """Keep a screenshot at both widths, and find nothing wrong with the page at either."""
        self.fits(name, WIDE)
        self.fits(name, NARROW)
        # Once: what axe looks at is the same at each width, and it takes the most time of all.
        self.has_no_barrier(name)
        self.page.set_viewport_size(WIDE)

    def fits(self, name: str, size: ViewportSize) -> None:
        """Keep a screenshot at a width, and find that nothing is cut off or lies over something else."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.set_viewport_size(size)
        self.page.evaluate("window.scrollTo(0, 0)")
        width = size["width"]
        self.page.screenshot(path=SHOTS / f"{self._name}-{name}-{width}.png", full_page=True)
        told = f"{name} at {width} px"
        scrolled = self.page.evaluate("document.documentElement.scrollWidth")
        assert scrolled <= width, f"{told} scrolls sideways: {scrolled} px"
        assert self.page.evaluate(OVERLAPS) == [], told

    def look_in_the_dark(self, name: str) -> None:
        """Keep a screenshot as those see it whose system is set to dark, and find that all can be read."""
        self.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        self.page.screenshot(path=SHOTS / f"{self._name}-{name}-dark.png", full_page=True)
        # Nothing but the colours is another.
        self.has_no_barrier(f"{name} in the dark", "color-contrast")
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def has_no_barrier(self, told: str, *rules: str) -> None:
        """Let axe-core look for what keeps people out, by all its rules or by some of them."""
        options = {"resultTypes": ["violations"], **({"runOnly": [*rules]} if rules else {})}
        found = Axe().run(self.page, options=options).response["violations"]
        serious = [
            f"{one['id']}: {node['html'][:120]} ({node['failureSummary'][:200]})"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
        assert serious == [], told

    def _watch(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")
