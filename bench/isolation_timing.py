#!/usr/bin/env python3
"""Whether time tells a foreign row from a missing one (reliability P1): medians of pairs, at most 10 ms apart.

Runs against a database of its own that is removed afterwards: `.venv/bin/python -m bench.isolation_timing [pairs]`.
Both kinds of request alternate, so that a busy machine slows both; what is printed last decides the exit code.
"""

import json
import os
import statistics
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
PAIRS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
ALLOWED_MS = 10.0
WHO = ("portfolio manager", "A seller", "portfolio read token")


def measure() -> int:
    """Print one line per route and actor; the number of differences beyond what is allowed."""
    from django.db import connection

    from tests.isolation.addresses import address, asked, missing
    from tests.isolation.cast import cast_of
    from tests.isolation.expectations import IN, expected
    from tests.isolation.routes import every_route
    from tests.isolation.twins import twins
    from tests.isolation.walk import Walk, listening

    pair = twins()
    actors, walk = cast_of(*pair), Walk(*pair)
    finders = [actor for actor in actors if actor.name in ("administrator", "A admin", *WHO)]
    worst = 0.0
    measured = 0
    with listening(walk):
        for route in every_route():
            if not route.objects or route.area == "admin":
                continue
            values = address(walk, route, walk.ours, finders)
            if values is None:
                continue
            theirs = address(walk, route, walk.theirs, finders) or values
            for actor in actors:
                if actor.name not in WHO or expected(route, actor.kind, "GET") != IN:
                    continue
                part = route.objects[-1]
                urls = [route.url({**values, part: theirs[part]}), route.url(missing(route, values, part))]
                walk.send(actor, "GET", urls[0], asked=asked(theirs))
                times: list[list[float]] = [[], []]
                for _number in range(PAIRS):
                    for which, url in enumerate(urls):
                        begin = time.perf_counter()
                        actor.client.get(url, headers=actor.headers)
                        times[which].append((time.perf_counter() - begin) * 1000)
                foreign, gone = map(statistics.median, times)
                measured += 1
                worst = max(worst, abs(foreign - gone))
                line = f"{foreign:7.2f} ms foreign {gone:7.2f} ms missing {foreign - gone:+6.2f}"
                print(f"{line}  {actor.name:22} {route.path}", file=sys.stderr)
    print(json.dumps({
        "what": "foreign against missing rows", "database": connection.vendor, "cells": measured, "pairs": PAIRS,
        "worst_difference_ms": round(worst, 2), "allowed_ms": ALLOWED_MS,
    }))  # fmt: skip
    return int(worst > ALLOWED_MS)


def main() -> int:
    import django

    django.setup()
    from django.conf import settings
    from django.db import transaction
    from django.test.utils import get_runner, setup_test_environment, teardown_test_environment

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with transaction.atomic():
            code = measure()
            transaction.set_rollback(True)
    finally:
        runner.teardown_databases(databases)
        teardown_test_environment()
    return code


if __name__ == "__main__":
    sys.exit(main())
