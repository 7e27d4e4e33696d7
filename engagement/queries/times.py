"""A meeting's time in words: on the wall where it takes place, and on the reader's when that differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format

from engagement.models import Meeting, MeetingReply
from engagement.queries.calendars import usable_zone
from engagement.rules.wall_time import zone_named


@dataclass(frozen=True)
class ZonedTime:
    """`text` is `Mon 30 Nov 2026, 10:00`, `zone` the IANA name it is in."""

    text: str
    zone: str


def wall_text(meeting: Meeting) -> str:
    """`Mon 30 Nov 2026, 10:00 (Europe/Paris)`."""
    return wall_words(meeting.wall, meeting.time_zone)


def wall_words(wall: datetime, zone: str) -> str:
    return f"{date_format(wall, 'D j M Y, H:i')} ({zone})"


def zoned_times(meeting: Meeting, *zones: str) -> list[ZonedTime]:
    """The start in the meeting's own zone, then in each of `zones` whose clock shows another time then."""
    return _zoned(meeting.wall, meeting.time_zone, meeting.starts_at, zones)


def proposed_times(reply: MeetingReply, *zones: str) -> list[ZonedTime]:
    """A proposed start in its own zone, then in each of `zones` whose clock shows another time then."""
    assert reply.starts_at is not None
    return _zoned(reply.wall, reply.time_zone, reply.starts_at, zones)


def _zoned(wall: datetime, own_zone: str, instant: datetime, zones: Iterable[str]) -> list[ZonedTime]:
    shown = [ZonedTime(date_format(wall, "D j M Y, H:i"), own_zone)]
    for zone in zones:
        text = date_format(_on_wall(instant, zone), "D j M Y, H:i")
        if text not in {one.text for one in shown}:
            shown.append(ZonedTime(text, usable_zone(zone)))
    return shown


def _on_wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(zone_named(usable_zone(zone))).replace(tzinfo=None)
