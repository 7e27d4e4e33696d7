"""Meetings as iCalendar (RFC 5545, RFC 5546): an invitation, its cancellation, and one person's feed.

Plain values in, bytes out. The wall time and its IANA zone are written, with the zone's rules beside them, so that a
calendar shows the right hour whatever happens to the offsets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vUri

from engagement.rules.wall_time import resolve, zone_named

PRODUCT_ID = "-//PRM//Partner reviews//EN"
FEED_REFRESH = timedelta(hours=4)
CONTENT_TYPE = "text/calendar; charset=utf-8"


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


class Status(StrEnum):
    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Person:
    """Raises ``ValueError`` if ``email`` has no @, or a space or control character in it."""

    email: str
    name: str = ""

    def __post_init__(self) -> None:
        if "@" not in self.email or any(char.isspace() or not char.isprintable() for char in self.email):
            raise ValueError(f"Not an e-mail address: {self.email!r}")


@dataclass(frozen=True, slots=True)
class CalendarMeeting:
    """One meeting. ``uid`` never changes; ``sequence`` grows with each change of time, place or cancellation.

    ``wall`` is the naive start on the wall of ``zone`` (IANA); ``changed_at`` is aware.
    """

    uid: str
    sequence: int
    summary: str
    wall: datetime
    zone: str
    length: timedelta
    changed_at: datetime
    organizer: Person
    attendees: tuple[Person, ...] = ()
    description: str = ""
    location: str = ""
    url: str = ""
    status: Status = Status.CONFIRMED


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A whole day in the feed, such as a deadline: it has no hour and blocks no time."""

    uid: str
    day: date
    summary: str
    changed_at: datetime
    description: str = ""
    url: str = ""


def meeting_request(meeting: CalendarMeeting, *, stamp: datetime) -> bytes:
    """The invitation, or its update when ``sequence`` has grown. ``stamp`` is the aware moment of writing."""
    return _single(meeting, Method.REQUEST, stamp)


def meeting_cancel(meeting: CalendarMeeting, *, stamp: datetime) -> bytes:
    """The cancellation: same UID, status CANCELLED. ``sequence`` must have grown since the last invitation."""
    return _single(meeting, Method.CANCEL, stamp)


def feed(name: str, meetings: Iterable[CalendarMeeting], days: Iterable[CalendarDay] = ()) -> bytes:
    """One person's calendar. Attendees are left out, since whoever holds the address of the feed can read it.

    The same entries give the same bytes, so that the answer can carry an ETag.
    """
    calendar = _calendar(Method.PUBLISH)
    calendar.calendar_name = name
    calendar.add("refresh-interval", FEED_REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT4H")
    for meeting in sorted(meetings, key=lambda one: (one.wall, one.uid)):
        calendar.add_component(_meeting_event(meeting, stamp=meeting.changed_at, with_attendees=False))
    for entry in sorted(days, key=lambda one: (one.day, one.uid)):
        calendar.add_component(_day_event(entry))
    return _bytes(calendar)


def content_type(method: Method) -> str:
    """The MIME type of an attachment; mail programs only offer to answer when the method is named."""
    return f"{CONTENT_TYPE}; method={method}"


def _single(meeting: CalendarMeeting, method: Method, stamp: datetime) -> bytes:
    calendar = _calendar(method)
    status = Status.CANCELLED if method is Method.CANCEL else meeting.status
    calendar.add_component(_meeting_event(meeting, stamp=stamp, status=status))
    return _bytes(calendar)


def _calendar(method: Method) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT_ID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _meeting_event(
    meeting: CalendarMeeting, *, stamp: datetime, status: Status | None = None, with_attendees: bool = True
) -> Event:
    resolved = resolve(meeting.wall, meeting.zone)
    zone = zone_named(meeting.zone)
    starts = resolved.wall.replace(tzinfo=zone)
    ends_at = resolved.instant + meeting.length
    ends = ends_at.astimezone(zone)
    event = Event()
    event.add("uid", meeting.uid)
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("last-modified", meeting.changed_at.astimezone(UTC))
    event.add("dtstart", starts)
    # An hour that comes twice means its first occurrence when written as wall time; the second needs UTC.
    event.add("dtend", ends_at if ends.fold else ends)
    event.add("summary", meeting.summary)
    event.add("status", status or meeting.status)
    event.add("transp", "OPAQUE")
    _add_texts(event, description=meeting.description, location=meeting.location, url=meeting.url)
    event.add("organizer", _address(meeting.organizer))
    if with_attendees:
        for person in meeting.attendees:
            address = _address(person)
            address.params["CUTYPE"] = "INDIVIDUAL"
            address.params["ROLE"] = "REQ-PARTICIPANT"
            address.params["PARTSTAT"] = "NEEDS-ACTION"
            address.params["RSVP"] = "TRUE"
            event.add("attendee", address)
    return event


def _day_event(entry: CalendarDay) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(days=1))
    event.add("summary", entry.summary)
    event.add("transp", "TRANSPARENT")
    _add_texts(event, description=entry.description, url=entry.url)
    return event


def _add_texts(event: Event, *, description: str = "", location: str = "", url: str = "") -> None:
    if description:
        event.add("description", description)
    if location:
        event.add("location", location)
    if url:
        event.add("url", vUri(url))


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.email}")
    if person.name:
        # One line without quotes: programs that do not know RFC 6868 would show its escapes.
        address.params["CN"] = " ".join(person.name.split()).replace('"', "'")
    return address


def _bytes(calendar: Calendar) -> bytes:
    """With the rules of each zone in use, from the year before the first entry to the year after the last."""
    years = [event.start.year for event in calendar.events]
    for zone in sorted(calendar.get_used_tzids()):
        calendar.subcomponents.insert(0, _timezone(zone, min(years) - 1, max(years) + 1))
    return bytes(calendar.to_ical())


def _timezone(name: str, first_year: int, last_year: int) -> Timezone:
    """The rules of a zone, one part per change of the clocks; each starts at the wall time of the *former* offset,
    as RFC 5545 section 3.6.5 asks (the library's own writer gives the new wall time in spring)."""
    zone = zone_named(name)
    component = Timezone()
    component.add("tzid", name)
    first = datetime(first_year, 1, 1, tzinfo=UTC)
    before = first.astimezone(zone)
    for instant in (first, *_clock_changes(name, first_year, last_year)):
        after = instant.astimezone(zone)
        former, present = _offset(before), _offset(after)
        part = TimezoneDaylight() if after.dst() else TimezoneStandard()
        part.add("dtstart", (instant + former).replace(tzinfo=None))
        part.add("tzoffsetfrom", former)
        part.add("tzoffsetto", present)
        part.add("tzname", after.tzname() or name)
        component.add_component(part)
        before = after
    return component


@lru_cache(maxsize=512)
def _clock_changes(name: str, first_year: int, last_year: int) -> tuple[datetime, ...]:
    """UTC instants, to the minute, at which the zone's offset changes in these years."""
    zone = zone_named(name)
    found = []
    day, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    while day < end:
        low, high = day, day + timedelta(days=1)
        if _offset(low.astimezone(zone)) != _offset(high.astimezone(zone)):
            while high - low > timedelta(minutes=1):
                middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
                if _offset(middle.astimezone(zone)) == _offset(day.astimezone(zone)):
                    low = middle
                else:
                    high = middle
            found.append(high)
        day += timedelta(days=1)
    return tuple(found)


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta(0)
