"""The worked examples of the method, every row and every digit."""

from decimal import Decimal

import pytest

from health.scoring import change, display_lines, display_score, helps, score
from tests.health.examples import (
    GOLDEN,
    MODEL,
    PLAIN_MODEL,
    as_golden,
    example_1,
    example_2,
    example_3_later,
    plain,
    scored,
)


def test_example_1_gives_every_row():
    assert as_golden(scored("growth", example_1())) == GOLDEN["ex1_growth_full"]


def test_example_1_without_cost_savings_counts_it_as_neutral():
    readings = example_1()
    del readings["cost_savings"]
    assert as_golden(scored("growth", readings)) == GOLDEN["ex1_missing_cost_savings"]


def test_example_1_where_cost_savings_do_not_apply_scales_the_others():
    result = scored("growth", example_1(), not_applicable=("cost_savings",))
    assert as_golden(result) == GOLDEN["ex1_not_applicable_cost_savings"]


def test_example_1_groups_are_sums_of_their_measures():
    assert scored("growth", example_1()).group_contributions() == {
        "process": Decimal("3.4735"),
        "outcome": Decimal("4.7154"),
        "relationship": Decimal("2.9700"),
        "delivery": Decimal("3.0455"),
        "commitment": Decimal("2.4550"),
        "engagement": Decimal("1.4825"),
    }


def test_example_1_display_lines_add_up_to_the_printed_score():
    result = scored("growth", example_1())
    printed = {key: str(amount) for key, amount in display_lines(result).items()}
    assert printed == {
        "baseline": "60.0",
        "approval_cycle_time": "1.1",
        "requirement_clarity": "0.7",
        "touchpoint_frequency": "0.8",
        "communication_quality": "0.8",
        "revenue_growth": "2.0",
        "cost_savings": "0.4",
        "joint_wins": "1.6",
        "customer_acquisition": "0.6",
        "joint_marketing": "0.2",
        "sentiment": "1.3",
        "co_investment": "0.3",
        "perceived_fairness": "0.0",
        "trust": "0.9",
        "enthusiasm": "0.4",
        "joint_innovation": "0.0",
        "on_time_delivery": "0.7",
        "defect_rate": "0.8",
        "issue_resolution": "1.5",
        "renewal_likelihood": "0.9",
        "goals_attainment": "1.6",
        "engagement": "0.9",
        "training": "0.6",
    }
    assert sum(map(Decimal, printed.values())) == display_score(result.score) == Decimal("78.1")


def test_all_measures_at_their_best_give_100():
    result = score(PLAIN_MODEL.profile("growth"), dict.fromkeys(PLAIN_MODEL.measures, plain("100")))
    assert (str(result.score), str(result.coverage), result.raw_band) == ("100.0000", "1.0000", "A")


def test_no_data_give_60_and_no_band():
    result = scored("growth", {})
    assert (str(result.score), str(result.coverage), result.confidence, result.raw_band) == (
        "60.0000",
        "0.0000",
        "insufficient",
        None,
    )


def test_example_2_gives_every_row():
    assert as_golden(scored("onboarding", example_2())) == GOLDEN["ex2_onboarding_sparse"]


def test_example_2_only_the_lowest_cap_binds():
    result = scored("onboarding", example_2(), exceptions=["sponsor_departed", "escalation_overdue"])
    assert as_golden(result) == GOLDEN["ex2_capped"]
    assert result.exception_binds is True


def test_example_2_with_notice_received_is_critical():
    result = scored("onboarding", example_2(), exceptions=["notice_received"])
    assert dict(result.adjustments) == {"exception:notice_received": Decimal("-31.2456")}
    assert (str(result.score), result.raw_band) == ("20.0000", "E")


def test_example_2_override_is_a_row_of_its_own():
    result = scored(
        "onboarding", example_2(), exceptions=["escalation_overdue", "sponsor_departed"], override=Decimal(58)
    )
    assert as_golden(result) == GOLDEN["ex2_overridden"]
    assert result.computed_score == Decimal("49.0000")


def test_example_2_what_would_help_is_sorted_by_gain():
    advice = helps(scored("onboarding", example_2()), count=4)
    assert [(help_.key, str(help_.gain)) for help_ in advice] == [
        ("onboarding_progress", "6.0000"),
        ("touchpoint_frequency", "3.7336"),
        ("approval_cycle_time", "2.4000"),
        ("training.certified", "1.6500"),
    ]
    assert len(helps(scored("onboarding", example_2()))) == 3


def test_example_3_both_days_give_every_row():
    assert as_golden(scored("growth", example_1(survey_age=130))) == GOLDEN["ex3_t0"]
    assert as_golden(scored("evaluation", example_3_later())) == GOLDEN["ex3_t1"]


def test_example_3_change_gives_every_row():
    table = change(scored("growth", example_1(survey_age=130)), scored("evaluation", example_3_later()))
    columns = ("total", "value", "freshness", "reweight", "evidence")
    found = {row.key: {column: getattr(row, column) for column in columns} for row in table.rows}
    assert found == {
        key: {column: Decimal(text) for column, text in row.items()} for key, row in GOLDEN["ex3_change"].items()
    }
    assert {column: str(sum(row[column] for row in found.values())) for column in columns} == {
        "total": "-11.9527",
        "value": "-10.3196",
        "freshness": "-1.2024",
        "reweight": "-0.0707",
        "evidence": "-0.3600",
    }
    assert table.total == Decimal("-11.9527")
    assert [row.key for row in table.largest_falls()] == [
        "revenue_growth",
        "touchpoint_frequency",
        "issue_resolution.sla",
    ]


def test_change_rows_of_exceptions_and_overrides_complete_the_sum():
    before = scored("onboarding", example_2())
    after = scored("onboarding", example_2(), exceptions=["escalation_overdue"], override=Decimal(58))
    table = change(before, after)
    assert [(row.key, str(row.adjustment)) for row in table.moved()] == [
        ("override", "9.0000"),
        ("exception:escalation_overdue", "-2.2456"),
    ]
    assert table.total == Decimal("6.7544")


def test_score_refuses_an_unknown_exception_and_an_override_beyond_100():
    profile = MODEL.profile("growth")
    with pytest.raises(KeyError):
        score(profile, {}, exceptions=["bad_weather"])
    with pytest.raises(ValueError, match="from 0 to 100"):
        score(profile, {}, override=Decimal(101))
