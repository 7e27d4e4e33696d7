"""One manager, one morning, from the log-in to a CSV: every page says the same number (issue 2, sections 6 and 8)."""

from __future__ import annotations

import csv
import json
import re
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.harness import Visitors, log_in, settled
from tests.live import LiveProduct

NORTHWIND = "/app/partners/demo-northwind-partners/"


def number(text: str) -> Decimal:
    """A figure as printed, with a real minus and a plus."""
    return Decimal(text.strip().replace("−", "-").replace("+", "").replace(",", ""))


def badge(place: Locator) -> Decimal:
    found = re.search(r"[\d.]+$", place.locator(".band").first.inner_text().strip())
    assert found
    return Decimal(found[0])


def explained(page: Page) -> tuple[list[Decimal], Decimal]:
    """The points of the explanation's lines and its sum, both as printed."""
    table = page.locator("table.ctb").first
    lines = [number(text) for text in table.locator("tbody tr:not(.sum) td.num:not(.weight)").all_inner_texts()]
    return lines, number(table.locator("tr.sum td.num").inner_text())


def test_story_of_the_manager(visitors: Visitors, product: LiveProduct, tmp_path: Path) -> None:
    page = visitors.page()
    log_in(page, "ana@demo.example")

    # Who is at risk and why stands on Today without a click.
    item = page.locator("#queue [data-item]").first
    expect(item).to_contain_text("Northwind Partners")
    expect(item.locator(".reason")).to_contain_text(re.compile(r"\d"))
    shown = badge(item)

    # The partner: the printed lines add up to the printed score.
    page.goto(NORTHWIND)
    lines, total = explained(page)
    assert len(lines) >= 4
    assert sum(lines) == total == shown == badge(page.locator("#partner-head"))

    # A touch.
    expect(page.locator("ol.timeline")).to_be_visible()
    settled(page)
    page.locator("#touch-text").fill("Called their managing director about the silence.")
    page.locator("#composer [type=submit]").click()
    expect(page.locator("ol.timeline li").first).to_contain_text("managing director about the silence")

    # A review, with the date and the people the cadence proposes.
    page.get_by_role("link", name="Schedule QBR").click()
    expect(page.get_by_role("dialog").locator("input[name=contacts]:checked").first).to_be_visible()
    invited = page.get_by_role("dialog").locator("input[name=contacts]:checked").count()
    page.get_by_role("dialog").get_by_role("button", name="Send invitation").click()
    expect(page.locator("#toasts")).to_contain_text("QBR")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert invited >= 1

    # The stage.
    page.locator("#partner-head").get_by_role("link", name="Move…").click()
    page.get_by_role("dialog").locator("input[value=growth]").check()
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#partner-head")).to_contain_text("Growth")

    # The outbox holds the invitation.
    page.goto("/app/settings/outbox/?q=Northwind")
    invitation = page.locator("#rows tbody tr", has_text="QBR")
    expect(invitation.first).to_contain_text("@")
    assert invitation.count() >= invited
    invitation.first.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text(".ics")

    # One number: Today, 360, list, health page, CSV, API, command.
    page.goto("/app/partners/?q=Northwind")
    row = page.locator("#rows tbody tr")
    expect(row).to_have_count(1)
    assert badge(row) == shown
    with page.expect_download() as coming:
        page.get_by_role("link", name="Export CSV", exact=True).click()
    coming.value.save_as(tmp_path / "partners.csv")
    with (tmp_path / "partners.csv").open(encoding="utf-8", newline="") as file:
        (record,) = csv.DictReader(file)

    page.goto(f"{NORTHWIND}health/")
    lines, total = explained(page)
    assert sum(lines) == total == shown == badge(page.locator("#partner-health"))
    page.locator("#arithmetic summary").click()
    terms = page.locator("#arithmetic tbody td.num:last-child").all_inner_texts()
    exact = number(page.locator("#arithmetic tfoot td.num").inner_text())
    assert sum(number(term) for term in terms) == exact
    address = page.get_by_role("link", name="As JSON").get_attribute("href")
    assert address

    page.goto("/app/settings/tokens/")
    page.get_by_label("What is it for?").fill("story")
    page.get_by_role("button", name="Make token").click()
    token = page.locator("#secret").inner_text()
    answer = page.context.request.get(address, headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 200
    told = json.loads(product.manage("explain_health", "demo-northwind-partners", "--json"))

    assert Decimal(answer.json()["score"]) == Decimal(told["score"]) == exact
    assert exact.quantize(Decimal("0.1"), ROUND_HALF_EVEN) == shown
    assert Decimal(record["Score"]).quantize(Decimal("0.1"), ROUND_HALF_EVEN) == shown
