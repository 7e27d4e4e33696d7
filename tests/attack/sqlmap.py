"""P30: sqlmap against the running product, on each parameter of its busiest routes. For the night; needs `sqlmap`.

    .venv/bin/python -m tests.attack.sqlmap --level 3 --risk 2 --seconds 300
    DATABASE_URL=postgres://… .venv/bin/python -m tests.attack.sqlmap --only search "portal log"

Starts gunicorn on loopback with demo data in a database of its own (PostgreSQL when DATABASE_URL names one), with the
sessions and tokens of a colleague and of a partner's administrator. Prints a JSON line per route: parameters, those
that were tested to the end, requests, findings, answers 429 and 5xx as the product's log has them. No finding, no 5xx
and every parameter tested, or exit status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

CSRF = "a" * 32  # a forged pair of cookie and field is as good as any: what is tried is behind it
CSRF_FIELD = {"csrfmiddlewaretoken": CSRF}
LOG_IN = "/accounts/login/"
STAFF, PARTNER, STAFF_API, PARTNER_API, NOBODY = "staff", "partner", "staff API", "partner API", "nobody"
UNHARMED = re.compile(r"parameter '(.+?)' does not seem to be injectable")
FOUND = re.compile(r"^Parameter: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Route:
    """An address, who opens it, and the parameters of its query or form. `{…}` is filled with what the demo holds."""

    name: str
    path: str
    query: dict[str, str]
    who: str = STAFF
    form: bool = False
    headers: tuple[str, ...] = ()  # tried instead of the parameters
    other: str = ""  # a parameter that is another one each time, and so not tried


ROUTES = (
    Route("today", "/app/", {"scope": "all", "kind": "band", "group": "partner", "n": "50"}),
    Route("search", "/app/search/", {"q": "a"}),
    Route(
        "lifecycle",
        "/app/lifecycle/",
        {"layout": "table", "stage": "{stage}", "owner": "{owner}", "tier": "{tier}", "band": "A", "page": "1"},
    ),
    Route("meetings", "/app/meetings/", {"when": "", "kind": "qbr", "owner": "me", "page": "1"}),
    Route("health", "/app/health/", {"band": "A", "owner": "{owner}", "stage": "{stage}", "tier": "{tier}"}),
    Route("log of a partner", "/app/partners/{slug}/log/", {"kind": "", "person": "{owner}", "before": "a"}),
    Route("a partner", "/app/partners/{slug}*/", {}),
    Route("health of a partner", "/app/partners/{slug}/health/", {"as_of": "{today}", "exact": "1"}),
    Route("inbox", "/app/inbox/", {"show": "unread", "page": "1", "muted": "{owner}", "read": "{today}"}),
    Route("choose a partner", "/app/touch/", {"q": "a"}),
    Route("outbox", "/app/settings/outbox/", {"status": "kept", "q": "a", "page": "1"}),
    Route(
        "change many",
        "/app/partners/bulk/",
        {"query": "?q=a&sort=name", "act": "tag", "scope": "view", "partner": "{uid}"},
        form=True,
    ),
    Route("log a touch", "/app/partners/{slug}/touch/", {"text": "a", "kind": "call", "occurred_at": ""}, form=True),
    Route("portal log", "/portal/log/", {"kind": "", "person": "{owner}", "before": "a"}, PARTNER),
    Route("portal sales", "/portal/sales/", {"page": "1"}, PARTNER),
    Route(
        "API partners",
        "/api/v1/partners/",
        {
            "key": "a",
            "name": "a",
            "owner": "{owner}",
            "tier": "{tier}",
            "stage": "{stage}",
            "band": "A",
            "page_size": "50",
            "cursor": "",
        },
        STAFF_API,
    ),
    Route(
        "API revenue",
        "/api/v1/revenue/",
        {
            "partner": "{uid}",
            "source": "a",
            "external_id": "a",
            "kind": "sale",
            "since": "2020-01-01T00:00:00Z",
            "until": "2030-01-01T00:00:00Z",
        },
        STAFF_API,
    ),
    Route(
        "portal API sales",
        "/api/v1/portal/sales/",
        {"kind": "sale", "since": "2020-01-01T00:00:00Z", "page_size": "50"},
        PARTNER_API,
    ),
    Route("log-in", LOG_IN, {"login": "somebody@b.test", "password": "a"}, NOBODY, form=True, other="password"),
    Route(
        "log-in, rest",
        LOG_IN,
        {"login": "somebody@b.test", "password": "a", "next": "/app/"},
        NOBODY,
        form=True,
        other="login",
    ),
    Route("cookies and headers", "/app/touch/", {}, headers=("prm_session", "prm_device", "User-Agent", "Referer")),
    Route(
        "partner list",
        "/app/partners/",
        {
            "q": "a",
            "health": "A,B,C,D,E",
            "stage": "{stage}",
            "tier": "{tier}",
            "owner": "{owner}",
            "country": "{country}",
            "sort": "name",
            "page": "1",
        },
    ),
    Route(
        "partner list, rest",
        "/app/partners/",
        {
            "tag": "x",
            "silent": "1",
            "ending": "3650",
            "joined": "3650",
            "cols": "name,tier",
            "after": "a",
            "view": "mine",
            "archived": "1",
        },
    ),
)


def tried(route: Route) -> list[str]:
    return [name for name in route.headers or route.query if name != route.other]


def prepare() -> None:
    """Inside the product: print the sessions, the tokens and what the addresses are filled with."""
    from django.conf import settings
    from django.test import Client

    from accounts.models import Role, User
    from accounts.services import create_token
    from core import clock
    from partners.models import Membership

    seat = Membership.objects.select_related("user", "partner__journey").get(user__role=Role.PARTNER_ADMIN)
    lead = User.objects.get(email="lead@demo.example")  # sees every partner and page of colleagues
    told: dict[str, Any] = {}
    for who, user in ((STAFF, lead), (PARTNER, seat.user)):
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        told[who] = client.cookies[settings.SESSION_COOKIE_NAME].value
        told[f"{who} API"] = create_token(user=user, name="sqlmap", scope="read", days=1)[1]
    partner = seat.partner
    told["facts"] = {
        "slug": partner.slug,
        "uid": str(partner.uid),
        "tier": partner.tier,
        "stage": partner.journey.stage,
        "country": partner.country,
        "owner": str(partner.owner.uid),
        "today": str(clock.today()),
    }
    print("PREPARED " + json.dumps(told))


def command(route: Route, told: dict[str, Any], options: argparse.Namespace, url: str, folder: str) -> list[str]:
    facts = told["facts"]
    values = {name: value.format(**facts) for name, value in route.query.items()}
    query = urlencode(values, safe=",:")
    address = url + route.path.format(**facts)
    cookies = {"prm_csrf": CSRF, "prm_device": "a"}
    headers = [f"X-Forwarded-For: 198.18.{ROUTES.index(route)}.1"]
    if route.who in (STAFF, PARTNER):
        cookies["prm_session"] = told[route.who]
        headers.append("HX-Request: true")  # where there is one, the part of the page that the parameters decide
    elif route.who != NOBODY:
        headers.append(f"Authorization: Bearer {told[route.who]}")
    line = [
        "sqlmap", "--batch", "--ignore-stdin", "--disable-coloring", "--flush-session", "--skip-waf",
        f"--output-dir={folder}",
        f"--level={options.level}", f"--risk={options.risk}", "--technique=BEUSTQ", "--threads=2", "--timeout=30",
        "--text-only", "--ignore-code=401",  # what a changed session cookie gets
        f"--dbms={options.dbms}", "--cookie=" + "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "--headers=" + "\\n".join(headers),
    ]  # fmt: skip
    if route.form:
        line += [f"--url={address}", "--data=" + urlencode(CSRF_FIELD) + "&" + query]
    else:
        line += [f"--url={address}?{query}" if query else f"--url={address}"]
    if route.other:
        line += [f"--randomize={route.other}"]  # else the product lets one account try ten times only
    if route.who == NOBODY:
        line += ["--tamper=xforwardedfor"]  # and one address thirty times
    return line if "*" in route.path else [*line, "-p", ",".join(tried(route))]


def answers(log: bytes) -> Counter[int]:
    """How often the product's log has each status."""
    codes: dict[str, int] = {}
    for line in log.splitlines():
        if line.startswith(b"{"):
            entry = json.loads(line)
            if "code" in entry and "request_id" in entry:
                codes[entry["request_id"]] = max(entry["code"], codes.get(entry["request_id"], 0))
    return Counter(codes.values())


