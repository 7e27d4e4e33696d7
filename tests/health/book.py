"""A small book with a past: one partner that went quiet, one that goes on, scored a month ago and yesterday."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import time_machine

from accounts.models import User
from health import services
from partners.models import Partner
from tests.factories import make_partner, make_revenue

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
YESTERDAY = date(2026, 6, 29)
MONTH_AGO = date(2026, 5, 30)


@contextmanager
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


def sell(partner: Partner, *, until: int, since: int = 700, every: int = 14, amount_minor: int = 200_000) -> None:
    """Sales every `every` days, from `since` to `until` days ago."""
    for days in range(since, until - 1, -every):
        make_revenue(partner=partner, occurred_at=NOW - timedelta(days=days), amount_minor=amount_minor)


def make_book(owner: User | None = None, *, quiet: int = 1, steady: int = 1) -> tuple[list[Partner], list[Partner]]:
    """(quiet, steady) partners, scored as of a month ago and of the last two days."""
    silent = [make_partner(name=f"Quiet {number}", slug=f"quiet-{number}", owner=owner) for number in range(quiet)]
    trading = [make_partner(name=f"Steady {number}", slug=f"steady-{number}", tier="gold") for number in range(steady)]
    for partner in silent:
        sell(partner, until=70)
    for partner in trading:
        sell(partner, until=3)
    for day in (MONTH_AGO, YESTERDAY - timedelta(days=1), YESTERDAY):
        services.compute(as_of=day)
    return silent, trading
