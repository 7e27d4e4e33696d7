"""Wall time and IANA zone to the UTC instant (methods.md 6.2, reliability.md R29, P22).

A wall time that the clocks skip is read with the offset before the gap (02:30 becomes 03:30), and one that comes
twice is its first occurrence, as RFC 5545 section 3.3.5 says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NINE = time(9)


class UnknownZoneError(ValueError):
    """No such zone in the IANA database of this machine."""


class WallTimeKind(StrEnum):
    EXACT = "exact"
    SKIPPED = "skipped"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class ResolvedTime:
    """``instant`` in UTC, ``wall`` as the clock on the wall then shows it (naive), and what kind of time it was."""

    instant: datetime
    wall: datetime
    kind: WallTimeKind


def zone_named(name: str) -> ZoneInfo:
    """The zone, or ``UnknownZoneError``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZoneError(name) from error


def resolve(wall: datetime, zone: str) -> ResolvedTime:
    """What a naive wall time in a zone means.

    Raises ``UnknownZoneError``, and ``ValueError`` if ``wall`` carries a zone.
    """
    if wall.tzinfo is not None:
        raise ValueError("A wall time carries no zone of its own.")
    tz = zone_named(zone)
    first = wall.replace(tzinfo=tz, fold=0)
    second = wall.replace(tzinfo=tz, fold=1)
    instant = first.astimezone(UTC)
    shown = instant.astimezone(tz).replace(tzinfo=None, fold=0)
    if shown != wall.replace(fold=0):
        kind = WallTimeKind.SKIPPED
    elif first.utcoffset() != second.utcoffset():
        kind = WallTimeKind.REPEATED
    else:
        kind = WallTimeKind.EXACT
    return ResolvedTime(instant=instant, wall=shown, kind=kind)


def utc_instant(day: date, at: time, zone: str) -> datetime:
    """``at`` on ``day`` on the wall of ``zone``, in UTC. Raises ``UnknownZoneError``."""
    return resolve(datetime.combine(day, at), zone).instant


def start_of_day(day: date, zone: str) -> datetime:
    """The first instant of the local day, in UTC, also where midnight is skipped or comes twice."""
    return utc_instant(day, time(0), zone)


def end_of_day(day: date, zone: str) -> datetime:
    """24:00 of the local day in UTC: a deadline "31 March" has passed from this instant on."""
    return start_of_day(day + timedelta(days=1), zone)


def local_day(instant: datetime, zone: str) -> date:
    """The date on the wall of ``zone`` at an aware instant."""
    return instant.astimezone(zone_named(zone)).date()


def latest_due_day(now: datetime, zone: str, at: time = NINE) -> date:
    """The newest local day whose ``at`` has come. With a unique key (job, day) a daily job runs once per local day,
    however often it is asked and even if the clock jumps back."""
    today = local_day(now, zone)
    return today if utc_instant(today, at, zone) <= now else today - timedelta(days=1)
