#!/usr/bin/env python3
"""Weight of the pages on a first visit with an empty cache: HTML, CSS, scripts, images, requests.

    python bench/weight.py

Prints JSON lines. Starts the product with demo data and ten more partners (so that a list has 50 rows) and opens each
page in Chromium. KB are 1,000 bytes after gzip: as sent when the answer came compressed, else compressed here at level
6, as a proxy in front would. Counted is everything until the page is at rest, with the parts that arrive later.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")

MOST_REQUESTS = 12
PAGES = {  # name: address, bar in KB
    "today": ("/app/", 135),
    "partners list of 50": ("/app/partners/", 150),
    "partner 360": ("/app/partners/demo-northwind-partners/", 135),
    "health": ("/app/health/", 135),
    "lifecycle": ("/app/lifecycle/", 165),
    "meetings": ("/app/meetings/", 135),
    "portal home": ("/portal/", 135),
    "portal meetings": ("/portal/meetings/", 135),
    "portal health": ("/portal/health/", 135),
    "portal sales": ("/portal/sales/", 135),
    "portal files": ("/portal/files/", 135),
    "portal news": ("/portal/news/", 135),
    "portal team": ("/portal/team/", 135),
    "portal inbox": ("/portal/inbox/", 135),
    "portal log": ("/portal/log/", 135),
}
TEN_MORE = """
from accounts.models import User
from workspace.services.partners import add_partner
ana = User.objects.get(email="ana@demo.example")
for number in range(10):
    add_partner(actor=ana, owner=ana, stage="growth", joined_on=None, name=f"Weighed Partner {number}", tier="silver")
"""
KINDS = {"document": "html", "xhr": "html", "fetch": "html", "stylesheet": "css", "script": "js"}


def say(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def main() -> None:
    import django

    django.setup()
    from tests.browser import harness
    from tests.live import start

    if not harness.chromium():
        say(bench="weight", not_run=harness.HOW_TO_INSTALL)
        return
    with tempfile.TemporaryDirectory() as folder:
        product = start(Path(folder), name="weight")
        try:
            product.manage("demo", "load")
            product.manage("shell", "-v0", "-c", TEN_MORE)
            with harness.browser() as browser:
                visitors = harness.Visitors(product, browser, {})
                for name, (path, bar) in PAGES.items():
                    weigh(visitors, name, path, bar)
        finally:
            product.stop()


def weigh(visitors: Any, name: str, path: str, bar: int) -> None:
    """Open `path` with nothing in the cache and print what came."""
    from tests.browser.harness import settled

    page = visitors.open("/livez", person="ingrid@sierra.example" if path.startswith("/portal/") else "ana")
    watch = visitors.watch(page)
    watch.requests.clear()
    page.goto(path, wait_until="networkidle")
    settled(page)
    answers = [answer for request in watch.requests if (answer := request.response())]
    kb = {"html": 0.0, "css": 0.0, "js": 0.0, "images": 0.0}
    for answer in answers:
        kb[KINDS.get(answer.request.resource_type, "images")] += zipped(answer) / 1000
    rounded = {kind: round(size, 1) for kind, size in kb.items()}
    total = round(sum(kb.values()), 1)
    rows = page.locator("#rows tbody tr").count()
    say(
        bench="weight", page=name, **rounded, total_kb=total, bar_kb=bar, requests=len(answers),
        bar_requests=MOST_REQUESTS, rows=rows, kept=total <= bar and len(answers) <= MOST_REQUESTS,
    )  # fmt: skip
    page.context.close()


def zipped(answer: Any) -> int:
    """Bytes of the body after gzip."""
    if answer.headers.get("content-encoding") == "gzip":
        return int(answer.request.sizes()["responseBodySize"])
    return len(gzip.compress(answer.body(), 6))


if __name__ == "__main__":
    main()
