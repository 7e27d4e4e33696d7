"""Every screen and state that is looked at: by axe and the own checks, and by tools/screenshots.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.harness import settled

NORTHWIND = "/app/partners/demo-northwind-partners/"
KESTREL = "/app/partners/demo-kestrel-cloud/"


def nothing(page: Page) -> None:
    """The page as it loads."""


def opened(selector: str) -> Callable[[Page], None]:
    """Click what opens a dialog and wait until it stands."""

    def open_it(page: Page) -> None:
        page.locator(selector).locator("visible=true").first.click()
        expect(page.locator("dialog[open]")).to_be_visible()
        settled(page)

    return open_it


def unfolded(selector: str) -> Callable[[Page], None]:
    """Open a menu or a fold by its summary."""

    def open_it(page: Page) -> None:
        page.locator(selector).locator("visible=true").first.click()

    return open_it


def first_of(selector: str) -> Callable[[Page], None]:
    """Follow the first link of a list."""

    def follow(page: Page) -> None:
        href = page.locator(selector).first.get_attribute("href")
        assert href
        page.goto(href)

    return follow


def palette(page: Page) -> None:
    page.locator("[data-palette-open]").click()
    page.locator("#palette-q").fill("nor")
    expect(page.locator("#palette-list [aria-selected=true]")).to_contain_text("Northwind Partners")
    expect(page.locator("#palette-list")).to_contain_text("Move Northwind Partners")
    settled(page)


def refused_move(page: Page) -> None:
    """The move dialog sent back because its reason is missing."""
    opened("a[href$='/demo-northwind-partners/move/']")(page)
    page.locator("dialog[open] input[value=exit]").check()
    page.locator("dialog[open] [type=submit]").click()
    expect(page.locator("dialog[open] [aria-invalid=true]").first).to_be_visible()
    settled(page)


def timeline_read(page: Page) -> None:
    """Partner 360 with the timeline that arrives after the first HTML."""
    expect(page.locator("#timeline, ol.timeline").first).to_be_visible()
    settled(page)


@dataclass(frozen=True)
class Screen:
    """`name` is `<screen>-<state>`; `faults` are those the state provokes on purpose.

    `within`: what axe looks at when a menu covers the rest, whose covered targets it would count as too small.
    """

    name: str
    path: str
    person: str = "ana"
    prepare: Callable[[Page], None] = nothing
    faults: tuple[str, ...] = ()
    within: str = ""


REFUSED = "Failed to load resource: the server responded with a status of 422"
MISSING = "Failed to load resource: the server responded with a status of 404"

SCREENS = [
    Screen("login-empty", "/accounts/login/", person=""),
    Screen("password-reset", "/accounts/password/reset/", person=""),
    Screen("today-filled", "/app/"),
    Screen("today-all", "/app/?whose=all", person="lead"),
    Screen("today-order", "/app/", prepare=unfolded("summary:has-text('Why this order')"), within="details[open]"),
    Screen("today-aside", "/app/queue/aside/"),
    Screen("partners-filled", "/app/partners/"),
    Screen("partners-none", "/app/partners/?q=zzzz"),
    Screen("partners-unknown-filter", "/app/partners/?region=XX"),
    Screen("partners-filter-dialog", "/app/partners/", prepare=opened("#filter-open")),
    Screen("partners-columns-dialog", "/app/partners/", prepare=opened("#columns-open")),
    Screen("partner-new", "/app/partners/new/"),
    Screen("partner360-overview", NORTHWIND, prepare=timeline_read),
    Screen("partner360-nodata", KESTREL, prepare=timeline_read),
    Screen("partner360-people", f"{NORTHWIND}people/", prepare=timeline_read),
    Screen("partner360-sales", f"{NORTHWIND}sales/", prepare=timeline_read),
    Screen("partner360-history", f"{NORTHWIND}history/", prepare=timeline_read),
    Screen("partner360-timeline", f"{NORTHWIND}timeline/"),
    Screen("partner360-meetings", f"{NORTHWIND}meetings/"),
    Screen("partner360-edit", f"{NORTHWIND}edit/"),
    Screen("partner360-touch-dialog", NORTHWIND, prepare=opened("a[href$='/touch/']")),
    Screen("partner360-qbr-dialog", NORTHWIND, prepare=opened("a[href*='/meetings/new/']")),
    Screen("touch-page", f"{NORTHWIND}touch/"),
    Screen("touch-choose", "/app/touch/"),
    Screen("health-portfolio", "/app/health/"),
    Screen("health-one", f"{NORTHWIND}health/", prepare=unfolded("#arithmetic summary")),
    Screen("health-one-nodata", f"{KESTREL}health/"),
    Screen("health-exception-form", f"{NORTHWIND}health/exceptions/new/"),
    Screen("health-override-form", f"{NORTHWIND}health/override/", person="lead"),
    Screen("health-models", "/app/health/models/", person="lead"),
    Screen("health-model", "/app/health/models/methods-1+rhythm/", person="lead"),
    Screen("lifecycle-board", "/app/lifecycle/"),
    Screen("lifecycle-table", "/app/lifecycle/?layout=table"),
    Screen("lifecycle-move-dialog", "/app/lifecycle/?stage=evaluation", prepare=opened(".kc a[href$='/move/']")),
    Screen("lifecycle-move-422", NORTHWIND, prepare=refused_move, faults=(REFUSED,)),
    Screen("meetings-list", "/app/meetings/"),
    Screen("meeting-prepare", "/app/meetings/", prepare=first_of("#rows tbody th a")),
    Screen("meeting-held", "/app/meetings/?when=past&kind=qbr", prepare=first_of("#rows tbody th a")),
    Screen("meeting-form", f"{NORTHWIND}meetings/new/"),
    Screen("search-found", "/app/search/?q=nor"),
    Screen("search-nothing", "/app/search/?q=zzzz"),
    Screen("palette-open", "/app/", prepare=palette),
    Screen("menu-open", "/app/", prepare=unfolded("summary.avatar-btn"), within="details[open]"),
    Screen("settings", "/app/settings/"),
    Screen("profile", "/app/settings/profile/"),
    Screen("tokens", "/app/settings/tokens/"),
    Screen("calendar", "/app/settings/calendar/"),
    Screen("outbox", "/app/settings/outbox/", person="admin"),
    Screen("password-change", "/accounts/password/change/"),
    Screen("two-factor", "/accounts/2fa/"),
    Screen("not-found", "/app/nowhere/", faults=(MISSING,)),
]