def attack(route: Route, product: Any, told: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    began, start = time.monotonic(), product.log.stat().st_size
    with tempfile.TemporaryDirectory() as folder:
        line = command(route, told, options, product.url, folder)
        run = subprocess.run(
            ["timeout", str(options.seconds), *line],
            capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    if options.show:
        print(run.stdout, file=sys.stderr)
    with product.log.open("rb") as log:
        log.seek(start)
        codes = answers(log.read())
    wanted = {*tried(route), *(f"#{number}*" for number in range(1, route.path.count("*") + 1))}
    return {
        "route": route.name,
        "who": route.who,
        "parameters": len(wanted),
        "tested": len(wanted & set(UNHARMED.findall(run.stdout))),
        "requests": codes.total(),
        "findings": FOUND.findall(run.stdout),
        "answers_429": codes[429],
        "answers_5xx": sum(number for code, number in codes.items() if code >= 500),
        "codes": dict(sorted(codes.items())),
        "seconds": round(time.monotonic() - began),
    }


def lines(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from tests.live import start

    chosen = [route for route in ROUTES if route.name in options.only or not options.only]
    with tempfile.TemporaryDirectory() as folder:
        product = start(Path(folder), name="sqlmap", LOG_LEVEL="INFO", PROXY_COUNT="1")
        try:
            product.manage("demo", "load")
            said = product.manage("shell", "-c", "from tests.attack.sqlmap import prepare; prepare()")
            told = json.loads(said.split("PREPARED ", 1)[1].splitlines()[0])
            options.dbms = "PostgreSQL" if product.database else "SQLite"
            for route in chosen:
                yield attack(route, product, told, options)
        finally:
            product.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--level", type=int, default=3)
    parser.add_argument("--risk", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=900, help="at most, per route")
    parser.add_argument("--only", nargs="*", default=[], help="names of routes, instead of all")
    parser.add_argument("--show", action="store_true", help="what sqlmap prints, on the error output")
    options = parser.parse_args()
    if not shutil.which("sqlmap"):
        parser.error("sqlmap is not installed (Debian: apt-get install sqlmap)")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    import django

    django.setup()
    passed = True
    for line in lines(options):
        done = line["tested"] == line["parameters"]
        line["ok"] = done and not line["findings"] and not line["answers_5xx"]
        passed = passed and line["ok"]
        print(json.dumps(line), flush=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
