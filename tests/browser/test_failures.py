"""What the page does when the server refuses, fails or has forgotten who is there (contracts of docs/front-end.md)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.harness import Visitors, settled
from workspace.demo.load import PASSWORD

HALCYON = "/app/partners/demo-halcyon-voice/"
TEXT = "They want to see the new price list."


def touch_dialog(page: Page) -> None:
    page.locator("#partner-head").get_by_role("link", name="Log a touch").click()
    page.get_by_role("dialog").locator("textarea[name=text]").fill(TEXT)


def send(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Log touch").click()


@pytest.mark.parametrize("failure", ["500", "429", "offline"])
def test_failed_save_keeps_the_input_and_retries(visitors: Visitors, failure: str) -> None:
    page = visitors.open(HALCYON)
    visitors.watch(page).expect("Failed to load resource", "^500: .*/touch/$", "htmx:", "Response Status Error Code")

    def fail(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
        elif failure == "offline":
            route.abort("internetdisconnected")
        else:
            route.fulfill(status=int(failure), body="<h1>Server error</h1>", content_type="text/html")

    page.route("**/touch/", fail)
    touch_dialog(page)
    send(page)

    toast = page.locator("#toasts .toast-bad")
    expect(toast).to_contain_text("Nothing was changed")
    expect(page.locator("#live")).to_contain_text("Nothing was changed")
    expect(page.get_by_role("dialog").locator("textarea[name=text]")).to_have_value(TEXT)

    page.unroute("**/touch/")
    page.locator("#toasts [data-retry]").dispatch_event("click")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Halcyon Voice")


def test_failed_save_is_written_once_after_the_retry(visitors: Visitors) -> None:
    """The first try reached the server, only its answer was lost: the retry must not write a second touch."""
    page = visitors.open("/app/partners/demo-umbra-security/")
    visitors.watch(page).expect("Failed to load resource", "^502: ", "Response Status Error Code")

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.fulfill(status=502, body="")
        else:
            route.fallback()

    page.route("**/touch/", lose_the_answer)
    touch_dialog(page)
    send(page)
    expect(page.locator("#toasts .toast-bad")).to_be_visible()
    page.unroute("**/touch/")
    page.locator("#toasts [data-retry]").dispatch_event("click")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.goto("/app/partners/demo-umbra-security/timeline/")
    expect(page.locator("ol.timeline li", has_text=TEXT)).to_have_count(1)


def test_ended_session_leads_to_log_in_and_back(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/?health=risk")
    visitors.watch(page).expect("status of 401")
    page.context.clear_cookies()

    page.locator("input[name=q]").locator("visible=true").fill("north")
    page.wait_for_url("**/accounts/login/?next=*")
    page.get_by_label("Email").fill("ana@demo.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()

    expect(page).to_have_url(re.compile(r"/app/partners/\?health=risk"))


def test_refused_form_keeps_the_input_and_focuses_the_error(visitors: Visitors) -> None:
    page = visitors.open(HALCYON)
    visitors.watch(page).expect("status of 422")
    page.locator("#partner-head").get_by_role("link", name="Move…").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[value=exit]").check()

    dialog.get_by_role("button", name="Move", exact=True).click()

    expect(dialog.locator("[aria-invalid=true]").first).to_be_focused()
    expect(dialog.locator("input[value=exit]")).to_be_checked()


def test_dialog_closes_by_escape_and_gives_the_focus_back(visitors: Visitors) -> None:
    page = visitors.open(HALCYON)
    opener = page.locator("#partner-head").get_by_role("link", name="Schedule QBR")

    opener.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    settled(page)
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_typing_a_filter_keeps_focus_and_announces(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/")
    field = page.locator("input[name=q]").locator("visible=true")

    field.press_sequentially("point")

    expect(page.locator("#rows tbody tr")).to_have_count(2)
    expect(field).to_be_focused()
    expect(field).to_have_value("point")
    expect(page.locator("#live")).to_contain_text("2 partners")
    expect(page).to_have_url(re.compile(r"q=point"))


def test_back_restores_the_filtered_list(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/")
    page.locator("input[name=q]").locator("visible=true").press_sequentially("point")
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    settled(page)
    page.get_by_role("link", name="Granite Point").click()
    expect(page.locator("h1")).to_have_text("Granite Point")

    page.go_back()

    expect(page).to_have_url(re.compile(r"q=point"))
    expect(page.locator("#rows tbody th")).to_have_text(["Glacier Point", "Granite Point"])
    expect(page.locator("input[name=q]").locator("visible=true")).to_have_value("point")


def test_back_after_sorting_restores_the_order_before(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/")
    before = page.locator("#rows tbody th").all_inner_texts()
    page.locator("#sort-health").click()
    expect(page).to_have_url(re.compile("sort="))
    settled(page)

    page.go_back()

    expect(page.locator("#rows tbody th")).to_have_text(before)


def test_undo_of_a_move_brings_the_card_back(visitors: Visitors) -> None:
    page = visitors.open("/app/lifecycle/")
    page.locator("#card-demo-zephyr-mobile").get_by_role("link", name="Move…").click()
    page.get_by_role("dialog").locator("input[value=onboarding]").check()
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#col-onboarding #card-demo-zephyr-mobile")).to_be_visible()

    page.locator("#toasts").get_by_role("button", name="Undo").click()

    expect(page.locator("#col-recruit #card-demo-zephyr-mobile")).to_be_visible()
    expect(page.locator("#toasts").get_by_role("button", name="Undo")).to_have_count(0)
