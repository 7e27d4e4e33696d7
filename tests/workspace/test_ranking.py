"""The order of Today: the weights as tables, and where good news stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from workspace.ranking import Rank, in_order, rank_of, urgency_weight, value_weight

TODAY = date(2026, 11, 20)


@dataclass(frozen=True)
class Entry:
    key: str
    rank: Rank
    is_good_news: bool = False


def entry(key: str, severity: float, *, age: int = 0, good: bool = False) -> Entry:
    return Entry(key, Rank(severity, 1.0, 1.0, age), good)


@pytest.mark.parametrize(
    ("tier", "revenue", "typical", "weight"),
    [
        ("registered", None, None, 1.0),
        ("strategic", None, None, 2.0),
        ("registered", 100, 100, 1.5),
        ("registered", 1500, 100, 3.0),
        ("registered", 1_000_000, 100, 3.0),
        ("strategic", 100, 100, 2.0),
        ("registered", 100, None, 1.0),
        ("registered", -50, 100, 1.0),
        ("unheard of", None, None, 1.0),
    ],
)
def test_value_weight_is_the_larger_of_tier_and_revenue(tier, revenue, typical, weight):
    assert value_weight(tier, revenue_minor=revenue, typical_minor=typical) == weight


@pytest.mark.parametrize(
    ("days", "weight"), [(-60, 3.0), (-30, 3.0), (-15, 2.5), (0, 2.0), (1, 2.0), (2, 1.75), (14, 1.25), (15, 1.0)]
)
def test_urgency_grows_towards_the_due_date_and_beyond(days, weight):
    assert urgency_weight(today=TODAY, due_on=TODAY + timedelta(days=days), since=TODAY) == weight


@pytest.mark.parametrize(("age", "weight"), [(0, 1.75), (2, 1.75), (3, 1.5), (7, 1.5), (30, 1.25), (31, 1.0)])
def test_urgency_of_news_fades(age, weight):
    assert urgency_weight(today=TODAY, due_on=None, since=TODAY - timedelta(days=age)) == weight


def test_rank_is_the_product_that_is_printed():
    rank = rank_of(4, 1.6, today=TODAY, due_on=None, since=TODAY - timedelta(days=5))
    assert (rank.severity, rank.value, rank.urgency, rank.age, rank.total) == (4, 1.6, 1.5, 5, 9.6)


def test_severity_is_capped():
    assert rank_of(12, 1, today=TODAY, due_on=None, since=TODAY).severity == 6


def test_order_is_by_rank_then_age_then_as_given():
    entries = [entry("9", 1), entry("10", 1), entry("old", 1, age=9), entry("top", 5)]
    assert [one.key for one in in_order(entries)] == ["top", "old", "9", "10"]


def test_good_news_never_stands_below_place_five():
    entries = [entry(f"bad{n}", 5) for n in range(9)] + [entry("good", 1, good=True)]
    assert [one.key for one in in_order(entries)].index("good") == 4


def test_two_good_news_take_places_four_and_five():
    entries = [entry(f"bad{n}", 5) for n in range(9)] + [entry("g1", 1, good=True), entry("g2", 1, good=True)]
    assert [one.key for one in in_order(entries)][3:5] == ["g1", "g2"]


def test_good_news_keeps_a_better_place():
    assert [one.key for one in in_order([entry("bad", 1), entry("good", 2, good=True)])] == ["good", "bad"]


def test_order_of_nothing_is_nothing():
    assert in_order([]) == []
