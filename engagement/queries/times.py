"""A meeting's time in words: on the wall where it takes place, and on the reader's when that differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format

from engagement.models import Meeting
from engagement.queries.calendars import usable_zone
from engagement.rules.wall_time import zone_named


@dataclass(frozen=True)
class ZonedTime:
    """`text` is `Mon 30 Nov 2026, 10:00`, `zone` the IANA name it is in."""

    text: str
    zone: str


def wall_text(meeting: Meeting) -> str:
    """`Mon 30 Nov 2026, 10:00 (Europe/Paris)`."""
    return f"{date_format(meeting.wall, 'D j M Y, H:i')} ({meeting.time_zone})"


def zoned_times(meeting: Meeting, *zones: str) -> list[ZonedTime]:
    """The start in the meeting's own zone, then in each of `zones` whose clock shows another time then."""
    shown = [ZonedTime(date_format(meeting.wall, "D j M Y, H:i"), meeting.time_zone)]
    for zone in zones:
        text = date_format(_on_wall(meeting.starts_at, zone), "D j M Y, H:i")
        if text not in {one.text for one in shown}:
            shown.append(ZonedTime(text, usable_zone(zone)))
    return shown


def _on_wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(zone_named(usable_zone(zone))).replace(tzinfo=None)
