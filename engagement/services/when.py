"""When a meeting may begin, as a person typed it: a wall time of a zone, yet to come and not out of sight."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError
from engagement.rules.wall_time import ResolvedTime, UnknownZoneError, resolve

MOST_YEARS = 5  # ahead


def future_start(local_start: datetime, time_zone: str, *, past: DomainError) -> ResolvedTime:
    """The instant meant. DomainError at the field that is wrong; `past` is raised for a time that is over."""
    if local_start.year > clock.today().year + MOST_YEARS:
        raise DomainError(_("Choose a day within the next {} years.").format(MOST_YEARS), field="day")
    try:
        start = resolve(local_start, time_zone)
    except UnknownZoneError as error:
        raise DomainError(_("There is no time zone “{}”.").format(time_zone), field="time_zone") from error
    except OverflowError:
        raise past from None
    if start.instant <= clock.now():
        raise past
    return start
