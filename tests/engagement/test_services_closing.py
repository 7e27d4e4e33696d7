from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import DomainError, StaleError
from core.models import Outbox
from engagement.models import Meeting, Touchpoint
from engagement.services import (
    add_agenda_item,
    add_commitment,
    cancel_meeting,
    complete_commitment,
    edit_agenda_item,
    hold_meeting,
    mark_missed,
    move_agenda_item,
    remove_agenda_item,
    remove_commitment,
    save_notes,
    send_summary,
    use_agenda_template,
)
from engagement.signals import meeting_held, meeting_missed, touch_logged
from tests.engagement.conftest import actions
from tests.factories import make_meeting

pytestmark = pytest.mark.django_db
DURING = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def agreed(qbr, manager):
    return add_commitment(
        partner_id=qbr.partner_id, meeting_id=qbr.pk, text="Send price list", actor=manager, due_on=date(2026, 12, 15)
    )


@pytest.fixture
def everybody(qbr):
    return [one.pk for one in qbr.attendees.all()]


def test_hold_closes_the_review_and_makes_a_two_way_touch(qbr, manager, contact, agreed, everybody, still_clock, heard):
    still_clock.move_to(DURING)
    with heard(meeting_held, touch_logged) as calls:
        hold_meeting(meeting_id=qbr.pk, actor=manager, attended=everybody, notes="Good talk", version=qbr.version)

    qbr.refresh_from_db()
    assert (qbr.status, qbr.held_at, qbr.known_held_at, qbr.notes) == ("held", qbr.starts_at, DURING, "Good talk")
    touch = Touchpoint.objects.get()
    assert (touch.kind, touch.two_way, touch.meeting, touch.occurred_at) == ("meeting", True, qbr, qbr.starts_at)
    assert list(touch.contacts.all()) == [contact]
    assert calls == [[qbr.partner_id], [qbr.partner_id]]
    assert actions()[-1] == "engagement.meeting_held"
    assert dict(qbr.reminders.values_list("kind", "status"))["personal"] == "cancelled"
    assert dict(qbr.reminders.values_list("kind", "status"))["minutes_due"] == "planned"


def test_hold_twice_makes_one_touch(qbr, manager, agreed, everybody, still_clock):
    still_clock.move_to(DURING)
    for _time in range(2):
        hold_meeting(meeting_id=qbr.pk, actor=manager, attended=everybody)

    assert Touchpoint.objects.count() == 1


def test_review_without_a_dated_commitment_cannot_be_held(qbr, manager, everybody, still_clock):
    still_clock.move_to(DURING)
    add_commitment(partner_id=qbr.partner_id, meeting_id=qbr.pk, text="We stay", actor=manager, kind="decision")

    with pytest.raises(DomainError) as refusal:
        hold_meeting(meeting_id=qbr.pk, actor=manager, attended=everybody)

    assert (refusal.value.message, refusal.value.field) == (
        "A review ends with at least one commitment that has a date. Add one, then close it as held.",
        "commitments",
    )
    assert Meeting.objects.get().status == "confirmed"
    assert set(qbr.attendees.values_list("attended", flat=True)) == {None}


def test_check_in_needs_no_commitment(partner, manager, contact, still_clock):
    meeting = make_meeting(partner=partner, kind="check_in", starts_at=DURING, status="confirmed")
    attendee = meeting.attendees.create(contact=contact)
    still_clock.move_to(DURING)

    assert hold_meeting(meeting_id=meeting.pk, actor=manager, attended=[attendee.pk]).status == "held"


def test_meeting_without_anybody_from_the_partner_was_not_held(qbr, manager, agreed, still_clock):
    still_clock.move_to(DURING)
    ours = [one.pk for one in qbr.attendees.filter(user__isnull=False)]

    with pytest.raises(DomainError) as refusal:
        hold_meeting(meeting_id=qbr.pk, actor=manager, attended=ours)

    assert refusal.value.message == (
        "Nobody of Northwind Partners was there: tick who came, or mark the meeting as missed."
    )


def test_meeting_is_not_held_before_its_day(qbr, manager, agreed, everybody):
    with pytest.raises(DomainError, match=r"It has not taken place yet; close it on the day\."):
        hold_meeting(meeting_id=qbr.pk, actor=manager, attended=everybody)


