#!/usr/bin/env python3
"""Pictures of every page and state, to be looked at before a release, and the picture of the README.

    .venv/bin/python tools/screenshots.py                       shots/<screen>-<state>-<theme>-<width>.png
    .venv/bin/python tools/screenshots.py --only today health   screens whose name begins so
    .venv/bin/python tools/screenshots.py --readme              only docs/img/today.png

Starts the product with demo data of its own; needs Chromium. A page is shown whole, a state with a dialog or an open
menu as the window shows it.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")

WINDOWS = {390: 844, 768: 1024, 1440: 900}
README = ROOT / "docs" / "img" / "today.png"
README_BYTES = 300_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="screens whose name begins so")
    parser.add_argument("--widths", nargs="+", type=int, default=list(WINDOWS), choices=list(WINDOWS))
    parser.add_argument("--themes", nargs="+", default=["light", "dark"], choices=["light", "dark"])
    parser.add_argument("--folder", type=Path, default=ROOT / "shots")
    parser.add_argument("--readme", action="store_true", help="only the picture of the README")
    options = parser.parse_args()

    import django

    django.setup()
    from tests.browser import harness
    from tests.live import start

    if not harness.chromium():
        print(harness.HOW_TO_INSTALL, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as data:
        product = start(Path(data), name="screenshots")
        try:
            product.manage("demo", "load")
            with harness.browser() as browser:
                visitors = harness.Visitors(product, browser, {})
                if options.readme:
                    readme(visitors)
                else:
                    everything(visitors, options)
        finally:
            product.stop()
    return 0


def everything(visitors: Any, options: argparse.Namespace) -> None:
    from tests.browser.screens import SCREENS

    options.folder.mkdir(parents=True, exist_ok=True)
    for screen in SCREENS:
        if not screen.name.startswith(tuple(options.only)):
            continue
        for theme in options.themes:
            for width in options.widths:
                page = visitors.open(screen.path, person=screen.person, color_scheme=theme, viewport=window(width))
                screen.prepare(page)
                if not page.locator("dialog[open], details[data-menu][open]").count():
                    page.set_viewport_size({"width": width, "height": page.evaluate("document.body.scrollHeight")})
                target = options.folder / f"{screen.name}-{theme}-{width}.png"
                page.screenshot(path=target)
                page.context.close()
        print(screen.name, flush=True)


def readme(visitors: Any) -> None:
    """Today of a partner manager, as the window shows it."""
    page = visitors.open("/app/", viewport=window(1440))
    README.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=README)
    size = README.stat().st_size
    if size > README_BYTES:
        raise SystemExit(f"{README} has {size} bytes; {README_BYTES} are allowed.")
    print(f"{README.relative_to(ROOT)}, {size} bytes")


def window(width: int) -> dict[str, int]:
    return {"width": width, "height": WINDOWS[width]}


if __name__ == "__main__":
    sys.exit(main())
