"""Business days in the union of calendars: real holidays, the tenant's overrides, other weekends, and properties."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.rules.business_days import (
    BusinessCalendar,
    HolidayCalendar,
    HolidayChange,
    UnknownCalendarError,
    add_business_days,
    business_calendar,
    business_days_between,
    following,
    holiday_dates,
    is_known_calendar,
    modified_following,
    preceding,
    union_calendar,
)

FRANCE_GERMANY = business_calendar(["FR", "DE"])
CALENDARS = st.sampled_from(
    [
        FRANCE_GERMANY,
        business_calendar(["SA", "US-CA"]),
        business_calendar(["JP", "GB", "AU-NSW"]),
        BusinessCalendar(),
        union_calendar([HolidayCalendar(added=frozenset({date(2026, 7, 1) + timedelta(days=n) for n in range(30)}))]),
    ]
)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
STEPS = st.integers(0, 80)


@pytest.mark.parametrize(
    ("day", "is_business"),
    [
        (date(2026, 5, 1), False),  # Labour Day, both
        (date(2026, 5, 8), False),  # France only
        (date(2026, 4, 3), False),  # Good Friday, Germany only
        (date(2026, 5, 14), False),  # Ascension, both
        (date(2026, 5, 2), False),  # a Saturday
        (date(2026, 5, 4), True),
    ],
)
def test_union_closes_when_either_side_does(day: date, is_business: bool) -> None:
    assert FRANCE_GERMANY.is_business_day(day) is is_business


def test_subdivision_has_its_own_holidays() -> None:
    epiphany = date(2026, 1, 6)
    assert business_calendar(["DE"]).is_business_day(epiphany)
    assert not business_calendar(["DE-BY"]).is_business_day(epiphany)


def test_holiday_dates_of_a_range_hold_packaged_and_own_days() -> None:
    own = HolidayCalendar(
        "DE", added=frozenset({date(2026, 12, 24), date(2028, 12, 24)}), removed=frozenset({date(2026, 5, 1)})
    )
    found = holiday_dates([own], first_year=2026, last_year=2027)
    assert date(2026, 12, 24) in found
    assert date(2026, 5, 1) not in found
    assert date(2027, 5, 1) in found
    assert {day.year for day in found} == {2026, 2027}


def test_overrides_stay_on_their_side() -> None:
    victory_day, christmas_eve = date(2026, 5, 8), date(2026, 12, 24)
    changes = [HolidayChange("FR", victory_day, works=True), HolidayChange("DE", christmas_eve)]
    assert business_calendar(["FR", "DE"], changes=changes).is_business_day(victory_day)
    assert not business_calendar(["FR", "DE"], changes=changes).is_business_day(christmas_eve)
    assert business_calendar(["FR"], changes=changes).is_business_day(christmas_eve)


def test_removed_in_one_country_remains_a_holiday_in_the_other() -> None:
    labour_day = date(2026, 5, 1)
    assert not business_calendar(["FR", "DE"], changes=[HolidayChange("FR", labour_day, works=True)]).is_business_day(
        labour_day
    )


@pytest.mark.parametrize("scope", ["", "DE", "DE-BY"])
def test_change_of_a_country_or_of_all_holds_for_its_subdivision(scope: str) -> None:
    day = date(2026, 6, 16)
    assert not business_calendar(["DE-BY"], changes=[HolidayChange(scope, day)]).is_business_day(day)


def test_change_for_all_holds_without_any_calendar() -> None:
    day = date(2026, 6, 16)
    assert not business_calendar([], changes=[HolidayChange("", day)]).is_business_day(day)
    assert business_calendar(["", ""]).is_business_day(day)


def test_friday_and_saturday_are_the_weekend_where_that_is_the_custom() -> None:
    friday, sunday = date(2026, 6, 12), date(2026, 6, 14)
    assert not business_calendar(["SA"]).is_business_day(friday)
    assert business_calendar(["SA"]).is_business_day(sunday)
    both = business_calendar(["SA", "DE"])
    assert [both.is_business_day(friday + timedelta(days=n)) for n in range(4)] == [False, False, False, True]


def test_weekend_of_a_calendar_can_be_set() -> None:
    assert business_calendar(["SA"], weekends={"SA": frozenset({5, 6})}).is_business_day(date(2026, 6, 12))


def test_weekends_that_leave_no_day_are_refused() -> None:
    with pytest.raises(ValueError, match="no working day"):
        union_calendar(
            [HolidayCalendar(weekend=frozenset({0, 1, 2, 3})), HolidayCalendar(weekend=frozenset({4, 5, 6}))]
        )


def test_unknown_calendar_is_named() -> None:
    assert [is_known_calendar(name) for name in ["FR", "DE-BY", "XX", "DE-ZZ", ""]] == [True, True, False, False, False]
    with pytest.raises(UnknownCalendarError, match="XX"):
        HolidayCalendar("XX", weekend=frozenset({5, 6})).is_holiday(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("day", "rolled"),
    [
        (date(2026, 5, 14), date(2026, 5, 15)),  # Ascension: next day
        (date(2026, 1, 31), date(2026, 1, 30)),  # Saturday at the month's end: back
        (date(2026, 5, 31), date(2026, 5, 29)),  # Sunday at the month's end: back
        (date(2026, 4, 30), date(2026, 4, 30)),
    ],
)
def test_modified_following_stays_in_the_month(day: date, rolled: date) -> None:
    assert modified_following(day, FRANCE_GERMANY) == rolled


def test_ten_business_days_after_labour_day() -> None:
    """methods.md 6.4: 10 business days after 1 May 2026 in the France and Germany calendar."""
    assert add_business_days(date(2026, 5, 1), 10, FRANCE_GERMANY) == date(2026, 5, 19)


@settings(deadline=None)
@given(CALENDARS, DAYS, STEPS, STEPS)
def test_adding_is_additive(calendar: BusinessCalendar, day: date, first: int, second: int) -> None:
    for sign in (1, -1):
        once = add_business_days(day, sign * (first + second), calendar)
        assert add_business_days(add_business_days(day, sign * first, calendar), sign * second, calendar) == once


@settings(deadline=None)
@given(CALENDARS, DAYS, st.integers(-80, 80).filter(bool))
def test_adding_never_lands_on_a_holiday(calendar: BusinessCalendar, day: date, count: int) -> None:
    landed = add_business_days(day, count, calendar)
    assert not calendar.is_holiday(landed)
    assert landed.weekday() not in calendar.weekend_days
    assert (landed > day) is (count > 0)


@settings(deadline=None)
@given(CALENDARS, DAYS, st.integers(-80, 80))
def test_between_undoes_adding(calendar: BusinessCalendar, day: date, count: int) -> None:
    assert business_days_between(day, add_business_days(day, count, calendar), calendar) == count


@settings(deadline=None)
@given(CALENDARS, DAYS)
def test_rolling_finds_the_nearest_business_day(calendar: BusinessCalendar, day: date) -> None:
    later, earlier = following(day, calendar), preceding(day, calendar)
    assert earlier <= day <= later
    assert calendar.is_business_day(later)
    assert calendar.is_business_day(earlier)
    assert business_days_between(earlier, later, calendar) == (0 if earlier == later else 1)
    assert modified_following(day, calendar) == (later if later.month == day.month else earlier)
