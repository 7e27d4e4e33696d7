"""Text of people stays text: no script, no forged action, on every page that shows it (P26, E21, E22)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.harness import Visitors, settled
from tests.browser.hostile import FOREIGN_NODES, HTMX, MARKUP, PAYLOADS
from tests.live import LiveProduct, start

PAGES = [
    "/app/", "/app/?group=partner", "/app/queue/aside/",
    "/app/partners/?cols=name,health,why,stage,tier,owner,next,contact,country,kind,tags",
    "/app/partners/filter/", "/app/partners/columns/", "/app/partners/views/new/",
    "/app/partners/{slug}/", "/app/partners/{slug}/people/", "/app/partners/{slug}/sales/",
    "/app/partners/{slug}/edit/", "/app/partners/{slug}/history/", "/app/partners/{slug}/timeline/?all=1",
    "/app/partners/{slug}/meetings/", "/app/partners/{slug}/meetings/new/", "/app/partners/{slug}/touch/",
    "/app/touch/", "/app/meetings/new/",
    "/app/partners/{slug}/health/", "/app/lifecycle/{slug}/move/", "/app/health/", "/app/health/models/",
    "/app/lifecycle/", "/app/lifecycle/?layout=table", "/app/meetings/?owner=me", "/app/meetings/{planned}/",
    "/app/meetings/{held}/", "/app/meetings/{planned}/people/", "/app/meetings/{planned}/cancel/",
    "/app/partners/{slug}/files/", "/app/news/", "/app/news/new/?corrects={notice}", "/app/news/{notice}/",
    "/app/settings/", "/app/settings/profile/", "/app/settings/tokens/", "/app/settings/outbox/",
    "/admin/", "/admin/partners/partner/", "/admin/partners/contact/", "/admin/engagement/touchpoint/",
    "/admin/enablement/notice/", "/admin/enablement/sharedfile/",
    "/admin/accounts/auditentry/",
]  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[tuple[LiveProduct, dict[str, str]]]:
    """A product of its own whose every text is a payload, and what its addresses need."""
    running = start(tmp_path_factory.mktemp("hostile"), name=f"hostile_{worker_id}")
    try:
        told = running.manage("shell", "-v0", "-c", "from tests.browser.hostile import fill; fill()")
        _, slug, planned, held, notice = next(line for line in told.splitlines() if line.startswith("TARGET")).split()
        yield running, {"slug": slug, "planned": planned, "held": held, "notice": notice}
    finally:
        running.stop()


def acted(page: Page) -> list[str]:
    """What a payload achieved in this page."""
    settled(page)
    ran = ["a script ran"] if page.evaluate("window.PWNED") else []
    nodes: list[str] = page.evaluate(FOREIGN_NODES)
    return ran + nodes


def test_stored_text_never_acts(hostile: tuple[LiveProduct, dict[str, str]], browser: Browser) -> None:
    running, names = hostile
    visitors = Visitors(running, browser, {})
    page = visitors.open("/app/")
    watch = visitors.watch(page)
    complaints = []
    for path in PAGES:
        answer = page.goto(path.format(**names))
        assert answer
        assert answer.status == 200, path
        complaints += [f"{path}: {text}" for text in acted(page)]

    # It is shown as it was written, so nothing was met by leaving it out.
    page.goto(f"/app/partners/{names['slug']}/timeline/?all=1")
    shown = page.locator("ol.timeline").text_content() or ""
    assert [text for text in PAYLOADS if text not in shown] == []
    settled(page)
    # A fragment that arrives later holds it too.
    page.goto(f"/app/partners/{names['slug']}/")
    expect(page.locator("ol.timeline")).to_be_visible()
    complaints += acted(page)
    page.locator("[data-palette-open]").click()
    page.locator("#palette-q").fill("forged")
    expect(page.locator("#palette-list [role=option]").first).to_be_visible()
    complaints += acted(page)

    assert complaints == []
    assert [request.url for request in watch.requests if "/forged" in request.url] == []
    assert watch.writes() == []
    assert visitors.close() == []


def test_reflected_text_never_acts(visitors: Visitors) -> None:
    page = visitors.open("/app/")
    watch = visitors.watch(page)
    complaints = []
    for text in PAYLOADS:
        for path in ("/app/partners/?q={0}&region={0}&sort={0}", "/app/search/?q={0}"):
            page.goto(path.format(quote(text)))
            complaints += [f"{path} {text}: {found}" for found in acted(page)]

    assert complaints == []
    assert [request.url for request in watch.requests if "/forged" in request.url.split("?", 1)[0]] == []
    assert watch.writes() == []


def test_text_in_a_form_comes_back_as_text(visitors: Visitors) -> None:
    """A refused form shows what was typed: in the field, nowhere else."""
    page = visitors.open("/app/partners/demo-quarry-bay/people/new/")
    visitors.watch(page).expect("status of 422")
    text = MARKUP[16]
    page.locator("main input[name=name]").fill(text)
    page.locator("main input[name=email]").evaluate(
        "(field, text) => { field.type = 'text'; field.value = text }", text
    )

    page.locator("main form [type=submit].btn-primary").click()

    expect(page.locator("main input[name=name]")).to_have_value(text)
    assert acted(page) == []


def with_timeline(visitors: Visitors, inside: str, *, quiet: bool = True) -> Page:
    """A partner's page whose timeline holds raw HTML, as if cleaning had failed; `quiet`: nothing in it is to act."""
    body = f'<section class="card" id="timeline"><ol class="timeline"><li id="arrived">{inside}</li></ol></section>'

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="text/html")

    page = visitors.page(storage_state=visitors.open("/app/settings/").context.storage_state())
    page.route("**/timeline/**", answer)
    page.goto("/app/partners/demo-quarry-bay/")
    page.locator("#arrived").wait_for(state="attached")
    if quiet:
        settled(page)
    return page


