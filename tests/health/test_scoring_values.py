"""Raw values to scores, ages to says, weights to profiles: tables of numbers."""

from decimal import Decimal
from fractions import Fraction

import pytest

from health.definitions import METHODS_1, shipped_default
from health.scoring import Reading, compile_model, normalise, score, shrink
from health.scoring.decimals import POINT4, from_fraction
from health.scoring.model import DecayLaw, say
from tests.health.examples import MODEL, OTHER, PLAIN_MODEL, example_1, fact, plain, survey

SHIPPED = compile_model(shipped_default())
KNOT_NAMES = {
    "sla_share": "issue_resolution.sla",
    "breach_age": "issue_resolution.backlog",
    "active_user_share": "engagement.users",
    "active_days": "engagement.days",
    "program_actions": "engagement.actions",
    "attendance": "engagement.attendance",
    "cert_share": "training.certified",
    "coinvest_ratio": "co_investment.matched",
    "pilots": "joint_innovation.pilots",
}


@pytest.mark.parametrize("name", OTHER["knots"])
def test_knots_give_the_golden_scores(name):
    curve = MODEL.measures[KNOT_NAMES.get(name, name)].curve
    assert {x: str(curve(Decimal(x))) for x in OTHER["knots"][name]} == OTHER["knots"][name]


@pytest.mark.parametrize("name", OTHER["decay"])
def test_decay_gives_the_golden_says(name):
    law = DecayLaw(**(METHODS_1["liveness"] if name == "sync" else METHODS_1["decay"][name]))
    found = {age: str(law(int(age)) or 0) for age in OTHER["decay"][name]}
    assert found == OTHER["decay"][name]


def test_decay_refuses_a_value_from_the_future():
    with pytest.raises(ValueError, match="in the future"):
        DecayLaw(**METHODS_1["liveness"])(-1)


@pytest.mark.parametrize(
    ("name", "k", "n", "p0", "m"),
    [
        ("joint_wins 6/14", 6, 14, "0.25", 4),
        ("on_time 17/19", 17, 19, "0.9", 4),
        ("sla 11/12", 11, 12, "0.85", 4),
        ("sla 7/13", 7, 13, "0.85", 4),
        ("one win of one", 1, 1, "0.25", 4),
    ],
)
def test_shrink_gives_the_golden_shares(name, k, n, p0, m):
    share = shrink(Decimal(k), Decimal(n), Decimal(p0), Decimal(m))
    assert str(round(share, 6)) == OTHER["shrink"][name]


@pytest.mark.parametrize(
    ("key", "reading"),
    [
        ("approval_cycle_time", Reading({"median": 3}, n=2)),
        ("requirement_clarity.rework", fact(returned=0, items=2)),
        ("joint_wins", fact(won=0, closed=0)),
        ("joint_marketing", fact(opportunities=3, leads=9)),
        ("customer_acquisition", fact(signed=3)),
        ("cost_savings", fact(realised=3, planned=0)),
        ("on_time_delivery", fact(on_time=0, due=0)),
        ("defect_rate", fact(defects=0, deliverables=4)),
        ("issue_resolution.sla", fact(in_time=0, closed=0)),
        ("renewal_likelihood.owner", Reading({"category": "likely", "reason": " "}, age_days=1)),
        ("renewal_likelihood.owner", Reading({"category": "perhaps", "reason": "Said so."}, age_days=1)),
        ("goals_attainment", Reading({"ratio": 1}, n=0, age_days=1)),
        ("engagement.users", fact(active=0, invited=0)),
        ("engagement.attendance", fact(attended=1, invited=1)),
        ("onboarding_progress", fact(done=0, expected=0)),
        ("training.certified", fact(certified=1)),
        ("training.current", fact(current=0, held=0)),
        ("trust", Reading({"mean": 4}, n=0, age_days=1)),
        ("trust", Reading({"mean": 4}, n=2, age_days=1, status="suppressed")),
        ("revenue_growth", fact(now=9000, year_ago=4999, previous=4999)),
        ("revenue_growth", fact(year_ago=9000)),
    ],
)
def test_a_value_below_its_minimum_is_missing(key, reading):
    targets = {entry.measure.key: entry.targets for entry in MODEL.profile("growth").entries}
    assert normalise(MODEL.measures[key], reading, targets.get(key)) is None


