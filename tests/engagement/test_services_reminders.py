from datetime import UTC, date, datetime, timedelta

import pytest

from core.models import Outbox
from engagement import tasks
from engagement.models import Meeting, Reminder, ReminderDelivery
from engagement.services import queue_due_reminders, reschedule_meeting, schedule_meeting
from tests.engagement.conftest import wall
from tests.factories import make_contact, make_meeting, make_partner

pytestmark = pytest.mark.django_db
DATA_FREEZE = datetime(2026, 11, 10, tzinfo=UTC)  # 15 business days before Tuesday 1 December 2026


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.fixture(autouse=True)
def without_invitations(qbr):
    Outbox.objects.all().delete()


def mails():
    return sorted(Outbox.objects.values_list("kind", "to"))


def test_nothing_is_sent_before_nine(qbr, still_clock):
    still_clock.move_to(at(10, 7, 59))

    assert queue_due_reminders() == 0


def test_reminder_goes_at_nine_in_each_readers_zone(qbr, manager, contact, partner, still_clock):
    contact.time_zone = "America/New_York"
    contact.save(update_fields=["time_zone"])
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()
    assert mails() == [("reminder_digest", manager.email)]
    assert Reminder.objects.get(kind="data_freeze").status == "planned"

    still_clock.move_to(at(10, 14, 5))
    queue_due_reminders()
    assert mails() == [("meeting_reminder", contact.email), ("reminder_digest", manager.email)]
    assert Reminder.objects.get(kind="data_freeze").status == "queued"


def test_partner_is_asked_for_figures_and_our_side_told_what_to_prepare(qbr, manager, contact, still_clock):
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()

    theirs, ours = Outbox.objects.get(to=contact.email), Outbox.objects.get(to=manager.email)
    assert theirs.subject == "QBR with Northwind Partners: hand in the figures"
    assert "Please send us your figures" in theirs.body
    assert "/app/" not in theirs.body
    assert ours.subject == "One thing to prepare for your meetings"
    assert f"http://127.0.0.1:8000/app/meetings/{qbr.uid}/" in ours.body


def test_reminder_for_the_owner_does_not_reach_the_partner(qbr, contact, still_clock):
    Reminder.objects.exclude(kind="agenda_draft").delete()
    still_clock.move_to(at(17, 12))
    queue_due_reminders()

    assert contact.email not in {to for _kind, to in mails()}
    assert len(mails()) == 1


def test_partner_hears_nothing_of_a_meeting_nobody_was_invited_to(partner, manager, contact, still_clock):
    Meeting.objects.all().delete()
    schedule_meeting(
        partner_id=partner.pk,
        kind="qbr",
        local_start=wall("2026-12-01T10:00"),
        time_zone="UTC",
        actor=manager,
        contact_ids=[contact.pk],
        invite=False,
    )
    still_clock.move_to(at(30, 10))
    queue_due_reminders()

    assert {to for _kind, to in mails()} == {manager.email}


def test_reminder_is_sent_once_however_often_the_task_runs(qbr, still_clock):
    still_clock.move_to(at(10, 9, 5))
    for _time in range(3):
        tasks.queue_due_reminders()
        still_clock.shift(timedelta(minutes=5))

    assert len(mails()) == 2
    assert ReminderDelivery.objects.filter(status="queued").count() == 2


def test_several_reminders_of_a_day_are_one_mail(partner, manager, qbr, still_clock):
    other = make_partner(name="Blue Fjord", owner=manager)
    for kind in ("qbr", "executive"):
        schedule_meeting(
            partner_id=other.pk,
            kind=kind,
            local_start=wall("2026-12-01T15:00"),
            time_zone="UTC",
            actor=manager,
            invite=False,
        )
    still_clock.move_to(at(10, 9, 5))

    queue_due_reminders()
    digest = Outbox.objects.get(to=manager.email)
    assert digest.key == f"digest:{manager.pk}:2026-11-10"
    assert digest.subject == "3 things to prepare for your meetings"


def test_user_who_wants_single_mails_gets_single_mails(manager, qbr, still_clock):
    type(manager).objects.update(daily_digest=False)
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()

    assert Outbox.objects.get(to=manager.email).kind == "meeting_reminder"


def test_late_reminder_after_the_digest_waits_for_the_next_one(manager, contact, partner, qbr, still_clock):
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()
    schedule_meeting(
        partner_id=partner.pk,
        kind="executive",
        local_start=wall("2026-11-13T15:00"),
        time_zone="UTC",
        actor=manager,
        invite=False,
    )
    queue_due_reminders()
    assert Outbox.objects.filter(to=manager.email).count() == 1

    still_clock.move_to(at(11, 9, 1))
    queue_due_reminders()
    assert sorted(Outbox.objects.filter(to=manager.email).values_list("key", flat=True)) == [
        f"digest:{manager.pk}:2026-11-10",
        f"digest:{manager.pk}:2026-11-11",
    ]


