"""P26: every text field of every model full of payloads; every page of every role, with and without the policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.browser.harness import Visitors
from tests.browser.hostile import FOREIGN_NODES
from tests.live import LiveProduct, start

PWNED = "Object.keys(window).filter(name => name.startsWith('PWN'))"
IN_ATTRIBUTES = """() => [...document.querySelectorAll('*')].flatMap(el => [...el.attributes].filter(at =>
  /^on/i.test(at.name) || (/^(data-)?hx-|^style$/i.test(at.name) && /forged|PWNED/i.test(at.value))
).map(at => `${el.tagName} ${at.name}=${at.value.slice(0, 80)}`))"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[tuple[LiveProduct, dict[str, Any]]]:
    running = start(tmp_path_factory.mktemp("twins"), name=f"twins_{worker_id}")
    try:
        told = running.manage("shell", "-v0", "-c", "from tests.attack.fill import fill; fill()")
        line = next(line for line in told.splitlines() if line.startswith("FILLED"))
        yield running, json.loads(line.removeprefix("FILLED "))
    finally:
        running.stop()


@pytest.mark.slow
@pytest.mark.parametrize("without_policy", [False, True], ids=["policy on", "policy off"])
def test_no_text_acts_on_any_page(
    hostile: tuple[LiveProduct, dict[str, Any]], browser: Browser, *, without_policy: bool
) -> None:
    running, told = hostile
    host, hits, visited = urlsplit(running.url).netloc, [], 0
    for role, given in told["roles"].items():
        visitors = Visitors(running, browser, {})
        page = visitors.page(bypass_csp=without_policy)
        page.context.add_cookies([{"name": told["name"], "value": given["cookie"], "url": running.url}])
        watch = visitors.watch(page)
        for path in given["pages"]:
            before = len(watch.requests)
            answer = page.goto(path, wait_until="load")
            assert answer
            assert answer.status == 200, f"{role} {path}: {answer.status}"
            visited += 1
            made = [*page.evaluate(PWNED), *page.evaluate(FOREIGN_NODES), *page.evaluate(IN_ATTRIBUTES)]
            asked = [
                f"{request.method} {request.url}"
                for request in watch.requests[before:]
                if "forged" in urlsplit(request.url).path or request.method not in {"GET", "HEAD"}
                or (urlsplit(request.url).netloc != host and not request.url.startswith(("data:", "blob:")))
            ]  # fmt: skip
            hits += [f"{role} {path}: {one}" for one in (*made, *asked)]
        hits += [f"{role}: {fault}" for fault in watch.faults if fault.startswith(("dialog", "script"))]
        visitors.close()
    print(
        f"\nattack: {told['payloads']} payloads, {told['pairs']} payload-field pairs of {told['fields']} fields,"
        f" {len(told['roles'])} roles, {visited} pages, policy {'off' if without_policy else 'on'}: {len(hits)} hits"
    )
    assert visited >= 35
    assert hits == []
