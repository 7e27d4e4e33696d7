"""Cadence by tier, health and stage (methods.md 6.1): the tighter rule wins, and never within 21 days of a QBR."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.rules.cadence import (
    DEFAULT_CADENCE,
    BandChange,
    CadenceRule,
    Interval,
    NextReview,
    PartnerSituation,
    ReviewForm,
    ReviewKind,
    add_months,
    next_review,
)

GOLD = PartnerSituation(tier="gold", stage="growth", stage_entered_on=date(2025, 1, 15))
TODAY = date(2026, 9, 1)
LAST = date(2026, 8, 12)


def qbr(situation: PartnerSituation = GOLD, last_held: date | None = LAST, as_of: date = TODAY) -> NextReview:
    return next_review(ReviewKind.QBR, situation, last_held=last_held, as_of=as_of)


def with_bands(*bands: tuple[date, str], situation: PartnerSituation = GOLD) -> PartnerSituation:
    return replace(situation, bands=tuple(BandChange(on, band) for on, band in bands))


@pytest.mark.parametrize(
    ("tier", "kind", "due"),
    [
        ("strategic", ReviewKind.EXECUTIVE, date(2027, 2, 12)),
        ("strategic", ReviewKind.QBR, date(2026, 11, 12)),
        ("strategic", ReviewKind.CHECK_IN, date(2026, 8, 26)),
        ("gold", ReviewKind.EXECUTIVE, date(2027, 8, 12)),
        ("gold", ReviewKind.QBR, date(2026, 11, 12)),
        ("gold", ReviewKind.CHECK_IN, date(2026, 9, 12)),
        ("silver", ReviewKind.EXECUTIVE, None),
        ("silver", ReviewKind.QBR, date(2027, 2, 12)),
        ("silver", ReviewKind.CHECK_IN, date(2026, 11, 12)),
        ("registered", ReviewKind.EXECUTIVE, None),
        ("registered", ReviewKind.QBR, date(2027, 8, 12)),
        ("registered", ReviewKind.CHECK_IN, None),
    ],
)
def test_tier_sets_the_interval(tier: str, kind: ReviewKind, due: date | None) -> None:
    found = next_review(kind, replace(GOLD, tier=tier), last_held=LAST, as_of=TODAY)
    assert found.target == due
    assert found.form == (ReviewForm.MEETING if due else ReviewForm.NONE)


def test_reason_is_a_plain_sentence() -> None:
    assert [str(reason) for reason in qbr().reasons] == ["Gold: quarterly; last 12 Aug 2026; due 12 Nov 2026"]


def test_first_review_counts_from_stage_entry() -> None:
    found = qbr(last_held=None)
    assert found.target == date(2025, 4, 15)
    assert str(found.reasons[0]) == "Gold: quarterly; in this stage since 15 Jan 2025; due 15 Apr 2025"


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 1, 31), -2, date(2025, 11, 30)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
    ],
)
def test_months_are_clipped_to_the_end(day: date, months: int, result: date) -> None:
    assert add_months(day, months) == result


@pytest.mark.parametrize(("band", "due"), [("D", date(2026, 10, 1)), ("E", date(2026, 9, 16))])
def test_low_band_brings_the_qbr_forward(band: str, due: date) -> None:
    found = qbr(with_bands((date(2026, 1, 1), "B"), (TODAY, band)), last_held=date(2026, 7, 20))
    assert (found.target, found.deadline) == (due, due)
    assert found.reasons[0].code == "low_band"


def test_tier_rule_stays_when_it_is_tighter_than_the_low_band() -> None:
    found = qbr(with_bands((TODAY, "D")), last_held=date(2026, 6, 10))
    assert (found.target, found.deadline) == (date(2026, 9, 10), None)


def test_fall_from_d_to_e_keeps_the_tighter_deadline() -> None:
    found = qbr(with_bands((date(2026, 9, 1), "D"), (date(2026, 9, 25), "E")), as_of=date(2026, 9, 25))
    assert found.target == date(2026, 10, 1)


def test_qbr_held_since_the_fall_answers_it() -> None:
    found = qbr(with_bands((date(2026, 8, 1), "D")), last_held=LAST)
    assert found.target == date(2026, 11, 12)


def test_qbr_held_on_the_day_of_the_fall_answers_it() -> None:
    assert qbr(with_bands((LAST, "D")), last_held=LAST).target == date(2026, 11, 12)


def test_repeated_band_is_no_new_change() -> None:
    weekly = [(date(2026, 8, 1) + timedelta(days=7 * n), "D") for n in range(5)]
    assert qbr(with_bands(*weekly), last_held=LAST).target == date(2026, 11, 12)


def test_band_after_the_day_is_not_seen() -> None:
    assert qbr(with_bands((date(2026, 9, 2), "E"))).target == date(2026, 11, 12)


def test_qbr_is_never_within_21_days_of_the_last() -> None:
    found = qbr(with_bands((date(2026, 9, 1), "E")), last_held=date(2026, 8, 31))
    assert (found.target, found.not_before) == (date(2026, 9, 21), date(2026, 9, 21))
    assert found.deadline == date(2026, 9, 21)
    assert str(found.reasons[0]) == "Not before 21 Sep 2026: 21 days after the last one."


def test_check_in_is_weekly_until_c() -> None:
    low = with_bands((date(2026, 8, 20), "D"))
    found = next_review(ReviewKind.CHECK_IN, low, last_held=date(2026, 8, 12), as_of=TODAY)
    assert found.target == date(2026, 8, 27)
    assert str(found.reasons[0]) == "Health D: weekly until C; due 27 Aug 2026"
    better = with_bands((date(2026, 8, 20), "D"), (date(2026, 8, 28), "C"))
    assert next_review(ReviewKind.CHECK_IN, better, last_held=LAST, as_of=TODAY).target == date(2026, 9, 12)


def test_low_band_gives_check_ins_to_a_tier_without_them() -> None:
    low = with_bands((date(2026, 8, 20), "E"), situation=replace(GOLD, tier="registered"))
    assert next_review(ReviewKind.CHECK_IN, low, last_held=None, as_of=TODAY).target == date(2026, 8, 27)


@pytest.mark.parametrize(
    ("since", "agreed", "due", "note"),
    [
        (date(2026, 3, 1), True, date(2027, 2, 12), "stretched"),
        (date(2026, 3, 1), False, date(2026, 11, 12), "may_stretch"),
        (date(2026, 3, 2), True, date(2026, 11, 12), None),
    ],
)
def test_band_a_for_two_quarters_stretches_only_if_agreed(
    since: date, agreed: bool, due: date, note: str | None
) -> None:
    found = qbr(replace(with_bands((since, "A")), stretch_agreed=agreed))
    assert found.target == due
    assert [reason.code for reason in found.reasons[1:]] == ([note] if note else [])


@pytest.mark.parametrize(("band", "form"), [("A", "digest"), ("C", "digest"), ("D", "meeting"), ("", "meeting")])
def test_registered_gets_a_digest_at_c_or_better(band: str, form: str) -> None:
    registered = replace(GOLD, tier="registered")
    found = qbr(with_bands((date(2026, 8, 20), band), situation=registered) if band else registered)
    assert found.form == form


def test_recruit_has_no_reviews() -> None:
    for kind in ReviewKind:
        found = next_review(kind, replace(GOLD, stage="recruit"), last_held=None, as_of=TODAY)
        assert (found.form, found.target) == (ReviewForm.NONE, None)


def test_onboarding_check_in_is_weekly() -> None:
    fresh = replace(GOLD, stage="onboarding", stage_entered_on=date(2026, 8, 20))
    assert next_review(ReviewKind.CHECK_IN, fresh, last_held=None, as_of=TODAY).target == date(2026, 8, 27)
    held = next_review(ReviewKind.CHECK_IN, fresh, last_held=date(2026, 8, 28), as_of=TODAY)
    assert held.target == date(2026, 9, 4)


@pytest.mark.parametrize(
    ("plan_end", "due"),
    [
        (date(2026, 6, 1) + timedelta(days=75), date(2026, 8, 15)),
        (date(2026, 6, 20), date(2026, 7, 31)),  # not before day 60
        (date(2027, 6, 1), date(2026, 8, 30)),  # not after day 90
        (None, date(2026, 8, 30)),
    ],
)
def test_onboarding_review_is_at_the_end_of_the_plan(plan_end: date | None, due: date) -> None:
    fresh = replace(GOLD, tier="silver", stage="onboarding", stage_entered_on=date(2026, 6, 1), plan_end=plan_end)
    assert qbr(fresh, last_held=None).target == due


def test_onboarding_review_once_held_is_followed_by_the_tier() -> None:
    fresh = replace(GOLD, stage="onboarding", stage_entered_on=date(2026, 6, 1))
    assert qbr(fresh, last_held=date(2026, 8, 28)).target == date(2026, 11, 28)


def test_exit_has_transition_reviews_every_two_weeks_and_nothing_else() -> None:
    leaving = replace(GOLD, stage="exit", stage_entered_on=date(2026, 8, 20))
    first = next_review(ReviewKind.TRANSITION, leaving, last_held=None, as_of=TODAY)
    assert first.target == date(2026, 9, 3)
    then = next_review(ReviewKind.TRANSITION, leaving, last_held=date(2026, 9, 4), as_of=TODAY)
    assert then.target == date(2026, 9, 18)
    assert qbr(leaving).form == ReviewForm.NONE
    assert next_review(ReviewKind.TRANSITION, GOLD, last_held=None, as_of=TODAY).target is None


def test_unknown_tier_follows_the_last_row() -> None:
    found = qbr(replace(GOLD, tier="bronze"))
    assert found.target == date(2027, 8, 12)
    assert "fallback_tier" in [reason.code for reason in found.reasons]


def test_own_rules_replace_the_table() -> None:
    rules = [CadenceRule("gold", ReviewKind.QBR, Interval.every(2, "months"))]
    found = next_review(ReviewKind.QBR, GOLD, last_held=LAST, as_of=TODAY, rules=rules)
    assert str(found.reasons[0]) == "Gold: every 2 months; last 12 Aug 2026; due 12 Oct 2026"


@pytest.mark.parametrize(("months", "days"), [(0, 0), (1, 1), (-1, 0), (0, -7)])
def test_interval_without_sense_is_refused(months: int, days: int) -> None:
    with pytest.raises(ValueError, match="An interval is"):
        Interval(months=months, days=days)


@pytest.mark.parametrize(
    ("count", "unit", "phrase"),
    [(1, "weeks", "weekly"), (3, "weeks", "every 3 weeks"), (10, "days", "every 10 days"), (12, "months", "yearly")],
)
def test_interval_says_how_often(count: int, unit: str, phrase: str) -> None:
    assert str(Interval.every(count, unit).phrase) == phrase


def test_interval_of_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="No such unit"):
        Interval.every(1, "years")


def test_default_table_has_each_cell_once() -> None:
    cells = [(rule.tier, rule.kind) for rule in DEFAULT_CADENCE]
    assert len(cells) == len(set(cells)) == 9


@settings(deadline=None)
@given(
    st.sampled_from(["strategic", "gold", "silver", "registered"]),
    st.sampled_from(["onboarding", "growth", "evaluation", "expansion"]),
    st.lists(st.tuples(st.integers(0, 600), st.sampled_from("ABCDE")), max_size=6),
    st.one_of(st.none(), st.integers(0, 600)),
    st.booleans(),
)
def test_worse_health_never_makes_a_qbr_later(
    tier: str, stage: str, bands: list[tuple[int, str]], last: int | None, agreed: bool
) -> None:
    start, as_of = date(2025, 1, 1), date(2026, 9, 1)
    held = None if last is None else start + timedelta(days=last)
    situation = PartnerSituation(
        tier,
        stage,
        stage_entered_on=start,
        bands=tuple(BandChange(start + timedelta(days=n), band) for n, band in bands),
        stretch_agreed=agreed,
    )
    found = qbr(situation, last_held=held, as_of=as_of)
    fallen = replace(situation, bands=(*situation.bands, BandChange(as_of, "E")))
    worse = qbr(fallen, last_held=held, as_of=as_of)
    assert found.target is not None
    assert worse.target is not None
    assert worse.target <= max(found.target, as_of + timedelta(days=15))
    assert held is None or min(found.target, worse.target) >= held + timedelta(days=21)
