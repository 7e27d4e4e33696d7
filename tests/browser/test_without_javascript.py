"""The same work by plain forms and links, in a browser that runs no script."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.harness import Visitors, log_in


def plain(visitors: Visitors, path: str) -> Page:
    return visitors.open(path, java_script_enabled=False)


def test_plain_log_in_and_out(visitors: Visitors) -> None:
    page = visitors.page(java_script_enabled=False)
    log_in(page, "mia@demo.example")
    expect(page.locator("h1")).to_have_text("Today")

    page.locator("summary.avatar-btn").click()
    page.get_by_role("button", name="Log out").click()
    page.goto("/app/")

    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/app/$"))


def test_plain_snooze_and_bring_back(visitors: Visitors) -> None:
    page = plain(visitors, "/app/")
    item = page.locator("#queue [data-item]").last
    title = item.locator(".title").inner_text()

    item.locator("summary", has_text="Snooze").click()
    item.get_by_role("button", name="Tomorrow").click()

    expect(page.locator("#toasts")).to_contain_text("Snoozed until")
    expect(page.locator("#queue .title").get_by_text(title, exact=True)).to_have_count(0)
    page.goto("/app/queue/aside/")
    page.get_by_role("button", name="Bring back").first.click()
    page.goto("/app/")
    expect(page.locator("#queue .title").get_by_text(title, exact=True)).to_have_count(1)


def test_plain_list_filters_sorts_and_exports(visitors: Visitors) -> None:
    page = plain(visitors, "/app/partners/")

    page.locator("input[name=q]").locator("visible=true").fill("point")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tbody th")).to_have_text(["Glacier Point", "Granite Point"])
    page.get_by_role("link", name="Health", exact=True).locator("visible=true").last.click()
    expect(page.locator("#rows thead th[aria-sort]")).to_contain_text("Health")
    expect(page.locator("#rows tbody th")).to_have_count(2)
    with page.expect_download() as coming:
        page.get_by_role("link", name="Export CSV", exact=True).click()

    assert len(coming.value.path().read_text(encoding="utf-8").splitlines()) == 3


def test_plain_filter_form_and_page(visitors: Visitors) -> None:
    page = plain(visitors, "/app/partners/")

    page.locator("#filter-open").click()
    page.get_by_label("At risk").first.check()
    page.get_by_role("button", name="Show").click()

    expect(page.locator("#rows tbody tr").first).to_be_visible()
    for text in page.locator("#rows tbody .band").all_inner_texts():
        assert text.startswith(("At risk", "Critical"))


def test_plain_partner_shows_all_sections(visitors: Visitors) -> None:
    page = plain(visitors, "/app/partners/demo-blue-fjord/")

    expect(page.locator("table.ctb tr.sum")).to_be_visible()
    for name in ("Health", "Sales", "Meetings & decisions", "People", "History"):
        page.goto("/app/partners/demo-blue-fjord/")
        page.locator("main .tabs").get_by_role("link", name=name).click()
        expect(page).to_have_title(re.compile("Blue Fjord"))
    page.goto("/app/partners/demo-blue-fjord/")
    page.get_by_role("link", name="Show touches and meetings").click()
    expect(page.locator("ol.timeline li").first).to_be_visible()


def test_plain_log_a_touch(visitors: Visitors) -> None:
    page = plain(visitors, "/app/partners/demo-blue-fjord/")

    page.get_by_role("link", name="Log a touch").click()
    page.locator("main textarea[name=text]").fill("Plain talk about prices.")
    page.get_by_role("button", name="Log touch").click()

    expect(page.locator("#toasts")).to_contain_text("Blue Fjord")
    page.goto("/app/partners/demo-blue-fjord/timeline/")
    expect(page.locator("ol.timeline li").first).to_contain_text("Plain talk about prices.")


def test_plain_log_a_touch_says_what_is_missing(visitors: Visitors) -> None:
    page = plain(visitors, "/app/partners/demo-blue-fjord/touch/")
    visitors.watch(page).expect("status of 422")

    page.locator("main textarea[name=text]").fill("   ")
    page.get_by_role("button", name="Log touch").click()

    expect(page.locator("main [aria-invalid=true]")).to_have_count(1)
    expect(page.locator("main .field-error")).to_be_visible()


def test_plain_schedule_a_meeting(visitors: Visitors) -> None:
    page = plain(visitors, "/app/partners/demo-kobayashi-trade/")

    page.get_by_role("link", name="Schedule QBR").click()
    page.get_by_role("button", name="Send invitation").click()

    expect(page.locator("#toasts")).to_contain_text("Kobayashi Trade")


def test_plain_move_a_stage_and_undo(visitors: Visitors) -> None:
    page = plain(visitors, "/app/lifecycle/")

    page.locator("#card-demo-larkspur-tech").get_by_role("link", name="Move…").click()
    page.locator("input[value=growth]").check()
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Moved Larkspur Tech to Growth")
    page.goto("/app/partners/demo-larkspur-tech/")

    expect(page.locator("#partner-head")).to_contain_text("Growth")