def test_silence_with_a_live_source_is_zero_and_a_dead_source_is_missing():
    profile = MODEL.profile("growth", tier="gold")
    silent = _row(score(profile, {"touchpoint_frequency": Reading({"count": 0}, liveness_days=7)}))
    assert (str(silent.s), str(silent.f), silent.status) == ("0.00", "1", "ok")
    fading = _row(score(profile, {"touchpoint_frequency": Reading({"count": 0}, liveness_days=21)}))
    assert (str(fading.s), str(fading.f), str(fading.c)) == ("0.00", "0.5000", "-1.5000")
    dead = _row(score(profile, {"touchpoint_frequency": Reading({"count": 0}, liveness_days=61)}))
    assert (dead.s, str(dead.f), str(dead.c), dead.status) == (None, "0", "0.0000", "stale")


def test_revenue_growth_falls_back_to_the_period_before():
    targets = {"floor": Decimal(5000)}
    measure = MODEL.measures["revenue_growth"]
    assert normalise(measure, fact(now=11000, year_ago=100, previous=10000), targets) == Decimal("75.00")
    assert normalise(measure, fact(now=11000, year_ago=5000, previous=10000), targets) == Decimal("100.00")


@pytest.mark.parametrize(("answers", "f"), [(1, "0.3333"), (2, "0.6667"), (3, "1"), (7, "1")])
def test_few_voices_speak_with_thirds(answers, f):
    assert str(say(MODEL, MODEL.measures["trust"], survey("4", age=0, n=answers))) == f


def test_say_multiplies_age_voices_and_liveness():
    reading = Reading({"mean": 4}, n=1, age_days=210, liveness_days=21)
    assert str(say(MODEL, MODEL.measures["trust"], reading)) == "0.0833"


def test_a_reading_that_lacks_its_age_or_its_answers_is_refused():
    with pytest.raises(ValueError, match="its age"):
        say(MODEL, MODEL.measures["goals_attainment"], Reading({"ratio": 1}, n=1))
    with pytest.raises(ValueError, match="number of answers"):
        say(MODEL, MODEL.measures["trust"], Reading({"mean": 4}, age_days=3))


def test_floats_are_refused():
    with pytest.raises(TypeError, match="digits as text"):
        normalise(SHIPPED.measures["deal_rhythm"], Reading({"probability": 0.5}))


@pytest.mark.parametrize(
    ("stage", "tier", "expected"),
    [
        ("growth", "strategic", "12"),
        ("growth", "gold", "6"),
        ("growth", "silver", "3"),
        ("growth", "registered", "1"),
        ("growth", None, "1"),
        ("onboarding", "gold", "12"),
    ],
)
def test_expected_contacts_depend_on_tier_and_stage(stage, tier, expected):
    entries = {entry.measure.key: entry for entry in MODEL.profile(stage, tier=tier).entries}
    assert entries["touchpoint_frequency"].targets == {"expected": Decimal(expected)}


@pytest.mark.parametrize("stage", METHODS_1["stages"])
def test_weights_of_a_full_profile_add_up_to_one(stage):
    profile = MODEL.profile(stage)
    assert sum(entry.w for entry in profile.entries) == 1
    assert (str(profile.breadth), profile.breadth_level) == ("1.0000", "high")


def test_31_measures_carry_weight_in_growth():
    assert [len(MODEL.profile(stage).entries) for stage in ("growth", "evaluation", "expansion")] == [31, 31, 31]


def test_profiles_are_cached():
    assert MODEL.profile("growth", connected=["trust"]) is MODEL.profile("growth", connected=("trust",))


def test_profile_refuses_an_unknown_stage_or_signal():
    with pytest.raises(KeyError):
        MODEL.profile("retired")
    with pytest.raises(KeyError):
        MODEL.profile("growth", not_applicable=["weather"])


