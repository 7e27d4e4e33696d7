from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from accounts.models import Role
from core.errors import DomainError, StaleError
from core.models import Outbox
from engagement.models import Attendee, Meeting, Reminder
from engagement.services import cancel_meeting, reschedule_meeting, schedule_meeting, set_attendees
from engagement.signals import meeting_cancelled, meeting_missed, meeting_scheduled
from partners.services import archive_partner
from tests.engagement.conftest import NOW, actions, wall
from tests.factories import make_contact, make_meeting, make_member, make_user

pytestmark = pytest.mark.django_db
TEN = wall("2026-12-01T10:00")


def entry(mail: Outbox) -> icalendar.Event:
    calendar = icalendar.Calendar.from_ical(mail.attachments[0]["text"])
    return next(iter(calendar.walk("VEVENT")))


def request_of(partner, manager, **changes):
    return {
        "partner_id": partner.pk,
        "kind": "qbr",
        "local_start": TEN,
        "time_zone": "Europe/Paris",
        "actor": manager,
        **changes,
    }


def test_schedule_keeps_wall_time_zone_and_instant(qbr, manager):
    qbr.refresh_from_db()

    assert (qbr.wall, qbr.time_zone, qbr.starts_at) == (TEN, "Europe/Paris", datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert (qbr.status, qbr.title, qbr.organizer) == ("confirmed", "QBR with Northwind Partners", manager)
    assert qbr.invited_at == NOW


def test_schedule_invites_everybody_with_a_calendar_file(qbr, contact, manager):
    mails = {mail.to: mail for mail in Outbox.objects.filter(kind="meeting_invitation")}

    assert set(mails) == {contact.email, manager.email}
    event = entry(mails[contact.email])
    assert (event["SEQUENCE"], event["LOCATION"], event.get("URL")) == (0, "https://meet.test/qbr", None)
    assert str(event["UID"]).startswith(str(qbr.uid))
    assert mails[contact.email].attachments[0]["type"] == "text/calendar; charset=utf-8; method=REQUEST"
    assert "/app/meetings/" not in mails[contact.email].body
    assert f"http://127.0.0.1:8000/app/meetings/{qbr.uid}/" in mails[manager.email].body
    assert mails[contact.email].subject == "Invitation: QBR with Northwind Partners, Tue 1 Dec 2026, 10:00"


def test_invitation_shows_the_readers_zone_when_it_differs(partner, manager, contact):
    contact.time_zone = "America/New_York"
    contact.save(update_fields=["time_zone"])
    schedule_meeting(**request_of(partner, manager, contact_ids=[contact.pk]))

    body = Outbox.objects.get(to=contact.email).body
    assert "Tue 1 Dec 2026, 10:00 (Europe/Paris)\nTue 1 Dec 2026, 04:00 (America/New_York)" in body


def test_schedule_fills_the_agenda_and_plans_reminders(qbr):
    assert [item.title for item in qbr.agenda.all()][:2] == [
        "Commitments of last time: done or not, and why",
        "Results against plan and scorecard",
    ]
    assert list(qbr.reminders.order_by("due_at").values_list("kind", "status")) == [
        ("data_freeze", "planned"),
        ("agenda_draft", "planned"),
        ("scorecard", "planned"),
        ("last_actions", "planned"),
        ("personal", "planned"),
        ("minutes_due", "planned"),
        ("action_check", "planned"),
    ]


def test_schedule_records_and_announces(partner, manager, contact, heard):
    with heard(meeting_scheduled) as calls:
        schedule_meeting(**request_of(partner, manager, contact_ids=[contact.pk]))

    assert actions() == ["engagement.meeting_scheduled"]
    assert calls == [[partner.pk]]


def test_schedule_takes_over_what_the_cadence_planned(partner, manager, contact):
    planned = make_meeting(partner=partner, kind="qbr", automatic=True)

    meeting = schedule_meeting(**request_of(partner, manager, contact_ids=[contact.pk]))

    assert meeting.pk == planned.pk
    assert (meeting.automatic, meeting.version, Meeting.objects.count()) == (False, 2, 1)


def test_schedule_twice_with_one_submission_key_makes_one_meeting_and_one_mail(partner, manager, contact):
    wish = request_of(partner, manager, contact_ids=[contact.pk], submission_key="q1")

    assert schedule_meeting(**wish) == schedule_meeting(**wish)
    assert (Meeting.objects.count(), Outbox.objects.count()) == (1, 1)


def test_schedule_of_a_meeting_somebody_else_scheduled_is_stale(partner, manager, contact, qbr):
    with pytest.raises(StaleError, match=r"This meeting is already invited\."):
        schedule_meeting(**request_of(partner, manager, contact_ids=[contact.pk], meeting_uid=qbr.uid))


def test_schedule_without_inviting_sends_nothing(partner, manager):
    meeting = schedule_meeting(**request_of(partner, manager, invite=False))

    assert (meeting.status, meeting.invited_at, Outbox.objects.count()) == ("planned", None, 0)


def test_skipped_wall_time_is_read_as_the_hour_after_the_gap(partner, manager):
    meeting = schedule_meeting(**request_of(partner, manager, local_start=wall("2027-03-28T02:30"), invite=False))

    assert (meeting.wall, meeting.starts_at) == (
        wall("2027-03-28T03:30"),
        datetime(2027, 3, 28, 1, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("changes", "message", "field"),
    [
        ({"kind": "party"}, "There is no kind of meeting “party”.", "kind"),
        ({"time_zone": "Moon/Base"}, "There is no time zone “Moon/Base”.", "time_zone"),
        (
            {"local_start": wall("2026-11-02T09:29")},
            "This is in the past. To record what took place, log a touch.",
            "starts",
        ),
        ({"minutes": 10}, "A meeting lasts between 15 and 480 minutes.", "minutes"),
        (
            {},
            "Choose at least one person of Northwind Partners to invite, or save without inviting.",
            "contacts",
        ),
    ],
)
def test_schedule_refuses(partner, manager, changes, message, field):
    with pytest.raises(DomainError) as refusal:
        schedule_meeting(**request_of(partner, manager, **changes))

    assert (refusal.value.message, refusal.value.field) == (message, field)
    assert (Meeting.objects.count(), Outbox.objects.count()) == (0, 0)


def test_schedule_refuses_people_who_do_not_belong(partner, other_partner, manager):
    foreign, gone = make_contact(partner=other_partner), make_contact(partner=partner, left_on=NOW.date())
    member, retired = make_member(partner=partner), make_user(is_active=False)

    for people, message in [
        ({"contact_ids": [foreign.pk]}, "Choose people who work at Northwind Partners."),
        ({"contact_ids": [gone.pk]}, "Choose people who work at Northwind Partners."),
        ({"user_ids": [member.pk]}, "Choose active colleagues."),
        ({"user_ids": [retired.pk]}, "Choose active colleagues."),
    ]:
        with pytest.raises(DomainError, match=message):
            schedule_meeting(**request_of(partner, manager, **people))


def test_schedule_refuses_an_archived_partner(partner, manager):
    archive_partner(partner_id=partner.pk, actor=manager)

    with pytest.raises(DomainError, match=r"Northwind Partners is archived; restore it before you plan meetings\."):
        schedule_meeting(**request_of(partner, manager, invite=False))


def test_move_updates_calendars_with_the_next_sequence(qbr, manager, contact):
    reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-11-30T15:00"), actor=manager, version=qbr.version)

    mail = Outbox.objects.get(kind="meeting_moved", to=contact.email)
    assert mail.subject == "Moved: QBR with Northwind Partners, now Mon 30 Nov 2026, 15:00"
    assert entry(mail)["SEQUENCE"] == 1
    qbr.refresh_from_db()
    assert (qbr.version, qbr.postponed, qbr.starts_at) == (2, 0, datetime(2026, 11, 30, 14, tzinfo=UTC))
    assert actions()[-1] == "engagement.meeting_moved"


def test_move_plans_the_reminders_of_the_new_date_and_cancels_the_old(qbr, manager):
    reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-08T10:00"), actor=manager)

    rows = Reminder.objects.filter(meeting=qbr, kind="personal").order_by("meeting_on")
    assert [(row.meeting_on.isoformat(), row.status) for row in rows] == [
        ("2026-12-01", "cancelled"),
        ("2026-12-08", "planned"),
    ]


def test_move_to_the_same_time_changes_and_sends_nothing(qbr, manager):
    reschedule_meeting(meeting_id=qbr.pk, local_start=TEN, actor=manager)

    assert Outbox.objects.filter(kind="meeting_moved").count() == 0
    assert Meeting.objects.get().version == qbr.version


def test_stale_move_names_who_moved_it_and_where_to(qbr, manager, lead):
    reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-11-30T15:00"), actor=lead, version=qbr.version)

    with pytest.raises(StaleError) as refusal:
        reschedule_meeting(meeting_id=qbr.pk, local_start=TEN, actor=manager, version=qbr.version)

    assert refusal.value.message == ("Tom Weber moved it to Mon 30 Nov 2026, 15:00 (Europe/Paris) since you opened it.")


def test_second_postponement_counts_as_missed_and_tells_the_owner(qbr, manager, lead, heard):
    with heard(meeting_missed) as calls:
        reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-02T10:00"), actor=lead)
        reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-03T10:00"), actor=lead)

    qbr.refresh_from_db()
    assert (qbr.status, qbr.postponed, qbr.missed_why["code"]) == ("confirmed", 2, "postponed")
    mail = Outbox.objects.get(kind="meeting_missed")
    assert (mail.to, "Postponed 2 times." in mail.body) == (manager.email, True)
    assert calls == [[qbr.partner_id]]
    assert actions()[-1] == "engagement.meeting_counted_missed"


def test_moving_a_plan_nobody_was_invited_to_is_no_postponement(partner, manager):
    meeting = schedule_meeting(**request_of(partner, manager, invite=False))
    for day in (2, 3, 4):
        reschedule_meeting(meeting_id=meeting.pk, local_start=wall(f"2026-12-{day:02d}T10:00"), actor=manager)

    meeting.refresh_from_db()
    assert (meeting.postponed, meeting.missed_why, Outbox.objects.count()) == (0, None, 0)


def test_cancel_tells_everybody_and_takes_the_entry_out(qbr, manager, contact, heard):
    with heard(meeting_cancelled) as calls:
        cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="Budget round", version=qbr.version)
        cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="Budget round", version=qbr.version)

    mail = Outbox.objects.get(kind="meeting_cancellation", to=contact.email)
    event = entry(mail)
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)
    assert mail.attachments[0]["type"].endswith("method=CANCEL")
    assert "Reason: Budget round" in mail.body
    assert set(qbr.reminders.values_list("status", flat=True)) == {"cancelled"}
    assert calls == [[qbr.partner_id]]
    assert actions().count("engagement.meeting_cancelled") == 1


