"""A partner's person opens Home: what is wrong with our health stands there, with JavaScript and without."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Visitors

LUCA = "luca@northwind.example"
PHONE = {"width": 390, "height": 844}


def test_what_is_wrong_with_our_health_takes_no_click(visitors: Visitors, record_property: Any) -> None:
    began = time.monotonic()
    page = visitors.open("/portal/", person=LUCA, viewport=PHONE)
    card = page.locator("section[aria-labelledby=health]")
    expect(card.locator(".band")).to_contain_text("Needs attention from both of us")
    expect(card).to_contain_text("What would help")
    record_property("clicks", 0)
    record_property("seconds", round(time.monotonic() - began, 1))

    assert card.locator("li").count() >= 1
    assert "At risk" not in page.locator("main").inner_text()


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_every_section_of_the_portal_opens_on_a_phone(visitors: Visitors, script: bool) -> None:
    page = visitors.open("/portal/", person=LUCA, viewport=PHONE, java_script_enabled=script)
    paths = [link.get_attribute("href") for link in page.locator(".bottomnav a[href^='/portal/']").all()]

    assert len(paths) >= 6
    for path in paths:
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_rest_of_home_is_a_page_of_its_own_without_javascript(visitors: Visitors) -> None:
    page = visitors.open("/portal/", person=LUCA, java_script_enabled=False)
    page.get_by_role("link", name="Promises, sales, news and files").click()

    expect(page.locator("#promises")).to_be_visible()
    expect(page.locator("#home-sales")).to_be_visible()