def test_sales_alone_spread_their_weight_and_lower_confidence_to_low():
    sales = SHIPPED.measures_of_sources(["sales"])
    assert sales == {"revenue_growth", "deal_rhythm", "trade_depth"}
    profile = SHIPPED.profile("growth", connected=sales)
    assert {entry.measure.key: str(entry.w) for entry in profile.entries} == {
        "revenue_growth": "0.285714",
        "deal_rhythm": "0.428571",
        "trade_depth": "0.285714",
    }
    assert str(profile.breadth) == "0.3500"
    result = score(profile, {"deal_rhythm": Reading({"probability": Decimal("0.1")})})
    assert (str(result.score), str(result.coverage), result.confidence) == ("40.7143", "0.4286", "low")
    assert result.raw_band == "D"


def test_low_breadth_never_hides_a_score():
    profile = MODEL.profile("growth", connected=["training.certified"])
    assert (str(profile.breadth), profile.breadth_level) == ("0.0120", "low")
    result = score(profile, {"training.certified": fact(certified=1, required=2)})
    assert (str(result.coverage), result.confidence, str(result.score)) == ("1.0000", "low", "50.0000")


def test_breadth_lowers_high_coverage_to_its_own_level():
    connected = [measure.key for measure in PLAIN_MODEL.measures.values() if measure.group != "outcome"]
    profile = PLAIN_MODEL.profile("growth", connected=connected)
    assert (str(profile.breadth), profile.breadth_level) == ("0.7100", "medium")
    result = score(profile, {key: plain("50") for key in connected})
    assert (str(result.coverage), result.confidence) == ("1.0000", "medium")


def test_a_half_connected_signal_keeps_its_weight_on_the_connected_measure():
    without = [key for key in MODEL.measures if key != "renewal_likelihood.survey"]
    profile = MODEL.profile("growth", connected=without)
    weights = {entry.measure.key: str(entry.w) for entry in profile.entries}
    assert weights["renewal_likelihood.owner"] == "0.040000"
    assert weights["trust"] == "0.050000"
    assert str(profile.breadth) == "0.9840"
    assert profile.not_connected == ("renewal_likelihood.survey",)


def test_nothing_connected_scores_60_without_a_band():
    result = score(MODEL.profile("growth", connected=[]), example_1())
    assert (str(result.score), str(result.breadth), result.confidence, result.raw_band) == (
        "60.0000",
        "0.0000",
        "insufficient",
        None,
    )


def test_weights_that_round_above_one_cannot_push_a_score_past_100():
    away = frozenset(["cost_savings", "joint_innovation", "training"])
    connected = frozenset(PLAIN_MODEL.measures) - {"engagement.users", "trust", "sentiment"}
    profile = PLAIN_MODEL.profile("expansion", not_applicable=away, connected=connected)
    top = score(profile, dict.fromkeys(PLAIN_MODEL.measures, plain("100")))
    bottom = score(profile, dict.fromkeys(PLAIN_MODEL.measures, plain("0")))
    assert [key for key, _ in (*top.adjustments, *bottom.adjustments)].count("rounding") >= 1
    assert top.score <= 100
    assert bottom.score >= 0


@pytest.mark.parametrize(
    ("coverage", "level"),
    [("1", "high"), ("0.75", "high"), ("0.7499", "medium"), ("0.5", "medium"), ("0.4999", "low"), ("0.35", "low")],
)
def test_confidence_levels_include_their_lower_edge(coverage, level):
    assert MODEL.level(Decimal(coverage)) == level
    assert MODEL.level(Decimal("0.3499")) == "insufficient"


@pytest.mark.parametrize(
    ("value", "band"),
    [("100", "A"), ("80", "A"), ("79.9999", "B"), ("65", "B"), ("50", "C"), ("49.9999", "D"), ("35", "D"), ("0", "E")],
)
def test_raw_bands_include_their_lower_edge(value, band):
    assert MODEL.raw_band(Decimal(value)) == band


def test_fractions_round_half_even():
    assert str(from_fraction(Fraction(1, 20000), POINT4)) == "0.0000"
    assert str(from_fraction(Fraction(3, 20000), POINT4)) == "0.0002"


def _row(result):
    return next(row for row in result.rows if row.key == "touchpoint_frequency")
