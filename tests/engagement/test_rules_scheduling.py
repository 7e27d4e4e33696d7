"""The day and the hour of a review (methods.md 6.2): golden dates, blackouts, other reviews, working hours."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.rules.business_days import BusinessCalendar, add_business_days, business_calendar
from engagement.rules.cadence import Interval
from engagement.rules.reminders import reminder_day
from engagement.rules.reviews import is_overdue, may_close_as_held, missed_because, overdue_on
from engagement.rules.scheduling import Blackout, quarter_end_blackouts, schedule_day
from engagement.rules.slots import Side, WorkingHours, find_slot

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "other.json").read_text(encoding="utf-8"))
FRANCE_GERMANY = business_calendar(["FR", "DE"])
BERLIN = WorkingHours("Europe/Berlin")
MONDAY = date(2026, 6, 15)


@pytest.mark.parametrize("case", GOLDEN["qbr_fr_de_2026"], ids=lambda case: case["anchor"])
def test_golden_reviews_of_france_and_germany(case: dict) -> None:
    target = Interval(months=case["months"]).after(date.fromisoformat(case["anchor"]))
    meeting = schedule_day(target, FRANCE_GERMANY).day
    assert meeting.isoformat() == case["meeting"]
    days = {offset: reminder_day(meeting, -int(offset), FRANCE_GERMANY).isoformat() for offset in case["reminders"]}
    assert days == case["reminders"]
    assert reminder_day(meeting, 2, FRANCE_GERMANY).isoformat() == case["minutes_due"]


def test_holiday_is_named_in_the_reason() -> None:
    scheduled = schedule_day(date(2026, 5, 14), FRANCE_GERMANY)
    assert [str(reason) for reason in scheduled.reasons] == ["14 May 2026 is a holiday (Ascension Day): 15 May 2026."]


def test_free_day_needs_no_reason() -> None:
    assert schedule_day(date(2026, 4, 30), FRANCE_GERMANY).reasons == ()


def test_deadline_rolls_back_instead_of_forward() -> None:
    saturday = date(2026, 6, 13)
    assert schedule_day(saturday, FRANCE_GERMANY).day == date(2026, 6, 15)
    assert schedule_day(saturday, FRANCE_GERMANY, deadline=saturday).day == date(2026, 6, 12)


def test_minimum_gap_rolls_forward_even_over_the_end_of_the_month() -> None:
    sunday = date(2026, 5, 31)
    assert schedule_day(sunday, FRANCE_GERMANY).day == date(2026, 5, 29)
    assert schedule_day(sunday, FRANCE_GERMANY, not_before=sunday).day == date(2026, 6, 1)
    assert schedule_day(sunday, FRANCE_GERMANY, not_before=sunday, deadline=sunday).day == date(2026, 6, 1)


def test_quarter_end_pause_spans_business_days() -> None:
    found = quarter_end_blackouts(
        FRANCE_GERMANY, fiscal_year_starts=[1], first=date(2026, 1, 1), last=date(2026, 12, 31)
    )
    assert [(one.first, one.last) for one in found] == [
        (date(2025, 12, 22), date(2026, 1, 6)),
        (date(2026, 3, 24), date(2026, 4, 7)),
        (date(2026, 6, 23), date(2026, 7, 3)),
        (date(2026, 9, 23), date(2026, 10, 5)),
        (date(2026, 12, 23), date(2027, 1, 6)),
    ]


def test_quarter_ends_of_both_fiscal_years_count() -> None:
    found = quarter_end_blackouts(
        FRANCE_GERMANY, fiscal_year_starts=[1, 2], first=date(2026, 4, 15), last=date(2026, 7, 15)
    )
    assert [one.first for one in found] == [date(2026, 4, 23), date(2026, 6, 23)]


def test_review_moves_out_of_a_blackout() -> None:
    pause = quarter_end_blackouts(
        FRANCE_GERMANY, fiscal_year_starts=[2], first=date(2026, 4, 1), last=date(2026, 5, 31)
    )
    scheduled = schedule_day(date(2026, 4, 30), FRANCE_GERMANY, blackouts=pause)
    assert scheduled.day == date(2026, 5, 7)
    assert [str(reason) for reason in scheduled.reasons] == [
        "30 Apr 2026 is in a period without reviews: quarter end.",
        "Moved to 7 May 2026.",
    ]


def test_review_moves_before_a_blackout_when_there_is_a_deadline() -> None:
    closed = Blackout(date(2026, 6, 8), date(2026, 6, 19), "summer party")
    scheduled = schedule_day(MONDAY, FRANCE_GERMANY, deadline=MONDAY, blackouts=[closed])
    assert scheduled.day == date(2026, 6, 5)


def test_review_keeps_its_distance_from_another() -> None:
    other = date(2026, 6, 16)
    scheduled = schedule_day(MONDAY, FRANCE_GERMANY, other_reviews=[other])
    assert scheduled.day == add_business_days(other, 6, FRANCE_GERMANY) == date(2026, 6, 24)
    assert scheduled.reasons[0].code == "other_review"
    clear = add_business_days(MONDAY, 6, FRANCE_GERMANY)
    assert schedule_day(MONDAY, FRANCE_GERMANY, other_reviews=[clear]).day == MONDAY


def test_review_without_any_clear_day_is_kept_and_says_so() -> None:
    closed = Blackout(date(2026, 1, 1), date(2026, 12, 31), "closed")
    scheduled = schedule_day(MONDAY, FRANCE_GERMANY, blackouts=[closed])
    assert (scheduled.day, scheduled.is_clear) == (MONDAY, False)
    assert scheduled.reasons[-1].code == "no_clear_day"


@settings(deadline=None)
@given(
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    st.integers(0, 40),
    st.lists(st.integers(-30, 30), max_size=3),
    st.booleans(),
)
def test_scheduled_day_respects_every_limit(target: date, slack: int, others: list[int], paused: bool) -> None:
    deadline = target + timedelta(days=slack)
    not_before = target - timedelta(days=10)
    reviews = [target + timedelta(days=n) for n in others]
    pause = (
        quarter_end_blackouts(
            FRANCE_GERMANY, fiscal_year_starts=[1], first=target - timedelta(60), last=target + timedelta(60)
        )
        if paused
        else ()
    )
    scheduled = schedule_day(
        target,
        FRANCE_GERMANY,
        not_before=not_before,
        deadline=deadline,
        blackouts=pause,
        other_reviews=reviews,
    )
    assert FRANCE_GERMANY.is_business_day(scheduled.day)
    assert not_before <= scheduled.day <= deadline
    assert scheduled.is_clear or pause or reviews
    if scheduled.is_clear:
        assert not any(one.first <= scheduled.day <= one.last for one in pause)
        for other in reviews:
            near = (add_business_days(other, -5, FRANCE_GERMANY), add_business_days(other, 5, FRANCE_GERMANY))
            assert not near[0] <= scheduled.day <= near[1]


@pytest.mark.parametrize(
    ("zone", "starts_at", "stretched"),
    [
        ("Europe/Berlin", "2026-06-15T07:00", None),
        ("Europe/London", "2026-06-15T08:00", None),
        ("America/New_York", "2026-06-15T13:00", None),  # 15:00 to 17:00 in Berlin are common
        ("Asia/Kolkata", "2026-06-15T07:00", None),
        ("Asia/Tokyo", "2026-06-15T07:00", None),  # exactly one hour in summer
        ("America/Los_Angeles", "2026-06-15T16:00", Side.OURS),  # none: Berlin at 18:00 is the nearest
        ("Pacific/Auckland", "2026-06-15T04:00", Side.OURS),  # Berlin at 06:00, the last hour there
    ],
)
def test_slot_lies_in_the_common_hours_or_stretches_ours(zone: str, starts_at: str, stretched: Side | None) -> None:
    slot = find_slot(MONDAY, ours=BERLIN, theirs=WorkingHours(zone), calendar=FRANCE_GERMANY)
    assert slot.starts_at == datetime.fromisoformat(starts_at).replace(tzinfo=UTC)
    assert slot.stretched == stretched


def test_stretched_side_alternates() -> None:
    pacific = WorkingHours("America/Los_Angeles")
    sides, last = [], None
    for week in range(4):
        slot = find_slot(
            MONDAY + timedelta(weeks=week), ours=BERLIN, theirs=pacific, calendar=FRANCE_GERMANY, last_stretched=last
        )
        last = slot.stretched
        sides.append(last)
    assert sides == [Side.OURS, Side.THEIRS, Side.OURS, Side.THEIRS]


def test_stretch_is_as_small_as_can_be() -> None:
    pacific = WorkingHours("America/Los_Angeles")
    ours = find_slot(MONDAY, ours=BERLIN, theirs=pacific, calendar=FRANCE_GERMANY)
    assert ours.wall == datetime.fromisoformat("2026-06-15T18:00")  # 09:00 in Los Angeles
    theirs = find_slot(MONDAY, ours=BERLIN, theirs=pacific, calendar=FRANCE_GERMANY, last_stretched=Side.OURS)
    assert theirs.wall == datetime.fromisoformat("2026-06-15T16:00")  # 07:00 in Los Angeles


def test_preferred_time_is_kept_inside_the_common_hours_only() -> None:
    new_york = WorkingHours("America/New_York")
    wish = find_slot(MONDAY, ours=BERLIN, theirs=new_york, calendar=FRANCE_GERMANY, preferred=time(15, 40))
    assert wish.wall == datetime.fromisoformat("2026-06-15T15:40")
    not_common = find_slot(MONDAY, ours=BERLIN, theirs=new_york, calendar=FRANCE_GERMANY, preferred=time(10))
    assert not_common.wall == datetime.fromisoformat("2026-06-15T15:00")


def test_slot_follows_the_clocks_of_both_sides() -> None:
    """On 16 March 2026 New York is on summer time and Berlin is not: one more common hour."""
    new_york = WorkingHours("America/New_York")
    slot = find_slot(date(2026, 3, 16), ours=BERLIN, theirs=new_york, calendar=FRANCE_GERMANY)
    assert slot.wall == datetime.fromisoformat("2026-03-16T14:00")


def test_slot_longer_than_the_common_hours_stretches_a_side() -> None:
    new_york = WorkingHours("America/New_York")
    slot = find_slot(
        MONDAY,
        ours=BERLIN,
        theirs=new_york,
        calendar=FRANCE_GERMANY,
        length=timedelta(hours=3),
        last_stretched=Side.OURS,
    )
    assert (slot.stretched, slot.wall) == (Side.THEIRS, datetime.fromisoformat("2026-06-15T14:00"))


def test_meeting_longer_than_the_day_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than the working day"):
        find_slot(MONDAY, ours=BERLIN, theirs=BERLIN, calendar=FRANCE_GERMANY, length=timedelta(hours=9))


def test_working_hours_end_after_they_start() -> None:
    with pytest.raises(ValueError, match="end after"):
        WorkingHours("UTC", time(17), time(9))


@settings(deadline=None)
@given(
    st.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"]),
    st.sampled_from(["Europe/Berlin", "Pacific/Auckland", "America/St_Johns", "Asia/Kathmandu"]),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)).filter(BusinessCalendar().is_business_day),
    st.sampled_from([None, Side.OURS, Side.THEIRS]),
)
def test_slot_always_lies_in_the_hours_of_a_side_that_is_not_stretched(
    ours: str, theirs: str, day: date, last: Side | None
) -> None:
    sides = {Side.OURS: WorkingHours(ours), Side.THEIRS: WorkingHours(theirs)}
    slot = find_slot(
        day, ours=sides[Side.OURS], theirs=sides[Side.THEIRS], calendar=BusinessCalendar(), last_stretched=last
    )
    assert slot.ends_at - slot.starts_at == timedelta(hours=1)
    assert slot.stretched is None or slot.stretched != last
    for side, hours in sides.items():
        if side != slot.stretched:
            near = [hours.on(day + timedelta(days=n)) for n in (-1, 0, 1)]
            assert any(opens <= slot.starts_at and slot.ends_at <= closes for opens, closes in near)


def test_review_is_overdue_20_business_days_after_its_target() -> None:
    target = date(2026, 4, 30)
    assert overdue_on(target, FRANCE_GERMANY) == date(2026, 6, 3)
    assert not is_overdue(target, today=date(2026, 6, 2), calendar=FRANCE_GERMANY)
    assert is_overdue(target, today=date(2026, 6, 3), calendar=FRANCE_GERMANY)


@pytest.mark.parametrize(
    ("no_show", "postponements", "why"),
    [
        (False, 0, None),
        (False, 1, None),
        (False, 2, "Postponed 2 times."),
        (True, 0, "The partner did not come."),
    ],
)
def test_review_counts_as_missed(no_show: bool, postponements: int, why: str | None) -> None:
    reason = missed_because(no_show=no_show, postponements=postponements)
    assert (str(reason) if reason else None) == why


@pytest.mark.parametrize(("due", "may"), [([], False), ([None], False), ([None, date(2026, 7, 1)], True)])
def test_review_needs_a_dated_commitment_to_be_held(due: list[date | None], may: bool) -> None:
    assert may_close_as_held(due) is may
