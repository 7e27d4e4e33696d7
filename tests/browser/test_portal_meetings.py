"""Jobs of a partner's person around meetings, counted in clicks and seconds, with JavaScript and without."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core import clock
from tests.browser.harness import Hand, Visitors, axe_violations, own_violations

LUCA = "luca@northwind.example"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def in_time(record_property: Callable[[str, Any], None]) -> Any:
    """Stops the time of a job and keeps it in the report of the run."""
    started = time.monotonic()

    def stop(hand: Hand, *, moves: int) -> None:
        seconds = time.monotonic() - started
        record_property("clicks and entries", hand.clicks + hand.keys)
        record_property("seconds", round(seconds, 1))
        assert hand.clicks + hand.keys <= moves

    def restart() -> Callable[..., None]:
        nonlocal started
        started = time.monotonic()
        return stop

    return restart


def link_in_mail(visitors: Visitors, subject: str, words: str, *, number: int = 0) -> str:
    """The address behind `words` in a mail of the demo, as an administrator finds it in the outbox."""
    outbox = visitors.open(f"/app/settings/outbox/?q={subject}", person="admin")
    outbox.locator("main table a").nth(number).click()
    outbox.wait_for_url(re.compile(r"/outbox/[\w-]+/"))
    found = re.search(rf"{words}: (http\S+)", outbox.locator("main").inner_text())
    assert found, f"no “{words}” in the mail"
    return found[1]


def add_a_topic(page: Page, title: str) -> Hand:
    hand = Hand(page)
    hand.click(page.locator("#ahead a").first)
    hand.enter(title, into=page.get_by_label("Topic"))
    hand.click(page.get_by_role("button", name="Add topic"))
    expect(page.locator("#agenda")).to_contain_text(title)
    expect(page.locator("#agenda")).to_contain_text("proposed by Luca Moretti")
    return hand


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_add_a_topic_in_three_moves(visitors: Visitors, in_time: Any, script: bool) -> None:
    page = visitors.open("/portal/meetings/", person=LUCA, viewport=PHONE, java_script_enabled=script)
    stop = in_time()

    hand = add_a_topic(page, f"Spare parts {'with' if script else 'without'} script")

    stop(hand, moves=3)


@pytest.mark.parametrize(("script", "number"), [(True, 0), (False, 1)], ids=["script", "plain"])
def test_confirm_a_summary_from_the_mail_in_one_click(
    visitors: Visitors, in_time: Any, script: bool, number: int
) -> None:
    address = link_in_mail(visitors, "Summary", "Confirm this summary", number=number)
    page = visitors.page(viewport=PHONE, java_script_enabled=script)
    stop = in_time()
    page.goto(address)
    hand = Hand(page)

    hand.click(page.get_by_role("button", name="Confirm this summary"))

    expect(page.get_by_role("heading")).to_have_text("Thank you")
    stop(hand, moves=1)
    visitors.watch(page).expect("status of 404")
    page.goto(address)
    expect(page.get_by_role("heading")).to_have_text("This link does not work any more")


def test_address_of_a_link_leaves_the_page_in_no_referrer(visitors: Visitors) -> None:
    address = link_in_mail(visitors, "Summary", "Confirm this summary", number=2)
    page = visitors.page()
    page.goto(address)

    headers = [request.all_headers() for request in visitors.watch(page).requests]

    assert len(headers) > 1
    assert [one["referer"] for one in headers if one.get("referer")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_behind_a_link_is_accessible(visitors: Visitors, scheme: Any) -> None:
    for subject, words in (
        ("Summary", "This is not what we agreed"),
        ("Summary", "Mark as done"),
        ("Invitation", "Propose another date"),
    ):
        page = visitors.page(viewport=PHONE, color_scheme=scheme)
        page.goto(link_in_mail(visitors, subject, words))
        assert axe_violations(page) + own_violations(page) == []


def test_plain_tick_an_action_and_reopen_it(visitors: Visitors) -> None:
    page = visitors.open("/portal/meetings/", person=LUCA, viewport=PHONE, java_script_enabled=False)
    line = page.locator("#agreed li", has_text="Send two customer references")

    line.get_by_role("button", name="Mark as done").click()

    expect(page.locator("#toasts")).to_contain_text("Marked “Send two customer references” as done.")
    expect(line).to_have_count(0)
    page.locator("#to-confirm a, #behind a", has_text="QBR").first.click()
    page.locator("#agreed li", has_text="Send two customer references").get_by_role("button", name="Reopen").click()
    expect(page.locator("#toasts")).to_contain_text("is open again")


def test_plain_object_and_propose_a_date_and_the_manager_answers(visitors: Visitors) -> None:
    page = visitors.open("/portal/meetings/", person="ingrid@sierra.example", java_script_enabled=False)
    page.locator("#ahead a").first.click()
    page.get_by_role("link", name="Propose another date").click()
    day = clock.today() + timedelta(days=400)
    page.get_by_label("Day").fill(day.isoformat())
    page.get_by_label("Starts").fill("11:00")
    page.get_by_role("button", name="Propose this date").click()
    expect(page.locator("#proposals")).to_contain_text(f"{day:%a} {day.day} {day:%b %Y}, 11:00")
    expect(page.locator("#proposals")).to_contain_text("Waiting for an answer")

    meeting = re.sub(r".*/portal", "/app", page.url.split("#")[0])
    manager = visitors.open(meeting, person="ben", java_script_enabled=False)
    expect(manager.locator("#replies")).to_contain_text("Ingrid Dahl, Sierra Systems")
    manager.locator("#replies summary").click()
    manager.get_by_label("Your answer").fill("Our fiscal year has ended by then.")
    manager.get_by_role("button", name="Decline and keep the date").click()
    page.reload()
    expect(page.locator("#proposals")).to_contain_text("Our fiscal year has ended by then.")
