from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Meeting
from engagement.queries import (
    attendance,
    last_touches,
    next_meetings,
    source_delivery,
    timeline,
    two_way_counts,
)
from engagement.services import (
    add_commitment,
)
from tests.engagement.conftest import NOW
from tests.factories import make_contact, make_meeting, make_partner, make_touch, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def counted(call):
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


@pytest.mark.parametrize(
    ("age", "fields", "expected"),
    [
        (DAY, {}, 1),
        (90 * DAY, {}, 1),
        (90 * DAY + SECOND, {}, None),
        (0 * DAY, {}, None),
        (DAY, {"two_way": False}, None),
        (DAY, {"known_at": NOW}, None),
        (DAY, {"superseded_at": NOW - SECOND}, None),
        (DAY, {"superseded_at": NOW}, 1),
    ],
)
def test_two_way_counts_window_and_knowledge(partner, age, fields, expected):
    make_touch(partner=partner, occurred_at=NOW - age, **fields)

    assert two_way_counts([partner.pk], at=NOW, known=NOW).get(partner.pk) == expected


def closed_meeting(partner, *, came, status="held", age=10 * DAY):
    at = NOW - age
    fields = {"held_at": at, "known_held_at": at} if status == "held" else {"missed_at": at + DAY}
    meeting = make_meeting(partner=partner, status=status, starts_at=at, **fields)
    for attended in came:
        meeting.attendees.create(contact=make_contact(partner=partner), attended=attended)
    meeting.attendees.create(user=make_user(), attended=True)
    return meeting


def test_attendance_counts_people_of_the_partner_in_held_and_missed_meetings(partner, other_partner):
    closed_meeting(partner, came=[True, True, False])
    closed_meeting(partner, came=[False], status="missed")
    closed_meeting(partner, came=[True], age=181 * DAY)
    make_meeting(partner=other_partner).attendees.create(contact=make_contact(partner=other_partner))

    assert attendance([partner.pk, other_partner.pk], at=NOW, known=NOW) == {partner.pk: (2, 4)}


def test_attendance_does_not_see_what_was_not_known_yet(partner):
    closed_meeting(partner, came=[False], status="missed")

    assert attendance([partner.pk], at=NOW, known=NOW - 9 * DAY - SECOND) == {}


def test_source_delivery_tells_when_a_source_began(partner):
    assert source_delivery(at=NOW, known=NOW) == {"touchpoints": False, "meetings": False}
    make_touch(partner=partner, occurred_at=NOW - DAY)
    closed_meeting(partner, came=[True])

    assert source_delivery(at=NOW, known=NOW) == {"touchpoints": True, "meetings": True}
    assert source_delivery(at=NOW - 20 * DAY, known=NOW - 20 * DAY) == {"touchpoints": False, "meetings": False}


def test_last_touches_and_next_meetings_leave_out_who_has_none(partner, other_partner):
    make_touch(partner=partner, occurred_at=NOW - 5 * DAY)
    make_touch(partner=partner, occurred_at=NOW - 2 * DAY)
    make_touch(partner=other_partner, two_way=False)
    make_meeting(partner=partner, status="cancelled", starts_at=NOW + DAY)
    make_meeting(partner=partner, starts_at=NOW - DAY)
    following = make_meeting(partner=partner, starts_at=NOW + 3 * DAY)
    make_meeting(partner=partner, starts_at=NOW + 9 * DAY)

    assert last_touches([partner.pk, other_partner.pk]) == {partner.pk: NOW - 2 * DAY}
    assert next_meetings([partner.pk, other_partner.pk]) == {partner.pk: following}


def test_next_meeting_is_an_appointment_before_what_the_cadence_asks_for(partner, other_partner):
    asked = make_meeting(partner=partner, kind="check_in", automatic=True, starts_at=NOW + DAY)
    appointment = make_meeting(partner=partner, status="confirmed", starts_at=NOW + 9 * DAY)
    only = make_meeting(partner=other_partner, automatic=True, starts_at=NOW + DAY, target_on=(NOW - 3 * DAY).date())

    assert next_meetings([partner.pk, other_partner.pk]) == {partner.pk: appointment, other_partner.pk: only}
    assert [asked.is_only_due, appointment.is_only_due, only.due_day] == [True, False, (NOW - 3 * DAY).date()]


def test_timeline_mixes_touches_and_meetings_newest_first(partner, manager):
    old = make_touch(partner=partner, occurred_at=NOW - 9 * DAY, actor=manager)
    meeting = closed_meeting(partner, came=[True], age=5 * DAY)
    make_touch(partner=partner, occurred_at=NOW - 5 * DAY, meeting=meeting)
    new = make_touch(partner=partner, occurred_at=NOW - DAY, actor=manager)
    make_meeting(partner=partner, starts_at=NOW - 3 * DAY)
    make_touch(partner=partner, occurred_at=NOW - DAY, superseded_at=NOW)

    assert [(one.touch, one.meeting) for one in timeline(partner, 10)] == [(new, None), (None, meeting), (old, None)]
    assert [one.touch for one in timeline(partner, 1)] == [new]


def test_questions_do_not_grow_with_rows(manager):
    def add(count):
        ids = []
        for _one in range(count):
            partner = make_partner(owner=manager)
            make_touch(partner=partner, occurred_at=NOW - DAY)
            closed_meeting(partner, came=[True])
            make_meeting(partner=partner, status="confirmed", starts_at=NOW - DAY)
            add_commitment(partner_id=partner.pk, text="Late", actor=manager, due_on=date(2026, 10, 30))
            ids.append(partner.pk)
        return ids

    def queries(ids):
        return [
            counted(lambda: two_way_counts(ids, at=NOW, known=NOW)),
            counted(lambda: attendance(ids, at=NOW, known=NOW)),
            counted(lambda: last_touches(ids)),
            counted(lambda: next_meetings(ids)),
        ]

    one = queries(add(1))
    assert queries(add(5)) == one
    assert one == [1, 1, 1, 1]
    assert Meeting.objects.count() == 12
