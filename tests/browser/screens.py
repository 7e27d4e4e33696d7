"""Every screen and state that is looked at: by axe and the own checks, and by tools/screenshots.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.harness import settled

NORTHWIND = "/app/partners/demo-northwind-partners/"
LUCA = "luca@northwind.example"
KESTREL = "/app/partners/demo-kestrel-cloud/"
INGRID = "ingrid@sierra.example"


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


def another_date(page: Page) -> None:
    """The form in which a partner's person proposes another date."""
    first_of("#ahead a")(page)
    first_of("main a[href$='/date/']")(page)


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


def looking(page: Page) -> None:
    """Seeing the portal as the partner, with the banner."""
    page.locator("main textarea").fill("They ask why the home page is empty")
    page.locator("main [type=submit]").click()
    expect(page.locator(".observer")).to_be_visible()


def home_read(page: Page) -> None:
    """The partner's Home with the part that arrives after the first HTML."""
    expect(page.locator("#home-record")).to_be_visible()
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
    Screen("company-log-in", "/sso/", person=""),
    Screen("sessions", "/app/settings/sessions/"),
    Screen("passkey-add", "/accounts/2fa/webauthn/add/"),
    Screen("authenticator-app", "/accounts/2fa/totp/activate/"),
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
    Screen("partner360-files", f"{NORTHWIND}files/"),
    Screen("partner360-file-new", f"{NORTHWIND}files/new/"),
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
    Screen("news-list", "/app/news/"),
    Screen("news-new", "/app/news/new/"),
    Screen("news-one", "/app/news/", prepare=first_of("#rows tbody th a")),
    Screen("portal-home", "/portal/", person=INGRID, prepare=home_read),
    Screen("portal-home-risk", "/portal/", person=LUCA, prepare=home_read),
    Screen("portal-home-rest", "/portal/rest/", person=INGRID),
    Screen("portal-health", "/portal/health/", person=LUCA),
    Screen("portal-sales", "/portal/sales/", person=INGRID),
    Screen("portal-log", "/portal/log/", person=INGRID),
    Screen("portal-my-data", "/portal/my-data/", person=INGRID),
    Screen("portal-files", "/portal/files/", person=LUCA),
    Screen("portal-files-withdraw", "/portal/files/", person=LUCA, prepare=opened("a[href$='/withdraw/']")),
    Screen("portal-file-new", "/portal/files/new/", person=LUCA),
    Screen("portal-news", "/portal/news/", person=LUCA),
    Screen("portal-news-one", "/portal/news/", person=LUCA, prepare=first_of("#rows li a")),
    Screen("search-found", "/app/search/?q=nor"),
    Screen("search-nothing", "/app/search/?q=zzzz"),
    Screen("palette-open", "/app/", prepare=palette),
    Screen("menu-open", "/app/", prepare=unfolded("summary.avatar-btn"), within="details[open]"),
    Screen("inbox-filled", "/app/inbox/"),
    Screen("inbox-empty", "/app/inbox/", person="mia"),
    Screen("inbox-mute", "/app/inbox/", prepare=unfolded(".note summary"), within=".note details[open]"),
    Screen("notifications", "/app/notifications/"),
    Screen("portal-inbox", "/portal/inbox/", person=INGRID),
    Screen("portal-notifications", "/portal/notifications/", person=INGRID),
    Screen("see-as-form", f"{NORTHWIND}see-as/"),
    Screen("see-as-banner", f"{NORTHWIND}see-as/", prepare=looking),
    Screen("link-refused", "/notifications/nobody/", person="", faults=(MISSING,)),
    Screen("settings", "/app/settings/"),
    Screen("personal-data", "/app/settings/privacy/", person="admin"),
    Screen("partner-log", f"{NORTHWIND}log/"),
    Screen("profile", "/app/settings/profile/"),
    Screen("tokens", "/app/settings/tokens/"),
    Screen("calendar", "/app/settings/calendar/"),
    Screen("portal-meetings", "/portal/meetings/", person=LUCA),
    Screen("portal-meeting-ahead", "/portal/meetings/", person=LUCA, prepare=first_of("#ahead a")),
    Screen("portal-meeting-held", "/portal/meetings/", person=LUCA, prepare=first_of("#behind a")),
    Screen("portal-meeting-date", "/portal/meetings/", person=LUCA, prepare=another_date),
    Screen("portal-calendar", "/app/settings/calendar/", person=LUCA),
    Screen("act-gone", "/act/nobody-has-this-secret/", person="", faults=(MISSING,)),
    Screen("outbox", "/app/settings/outbox/", person="admin"),
    Screen("password-change", "/accounts/password/change/"),
    Screen("two-factor", "/accounts/2fa/"),
    Screen("not-found", "/app/nowhere/", faults=(MISSING,)),
    Screen("partner-people", "/app/partners/demo-sierra-systems/people/", person="ben", prepare=timeline_read),
    Screen("portal-team", "/portal/team/", person=INGRID),
    Screen("portal-team-looking", "/portal/team/", person="vega@sierra.example"),
    Screen("portal-team-invite", "/portal/team/invite/", person=INGRID),
    Screen(
        "portal-team-role", "/portal/team/", person=INGRID, prepare=first_of(".rows .acts a[href^='/portal/team/']")
    ),
    Screen("portal-team-end", "/portal/team/", person=INGRID, prepare=first_of(".rows .acts a[href$='/end/']")),
    Screen("portal-tokens", "/portal/tokens/", person=INGRID),
    Screen("portal-settings", "/portal/settings/", person=INGRID),
    Screen("join-gone", "/join/nobody-has-this/", person="", faults=(MISSING,)),
]
