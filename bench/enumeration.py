"""Whether answers take longer for some addresses than for others: log-in, reset and company link, kind by kind.

    .venv/bin/python -m bench.enumeration --samples 200

The kinds take turns, so that what else the machine does falls on all alike. Pass (reliability P8): the medians
differ by at most 10 ms or 5 per cent. On a machine with other work, `--cpu` compares what was computed instead. The
database of the tests is made and removed again; hashing is as in production.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
os.environ.setdefault("LOG_LEVEL", "CRITICAL")
import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import get_runner  # noqa: E402

from accounts.models import AttemptSlot  # noqa: E402
from core.models import Outbox  # noqa: E402
from tests.factories import make_member, make_partner, make_user  # noqa: E402
from tests.portal.sso import oidc_provider, verify  # noqa: E402

PASSWORD = "correct horse battery"


def people() -> dict[str, str]:
    """One address per kind."""
    ours, theirs = make_partner(), make_partner()
    verify(theirs, "company.test")
    oidc_provider(theirs, "https://login.test", sso_only=True)
    make_user(email="existing@bench.test", password=PASSWORD)
    make_user(email="disabled@bench.test", password=PASSWORD, is_active=False)
    make_user(email="without@bench.test")
    make_member(partner=ours, email="partner@bench.test", password=PASSWORD)
    make_member(partner=theirs, email="sso@company.test", password=PASSWORD)
    addresses = ("existing@bench.test", "unknown@bench.test", "disabled@bench.test", "without@bench.test")
    return {address.split("@")[0]: address for address in (*addresses, "partner@bench.test", "sso@company.test")}


def measure(path: str, forms: dict[str, dict[str, str]], samples: int, now: Callable[[], float]) -> dict[str, float]:
    """Median milliseconds by kind."""
    times: dict[str, list[float]] = {kind: [] for kind in forms}
    for sample in range(samples + 3):
        for kind, form in forms.items():
            AttemptSlot.objects.all().delete()
            Outbox.objects.all().delete()
            client = Client()
            started = now()
            client.post(path, form, REMOTE_ADDR=f"198.18.{sample % 250}.1")
            if sample >= 3:
                times[kind].append((now() - started) * 1000)
    return {kind: statistics.median(values) for kind, values in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--cpu", action="store_true", help="CPU time of this process instead of the clock")
    options = parser.parse_args()
    now = time.process_time if options.cpu else time.perf_counter
    runner = get_runner(settings)(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    settings.ACCOUNT_RATE_LIMITS = dict.fromkeys(settings.ACCOUNT_RATE_LIMITS)
    settings.VAR_DIR = type(settings.VAR_DIR)(tempfile.mkdtemp())
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    passed = True
    try:
        addresses = people()
        for name, path, field, more in (
            ("log-in", "/accounts/login/", "login", {"password": "wrong"}),
            ("reset", "/accounts/password/reset/", "email", {}),
            ("company link", "/sso/", "email", {}),
        ):
            found = measure(
                path, {kind: {field: email, **more} for kind, email in addresses.items()}, options.samples, now
            )
            spread = max(found.values()) - min(found.values())
            fits = spread <= 10 or spread <= 0.05 * min(found.values())
            passed = passed and fits
            figures = ", ".join(f"{kind} {value:.1f}" for kind, value in found.items())
            print(f"{name}: spread {spread:.1f} ms {'pass' if fits else 'FAIL'} ({figures})")
    finally:
        runner.teardown_databases(databases)
        runner.teardown_test_environment()
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
