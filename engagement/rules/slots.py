"""The hour of a review: inside the working hours of both sides, or fair to both in turn (methods.md 6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from engagement.rules.business_days import ONE_DAY, BusinessCalendar
from engagement.rules.reason import Reason, gettext_noop
from engagement.rules.wall_time import utc_instant, zone_named

SHORTEST_OVERLAP = timedelta(hours=1)
GRID = timedelta(minutes=15)


class Side(StrEnum):
    OURS = "ours"
    THEIRS = "theirs"

    @property
    def other(self) -> Side:
        return Side.THEIRS if self is Side.OURS else Side.OURS


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Local working hours of one side in an IANA zone; ``end`` after ``start``, else ``ValueError``."""

    zone: str
    start: time = time(9)
    end: time = time(17)

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("Working hours end after they start.")

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Start and end on the local ``day`` as UTC instants."""
        return utc_instant(day, self.start, self.zone), utc_instant(day, self.end, self.zone)


@dataclass(frozen=True, slots=True)
class Slot:
    """UTC instants, and the naive ``wall`` start in ``zone`` (ours) that is stored beside them.

    ``stretched`` names the side that meets outside its working hours, if one has to.
    """

    starts_at: datetime
    ends_at: datetime
    wall: datetime
    zone: str
    stretched: Side | None
    reasons: tuple[Reason, ...]


def find_slot(
    day: date,
    *,
    ours: WorkingHours,
    theirs: WorkingHours,
    calendar: BusinessCalendar,
    length: timedelta = timedelta(hours=1),
    preferred: time | None = None,
    last_stretched: Side | None = None,
) -> Slot:
    """A slot of ``length`` on ``day``, preferably at the wall time ``preferred`` of our zone.

    With less than one hour (or less than ``length``) in common, the side that was not stretched last time is
    stretched now, ours first. Raises ``ValueError`` if ``length`` is longer than a side's working day.
    """
    common = _longest_overlap(day, ours, theirs, calendar)
    if common is not None and common[1] - common[0] >= max(length, SHORTEST_OVERLAP):
        starts_at = _grid_up(common[0])
        if starts_at + length > common[1]:
            starts_at = common[0]
        if preferred is not None:
            wish = utc_instant(day, preferred, ours.zone)
            if common[0] <= wish and wish + length <= common[1]:
                starts_at = wish
        reason = Reason("overlap", gettext_noop("Inside the working hours of both sides."))
        return _slot(starts_at, length, ours.zone, None, reason)
    stretched = last_stretched.other if last_stretched else Side.OURS
    keeper, bender = (theirs, ours) if stretched is Side.OURS else (ours, theirs)
    opens, closes = keeper.on(day)
    if closes - opens < length:
        raise ValueError("The meeting is longer than the working day.")
    spans = _spans_near(day, bender, calendar)
    options = []
    starts_at = opens
    while starts_at + length <= closes:
        outside = min(
            max(begin - starts_at, timedelta(0)) + max(starts_at + length - end, timedelta(0)) for begin, end in spans
        )
        options.append((outside, starts_at))
        starts_at += GRID
    if stretched is Side.OURS:
        reason = Reason("stretched_ours", gettext_noop("Hardly any common working hours: our side meets out of hours."))
    else:
        template = gettext_noop("Hardly any common working hours: the partner's side meets out of hours.")
        reason = Reason("stretched_theirs", template)
    return _slot(min(options)[1], length, ours.zone, stretched, reason)


def _spans_near(day: date, hours: WorkingHours, calendar: BusinessCalendar) -> list[tuple[datetime, datetime]]:
    days = (day - ONE_DAY, day, day + ONE_DAY)
    return [hours.on(near) for near in days if near == day or calendar.is_business_day(near)]


def _longest_overlap(
    day: date, ours: WorkingHours, theirs: WorkingHours, calendar: BusinessCalendar
) -> tuple[datetime, datetime] | None:
    opens, closes = ours.on(day)
    overlaps = [(max(opens, begin), min(closes, end)) for begin, end in _spans_near(day, theirs, calendar)]
    overlaps = [(begin, end) for begin, end in overlaps if begin < end]
    return max(overlaps, key=lambda span: (span[1] - span[0], -span[0].timestamp()), default=None)


def _grid_up(instant: datetime) -> datetime:
    rest = timedelta(minutes=instant.minute % 15, seconds=instant.second, microseconds=instant.microsecond)
    return instant + (GRID - rest) if rest else instant


def _slot(starts_at: datetime, length: timedelta, zone: str, stretched: Side | None, reason: Reason) -> Slot:
    wall = starts_at.astimezone(zone_named(zone)).replace(tzinfo=None, fold=0)
    return Slot(starts_at, starts_at + length, wall, zone, stretched, (reason,))