def test_cancel_needs_a_reason(qbr, manager):
    with pytest.raises(DomainError) as refusal:
        cancel_meeting(meeting_id=qbr.pk, actor=manager, reason=" no ")

    assert (refusal.value.message, refusal.value.field) == (
        "Say in a few words why; invited people read it.",
        "reason",
    )


def test_closed_meeting_cannot_be_moved(qbr, manager):
    cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="Budget round")

    with pytest.raises(DomainError, match=r"This meeting is closed: cancelled\."):
        reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-08T10:00"), actor=manager)


def test_new_attendee_is_invited_and_removed_one_told(qbr, partner, manager, contact):
    Outbox.objects.all().delete()
    new = make_contact(partner=partner, name="Ole Hansen")
    colleague = make_user(role=Role.LEAD)

    set_attendees(meeting_id=qbr.pk, user_ids=[manager.pk, colleague.pk], contact_ids=[new.pk], actor=manager)

    assert sorted(Outbox.objects.values_list("kind", "to")) == sorted(
        [
            ("meeting_invitation", new.email),
            ("meeting_invitation", colleague.email),
            ("meeting_cancellation", contact.email),
        ]
    )
    assert set(Attendee.objects.values_list("user_id", "contact_id")) == {
        (manager.pk, None),
        (colleague.pk, None),
        (None, new.pk),
    }


