"""Invitations, cancellations and feeds, read back with the library and with the rules of the zone they carry."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from icalendar import Calendar, Event

from engagement.ics import (
    CalendarDay,
    CalendarMeeting,
    Method,
    Person,
    Status,
    content_type,
    feed,
    meeting_cancel,
    meeting_request,
)
from engagement.rules.wall_time import UnknownZoneError

STAMP = datetime(2026, 4, 2, 8, tzinfo=UTC)


def wall(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(date(year, month, day), time(hour, minute))


def make_meeting(**changes: object) -> CalendarMeeting:
    meeting = CalendarMeeting(
        uid="5b0c@prm.example",
        sequence=0,
        summary="Quarterly review: Nordwind",
        wall=wall(2026, 4, 30, 10),
        zone="Europe/Paris",
        length=timedelta(minutes=90),
        changed_at=datetime(2026, 4, 1, tzinfo=UTC),
        organizer=Person("lena@vendor.example", "Lena Brandt"),
        attendees=(Person("marc@partner.example", "Marc Petit"), Person("ana@partner.example")),
    )
    return replace(meeting, **changes)


def only_event(data: bytes) -> Event:
    (event,) = Calendar.from_ical(data).events
    return event


def test_request_carries_wall_time_zone_and_people() -> None:
    data = meeting_request(make_meeting(), stamp=STAMP)
    event = only_event(data)
    assert Calendar.from_ical(data)["METHOD"] == "REQUEST"
    assert b"DTSTART;TZID=Europe/Paris:20260430T100000\r\n" in data
    assert b"DTEND;TZID=Europe/Paris:20260430T113000\r\n" in data
    assert event.start.astimezone(UTC) == datetime(2026, 4, 30, 8, tzinfo=UTC)
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("5b0c@prm.example", 0, "CONFIRMED")
    assert event["DTSTAMP"].dt == STAMP
    assert str(event["ORGANIZER"]) == "mailto:lena@vendor.example"
    assert [str(one) for one in event["ATTENDEE"]] == ["mailto:marc@partner.example", "mailto:ana@partner.example"]
    assert event["ATTENDEE"][0].params["CN"] == "Marc Petit"
    assert event["ATTENDEE"][0].params["RSVP"] == "TRUE"


def test_cancel_keeps_uid_and_says_cancelled() -> None:
    data = meeting_cancel(make_meeting(sequence=3), stamp=STAMP)
    event = only_event(data)
    assert Calendar.from_ical(data)["METHOD"] == "CANCEL"
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("5b0c@prm.example", 3, "CANCELLED")


def test_content_type_names_the_method() -> None:
    assert content_type(Method.REQUEST) == "text/calendar; charset=utf-8; method=REQUEST"


def test_text_cannot_break_out_of_its_line() -> None:
    evil = "Plan\r\nATTENDEE:mailto:evil@x.example\r\nEND:VEVENT, a; b"
    meeting = make_meeting(
        summary=evil, description=evil, location=evil, organizer=Person("lena@vendor.example", 'Le"na\r\nX-EVIL:1')
    )
    data = meeting_request(meeting, stamp=STAMP)
    event = only_event(data)
    assert str(event["SUMMARY"]) == evil.replace("\r\n", "\n")
    assert len(event["ATTENDEE"]) == 2
    assert b"\r\nX-EVIL" not in data
    assert event["ORGANIZER"].params["CN"] == "Le'na X-EVIL:1"


@pytest.mark.parametrize("email", ["", "nobody", "a b@c.example", "a@b.example\r\nX:1", "a@b\x00.example"])
def test_person_refuses_what_is_no_address(email: str) -> None:
    with pytest.raises(ValueError, match="Not an e-mail address"):
        Person(email)


def test_meeting_in_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownZoneError):
        meeting_request(make_meeting(zone="Europe/Atlantis"), stamp=STAMP)


def test_skipped_wall_time_is_written_as_the_clock_shows_it() -> None:
    data = meeting_request(make_meeting(wall=wall(2026, 3, 29, 2, 30)), stamp=STAMP)
    assert b"DTSTART;TZID=Europe/Paris:20260329T033000\r\n" in data


def test_end_in_the_repeated_hour_keeps_the_length() -> None:
    meeting = make_meeting(wall=wall(2026, 10, 25, 1, 30), length=timedelta(hours=2))
    event = only_event(meeting_request(meeting, stamp=STAMP))
    assert event.end.astimezone(UTC) - event.start.astimezone(UTC) == timedelta(hours=2)


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        (
            "Europe/Paris",
            [
                (wall(2026, 3, 29, 2), timedelta(hours=1), timedelta(hours=2)),
                (wall(2026, 10, 25, 3), timedelta(hours=2), timedelta(hours=1)),
            ],
        ),
        (
            "America/New_York",
            [
                (wall(2026, 3, 8, 2), timedelta(hours=-5), timedelta(hours=-4)),
                (wall(2026, 11, 1, 2), timedelta(hours=-4), timedelta(hours=-5)),
            ],
        ),
        (
            "Australia/Lord_Howe",
            [
                (wall(2026, 4, 5, 2), timedelta(hours=11), timedelta(hours=10, minutes=30)),
                (wall(2026, 10, 4, 2), timedelta(hours=10, minutes=30), timedelta(hours=11)),
            ],
        ),
        ("Pacific/Kiritimati", []),
    ],
)
def test_zone_rules_start_at_the_former_wall_time(
    zone: str, changes: list[tuple[datetime, timedelta, timedelta]]
) -> None:
    calendar = Calendar.from_ical(meeting_request(make_meeting(zone=zone), stamp=STAMP))
    (rules,) = calendar.timezones
    assert rules["TZID"] == zone
    found = sorted(
        (part["DTSTART"].dt, part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td)
        for part in rules.subcomponents
        if part["DTSTART"].dt.year == 2026
    )
    assert found == changes


def test_utc_meeting_needs_no_zone_rules() -> None:
    data = meeting_request(make_meeting(zone="UTC"), stamp=STAMP)
    assert b"DTSTART:20260430T100000Z\r\n" in data
    assert b"VTIMEZONE" not in data


def test_lines_are_at_most_75_octets() -> None:
    data = meeting_request(make_meeting(summary="Überprüfung " * 40), stamp=STAMP)
    assert max(len(line) for line in data.split(b"\r\n")) <= 75


def test_feed_hides_attendees_and_keeps_cancelled() -> None:
    meetings = [make_meeting(), make_meeting(uid="gone@prm.example", status=Status.CANCELLED, zone="Asia/Tokyo")]
    days = [CalendarDay("due@prm.example", date(2026, 5, 5), "Minutes due", STAMP)]
    data = feed("Lena's reviews", meetings, days)
    calendar = Calendar.from_ical(data)
    assert calendar["METHOD"] == "PUBLISH"
    assert [str(event["UID"]) for event in calendar.events] == [
        "5b0c@prm.example",
        "gone@prm.example",
        "due@prm.example",
    ]
    assert [str(event.get("STATUS", "")) for event in calendar.events] == ["CONFIRMED", "CANCELLED", ""]
    assert b"ATTENDEE" not in data
    assert b"partner.example" not in data
    assert b"DTSTART;VALUE=DATE:20260505\r\n" in data
    assert sorted(str(zone["TZID"]) for zone in calendar.timezones) == ["Asia/Tokyo", "Europe/Paris"]
    assert data.count(b"X-WR-CALNAME") == 1


def test_feed_gives_the_same_bytes_for_the_same_entries() -> None:
    first, second = make_meeting(), make_meeting(uid="2@prm.example", wall=wall(2026, 5, 4, 9))
    assert feed("x", [first, second]) == feed("x", [second, first])


def test_empty_feed_is_a_calendar() -> None:
    assert Calendar.from_ical(feed("Nothing yet", [])).events == []
