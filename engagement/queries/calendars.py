"""The working days of both sides, from the packaged calendars and the corrections kept here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from django.conf import settings

from engagement.models import HolidayOverride
from engagement.rules.business_days import (
    BusinessCalendar,
    HolidayChange,
    UnknownCalendarError,
    business_calendar,
    packaged_holidays,
    packaged_weekend,
)
from engagement.rules.wall_time import UnknownZoneError, zone_named

PROBE_YEAR = 2026


def is_calendar(name: str) -> bool:
    """Whether the packaged calendars know `name`: `FR`, or with a subdivision `DE-BY`."""
    country, _dash, subdivision = name.partition("-")
    try:
        packaged_weekend(country)
        packaged_holidays(country, subdivision, PROBE_YEAR)
    except UnknownCalendarError:
        return False
    return True


def usable_zone(name: str) -> str:
    """`name` if this machine knows the zone, else the reporting zone of the installation."""
    try:
        zone_named(name)
    except UnknownZoneError:
        return str(settings.REPORTING_TIME_ZONE)
    return name


@dataclass
class CalendarBook:
    """The corrections as read once, and the shared calendar of our side with each country asked for."""

    changes: tuple[HolidayChange, ...]
    home: str
    _shared: dict[str, BusinessCalendar] = field(default_factory=dict)

    def shared_with(self, country_code: str) -> BusinessCalendar:
        """Business days of our side and of `country_code` together; an unknown code adds no holidays."""
        known = self._shared.get(country_code)
        if known is None:
            names = [name for name in (self.home, country_code) if name and is_calendar(name)]
            known = self._shared[country_code] = business_calendar(names, changes=self.changes)
        return known

    @property
    def fingerprint(self) -> str:
        """Changes whenever the home country or any correction does."""
        parts = [self.home, *(f"{one.calendar}|{one.day}|{one.works}" for one in self.changes)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read_calendars() -> CalendarBook:
    rows = HolidayOverride.objects.order_by("day", "calendar").values_list("calendar", "day", "works")
    return CalendarBook(
        changes=tuple(HolidayChange(calendar, day, works) for calendar, day, works in rows), home=settings.HOME_COUNTRY
    )
