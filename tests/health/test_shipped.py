"""The shipped default as data: complete weights, and knots that never lose a ranking."""

from decimal import Decimal
from itertools import pairwise

import pytest

from health.rhythm import SHIPPED_PARAMETERS
from health.shipped import ADDED_MEASURES, RHYTHM_PARAMETERS, STAGE_WEIGHTS


@pytest.mark.parametrize("stage", ["recruit", "onboarding", "growth", "evaluation", "expansion", "exit"])
def test_weights_of_a_stage_add_up_to_100(stage):
    assert sum(STAGE_WEIGHTS[stage].values()) == 100
    assert min(STAGE_WEIGHTS[stage].values()) > 0


@pytest.mark.parametrize("measure", ADDED_MEASURES, ids=lambda measure: measure["key"])
def test_knots_of_an_added_measure_rise_strictly_from_0_to_100(measure):
    knots = [(Decimal(x), Decimal(score)) for x, score in measure["knots"]]
    assert knots[0][1] == 0
    assert knots[-1][1] == 100
    assert all(left[0] < right[0] and left[1] < right[1] for left, right in pairwise(knots))


@pytest.mark.parametrize("stage", ["growth", "evaluation", "expansion"])
def test_sales_alone_carry_enough_of_the_score_to_be_shown(stage):
    """0.35 is the edge between low confidence and not enough data."""
    weights = STAGE_WEIGHTS[stage]
    assert weights["revenue_growth"] + weights["deal_rhythm"] + weights["trade_depth"] == 35


def test_shipped_parameters_are_those_of_the_data():
    assert SHIPPED_PARAMETERS.as_dict() == RHYTHM_PARAMETERS
