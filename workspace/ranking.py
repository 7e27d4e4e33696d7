"""The order of the Today queue: severity x value x urgency, ties by age. Pure arithmetic, no Django.

Everything that goes into a rank is kept in `Rank`, so that the page can print why an item stands where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

GOOD_NEWS_PLACE = 5
MAX_SEVERITY = 6
MAX_VALUE = 3.0
LATE_STEP_DAYS = 30
TIER_VALUE = {"strategic": 2.0, "gold": 1.6, "silver": 1.25, "registered": 1.0}

# Urgency of something due: (at most this many days away, weight); later than the last step: 1.
DUE_STEPS = ((1, 2.0), (5, 1.75), (14, 1.25))
# Urgency of news without a due date: (at most this many days old, weight); older than the last step: 1.
NEWS_STEPS = ((2, 1.75), (7, 1.5), (30, 1.25))


@dataclass(frozen=True, slots=True)
class Rank:
    """`total` is the product, rounded to two decimals as it is printed; `age` in days breaks ties, older first."""

    severity: float
    value: float
    urgency: float
    age: int

    @property
    def total(self) -> float:
        return round(self.severity * self.value * self.urgency, 2)


class Ranked(Protocol):
    """What can be put in order."""

    @property
    def rank(self) -> Rank: ...

    @property
    def is_good_news(self) -> bool: ...


Entry = TypeVar("Entry", bound=Ranked)


def value_weight(tier: str, *, revenue_minor: int | None, typical_minor: int | None) -> float:
    """1 to 3: the larger of what the tier says and what the revenue of 365 days says against the typical partner's.

    A partner who brings what the typical one brings weighs 1.5, one who brings fifteen times as much weighs 3.
    """
    by_tier = TIER_VALUE.get(tier, 1.0)
    if not revenue_minor or revenue_minor <= 0 or not typical_minor or typical_minor <= 0:
        return by_tier
    by_revenue = 1 + math.log2(1 + revenue_minor / typical_minor) / 2
    return round(max(by_tier, min(by_revenue, MAX_VALUE)), 2)


def urgency_weight(*, today: date, due_on: date | None, since: date) -> float:
    """1 to 3: by the due date when there is one (late ones grow for 30 days), else by how fresh the news is."""
    if due_on is None:
        age = (today - since).days
        return next((weight for days, weight in NEWS_STEPS if age <= days), 1.0)
    ahead = (due_on - today).days
    if ahead < 0:
        return round(2.0 + min(1.0, -ahead / LATE_STEP_DAYS), 2)
    return next((weight for days, weight in DUE_STEPS if ahead <= days), 1.0)


def rank_of(severity: float, value: float, *, today: date, due_on: date | None, since: date) -> Rank:
    return Rank(
        severity=min(severity, MAX_SEVERITY),
        value=value,
        urgency=urgency_weight(today=today, due_on=due_on, since=since),
        age=max(0, (today - (since if due_on is None else min(since, due_on))).days),
    )


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Highest rank first, older first among equals, then as given; good news moved up: none stands below place 5."""
    ordered = sorted(entries, key=_place)
    good = [entry for entry in ordered if entry.is_good_news][:GOOD_NEWS_PLACE]
    rest = [entry for entry in ordered if not entry.is_good_news]
    result: list[Entry] = []
    for place in range(len(good) + len(rest)):
        left = GOOD_NEWS_PLACE - place
        next_is_good = good and (not rest or left <= len(good) or _place(good[0]) < _place(rest[0]))
        result.append(good.pop(0) if next_is_good else rest.pop(0))
    return result


def _place(entry: Ranked) -> tuple[float, int]:
    return -entry.rank.total, -entry.rank.age
