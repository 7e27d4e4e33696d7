"""Somebody chooses another language: every page speaks it, and its longer words fit on a phone and on a desk."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.harness import Visitors, own_violations, settled
from tests.browser.screens import INGRID

OTHERS = [code for code, _name in settings.LANGUAGES if code != "en"]
PLACES = {
    INGRID: (
        "/portal/",
        "/portal/meetings/",
        "/portal/health/",
        "/portal/sales/",
        "/portal/team/",
        "/portal/settings/",
    ),
    "ben@demo.example": (
        "/app/",
        "/app/partners/",
        "/app/partners/demo-sierra-systems/",
        "/app/health/",
        "/app/meetings/",
    ),
}
WIDTHS = (390, 1280, 1440)


def choose(page: Page, language: str) -> None:
    page.goto(reverse("accounts:profile_edit"))
    page.locator("select[name=language]").select_option(language)
    page.locator("main form button[type=submit]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("person", PLACES)
@pytest.mark.parametrize("language", OTHERS)
def test_other_language_fits(visitors: Visitors, language: str, person: str) -> None:
    page = visitors.open("/", person=person)
    choose(page, language)
    complaints = []
    try:
        for path in PLACES[person]:
            page.goto(path)
            settled(page)
            expect(page.locator("html")).to_have_attribute("lang", language)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                complaints += [f"{path} at {width}: {text}" for text in own_violations(page)]
    finally:
        choose(page, "en")
    assert "\n".join(complaints) == ""
