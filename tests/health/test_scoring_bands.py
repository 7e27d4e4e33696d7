"""Published bands day by day, alerts and trend."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from health.scoring import BandState, change, nearest_run, step_band, trend
from health.scoring.alerts import (
    band_holds,
    band_raised,
    coverage_holds,
    coverage_raised,
    drop_holds,
    drop_points,
    exception_raised,
    may_close,
    notify_again,
)
from tests.health.examples import MODEL, OTHER, example_1, example_3_later, scored

MONDAY = date(2026, 3, 2)


def run(state, scores, *, start=MONDAY, step=1, exception_binds=False):
    """States after each score, one run every `step` days."""
    states = []
    for number, value in enumerate(scores):
        day = start + timedelta(days=number * step)
        points = None if value is None else Decimal(str(value))
        state = step_band(MODEL, state, points, exception_binds=exception_binds, run_date=day)
        states.append(state)
    return states


def published(band):
    return BandState(published=band, since=MONDAY, last_run=MONDAY - timedelta(days=1))


@pytest.mark.parametrize("case", OTHER["hysteresis"], ids=lambda case: case["scores"][1])
def test_hysteresis_gives_the_golden_bands(case):
    assert [state.published for state in run(published(case["start"]), case["scores"])] == case["bands"]


def test_a_first_score_publishes_its_raw_band():
    (state,) = run(BandState(), [49.9])
    assert (state.published, state.since, state.changes) == ("D", MONDAY, ())


def test_a_binding_exception_lowers_the_band_at_once():
    (state,) = run(published("C"), ["49.0"], exception_binds=True)
    assert state.published == "D"
    (state,) = run(published("C"), ["20.0"], exception_binds=True)
    assert state.published == "E"
    (state,) = run(published("C"), ["49.0"])
    assert state.published == "C"


def test_two_runs_below_go_to_the_raw_band_of_the_second():
    assert [state.published for state in run(published("A"), [77, 72.1])] == ["A", "B"]
    assert [state.published for state in run(published("A"), [77, 72])] == ["A", "B"]
    assert [state.published for state in run(published("A"), [30])] == ["E"]


def test_up_goes_one_band_after_three_runs():
    assert [state.published for state in run(published("D"), [90] * 7)] == ["D", "D", "C", "C", "C", "B", "B"]


def test_a_gap_of_more_than_three_days_resets_the_counters():
    assert [state.published for state in run(published("B"), [62, 62, 62], step=3)] == ["B", "C", "C"]
    assert [state.published for state in run(published("B"), [62, 62, 62], step=4)] == ["B", "B", "B"]


def test_a_second_run_of_the_same_day_replaces_the_first():
    (first,) = run(published("B"), [62])
    again = step_band(MODEL, first, Decimal(62), exception_binds=False, run_date=MONDAY)
    assert again == first
    repaired = step_band(MODEL, first, Decimal(70), exception_binds=False, run_date=MONDAY)
    assert (repaired.published, repaired.below) == ("B", 0)
    (next_day,) = run(first, [62], start=MONDAY + timedelta(days=1))
    assert next_day.published == "C"


def test_a_run_before_the_last_one_is_refused():
    with pytest.raises(ValueError, match="comes after"):
        step_band(MODEL, published("B"), Decimal(62), exception_binds=False, run_date=MONDAY - timedelta(days=2))


def test_without_enough_data_nothing_is_published_and_the_next_score_starts_anew():
    states = run(published("B"), [62, None, 62, 40])
    assert [state.published for state in states] == ["B", None, "C", "D"]
    assert states[1].since == MONDAY + timedelta(days=1)


def test_four_changes_in_thirty_days_mute_band_alerts_for_fourteen():
    states = run(published("B"), [50, 70, 70, 70, 50, 70, 70, 70])
    assert [state.published for state in states] == ["C", "C", "C", "B", "C", "C", "C", "B"]
    assert [state.muted(MONDAY + timedelta(days=number)) for number, state in enumerate(states)] == [False] * 7 + [True]
    last = MONDAY + timedelta(days=7)
    assert states[-1].unstable_until == last + timedelta(days=14)
    assert states[-1].muted(last + timedelta(days=13)) is True
    assert states[-1].muted(last + timedelta(days=14)) is False


def test_three_changes_stay_stable():
    assert run(published("B"), [50, 70, 70, 70, 50])[-1].unstable_until is None


def test_changes_older_than_thirty_days_do_not_count():
    states = run(published("B"), [50, 70, 70, 70, 50])
    later = run(states[-1], [70, 70, 70], start=MONDAY + timedelta(days=34))
    assert later[-1].published == "B"
    assert later[-1].unstable_until is None


def test_state_survives_json():
    state = run(published("B"), [50, 70, 70, 70, 50, 70, 70, 70])[-1]
    assert BandState.from_json(state.to_json()) == state
    assert BandState.from_json({}) == BandState()


def test_band_alert_is_raised_when_the_band_becomes_d_or_e():
    enough = Decimal("0.8")
    raised = {
        (before, now): band_raised(MODEL, before, now, coverage=enough)
        for before, now in [("C", "D"), ("D", "E"), ("B", "C"), ("E", "D"), ("D", "D"), (None, "D"), ("D", None)]
    }
    assert [pair for pair, is_raised in raised.items() if is_raised] == [("C", "D"), ("D", "E"), (None, "D")]
    assert band_raised(MODEL, "C", "D", coverage=enough, muted=True) is False
    assert [band for band in MODEL.bands if band_holds(MODEL, band)] == ["D", "E"]


def test_band_alert_with_low_coverage_needs_an_exception():
    assert band_raised(MODEL, "C", "D", coverage=Decimal("0.4999")) is False
    assert band_raised(MODEL, "C", "D", coverage=Decimal("0.4999"), exception_binds=True) is True


def test_drop_alert_leaves_out_what_was_only_reweighted():
    table = change(scored("growth", example_1(survey_age=130)), scored("evaluation", example_3_later()))
    assert drop_points(table) == Decimal("11.8820")
    assert drop_holds(MODEL, table, "high") is True
    assert drop_holds(MODEL, table, "medium") is True
    assert drop_holds(MODEL, table, "low") is False
    assert drop_holds(MODEL, None, "high") is False
    only_stage = change(scored("growth", example_1()), scored("recruit", example_1()))
    assert drop_points(only_stage) == 0
    assert drop_holds(MODEL, only_stage, "high") is False


def test_exception_alert_names_what_is_new():
    assert exception_raised(["payment_dispute"], ["payment_dispute", "notice_received"]) == {"notice_received"}
    assert exception_raised(["payment_dispute"], []) == frozenset()


def test_coverage_alert_needs_a_fall():
    assert coverage_raised(MODEL, Decimal("0.35"), Decimal("0.3499")) is True
    assert coverage_raised(MODEL, Decimal("0.3"), Decimal("0.2")) is False
    assert coverage_raised(MODEL, None, Decimal("0.2")) is False
    assert coverage_holds(MODEL, Decimal("0.35")) is False


def test_open_alerts_are_repeated_and_closed_by_rule():
    assert notify_again(MODEL, MONDAY, MONDAY + timedelta(days=13), worse=False) is False
    assert notify_again(MODEL, MONDAY, MONDAY + timedelta(days=14), worse=False) is True
    assert notify_again(MODEL, MONDAY, MONDAY, worse=True) is True
    assert [may_close(MODEL, runs) for runs in (0, 2, 3)] == [False, False, True]


@pytest.mark.parametrize(
    ("difference", "direction"),
    [("5", "rising"), ("4.9999", "steady"), ("-4.9999", "steady"), ("-5", "falling"), (None, None)],
)
def test_trend_starts_at_five_points(difference, direction):
    assert trend(MODEL, None if difference is None else Decimal(difference)) == direction


def test_trend_compares_with_the_nearest_run_within_three_days():
    runs = {MONDAY - timedelta(days=away): Decimal(away) for away in (4, 2, -2, -3)}
    assert nearest_run(MODEL, runs, MONDAY) == 2
    assert nearest_run(MODEL, {MONDAY - timedelta(days=4): Decimal(1)}, MONDAY) is None
    assert nearest_run(MODEL, {MONDAY + timedelta(days=3): Decimal(1)}, MONDAY) == 1
