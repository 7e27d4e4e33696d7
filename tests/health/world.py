"""A small world to score: partners with a rhythm of sales that ends, goes on, or never began."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from deals.models import RevenueEntry
from partners.models import Partner
from tests.factories import make_partner, make_revenue

DAY = date(2026, 6, 30)
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def days_ago(days: int, *, before: date = DAY) -> datetime:
    """Noon that many days before `before`."""
    return at(before - timedelta(days=days))


def sell(partner: Partner, *, every: int, first: int = 700, last: int = 0, amount_minor: int = 500_000) -> None:
    """Sales every `every` days from `first` to `last` days before DAY."""
    for back in range(first, last - 1, -every):
        make_revenue(partner=partner, occurred_at=days_ago(back), amount_minor=amount_minor)


def make_world(number: int = 8, *, seed: int = 1) -> list[Partner]:
    """Partners of different rhythm; every third one has been silent for some months."""
    chance = random.Random(seed)
    partners = []
    for index in range(number):
        partner = make_partner(since=BEGUN, tier=chance.choice(["gold", "silver"]))
        gap = chance.choice([7, 14, 30])
        last = chance.randrange(90, 200) if index % 3 == 0 else chance.randrange(gap)
        sell(partner, every=gap, last=last, amount_minor=chance.randrange(20_000, 900_000))
        partners.append(partner)
    return partners


def forget_sales(partner: Partner) -> None:
    RevenueEntry.objects.filter(partner=partner).delete()