def test_person_removed_and_added_again_is_invited_again(qbr, partner, manager, contact):
    new = make_contact(partner=partner)
    for contacts in ([new.pk], [new.pk, contact.pk]):
        set_attendees(meeting_id=qbr.pk, user_ids=[manager.pk], contact_ids=contacts, actor=manager)

    assert Outbox.objects.filter(kind="meeting_invitation", to=contact.email).count() == 2


def test_invited_meeting_keeps_one_person_of_the_partner(qbr, manager):
    with pytest.raises(DomainError, match=r"An invited meeting needs at least one person of Northwind Partners\."):
        set_attendees(meeting_id=qbr.pk, user_ids=[manager.pk], contact_ids=[], actor=manager)


def test_mails_of_demo_partners_are_marked_as_demo(partner, manager, contact):
    type(partner).objects.update(is_demo=True)
    schedule_meeting(**request_of(partner, manager, contact_ids=[contact.pk]))

    assert list(Outbox.objects.values_list("is_demo", "partner_uid")) == [(True, partner.uid)]


def test_meeting_in_the_past_is_not_confused_by_a_later_clock(qbr, manager, still_clock):
    still_clock.shift(timedelta(days=60))

    with pytest.raises(DomainError, match=r"This is in the past\."):
        reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-08T10:00"), actor=manager)
