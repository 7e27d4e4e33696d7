"""Business days in the union of several calendars (methods.md 6.2).

A day is a business day when it is one on *every* side: packaged holidays of a country (library ``holidays``)
plus the tenant's own added and removed dates, and each side's own weekend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from types import MappingProxyType

import holidays

ONE_DAY = timedelta(days=1)
KNOWN_YEAR = 2026
SATURDAY_SUNDAY = frozenset({5, 6})
PACKAGED_CALENDAR_VERSION = f"holidays {version('holidays')}"


class UnknownCalendarError(ValueError):
    """The packaged calendars do not know this country or subdivision."""


@lru_cache(maxsize=2048)
def packaged_holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """Names of the public holidays of one country and year, by date, whatever the locale of the process.

    Raises ``UnknownCalendarError``.
    """
    try:
        found = holidays.country_holidays(
            country, subdiv=subdivision or None, years=year, expand=False, language="en_US"
        )
    except NotImplementedError as error:
        raise UnknownCalendarError(f"{country} {subdivision}".strip()) from error
    return MappingProxyType({day: name for day, name in found.items() if day.year == year})


@lru_cache(maxsize=256)
def packaged_weekend(country: str) -> frozenset[int]:
    """Weekday numbers (Monday 0) of the country's present weekend. Raises ``UnknownCalendarError``."""
    try:
        return frozenset(holidays.country_holidays(country).weekend)
    except NotImplementedError as error:
        raise UnknownCalendarError(country) from error


def is_known_calendar(name: str) -> bool:
    """Whether ``FR`` or ``DE-BY`` names a packaged calendar."""
    country, _dash, subdivision = name.partition("-")
    try:
        packaged_holidays(country, subdivision, KNOWN_YEAR)
    except UnknownCalendarError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """One side's calendar. ``country`` is ISO 3166-1 alpha-2 or empty (own dates only), ``subdivision`` ISO 3166-2.

    ``added`` and ``removed`` are the tenant's overrides of this side; added wins. ``weekend`` holds weekday
    numbers (Monday 0); ``None`` takes the country's own, so Friday and Saturday where that is the custom.
    """

    country: str = ""
    subdivision: str = ""
    added: frozenset[date] = frozenset()
    removed: frozenset[date] = frozenset()
    weekend: frozenset[int] | None = None

    @property
    def weekend_days(self) -> frozenset[int]:
        if self.weekend is not None:
            return self.weekend
        return packaged_weekend(self.country) if self.country else SATURDAY_SUNDAY

    def is_holiday(self, day: date) -> bool:
        if day in self.added:
            return True
        if day in self.removed or not self.country:
            return False
        return day in packaged_holidays(self.country, self.subdivision, day.year)

    def holiday_name(self, day: date) -> str:
        """The package's name for it, in English where there is one; empty for the tenant's own dates."""
        if not self.country or day in self.removed:
            return ""
        return packaged_holidays(self.country, self.subdivision, day.year).get(day, "")


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """The union of calendars: a holiday or weekend day of any side is no business day.

    Raises ``ValueError`` when the weekends together leave no working day.
    """

    sides: tuple[HolidayCalendar, ...] = ()

    def __post_init__(self) -> None:
        if len(self.weekend_days & frozenset(range(7))) == 7:
            raise ValueError("The weekends of these calendars leave no working day.")

    @property
    def weekend_days(self) -> frozenset[int]:
        if not self.sides:
            return SATURDAY_SUNDAY
        return frozenset().union(*(side.weekend_days for side in self.sides))

    def is_business_day(self, day: date) -> bool:
        return day.weekday() not in self.weekend_days and not self.is_holiday(day)

    def is_holiday(self, day: date) -> bool:
        return any(side.is_holiday(day) for side in self.sides)

    def holiday_name(self, day: date) -> str:
        return next((name for side in self.sides if (name := side.holiday_name(day))), "")


def union_calendar(calendars: Iterable[HolidayCalendar]) -> BusinessCalendar:
    """The business days both (or all) sides share; the same calendar given twice counts once."""
    return BusinessCalendar(tuple(dict.fromkeys(calendars)))


@dataclass(frozen=True, slots=True)
class HolidayChange:
    """A tenant's override of one ``day``: worked after all (``works``) or free.

    ``calendar`` is a name as in ``business_calendar``; a country's holds for its
    subdivisions too, an empty one for all.
    """

    calendar: str
    day: date
    works: bool = False

    def concerns(self, name: str) -> bool:
        return self.calendar in ("", name, name.partition("-")[0])


def business_calendar(
    names: Iterable[str], *, changes: Iterable[HolidayChange] = (), weekends: Mapping[str, frozenset[int]] | None = None
) -> BusinessCalendar:
    """The union of named calendars: ``FR`` or, with a subdivision, ``DE-BY``; empty names are left out.

    ``weekends`` replaces a calendar's own weekend, by name. Raises ``UnknownCalendarError`` when a packaged calendar
    is asked for a day. Without any name the changes that hold for all still count.
    """
    known = list(changes)
    sides = []
    for name in sorted({name for name in names if name}) or [""]:
        country, _dash, subdivision = name.partition("-")
        mine = [change for change in known if change.concerns(name)]
        sides.append(
            HolidayCalendar(
                country,
                subdivision,
                added=frozenset(change.day for change in mine if not change.works),
                removed=frozenset(change.day for change in mine if change.works),
                weekend=(weekends or {}).get(name),
            )
        )
    return union_calendar(sides)


def holiday_dates(calendars: Iterable[HolidayCalendar], *, first_year: int, last_year: int) -> frozenset[date]:
    """Every holiday of any of the calendars in the years ``first_year`` to ``last_year``, both included."""
    found: set[date] = set()
    for calendar in calendars:
        for year in range(first_year, last_year + 1):
            if calendar.country:
                found.update(set(packaged_holidays(calendar.country, calendar.subdivision, year)) - calendar.removed)
        found.update(day for day in calendar.added if first_year <= day.year <= last_year)
    return frozenset(found)


def following(day: date, calendar: BusinessCalendar) -> date:
    """``day`` itself if it is a business day, else the next one."""
    while not calendar.is_business_day(day):
        day += ONE_DAY
    return day


def preceding(day: date, calendar: BusinessCalendar) -> date:
    """``day`` itself if it is a business day, else the one before."""
    while not calendar.is_business_day(day):
        day -= ONE_DAY
    return day


def modified_following(day: date, calendar: BusinessCalendar) -> date:
    """The following business day, unless that lies in another month: then the preceding one."""
    later = following(day, calendar)
    return later if (later.year, later.month) == (day.year, day.month) else preceding(day, calendar)


def add_business_days(day: date, count: int, calendar: BusinessCalendar) -> date:
    """The ``count``-th business day after ``day`` (before it, if negative). ``day`` itself never counts; 0 returns it.

    Additive for steps of one direction: going 3 and then 4 days is going 7.
    """
    step = ONE_DAY if count > 0 else -ONE_DAY
    left = abs(count)
    while left:
        day += step
        if calendar.is_business_day(day):
            left -= 1
    return day


def business_days_between(start: date, end: date, calendar: BusinessCalendar) -> int:
    """Business days in ``(start, end]``, or minus those in ``[end, start)`` when ``end`` is earlier.

    Undoes ``add_business_days`` whenever ``end`` is a business day.
    """
    if end < start:
        return -sum(calendar.is_business_day(end + ONE_DAY * n) for n in range((start - end).days))
    return sum(calendar.is_business_day(start + ONE_DAY * n) for n in range(1, (end - start).days + 1))
