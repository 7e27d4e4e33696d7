from datetime import UTC, date, datetime, timedelta

import pytest

from core import clock
from engagement.queries import two_way_counts
from tests.factories import make_partner, make_touch


@pytest.fixture
def berlin(settings):
    settings.REPORTING_TIME_ZONE = "Europe/Berlin"


def test_end_of_day_is_local_midnight(berlin):
    assert clock.end_of_day(date(2026, 3, 28)) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert clock.end_of_day(date(2026, 3, 29)) == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_days_before_keeps_local_midnight_across_the_clock_change(berlin):
    summer = clock.end_of_day(date(2026, 5, 31))

    assert clock.days_before(summer, 90) == clock.end_of_day(date(2026, 3, 2)) == datetime(2026, 3, 2, 23, tzinfo=UTC)


@pytest.mark.django_db
def test_window_of_touches_begins_at_local_midnight(berlin):
    partner = make_partner()
    at = clock.end_of_day(date(2026, 5, 31))
    first = clock.days_before(at, 90)
    make_touch(partner=partner, occurred_at=first)
    make_touch(partner=partner, occurred_at=first - timedelta(minutes=30))

    assert two_way_counts([partner.pk], at=at, known=at) == {partner.pk: 1}
