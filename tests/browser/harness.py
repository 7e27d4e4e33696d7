"""What the browser tests share: a Chromium, a page that reports what went wrong in it, a hand that counts its moves."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

from tests.live import LiveProduct
from workspace.demo.load import PASSWORD

HOW_TO_INSTALL = "Chromium is missing. Debian: apt-get install chromium. Elsewhere set CHROMIUM to its path."
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 10_000
AXE_COLOURS = ["color-contrast", "link-in-text-block"]
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECKS = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")
REPORT_POLICY = """
addEventListener("securitypolicyviolation", event => {
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`);
});
"""


def chromium() -> str:
    """The path of a Chromium on this machine, empty when there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield running
        running.close()


@dataclass
class Watch:
    """Everything a page said that a user must never cause: errors, refusals of the policy, dialogs, failed answers."""

    page: Page
    faults: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108  the driver marks it
        self.page.on("response", lambda a: a.status >= 500 and self.faults.append(f"{a.status}: {a.url}"))
        self.page.on("dialog", self._dialog)

    def _console(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.faults.append(f"console: {line.text} ({line.location['url']})")

    def _dialog(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self.faults.append(f"dialog: {dialog.message}")
        dialog.accept()

    def expect(self, *patterns: str) -> None:
        """Name faults that the test provokes on purpose."""
        self.expected += patterns

    def unexpected(self) -> list[str]:
        return [fault for fault in self.faults if not any(re.search(pattern, fault) for pattern in self.expected)]

    def writes(self) -> list[str]:
        """Requests that are no plain reading, as `METHOD path`."""
        return [f"{r.method} {_path(r.url)}" for r in self.requests if r.method not in {"GET", "HEAD"}]


def _path(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


@dataclass
class Hand:
    """Does what a person does and counts it: a click, a key press and a whole text entry are one move each."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def enter(self, text: str, *, into: Locator | None = None) -> None:
        """A text entry, into the focused field or the one named."""
        self.keys += 1
        if into is None:
            self.page.keyboard.insert_text(text)
        else:
            into.fill(text)

    def letters(self, text: str) -> None:
        """Single letters where each counts."""
        for letter in text:
            self.press(letter)


@dataclass
class Visitors:
    """Opens pages as the people of the demo; every person logs in once, by the form."""

    product: LiveProduct
    browser: Browser
    cookies: dict[str, Any]
    watches: list[Watch] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, path: str = "/app/", *, person: str = "ana", **options: Any) -> Page:
        """A new page at `path`, logged in as `person`@demo.example, or as the whole address (nobody when empty)."""
        if person and person not in self.cookies:
            self.cookies[person] = self._log_in(person)
        page = self.page(storage_state=self.cookies[person] if person else None, **options)
        page.goto(path)
        assert not person or "/accounts/login/" not in page.url, f"{person} is not logged in"
        return page

    def page(self, **options: Any) -> Page:
        """A new empty page, watched."""
        given = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
        context = self.browser.new_context(base_url=self.product.url, locale="en-GB", **given)
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(REPORT_POLICY)
        self.contexts.append(context)
        page = context.new_page()
        self.watches.append(Watch(page))
        return page

    def watch(self, page: Page) -> Watch:
        return next(watch for watch in self.watches if watch.page is page)

    def _log_in(self, person: str) -> Any:
        page = self.page()
        log_in(page, person if "@" in person else f"{person}@demo.example")
        return page.context.storage_state()

    def close(self) -> list[str]:
        """Close all pages; the unexpected faults of all of them."""
        for context in self.contexts:
            context.close()
        return [fault for watch in self.watches for fault in watch.unexpected()]


def log_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(re.compile(r"/(app|portal)/$"))


def settled(page: Page) -> None:
    """Wait until no htmx request is under way and nothing is being swapped in."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, body.is-busy")).to_have_count(0)


def axe_violations(page: Page, *, within: str = "", colours_only: bool = False) -> list[str]:
    """What axe has against the page or a part of it, one line per element.

    `colours_only`: the rules whose answer depends on the theme, for the second theme of a page.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": AXE_COLOURS} if colours_only else {"type": "tag", "values": AXE_TAGS}
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
    answer = page.evaluate("([part, options]) => axe.run(part || document, options)", [within, options])
    return [
        f"{violation['id']}: {json.dumps(node['target'])} {node['html'][:160]} {node['failureSummary'][:240]}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]


def own_violations(page: Page) -> list[str]:
    """What axe does not look at: targets, sideways scrolling, inline style, headings."""
    found: list[str] = page.evaluate(CHECKS)
    return found
