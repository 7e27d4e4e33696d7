"""Every screen at three widths, light and dark: nothing for axe to say, nothing for the checks that axe lacks (P43)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.harness import Visitors, axe_violations, own_violations
from tests.browser.screens import SCREENS, Screen

WIDTHS = [390, 768, 1440]


def whole_page(page: Page, width: int) -> None:
    """A window so high that no fixed bar and no scrolled box covers a part of a target, which axe would count."""
    page.set_viewport_size({"width": width, "height": 900})
    page.set_viewport_size({"width": width, "height": max(1600, page.evaluate("document.body.scrollHeight"))})


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_screen_is_accessible(visitors: Visitors, screen: Screen, theme: str) -> None:
    page = visitors.open(screen.path, person=screen.person, color_scheme=theme)
    visitors.watch(page).expect(*screen.faults)
    screen.prepare(page)
    complaints = []
    for width in WIDTHS:
        whole_page(page, width)
        axe = axe_violations(page, within=screen.within, colours_only=theme == "dark")
        complaints += [f"{width}: {text}" for text in (*axe, *own_violations(page))]

    assert complaints == []
