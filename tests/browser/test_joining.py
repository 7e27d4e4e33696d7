"""Accepting an invitation as it happens: from the mail on a phone, counted and timed, with and without JavaScript."""

from __future__ import annotations

import re
import time
from itertools import count

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.harness import Hand, Visitors, axe_violations, own_violations
from tests.live import LiveProduct

PHONE = {"viewport": {"width": 390, "height": 844}}
PASSWORD = "a long walk by the sea"
INVITE = """
from accounts.models import User
from core.models import Outbox
from partners.services import invite
ingrid = User.objects.get(email="ingrid@sierra.example")
invite(partner_id=ingrid.membership.partner_id, email="{email}", name="Olga Sanz", actor=ingrid)
print(Outbox.objects.filter(to="{email}").latest("id").body)
"""
numbers = count(1)


@pytest.fixture
def link(product: LiveProduct) -> str:
    """The address in the mail of a fresh invitation, without the host."""
    mail = product.manage("shell", "-v0", "-c", INVITE.format(email=f"olga{next(numbers)}@sierra.example"))
    return re.search(r"/join/[\w-]+/", mail)[0]


def test_accept_an_invitation_in_two_moves(
    visitors: Visitors, link: str, record_property: pytest.FixtureRequest
) -> None:
    """Read, one password, one button: the name and the time zone are there already."""
    page = visitors.page(**PHONE, timezone_id="Europe/Madrid")
    began = time.monotonic()
    page.goto(link)
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Madrid")
    hand = Hand(page)

    hand.enter(PASSWORD, into=page.get_by_label("Choose a password"))
    hand.click(page.get_by_role("button", name="Join"))

    expect(page.locator("h1")).to_contain_text("Olga Sanz")
    seconds = time.monotonic() - began
    record_property("seconds", round(seconds, 2))
    print(f"accept an invitation: {hand.clicks} click, {hand.keys} entry, {seconds:.1f} s")
    assert page.url.endswith("/portal/")
    assert hand.clicks + hand.keys <= 2


def test_plain_accept_an_invitation(visitors: Visitors, link: str) -> None:
    page = visitors.page(**PHONE, java_script_enabled=False)
    page.goto(link)

    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()

    expect(page.locator("h1")).to_contain_text("Olga Sanz")


def test_secret_of_the_link_is_in_no_referrer(visitors: Visitors, link: str) -> None:
    page = visitors.page(**PHONE)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))  # noqa: PLW0108  the driver marks it
    page.goto(link)

    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page.locator("h1")).to_contain_text("Olga Sanz")

    referrers = {request.all_headers().get("referer", "") for request in sent}
    assert len(sent) > 5
    assert [one for one in referrers if "/join/" in one] == []


def test_weak_password_is_said_and_the_input_stays(visitors: Visitors, link: str) -> None:
    page = visitors.page(**PHONE)
    visitors.watch(page).expect("status of 422")
    page.goto(link)

    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("Choose a password").fill("short")
    page.get_by_role("button", name="Join").click()

    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    expect(page.get_by_label("Your name")).to_have_value("Olga Sanz")


def looked_at(page: Page) -> list[str]:
    return [*axe_violations(page), *own_violations(page)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_page_behind_the_link_is_accessible(visitors: Visitors, link: str, width: int, theme: str) -> None:
    size = {"width": width, "height": 1600}
    page = visitors.page(viewport=size, color_scheme=theme)
    page.goto(link)
    assert looked_at(page) == []

    other = visitors.open(link, viewport=size, color_scheme=theme)
    expect(other.locator("h1")).to_have_text("This invitation is for somebody else")
    assert looked_at(other) == []
