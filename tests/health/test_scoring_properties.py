"""Properties that hold for any partner: sums, bounds, monotony, ageing, replay, calm bands."""

import json
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from health.scoring import BandState, Reading, change, display_lines, display_score, replay, score, step_band, to_detail
from health.scoring.alerts import drop_points
from tests.health.examples import MODEL, PLAIN_MODEL, example_1

KEYS = sorted(PLAIN_MODEL.measures)
SIGNALS = sorted(PLAIN_MODEL.signal_weights)
STAGES = PLAIN_MODEL.stages
CASES = settings(max_examples=70, deadline=None)

scores = st.decimals(min_value=0, max_value=100, places=3)
plain_readings = st.builds(
    lambda s, age, n, liveness, status: Reading({"s": s}, n=n, age_days=age, liveness_days=liveness, status=status),
    scores,
    st.integers(0, 420),
    st.integers(0, 4),
    st.none() | st.integers(0, 70),
    st.sampled_from(["ok", "ok", "ok", "suppressed"]),
)
partners = st.dictionaries(st.sampled_from(KEYS), plain_readings)
profiles = st.builds(
    lambda stage, away, connected: PLAIN_MODEL.profile(stage, not_applicable=away, connected=connected),
    st.sampled_from(STAGES),
    st.frozensets(st.sampled_from(SIGNALS), max_size=8),
    st.none() | st.frozensets(st.sampled_from(KEYS)),
)
results = st.builds(
    lambda profile, readings, exceptions, override: score(profile, readings, exceptions=exceptions, override=override),
    profiles,
    partners,
    st.frozensets(st.sampled_from(sorted(PLAIN_MODEL.caps)), max_size=2),
    st.none() | st.decimals(min_value=0, max_value=100, places=2),
)
full_partners = st.fixed_dictionaries(dict.fromkeys(KEYS, plain_readings))


@CASES
@given(results)
def test_score_is_the_exact_sum_of_its_lines(result):
    lines = sum((row.c for row in result.rows), Decimal(60))
    assert result.score == lines + sum(amount for _, amount in result.adjustments)
    assert result.score == 60 + sum(result.group_contributions().values()) + sum(dict(result.adjustments).values())
    assert sum(result.signal_contributions().values()) == sum(result.group_contributions().values())
    assert result.score.as_tuple().exponent == -4


@CASES
@given(results, results)
def test_change_rows_sum_exactly_to_the_difference(before, after):
    table = change(before, after)
    assert sum(row.total for row in table.rows) == after.score - before.score == table.total
    assert len({row.key for row in table.rows}) == len(table.rows)
    for row in table.rows:
        assert all(part.as_tuple().exponent >= -4 for part in row[1:])


@CASES
@given(results)
def test_nothing_changed_gives_no_rows(result):
    assert change(result, result).moved() == ()


@CASES
@given(results)
def test_score_and_coverage_stay_within_bounds(result):
    assert 0 <= result.score <= 100
    assert 0 <= result.coverage <= 1
    assert 0 <= result.breadth <= 1


@CASES
@given(profiles, st.sampled_from(["0", "100"]))
def test_extreme_partners_stay_within_bounds(profile, extreme):
    result = score(profile, dict.fromkeys(KEYS, Reading({"s": extreme}, n=3, age_days=0)))
    assert 0 <= result.score <= 100
    assert result.coverage in {Decimal(0), Decimal(1)}


@CASES
@given(results)
def test_printed_lines_add_up_and_stay_within_a_tenth(result):
    printed = display_lines(result)
    exact = {"baseline": Decimal(60), **result.signal_contributions(), **dict(result.adjustments)}
    assert sum(printed.values()) == display_score(result.score)
    assert printed.keys() == exact.keys()
    assert all(abs(printed[key] - exact[key]) < Decimal("0.1") for key in exact)


@CASES
@given(profiles, full_partners, st.sampled_from(KEYS), scores)
def test_improving_a_score_never_lowers_the_total(profile, readings, key, other):
    worse, better = sorted([readings[key].raw["s"], other])
    low = score(profile, {**readings, key: _with(readings[key], s=worse)})
    high = score(profile, {**readings, key: _with(readings[key], s=better)})
    assert low.score <= high.score
    assert low.coverage == high.coverage


RAW_FIELDS = [
    ("touchpoint_frequency", "count", 1, 10),
    ("revenue_growth", "now", 1, 20000),
    ("joint_wins", "won", 1, 14),
    ("requirement_clarity.rework", "returned", -1, 20),
    ("approval_cycle_time", "median", -1, 15),
    ("defect_rate", "defects", -1, 30),
    ("issue_resolution.sla", "in_time", 1, 12),
    ("issue_resolution.backlog", "oldest_overdue", -1, 40),
    ("engagement.days", "days", 1, 30),
    ("on_time_delivery", "on_time", 1, 19),
    ("joint_marketing", "opportunities", 1, 80),
    ("training.certified", "certified", 1, 8),
]


