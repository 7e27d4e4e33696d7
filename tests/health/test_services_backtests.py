"""The backtest: who is eligible, who left, what is known then, and figures that can be checked by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core import clock
from core.errors import DomainError
from health.models import BacktestRun
from health.services.backtests import EXIT, SILENCE, backtest, month_starts
from lifecycle.models import StageChange
from tests.factories import make_partner, make_revenue
from tests.health.world import BEGUN, at

DAY = date(2026, 3, 1)  # as of the start of this day
OPENING = clock.end_of_day(DAY - timedelta(days=1))


def buyer(*backs, **fields):
    """A partner with a sale at noon of each given number of days before DAY (negative: after)."""
    partner = make_partner(since=BEGUN)
    for back in backs:
        make_revenue(partner=partner, occurred_at=at(DAY - timedelta(days=back)), **fields)
    return partner


@pytest.fixture
def market(db):
    """Ten partners: five go on, three fall silent, two are not eligible."""
    for number in range(5):
        buyer(*range(10 + number, 300, 10), -5, -80)
    for number in range(3):
        buyer(*range(60 + number, 300, 60))
    buyer(91, -3)
    buyer(-4)


def test_eligible_partners_bought_in_ninety_days_and_exits_buy_nothing_in_the_horizon(market):
    buyer(-95)  # so that the horizon is over
    found = backtest(days=[DAY]).results
    assert (found["rows"], found["partners"], found["exits"]) == (8, 8, 3)
    assert found["days"] == [{"day": "2026-03-01", "rows": 8, "exits": 3, "auc": 1.0}]
    assert found["rankings"]["recency"]["auc"][0] == 1.0
    assert found["rankings"]["score"]["auc"][0] == 1.0
    assert found["few_exits"] is True


def test_edges_of_the_windows_are_the_starts_of_days(db):
    inside = make_partner(since=BEGUN)
    make_revenue(partner=inside, occurred_at=OPENING - timedelta(days=90))
    outside = make_partner(since=BEGUN)
    make_revenue(partner=outside, occurred_at=OPENING - timedelta(days=90, seconds=1))
    back = make_partner(since=BEGUN)
    make_revenue(partner=back, occurred_at=OPENING - timedelta(days=1))
    make_revenue(partner=back, occurred_at=OPENING)
    late = make_partner(since=BEGUN)
    make_revenue(partner=late, occurred_at=OPENING - timedelta(days=1))
    make_revenue(partner=late, occurred_at=OPENING + timedelta(days=90))
    found = backtest(days=[DAY], horizon=90).results
    assert (found["rows"], found["exits"]) == (3, 2)


def test_reversals_are_no_sales(db):
    returned = buyer(20)
    make_revenue(partner=returned, occurred_at=at(DAY + timedelta(days=5)), amount_minor=-100_000)
    only_returns = make_partner(since=BEGUN)
    make_revenue(partner=only_returns, occurred_at=at(DAY - timedelta(days=5)), amount_minor=-100_000)
    buyer(30, -5, -95)
    found = backtest(days=[DAY]).results
    assert (found["rows"], found["exits"]) == (2, 1)


def test_rows_known_later_are_not_used(market):
    buyer(-95)
    before = backtest(days=[DAY]).results
    late = buyer()
    for back in (5, 15, 25):
        make_revenue(partner=late, occurred_at=at(DAY - timedelta(days=back)), known_at=OPENING)
    assert backtest(days=[DAY]).results == before


def test_days_whose_horizon_is_not_over_are_left_out_and_named(market):
    buyer(-95)
    later = DAY + timedelta(days=60)
    run = backtest(days=[DAY, later])
    assert run.parameters["days"] == ["2026-03-01"]
    assert run.parameters["skipped"] == [later.isoformat()]


def test_nothing_known_then_is_refused_in_words(db):
    partner = make_partner(since=BEGUN)
    for back in (5, -30, -95):
        make_revenue(partner=partner, occurred_at=at(DAY - timedelta(days=back)), known_at=clock.now())
    with pytest.raises(DomainError, match="known"):
        backtest(days=[DAY])
    assert not BacktestRun.objects.exists()


def test_recorded_exits_are_the_label_when_there_are_any(market):
    leaver = buyer(*range(10, 300, 10))
    moved = at(DAY + timedelta(days=20))
    StageChange.objects.create(partner=leaver, to_stage="exit", occurred_at=moved, known_at=moved)
    run = backtest(days=[DAY])
    assert run.parameters["label"] == EXIT
    assert run.results["exits"] == 1
    assert backtest(days=[DAY], label=SILENCE, horizon=60).parameters["label"] == SILENCE


def test_month_starts_keep_the_day_of_the_month():
    assert month_starts(date(2011, 6, 1), date(2011, 9, 1)) == [date(2011, month, 1) for month in (6, 7, 8, 9)]
    assert month_starts(date(2023, 12, 31), date(2024, 3, 1)) == [
        date(2023, 12, 31),
        date(2024, 1, 31),
        date(2024, 2, 29),
    ]
    assert month_starts(date(2024, 1, 2), date(2024, 1, 1)) == []