def test_late_reminder_that_cannot_wait_is_sent_at_once(manager, contact, partner, qbr, still_clock):
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()
    schedule_meeting(
        partner_id=partner.pk,
        kind="check_in",
        local_start=wall("2026-11-11T08:00"),
        time_zone="UTC",
        actor=manager,
        invite=False,
    )
    queue_due_reminders()

    assert sorted(Outbox.objects.filter(to=manager.email).values_list("kind", flat=True)) == [
        "meeting_reminder",
        "meeting_reminder",
        "reminder_digest",
    ]


def test_moving_away_and_back_never_sends_the_same_kind_twice_for_a_date(qbr, manager, contact, still_clock):
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()
    for day in (8, 1):
        reschedule_meeting(meeting_id=qbr.pk, local_start=wall(f"2026-12-{day:02d}T10:00"), actor=manager)
    still_clock.move_to(at(10, 9, 30))
    queue_due_reminders()

    frozen = Outbox.objects.filter(to=contact.email, subject__contains="hand in the figures")
    assert frozen.count() == 1


def test_moved_meeting_reminds_of_the_new_date(qbr, manager, contact, still_clock):
    reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-08T10:00"), actor=manager)
    Outbox.objects.all().delete()
    still_clock.move_to(at(10, 12))
    assert queue_due_reminders() == 0

    still_clock.move_to(at(17, 12))
    queue_due_reminders()
    assert "Tue 8 Dec 2026, 10:00" in Outbox.objects.get(to=contact.email).body


def test_reminder_whose_time_has_passed_is_skipped_with_the_reason(qbr):
    skipped = make_meeting(partner=qbr.partner)
    assert skipped.reminders.count() == 0

    row = Reminder.objects.get(meeting=qbr, kind="data_freeze")
    Reminder.objects.filter(pk=row.pk).update(due_at=at(1, 9))
    Meeting.objects.filter(pk=qbr.pk).update(status="cancelled")
    queue_due_reminders()

    row.refresh_from_db()
    assert (row.status, row.note) == ("skipped", "The meeting does not take place.")


def test_late_planned_review_keeps_only_the_useful_reminders(partner, manager, contact):
    meeting = schedule_meeting(
        partner_id=partner.pk,
        kind="executive",
        local_start=wall("2026-11-06T10:00"),
        time_zone="UTC",
        actor=manager,
        contact_ids=[contact.pk],
    )

    rows = {row.kind: (row.status, row.note) for row in meeting.reminders.all()}
    late = "Its time had passed and it was no longer useful."
    assert rows["data_freeze"] == ("skipped", late)
    assert rows["agenda_draft"] == ("skipped", late)
    assert rows["scorecard"] == ("planned", "")


def test_person_without_address_or_who_left_is_skipped_with_the_reason(partner, manager, qbr, contact, still_clock):
    contact.email = ""
    contact.save(update_fields=["email"])
    gone = make_contact(partner=partner)
    qbr.attendees.create(contact=gone)
    gone.left_on = date(2026, 11, 5)
    gone.save(update_fields=["left_on"])
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()

    assert mails() == [("reminder_digest", manager.email)]
    notes = ReminderDelivery.objects.filter(status="skipped").order_by("note").values_list("note", flat=True)
    assert list(notes) == ["The person has left the partner.", "There is no usable e-mail address."]


def test_reminder_nobody_can_get_is_skipped(partner, manager, qbr, still_clock):
    type(manager).objects.update(is_active=False)
    qbr.attendees.filter(contact__isnull=False).delete()
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()

    row = Reminder.objects.get(meeting=qbr, kind="data_freeze")
    assert (row.status, row.note) == ("skipped", "The account is not active.")


def test_check_in_has_only_the_last_two_reminders(partner, manager):
    meeting = schedule_meeting(
        partner_id=partner.pk,
        kind="check_in",
        local_start=wall("2026-11-20T10:00"),
        time_zone="UTC",
        actor=manager,
        invite=False,
    )

    assert sorted(meeting.reminders.values_list("kind", flat=True)) == ["last_actions", "personal"]


def test_digest_of_demo_partners_only_is_marked_as_demo(partner, manager, qbr, still_clock):
    type(partner).objects.update(is_demo=True)
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()

    assert set(Outbox.objects.values_list("is_demo", flat=True)) == {True}


def test_clock_that_jumps_back_sends_nothing_again(qbr, still_clock):
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()
    before = mails()
    still_clock.move_to(at(10, 7, 5))
    queue_due_reminders()
    still_clock.move_to(at(10, 9, 5))
    queue_due_reminders()

    assert mails() == before