def test_stale_hold_says_how_it_was_closed(qbr, manager, lead, everybody, still_clock):
    cancel_meeting(meeting_id=qbr.pk, actor=lead, reason="Budget round")
    still_clock.move_to(DURING)

    with pytest.raises(StaleError, match=r"Tom Weber closed it as “cancelled” since you opened it\."):
        hold_meeting(meeting_id=qbr.pk, actor=manager, attended=everybody, version=qbr.version)


def test_no_show_is_missed_tells_the_owner_and_counts_as_not_attended(qbr, manager, lead, still_clock, heard):
    still_clock.move_to(DURING)
    with heard(meeting_missed) as calls:
        mark_missed(meeting_id=qbr.pk, actor=lead)
        mark_missed(meeting_id=qbr.pk, actor=lead)

    qbr.refresh_from_db()
    assert (qbr.status, qbr.missed_at, qbr.missed_why["code"]) == ("missed", DURING, "no_show")
    assert sorted(qbr.attendees.values_list("attended", flat=True)) == [False, True]
    mail = Outbox.objects.get(kind="meeting_missed")
    assert (mail.to, "The partner did not come." in mail.body) == (manager.email, True)
    assert calls == [[qbr.partner_id]]
    assert set(qbr.reminders.values_list("status", flat=True)) == {"cancelled"}


def test_meeting_is_not_missed_before_it_begins(qbr, manager):
    with pytest.raises(DomainError, match=r"It has not begun yet; move or cancel it instead\."):
        mark_missed(meeting_id=qbr.pk, actor=manager)


def test_summary_goes_once_to_everybody_invited(qbr, manager, contact, agreed, everybody, still_clock):
    item = qbr.agenda.first()
    edit_agenda_item(item_uid=item.uid, actor=manager, notes="All done but one")
    save_notes(meeting_id=qbr.pk, notes="They are nervous", actor=manager)
    still_clock.move_to(DURING)
    hold_meeting(meeting_id=qbr.pk, actor=manager, attended=everybody)

    assert [send_summary(meeting_id=qbr.pk, actor=manager) for _time in range(2)] == [2, 0]
    body = Outbox.objects.get(kind="meeting_summary", to=contact.email).body
    assert "- Send price list (Ana Ruiz, Our company), due 15 Dec 2026" in body
    assert "All done but one" in body
    assert "nervous" not in body


def test_summary_waits_until_the_meeting_is_held(qbr, manager):
    with pytest.raises(DomainError, match=r"Close the meeting as held first; then its summary can be sent\."):
        send_summary(meeting_id=qbr.pk, actor=manager)


@pytest.mark.parametrize(
    ("changes", "message", "field"),
    [
        ({"text": " "}, "Say what was agreed.", "text"),
        ({"due_on": None}, "An action needs a date, or nobody will know when it is late.", "due_on"),
        ({"side": "nobody"}, "Choose decision or action, and whose it is.", "kind"),
    ],
)
def test_commitment_refuses(partner, manager, changes, message, field):
    wish = {"partner_id": partner.pk, "text": "Call back", "actor": manager, "due_on": date(2026, 12, 1)}
    with pytest.raises(DomainError) as refusal:
        add_commitment(**{**wish, **changes})

    assert (refusal.value.message, refusal.value.field) == (message, field)


def test_commitment_of_ours_belongs_to_who_wrote_it(partner, manager):
    ours = add_commitment(partner_id=partner.pk, text="Call", actor=manager, due_on=date(2026, 12, 1))
    theirs = add_commitment(
        partner_id=partner.pk, text="Answer", actor=manager, due_on=date(2026, 12, 1), side="theirs", owner_name="Mia"
    )

    assert (ours.owner, ours.owner_name) == (manager, "Ana Ruiz")
    assert (theirs.owner, theirs.owner_name) == (None, "Mia")


def test_commitment_of_another_partners_meeting_is_refused(qbr, other_partner, manager):
    with pytest.raises(DomainError, match=r"This meeting is with another partner\."):
        add_commitment(partner_id=other_partner.pk, meeting_id=qbr.pk, text="X", actor=manager, kind="decision")


