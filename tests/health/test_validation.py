"""The metrics of the backtest: golden figures, ties, and intervals that resample partners."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from health import validation
from health.validation import Interval

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "other.json").read_text())["kpi"]["backtest"]
LEFT = [1, 0, 1, 0, 0, 0, 1, 0, 0, 0]
RISK = [0.6, 0.5, 0.4, 0.3, 0.2, 0.2, 0.2, 0.1, 0.1, 0.05]


def rows(seed=5, partners=300):
    """Rows of `partners` partners with one to four rows each: risk with ties, left, partner."""
    random = np.random.default_rng(seed)
    partner = np.repeat(np.arange(partners), random.integers(1, 5, partners))
    risk = np.round(random.normal(size=len(partner)), 1)
    left = (random.uniform(size=len(partner)) < 1 / (1 + np.exp(1 - risk))).astype(int)
    return risk, left, partner


def test_metrics_meet_the_golden_figures():
    assert round(validation.roc_auc(RISK, LEFT), 4) == GOLDEN["auc"]
    assert round(validation.average_precision(RISK, LEFT), 4) == GOLDEN["ap"]
    assert round(validation.brier(RISK, LEFT), 5) == GOLDEN["brier"]
    assert round(validation.brier([0.3] * 10, LEFT), 5) == GOLDEN["brier_ref"]
    assert round(validation.brier_skill(RISK, LEFT), 4) == 0.2369


def test_auc_counts_every_pair_and_ties_as_half():
    risk, left, _ = rows()
    leavers, stayers = risk[left == 1], risk[left == 0]
    wins = sum(float((leaver > stayers).sum() + (leaver == stayers).sum() / 2) for leaver in leavers)
    assert validation.roc_auc(risk, left) == pytest.approx(wins / (len(leavers) * len(stayers)), abs=1e-12)
    assert validation.roc_auc([1, 1, 1], [1, 0, 1]) == 0.5


def test_average_precision_does_not_depend_on_the_order_of_tied_rows():
    assert (
        validation.average_precision([1, 1, 0], [1, 0, 0]) == validation.average_precision([1, 1, 0], [0, 1, 0]) == 0.5
    )


@pytest.mark.parametrize("left", [[], [0, 0], [1, 1]])
def test_metrics_that_cannot_be_computed_are_nan(left):
    risk = [0.1, 0.2][: len(left)]
    assert math.isnan(validation.roc_auc(risk, left))
    assert math.isnan(validation.brier_skill(risk, left))
    if not sum(left):
        assert math.isnan(validation.average_precision(risk, left))
        assert math.isnan(validation.lift(risk, left))
        assert math.isnan(validation.worst_share(risk, left).captured)


def test_auc_refuses_a_row_without_a_number():
    with pytest.raises(ValueError, match="a number for every row"):
        validation.roc_auc([0.1, math.nan], [0, 1])


def test_lift_is_precision_in_the_worst_tenth_over_the_base_rate():
    risk = list(range(300))[::-1]
    left = [1] * 9 + [0] * 21 + [1] * 15 + [0] * 255
    assert validation.lift(risk, left) == pytest.approx(3.75)
    worst = validation.worst_share(risk, left)
    assert (worst.rows, worst.left, worst.captured) == (30.0, pytest.approx(0.3), pytest.approx(0.375))


def test_worst_share_counts_rows_tied_at_the_cut_in_part():
    risk = [9] + [5] * 3 + [1] * 16
    for place in (1, 2, 3):
        left = [1] + [0] * 19
        left[place] = 1
        worst = validation.worst_share(risk, left)
        assert worst.rows == 2.0
        assert worst.left == pytest.approx((1 + 1 / 3) / 2)
        assert worst.captured == pytest.approx((1 + 1 / 3) / 2)


def test_weighted_auc_equals_the_auc_of_repeated_rows():
    risk, left, _ = rows(partners=60)
    times = np.random.default_rng(2).integers(0, 4, len(risk))
    weighted = validation._Ranking.of(risk).auc(left.astype(float), times[None, :].astype(float))
    assert weighted[0] == pytest.approx(validation.roc_auc(np.repeat(risk, times), np.repeat(left, times)), abs=1e-12)


def test_interval_holds_the_estimate_and_repeats_with_its_seed():
    risk, left, partner = rows()
    first = validation.compare_auc({"score": risk}, left, partner)
    assert first == validation.compare_auc({"score": risk}, left, partner)
    interval = first.auc["score"]
    assert interval.estimate == validation.roc_auc(risk, left)
    assert interval.low < interval.estimate < interval.high
    assert first.ahead == {}


def test_interval_does_not_depend_on_how_many_draws_are_made_at_once(monkeypatch):
    risk, left, partner = rows()
    whole = validation.compare_auc({"score": risk}, left, partner, resamples=200)
    monkeypatch.setattr(validation, "CELLS_AT_ONCE", len(risk) * 7)
    assert validation.compare_auc({"score": risk}, left, partner, resamples=200) == whole


def test_interval_resamples_partners_and_not_rows():
    risk, left, partner = rows()
    once = validation.compare_auc({"score": risk}, left, partner).auc["score"]
    copied = validation.compare_auc({"score": np.tile(risk, 4)}, np.tile(left, 4), np.tile(partner, 4)).auc["score"]
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=1e-6)
    strangers = np.arange(4 * len(risk))
    naive = validation.compare_auc({"score": np.tile(risk, 4)}, np.tile(left, 4), strangers).auc["score"]
    assert naive.high - naive.low < 0.7 * (once.high - once.low)


def test_difference_is_paired():
    risk, left, partner = rows()
    noise = np.random.default_rng(9).normal(size=len(risk))
    compared = validation.compare_auc(
        {"score": risk, "twice": risk * 2, "noise": noise}, left, partner, reference="score"
    )
    assert compared.ahead["twice"] == Interval(0.0, 0.0, 0.0)
    assert compared.ahead["noise"].low > 0
    assert set(compared.ahead) == {"twice", "noise"}


def test_interval_of_rows_without_a_leaver_is_nan():
    interval = validation.compare_auc({"score": [1, 2]}, [0, 0], [1, 2], resamples=10).auc["score"]
    assert [math.isnan(value) for value in (interval.estimate, interval.low, interval.high)] == [True] * 3