@CASES
@given(st.sampled_from(RAW_FIELDS), st.data())
def test_improving_a_raw_value_never_lowers_the_total(measured, data):
    key, name, direction, most = measured
    first, second = sorted(data.draw(st.lists(st.integers(0, most), min_size=2, max_size=2)))
    worse, better = (first, second) if direction > 0 else (second, first)
    profile = MODEL.profile("growth", tier="gold")
    readings = example_1()
    low, high = (
        score(profile, {**readings, key: _with(readings[key], **{name: value})}).score for value in (worse, better)
    )
    assert low <= high


@CASES
@given(profiles, partners, st.sampled_from(KEYS))
def test_removing_data_moves_only_that_row(profile, readings, key):
    before = score(profile, readings)
    after = score(profile, {name: reading for name, reading in readings.items() if name != key})
    assert [row for row in before.rows if row.key != key] == [row for row in after.rows if row.key != key]
    assert {row.key for row in change(before, after).moved()} <= {key, "rounding"}


@CASES
@given(profiles, full_partners, st.sampled_from(KEYS), st.integers(1, 200))
def test_ageing_moves_a_contribution_towards_zero_and_never_past_it(profile, readings, key, days):
    reading = readings[key]
    older = Reading(reading.raw, n=reading.n, age_days=reading.age_days + days, status=reading.status)
    younger = Reading(reading.raw, n=reading.n, age_days=reading.age_days, status=reading.status)
    young = {row.key: row.c for row in score(profile, {key: younger}).rows}.get(key, Decimal(0))
    old = {row.key: row.c for row in score(profile, {key: older}).rows}.get(key, Decimal(0))
    assert abs(old) <= abs(young)
    assert old * young >= 0


@CASES
@given(results)
def test_replay_of_a_stored_snapshot_is_identical(result):
    detail = json.loads(json.dumps(to_detail(result)))
    again = replay(PLAIN_MODEL, detail)
    assert to_detail(again) == to_detail(result)
    assert [str(value) for value in (again.score, again.model_score, again.coverage, again.breadth)] == [
        str(value) for value in (result.score, result.model_score, result.coverage, result.breadth)
    ]
    assert (again.confidence, again.raw_band, again.adjustments) == (
        result.confidence,
        result.raw_band,
        result.adjustments,
    )


@CASES
@given(st.sampled_from(PLAIN_MODEL.stages), st.sampled_from(PLAIN_MODEL.stages), full_partners)
def test_a_move_between_stages_loses_nothing_but_weight(before, after, readings):
    """A stage change alone is reweighted, so it can never raise a drop alert."""
    first, second = (score(PLAIN_MODEL.profile(stage), readings) for stage in (before, after))
    moved = [row for row in change(first, second).moved() if row.key != "rounding"]
    assert all(row.value == row.freshness == row.evidence == 0 for row in moved)
    assert drop_points(change(first, second)) == 0


@CASES
@given(st.decimals(min_value=0, max_value=100, places=4), st.booleans())
def test_a_constant_score_changes_nothing_after_the_first_day(value, binds):
    states = _run(BandState(), [value] * 40, binds)
    assert {state.published for state in states} == {PLAIN_MODEL.raw_band(value)}


@CASES
@given(st.sampled_from([80, 65, 50, 35]), st.sampled_from(PLAIN_MODEL.bands), st.data())
def test_a_score_swinging_one_point_around_an_edge_never_changes_the_band(edge, start, data):
    beside = {80: "AB", 65: "BC", 50: "CD", 35: "DE"}[edge]
    published = start if start in beside else beside[0]
    swing = data.draw(st.lists(st.sampled_from([edge - 1, edge + 1, edge]), min_size=5, max_size=40))
    states = _run(BandState(published=published), swing)
    assert {state.published for state in states} == {published}


def _with(reading, **raw):
    return Reading(
        {**reading.raw, **raw},
        n=reading.n,
        age_days=reading.age_days,
        liveness_days=reading.liveness_days,
        status=reading.status,
    )


def _run(state, values, exception_binds=False):
    states = []
    for number, value in enumerate(values):
        state = step_band(
            PLAIN_MODEL,
            state,
            Decimal(value),
            exception_binds=exception_binds,
            run_date=date(2026, 1, 1) + timedelta(days=number),
        )
        states.append(state)
    return states