def test_commitment_with_one_submission_key_is_written_once(partner, manager):
    wish = {"partner_id": partner.pk, "text": "Call", "actor": manager, "due_on": date(2026, 12, 1)}

    assert add_commitment(**wish, submission_key="c") == add_commitment(**wish, submission_key="c")


def test_commitment_is_ticked_and_unticked_once_each(agreed, manager):
    for done in (True, True, False, False):
        complete_commitment(commitment_uid=agreed.uid, actor=manager, done=done)

    agreed.refresh_from_db()
    assert agreed.done_at is None
    assert actions()[-2:] == ["engagement.commitment_done", "engagement.commitment_reopened"]


def test_commitment_of_a_closed_meeting_stays(qbr, agreed, manager, everybody, still_clock):
    still_clock.move_to(DURING)
    hold_meeting(meeting_id=qbr.pk, actor=manager, attended=everybody)

    with pytest.raises(DomainError, match=r"The meeting is closed; what was agreed there stays\."):
        remove_commitment(commitment_uid=agreed.uid, actor=manager)


def test_agenda_items_are_added_moved_and_removed(partner, manager):
    meeting = make_meeting(partner=partner)
    first, second, third = (
        add_agenda_item(meeting_id=meeting.pk, title=title, actor=manager) for title in ("One", "Two", "Three")
    )
    move_agenda_item(item_uid=third.uid, up=True, actor=manager)
    move_agenda_item(item_uid=first.uid, up=True, actor=manager)
    remove_agenda_item(item_uid=second.uid, actor=manager)

    assert [item.title for item in meeting.agenda.all()] == ["One", "Three"]


def test_template_fills_only_an_empty_agenda(partner, manager):
    meeting = make_meeting(partner=partner, kind="check_in")
    use_agenda_template(meeting_id=meeting.pk, actor=manager)
    use_agenda_template(meeting_id=meeting.pk, actor=manager)

    assert [item.title for item in meeting.agenda.all()] == ["Open commitments", "What blocks us", "Next steps"]


def test_topic_with_notes_is_not_removed(qbr, manager):
    item = qbr.agenda.first()
    edit_agenda_item(item_uid=item.uid, actor=manager, notes="Important")

    with pytest.raises(DomainError, match=r"This topic has notes; clear them first\."):
        remove_agenda_item(item_uid=item.uid, actor=manager)


def test_second_note_taker_is_refused_and_nothing_is_overwritten(qbr, manager, lead):
    item = qbr.agenda.first()
    edit_agenda_item(item_uid=item.uid, actor=lead, notes="Lead's text", version=1)
    save_notes(meeting_id=qbr.pk, notes="Lead's notes", actor=lead, version=1)

    with pytest.raises(StaleError):
        edit_agenda_item(item_uid=item.uid, actor=manager, notes="Mine", version=1)
    with pytest.raises(StaleError):
        save_notes(meeting_id=qbr.pk, notes="Mine", actor=manager, version=1)

    item.refresh_from_db()
    qbr.refresh_from_db()
    assert (item.notes, qbr.notes, qbr.version) == ("Lead's text", "Lead's notes", 1)


def test_agenda_of_a_closed_meeting_is_fixed(qbr, manager):
    cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="Budget round")

    with pytest.raises(DomainError, match=r"The agenda is fixed once a meeting is closed\."):
        add_agenda_item(meeting_id=qbr.pk, title="Late", actor=manager)


def test_held_meeting_late_in_the_evening_keeps_its_own_day(partner, manager, contact, still_clock):
    starts = datetime(2026, 12, 2, 2, tzinfo=UTC)
    meeting = make_meeting(partner=partner, kind="check_in", starts_at=starts, status="confirmed")
    Meeting.objects.filter(pk=meeting.pk).update(
        time_zone="America/New_York", local_start=datetime(2026, 12, 1, 21, tzinfo=UTC)
    )
    attendee = meeting.attendees.create(contact=contact)
    still_clock.move_to(starts - timedelta(hours=20))

    held = hold_meeting(meeting_id=meeting.pk, actor=manager, attended=[attendee.pk])
    assert held.held_at == starts - timedelta(hours=20)
