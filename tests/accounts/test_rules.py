"""When a digest is due, on the clock of whoever reads it; and which way each kind goes by default."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import PARTNER_ROLES, STAFF_ROLES, NotificationKind, NotificationPreference, Role
from accounts.rules import (
    DAILY,
    DEFAULTS,
    OFF,
    PARTNERS,
    STAFF,
    WEEKLY,
    default_channel,
    digest_due,
    is_muted,
    is_own_path,
    kinds_for,
)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "day", "hour"),
    [
        ("2026-11-25T07:29", "UTC", "2026-11-24", "2026-11-24T07:30"),
        ("2026-11-25T07:30", "UTC", "2026-11-25", "2026-11-25T07:30"),
        ("2026-11-24T17:30", "Pacific/Kiritimati", "2026-11-25", "2026-11-24T17:30"),  # UTC+14
        ("2026-11-24T17:29", "Pacific/Kiritimati", "2026-11-24", "2026-11-23T17:30"),
        ("2026-11-25T19:30", "Etc/GMT+12", "2026-11-25", "2026-11-25T19:30"),  # UTC-12
        ("2026-11-25T19:29", "Etc/GMT+12", "2026-11-24", "2026-11-24T19:30"),
        ("2026-03-29T05:30", "Europe/Berlin", "2026-03-29", "2026-03-29T05:30"),  # clocks forward that night
        ("2026-03-29T05:29", "Europe/Berlin", "2026-03-28", "2026-03-28T06:30"),
        ("2026-10-25T06:30", "Europe/Berlin", "2026-10-25", "2026-10-25T06:30"),  # clocks back that night
        ("2026-10-25T05:30", "Europe/Berlin", "2026-10-24", "2026-10-24T05:30"),
        ("2026-10-04T22:00", "Australia/Lord_Howe", "2026-10-05", "2026-10-04T20:30"),  # half an hour forward
    ],
)
def test_digest_due_names_local_day_and_instant(now, zone, day, hour):
    assert digest_due(at(now), ZoneInfo(zone), DAILY) == (date.fromisoformat(day), at(hour))


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-23T07:30", "2026-11-23"),  # Monday
        ("2026-11-23T07:29", "2026-11-16"),
        ("2026-11-29T23:59", "2026-11-23"),  # Sunday
    ],
)
def test_digest_due_weekly_is_the_monday(now, day):
    assert digest_due(at(now), ZoneInfo("UTC"), WEEKLY)[0] == date.fromisoformat(day)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata"]
)
def test_digest_due_names_each_local_day_once(zone):
    """Asked every quarter of an hour for a year, both changes of the clocks within."""
    start, seen = at("2026-01-01T00:00"), []
    for step in range(365 * 96):
        day, hour = digest_due(start + timedelta(minutes=15 * step), ZoneInfo(zone), DAILY)
        if not seen or seen[-1] != (day, hour):
            seen.append((day, hour))
    days = [day for day, _hour in seen]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]


def test_every_kind_has_a_default_for_every_role():
    assert set(DEFAULTS) == set(NotificationKind.values)
    ways = {default_channel(kind, role) for kind in DEFAULTS for role in Role.values}
    assert ways <= set(NotificationPreference.Channel.values)


def test_a_kind_that_a_role_never_gets_is_off_for_it():
    assert (set(STAFF), set(PARTNERS)) == (STAFF_ROLES, PARTNER_ROLES)
    for role in Role.values:
        assert {kind for kind in DEFAULTS if default_channel(kind, role) == OFF} == set(DEFAULTS) - set(kinds_for(role))


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("/app/meetings/", True),
        ("/portal/?a=1", True),
        ("//evil.test/", False),
        ("/\\evil.test", False),
        ("https://evil.test/", False),
        ("javascript:alert(1)", False),
        ("/a\nb", False),
        ("", False),
    ],
)
def test_only_paths_of_this_site_are_own(url, fine):
    assert is_own_path(url) is fine


def test_is_muted_by_thread_kind_or_partner_but_not_by_nothing():
    assert is_muted([("thread", "meeting:1")], kind="k", thread="meeting:1", partner_uid="") is True
    assert is_muted([("kind", "k")], kind="k", thread="", partner_uid="") is True
    assert is_muted([("partner", "p")], kind="k", thread="", partner_uid="p") is True
    assert is_muted([("thread", "meeting:2"), ("partner", "q")], kind="k", thread="", partner_uid="") is False
