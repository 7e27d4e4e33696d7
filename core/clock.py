"""The clock of the house. Tests move it; nothing else asks the system for the time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings


def now() -> datetime:
    """The present instant, timezone-aware UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present business date in the installation's reporting time zone."""
    return day_of(now())


def end_of_day(day: date) -> datetime:
    """The first instant after `day` in the reporting time zone, as UTC: the cut-off of everything "as of" that day."""
    zone = ZoneInfo(settings.REPORTING_TIME_ZONE)
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def days_before(at: datetime, days: int) -> datetime:
    """The same time on the clock `days` days before `at`, in the reporting time zone."""
    zone = ZoneInfo(settings.REPORTING_TIME_ZONE)
    wall = at.astimezone(zone).replace(tzinfo=None) - timedelta(days=days)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def day_of(at: datetime) -> date:
    """The business date of an instant in the reporting time zone."""
    return at.astimezone(ZoneInfo(settings.REPORTING_TIME_ZONE)).date()