def forged(visitors: Visitors, page: Page) -> list[str]:
    return [request.url for request in visitors.watch(page).requests if "/forged" in request.url]


def test_unguarded_attributes_would_forge_requests(visitors: Visitors) -> None:
    """E21: the policy alone does not stop injected attributes. If this fails, the next test proves nothing."""
    page = with_timeline(visitors, "".join(HTMX), quiet=False)
    visitors.watch(page).expect(".*")
    for _ in range(100):
        if forged(visitors, page):
            break
        page.wait_for_timeout(100)

    assert forged(visitors, page) != []


def test_guard_keeps_attributes_in_prose_from_acting(visitors: Visitors) -> None:
    """E22: the component that shows text with markup disarms it in this htmx, and fails here if an upgrade does not."""
    prose = render_to_string("components/_prose.html", {"html": mark_safe("".join(HTMX))})
    page = with_timeline(visitors, prose)

    assert forged(visitors, page) == []
    assert visitors.watch(page).writes() == []


def test_policy_keeps_markup_in_prose_from_acting(visitors: Visitors) -> None:
    """Even raw markup in a fragment runs no script, applies no style and moves no address of the page.

    `meta refresh` is left out: no policy stops it, so text is cleaned before it comes here.
    """
    markup = [text for text in MARKUP[:16] if "refresh" not in text]
    prose = render_to_string("components/_prose.html", {"html": mark_safe("".join(markup))})
    page = with_timeline(visitors, prose)
    visitors.watch(page).expect("policy:", "Content Security Policy", "Refused to", "status of 404")

    assert page.evaluate("window.PWNED") is None
    assert page.evaluate("document.baseURI").endswith("/app/partners/demo-quarry-bay/")
    expect(page.locator("h1")).to_be_visible()


def test_product_loads_nothing_from_elsewhere(visitors: Visitors, product: LiveProduct) -> None:
    page = visitors.open("/app/partners/demo-blue-fjord/")
    settled(page)

    assert {request.url.split("/", 3)[2] for request in visitors.watch(page).requests} == {
        product.url.removeprefix("http://")
    }


def test_policy_refuses_an_inline_script(visitors: Visitors) -> None:
    """The watch of these tests sees what the policy refuses; else all their silence says nothing."""
    page = visitors.open("/app/")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.PWNED=1'}))"
    )

    assert page.evaluate("window.PWNED") is None
    assert any(fault.startswith("console: policy: script-src") for fault in visitors.watch(page).faults)
    visitors.watch(page).expect("policy:", "Content Security Policy", "inline script")
