"""Wall time and zone: changes of the clocks, far zones, and jobs that are due once per local day (P22, R29)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.rules.wall_time import (
    UnknownZoneError,
    WallTimeKind,
    end_of_day,
    latest_due_day,
    local_day,
    resolve,
    start_of_day,
    utc_instant,
    zone_named,
)

ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Australia/Sydney",
        "Pacific/Kiritimati",
        "Etc/GMT+12",
        "Asia/Beirut",
        "America/Havana",
        "UTC",
    ]
)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_nine_in_paris_moves_with_the_clocks() -> None:
    """methods.md 6.2: Paris 09:00 is 08:00Z on 27 March 2026 and 07:00Z on 30 March 2026."""
    assert utc_instant(date(2026, 3, 27), time(9), "Europe/Paris") == datetime(2026, 3, 27, 8, tzinfo=UTC)
    assert utc_instant(date(2026, 3, 30), time(9), "Europe/Paris") == datetime(2026, 3, 30, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "kind", "instant", "shown"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", WallTimeKind.SKIPPED, "2026-03-29T01:30", "2026-03-29T03:30"),
        ("2026-10-25T02:30", "Europe/Berlin", WallTimeKind.REPEATED, "2026-10-25T00:30", "2026-10-25T02:30"),
        ("2026-03-08T02:30", "America/New_York", WallTimeKind.SKIPPED, "2026-03-08T07:30", "2026-03-08T03:30"),
        ("2026-11-01T01:30", "America/New_York", WallTimeKind.REPEATED, "2026-11-01T05:30", "2026-11-01T01:30"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", WallTimeKind.SKIPPED, "2026-10-03T15:45", "2026-10-04T02:45"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", WallTimeKind.REPEATED, "2026-04-04T14:45", "2026-04-05T01:45"),
        ("2026-10-04T02:30", "Australia/Sydney", WallTimeKind.SKIPPED, "2026-10-03T16:30", "2026-10-04T03:30"),
        ("2026-06-01T09:00", "Pacific/Kiritimati", WallTimeKind.EXACT, "2026-05-31T19:00", "2026-06-01T09:00"),
        ("2026-06-01T09:00", "Etc/GMT+12", WallTimeKind.EXACT, "2026-06-01T21:00", "2026-06-01T09:00"),
    ],
)
def test_wall_time_is_resolved_through_gaps_and_folds(
    text: str, zone: str, kind: WallTimeKind, instant: str, shown: str
) -> None:
    resolved = resolve(wall(text), zone)
    assert (resolved.kind, resolved.wall) == (kind, wall(shown))
    assert resolved.instant == wall(instant).replace(tzinfo=UTC)


def test_wall_time_with_a_zone_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone of its own"):
        resolve(datetime(2026, 1, 1, tzinfo=UTC), "UTC")


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Atlantis", "../etc/passwd", "/etc/passwd", "x" * 5000, "a\x00b"]
)
def test_unknown_zone_is_refused_with_one_error(name: str) -> None:
    with pytest.raises(UnknownZoneError):
        zone_named(name)


def test_deadline_ends_at_midnight_of_the_stated_zone() -> None:
    assert end_of_day(date(2026, 3, 31), "Europe/Berlin") == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert end_of_day(date(2026, 3, 31), "Pacific/Kiritimati") == datetime(2026, 3, 31, 10, tzinfo=UTC)
    assert end_of_day(date(2028, 2, 29), "UTC") == datetime(2028, 3, 1, tzinfo=UTC)


def test_day_begins_after_a_midnight_that_is_skipped() -> None:
    assert start_of_day(date(2026, 3, 29), "Asia/Beirut") == datetime(2026, 3, 28, 22, tzinfo=UTC)


@settings(deadline=None)
@given(DAYS, ZONES)
def test_day_is_first_seen_at_its_start(day: date, zone: str) -> None:
    begins = start_of_day(day, zone)
    assert local_day(begins, zone) == day
    assert local_day(begins - timedelta(seconds=1), zone) < day


def test_day_is_due_from_nine_o_clock_on() -> None:
    nine = datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert latest_due_day(nine, "Europe/Paris") == date(2026, 3, 30)
    assert latest_due_day(nine - timedelta(seconds=1), "Europe/Paris") == date(2026, 3, 29)


@settings(deadline=None)
@given(DAYS, ZONES, st.integers(15, 240))
def test_daily_job_is_due_exactly_once_per_local_day(day: date, zone: str, minutes: int) -> None:
    """Swept every few minutes with a unique key per day, over nine days and a clock that jumps back two hours."""
    now = start_of_day(day, zone)
    ends = start_of_day(day + timedelta(days=9), zone)
    last_before = latest_due_day(now, zone)
    done: list[date] = []
    jumped = False
    while now < ends:
        due = latest_due_day(now, zone)
        if due not in done and due != last_before:
            done.append(due)
        if len(done) == 4 and not jumped:
            now -= timedelta(hours=2)
            jumped = True
        now += timedelta(minutes=minutes)
    assert done == [day + timedelta(days=n) for n in range(9)]
