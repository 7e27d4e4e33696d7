from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Commitment, Meeting
from engagement.queries import (
    attendance,
    attention_items,
    last_touches,
    next_meetings,
    source_delivery,
    timeline,
    two_way_counts,
)
from engagement.services import (
    add_commitment,
    mark_missed,
    plan_reviews,
    queue_due_reminders,
    reschedule_meeting,
)
from engagement.services.planning import Situation
from tests.engagement.conftest import NOW, wall
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


# --- what waits for somebody -------------------------------------------------------


def waiting(user, **changes):
    return attention_items(user, **{"at": NOW, "today": NOW.date(), **changes})


def test_nothing_waits_when_all_is_well(manager, qbr):
    assert waiting(manager) == []


def test_meeting_this_week_that_is_not_ready_waits(manager, qbr):
    qbr.agenda.all().delete()
    items = waiting(manager, at=datetime(2026, 11, 25, 8, tzinfo=UTC), today=date(2026, 11, 25))

    assert [(one.kind, one.reason, one.severity) for one in items] == [
        ("not_ready", "4 of 5 parts ready; missing: agenda.", 2)
    ]


def test_due_reminder_waits_on_today_too(manager, qbr, still_clock):
    still_clock.move_to(datetime(2026, 11, 10, 9, 5, tzinfo=UTC))
    queue_due_reminders()
    items = waiting(manager, at=datetime(2026, 11, 10, 9, 6, tzinfo=UTC), today=date(2026, 11, 10))

    assert [(one.kind, one.title) for one in items] == [
        ("reminder", "QBR with Northwind Partners: hand in the figures")
    ]


def test_planned_review_waits_to_be_scheduled_and_then_is_overdue(manager, partner):
    plan_reviews(situations={partner.pk: Situation("growth", date(2026, 8, 20))})
    early = [one for one in waiting(manager) if one.meeting.kind == "qbr"]
    assert [(one.kind, one.reason, one.due_on) for one in early] == [
        ("to_schedule", "Gold: quarterly; in this stage since 20 Aug 2026; due 20 Nov 2026", date(2026, 11, 20))
    ]
    late = waiting(manager, at=NOW + 60 * DAY, today=date(2027, 1, 1))
    assert ("overdue", "Due 2026-11-20, 42 days ago, and not scheduled.", 3) in [
        (one.kind, one.reason, one.severity) for one in late
    ]


def test_meeting_whose_hour_has_passed_waits_to_be_closed(manager, qbr):
    items = waiting(manager, at=datetime(2026, 12, 2, 8, tzinfo=UTC), today=date(2026, 12, 2))

    assert [one.kind for one in items] == ["to_close"]


def test_missed_meeting_waits_until_the_next_is_held(manager, qbr, partner, still_clock):
    after = datetime(2026, 12, 2, 8, tzinfo=UTC)
    still_clock.move_to(after)
    mark_missed(meeting_id=qbr.pk, actor=manager)
    assert [(one.kind, one.reason) for one in waiting(manager, at=after, today=after.date())] == [
        ("missed", "The partner did not come.")
    ]
    make_meeting(partner=partner, kind="qbr", status="held", held_at=after, known_held_at=after, starts_at=after)
    assert waiting(manager, at=after + DAY, today=date(2026, 12, 3)) == []


def test_twice_postponed_meeting_waits_as_missed(manager, qbr):
    for day in ("2026-12-02T10:00", "2026-12-03T10:00"):
        reschedule_meeting(meeting_id=qbr.pk, local_start=wall(day), actor=manager)
    items = waiting(manager, at=NOW + 20 * DAY, today=date(2026, 11, 22))

    assert [(one.kind, one.reason) for one in items] == [("missed", "Postponed 2 times.")]


def test_late_commitment_waits_for_its_owner_and_the_owner_of_the_partner(manager, lead, partner, other_partner):
    add_commitment(partner_id=other_partner.pk, text="Price list", actor=manager, due_on=date(2026, 10, 30))
    add_commitment(
        partner_id=partner.pk, text="Forecast", actor=lead, side="theirs", owner_name="Mia", due_on=date(2026, 11, 1)
    )
    add_commitment(partner_id=partner.pk, text="Not yet", actor=manager, due_on=date(2026, 11, 2))

    assert [(one.title, one.reason) for one in waiting(manager)] == [
        ("Price list", "Promised by Ana Ruiz; 3 days late."),
        ("Forecast", "Promised by Mia; 1 day late."),
    ]
    assert waiting(lead) == []
    assert len(waiting(lead, mine=False)) == 2
    assert Commitment.objects.count() == 3


def test_only_ones_own_partners_wait_and_strangers_see_nothing(manager, lead, member, qbr):
    after = {"at": datetime(2026, 12, 2, 8, tzinfo=UTC), "today": date(2026, 12, 2)}

    assert [one.kind for one in waiting(lead, mine=False, **after)] == ["to_close"]
    assert waiting(lead, **after) == []


def test_stranger_from_another_partner_sees_nothing_of_this_one(stranger, member, qbr):
    after = {"at": datetime(2026, 12, 2, 8, tzinfo=UTC), "today": date(2026, 12, 2), "mine": False}

    assert waiting(stranger, **after) == []
    assert [one.kind for one in waiting(member, **after)] == ["to_close"]


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
            counted(lambda: waiting(manager)),
        ]

    one = queries(add(1))
    assert queries(add(5)) == one
    assert one[:4] == [1, 1, 1, 1]
    assert Meeting.objects.count() == 12
