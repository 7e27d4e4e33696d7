"""The daily jobs, done with mouse and keys that are counted: above the bold number of the design the test fails.

Counted from a loaded start page; a click, a key press and a whole text entry are one each; reading and scrolling none.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.harness import Hand, Visitors, settled


def names_at_risk(visitors: Visitors) -> set[str]:
    listed = visitors.open("/app/partners/?health=risk")
    return set(listed.locator("#rows tbody th a").all_inner_texts())


def queue_items(page: Page) -> list[str]:
    return page.locator("#queue [data-item]").all_inner_texts()


def test_job_1_who_is_at_risk_and_why_needs_no_click(visitors: Visitors) -> None:
    today = visitors.open("/app/")

    first = queue_items(today)[0]

    assert first.startswith("At risk")
    assert "Northwind Partners" in first
    assert re.search(r"\d", first.split("\n", 2)[2]), "the reason has no figure"


def test_job_1_all_at_risk_are_one_click_away(visitors: Visitors) -> None:
    at_risk = names_at_risk(visitors)
    today = visitors.open("/app/")
    hand = Hand(today)

    hand.click(today.get_by_role("link", name="Health", exact=False).locator("visible=true").first)
    today.wait_for_url("**/app/health/")

    assert at_risk
    assert at_risk <= set(today.locator("main a").all_inner_texts())
    assert hand.clicks <= 1


def test_job_1_all_at_risk_by_keys(visitors: Visitors) -> None:
    today = visitors.open("/app/")
    hand = Hand(today)

    hand.letters("gh")
    today.wait_for_url("**/app/health/")

    assert hand.keys <= 2


def test_job_2_open_a_known_partner_in_five_keys(visitors: Visitors) -> None:
    today = visitors.open("/app/")
    hand = Hand(today)

    hand.press("Control+k")
    expect(today.locator("#palette-q")).to_be_focused()
    hand.letters("jun")
    expect(today.locator("#palette-list [aria-selected=true]")).to_contain_text("Juniper Labs")
    hand.press("Enter")
    today.wait_for_url("**/app/partners/demo-juniper-labs/")

    assert hand.keys <= 5


def test_job_2_open_a_known_partner_in_two_moves_of_the_mouse(visitors: Visitors) -> None:
    partners = visitors.open("/app/partners/")
    hand = Hand(partners)

    hand.enter("junip", into=partners.locator("input[name=q]").locator("visible=true"))
    expect(partners.locator("#rows tbody tr")).to_have_count(1)
    settled(partners)
    hand.click(partners.get_by_role("link", name="Juniper Labs"))
    partners.wait_for_url("**/app/partners/demo-juniper-labs/")

    assert hand.clicks + hand.keys <= 2


def test_job_3_schedule_a_review_in_three_clicks(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/demo-juniper-labs/")
    hand = Hand(page)

    hand.click(page.get_by_role("link", name="Schedule QBR"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Day")).not_to_have_value("")
    expect(dialog.get_by_label("Starts")).not_to_have_value("")
    hand.click(dialog.get_by_role("button", name="Send invitation"))

    expect(page.locator("#toasts")).to_contain_text("Juniper Labs")
    expect(dialog).to_have_count(0)
    assert hand.clicks <= 3


def test_job_3_schedule_a_review_by_two_keys(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/demo-corvus-data/")
    hand = Hand(page)

    hand.press("q")
    expect(page.get_by_role("dialog")).to_be_visible()
    settled(page)
    hand.press("Control+Enter")

    expect(page.locator("#toasts")).to_contain_text("Corvus Data")
    assert hand.keys <= 2


def test_job_4_move_a_stage_in_three_clicks(visitors: Visitors) -> None:
    board = visitors.open("/app/lifecycle/")
    hand = Hand(board)
    card = board.locator("#card-demo-fernhill-digital")

    hand.click(card.get_by_role("link", name="Move…"))
    dialog = board.get_by_role("dialog")
    hand.click(dialog.get_by_text("Growth", exact=False).first)
    hand.click(dialog.get_by_role("button", name="Move", exact=True))

    expect(board.locator("#col-growth #card-demo-fernhill-digital")).to_be_visible()
    expect(board.locator("#toasts")).to_contain_text("Fernhill Digital")
    expect(board.locator("#toasts").get_by_role("button", name="Undo")).to_be_visible()
    assert hand.clicks <= 3


def test_job_4_move_a_stage_by_three_keys_and_keep_the_focus(visitors: Visitors) -> None:
    board = visitors.open("/app/lifecycle/")
    hand = Hand(board)
    board.locator("#card-demo-foxglove-retail").focus()

    hand.press("m")
    expect(board.get_by_role("dialog")).to_be_visible()
    settled(board)
    hand.press("g")
    hand.press("Enter")

    expect(board.locator("#col-growth #card-demo-foxglove-retail")).to_be_visible()
    expect(board.locator("#card-demo-foxglove-retail")).to_be_focused()
    expect(board.locator("#live")).to_contain_text("Foxglove Retail")
    assert hand.keys <= 3


def test_job_8_log_a_touch_by_three_keys(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/demo-cobalt-networks/")
    expect(page.locator("ol.timeline")).to_be_visible()
    settled(page)
    hand = Hand(page)

    hand.press("n")
    hand.enter("They will list us in the autumn catalogue.")
    hand.press("Control+Enter")

    expect(page.locator("ol.timeline li").first).to_contain_text("They will list us in the autumn catalogue.")
    assert hand.keys <= 3


def test_job_8_log_a_touch_in_three_moves_of_the_mouse(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/demo-delta-works/")
    hand = Hand(page)

    hand.click(page.get_by_role("link", name="Log a touch"))
    dialog = page.get_by_role("dialog")
    hand.enter("Agreed on the training days.", into=dialog.locator("textarea[name=text]"))
    hand.click(dialog.get_by_role("button", name="Log touch"))

    expect(page.locator("#toasts")).to_contain_text("Delta Works")
    assert hand.clicks + hand.keys <= 3


def test_job_10_export_what_is_shown_in_one_click(visitors: Visitors, tmp_path: Path) -> None:
    page = visitors.open("/app/partners/?health=risk&sort=score")
    shown = page.locator("#rows tbody th a").all_inner_texts()
    hand = Hand(page)

    with page.expect_download() as coming:
        hand.click(page.get_by_role("link", name="Export CSV", exact=True))
    target = tmp_path / "partners.csv"
    coming.value.save_as(target)

    with target.open(encoding="utf-8", newline="") as file:
        assert [row["Partner"] for row in csv.DictReader(file)] == shown
    assert hand.clicks <= 1


def test_job_10_export_by_the_palette(visitors: Visitors) -> None:
    page = visitors.open("/app/partners/")
    hand = Hand(page)

    hand.press("Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    hand.letters("exp")
    expect(page.locator("#palette-list [aria-selected=true]")).to_contain_text("Export CSV")
    with page.expect_download():
        hand.press("Enter")

    assert hand.keys <= 5
