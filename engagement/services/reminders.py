"""Reminders of meetings: which rows are owed, and how they become mails once, one a day for those who want it so.

Two steps, each safe to run twice and in any number of processes: due reminders become one delivery per person (unique
key), and a person's due deliveries become a mail (unique key in the outbox).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import translation

from accounts.models import User
from core import clock
from core.models import Outbox
from core.outbox import put_mail
from engagement.models import Attendee, Meeting, Reminder, ReminderDelivery
from engagement.queries.calendars import CalendarBook, read_calendars
from engagement.queries.entries import meeting_url
from engagement.queries.people import Addressee, attendee_addressee, contact_addressee, user_addressee
from engagement.queries.reminder_words import reminder_subject, reminder_text
from engagement.queries.times import ZonedTime, zoned_times
from engagement.rules.reason import Reason, gettext_noop
from engagement.rules.reminders import (
    DEFAULT_REMINDERS,
    Audience,
    PlannedReminder,
    Recipient,
    ReminderKind,
    ReminderPlan,
    ReminderRule,
    ReminderState,
    Review,
    SkippedReminder,
    StoredReminder,
    Verdict,
    delivery_key,
    delivery_time,
    plan_reminders,
    reconcile,
    reminder_key,
    verdict_on,
)
from engagement.rules.wall_time import NINE, local_day, utc_instant
from engagement.services.links import date_links
from engagement.services.mails import mail_meeting, render_mail
from engagement.services.single import only_process

BATCH = 200
SHORT_KINDS = frozenset({ReminderKind.LAST_ACTIONS, ReminderKind.PERSONAL})
AFTERWARDS = frozenset({ReminderKind.MINUTES_DUE, ReminderKind.ACTION_CHECK})
SMALL_MEETINGS = frozenset({Meeting.Kind.CHECK_IN, Meeting.Kind.TRANSITION})
RULES = {(rule.kind, rule.offset): rule for rule in DEFAULT_REMINDERS}
PROBLEMS = {
    "inactive": gettext_noop("The account is not active."),
    "left": gettext_noop("The person has left the partner."),
    "no_address": gettext_noop("There is no usable e-mail address."),
}


def rules_for(kind: str) -> tuple[ReminderRule, ...]:
    """All reminders for reviews; for the short, frequent meetings only the last two before them."""
    if kind in SMALL_MEETINGS:
        return tuple(rule for rule in DEFAULT_REMINDERS if rule.kind in SHORT_KINDS)
    return DEFAULT_REMINDERS


def refresh_reminders(meetings: Sequence[Meeting], *, book: CalendarBook | None = None) -> None:
    """Bring the reminder rows of these meetings in line with their present date, people and status.

    The same number of queries for any number of meetings. Each meeting needs its `partner` loaded.
    """
    if not meetings:
        return
    book = book or read_calendars()
    now = clock.now()
    stored: dict[int, list[Reminder]] = {meeting.pk: [] for meeting in meetings}
    for row in Reminder.objects.filter(meeting__in=list(stored)).order_by("id"):
        stored[row.meeting_id].append(row)
    people: dict[int, list[Attendee]] = {meeting.pk: [] for meeting in meetings}
    for one in Attendee.objects.filter(meeting__in=list(stored)).select_related("user", "contact").order_by("id"):
        people[one.meeting_id].append(one)
    create: list[Reminder] = []
    update: list[Reminder] = []
    for meeting in meetings:
        rows = {_key(meeting, row): row for row in stored[meeting.pk]}
        plan = _plan(meeting, people[meeting.pk], book, now)
        changes = reconcile(
            [StoredReminder(key, ReminderState(row.status), row.due_at) for key, row in rows.items()], plan
        )
        fresh: list[PlannedReminder | SkippedReminder] = [*changes.create, *changes.skip]
        create += [_new_row(meeting, one) for one in fresh]
        for planned in (*changes.revive, *changes.move):
            row = rows[planned.key]
            row.status, row.due_at, row.due_on, row.note = Reminder.Status.PLANNED, planned.due_at, planned.day, ""
            update.append(row)
        for key in changes.cancel:
            rows[key].status = Reminder.Status.CANCELLED
            update.append(rows[key])
    Reminder.objects.bulk_create(create, ignore_conflicts=True)
    if update:
        Reminder.objects.bulk_update(update, ["status", "due_at", "due_on", "note"])
        gone = [row.pk for row in update if row.status == Reminder.Status.CANCELLED]
        ReminderDelivery.objects.filter(reminder__in=gone, status=ReminderDelivery.Status.PENDING).delete()


def queue_due_reminders() -> int:
    """Turn everything due into outbox mails; returns how many mails were owed by this call.

    Two sweeps at once: the second leaves the work to the first, so that a person's digest is whole.
    """
    with only_process("engagement.queue_due_reminders") as mine:
        return _queue_due(clock.now()) if mine else 0


def _queue_due(now: datetime) -> int:
    while _address_batch(now) == BATCH:
        pass
    pending = ReminderDelivery.objects.filter(status=ReminderDelivery.Status.PENDING, send_after__lte=now)
    mails = 0
    for user_id in list(pending.filter(user__isnull=False).values_list("user_id", flat=True).distinct()):
        mails += _mail_user(user_id, now)
    for contact_id in list(pending.filter(contact__isnull=False).values_list("contact_id", flat=True).distinct()):
        mails += _mail_contact(contact_id, now)
    return mails


# --- planning -----------------------------------------------------------------


def _plan(meeting: Meeting, attendees: Sequence[Attendee], book: CalendarBook, now: datetime) -> ReminderPlan:
    if meeting.is_open:
        rules: Iterable[ReminderRule] = rules_for(meeting.kind)
    elif meeting.status == Meeting.Status.HELD:
        rules = [rule for rule in rules_for(meeting.kind) if rule.kind in AFTERWARDS]
    else:
        return ReminderPlan()
    return plan_reminders(
        _review(meeting),
        recipients=[recipient for recipient, _reader in _recipients(meeting, attendees)],
        calendar=book.shared_with(meeting.partner.country_code),
        now=now,
        rules=rules,
    )


def _recipients(meeting: Meeting, attendees: Iterable[Attendee]) -> list[tuple[Recipient, Addressee]]:
    """Our side hears of everything; people of the partner of what concerns both sides, once they are invited."""
    readers: dict[str, Addressee] = {}
    if meeting.partner.owner is not None:
        owner = user_addressee(meeting.partner.owner)
        readers[owner.id] = owner
    for one in attendees:
        reader = attendee_addressee(one, meeting.partner)
        if reader.is_ours or meeting.status in {Meeting.Status.CONFIRMED, Meeting.Status.HELD}:
            readers.setdefault(reader.id, reader)
    both = frozenset({Audience.ATTENDEES})
    return [
        (Recipient(reader.id, reader.zone, frozenset(Audience) if reader.is_ours else both), reader)
        for reader in readers.values()
    ]


def _review(meeting: Meeting) -> Review:
    return Review(str(meeting.uid), meeting.wall.date(), meeting.starts_at)


def _key(meeting: Meeting, row: Reminder) -> str:
    return reminder_key(str(meeting.uid), ReminderKind(row.kind), row.offset, row.meeting_on)


def _new_row(meeting: Meeting, planned: PlannedReminder | SkippedReminder) -> Reminder:
    skipped = isinstance(planned, SkippedReminder)
    return Reminder(
        meeting=meeting,
        kind=planned.kind,
        offset=planned.offset,
        meeting_on=planned.review_date,
        due_on=planned.day,
        due_at=planned.due_at,
        status=Reminder.Status.SKIPPED if skipped else Reminder.Status.PLANNED,
        note=planned.reason.template[:200] if isinstance(planned, SkippedReminder) else "",
    )


# --- first step: due reminders become deliveries --------------------------------


@transaction.atomic
def _address_batch(now: datetime) -> int:
    """Give each due reminder its deliveries; returns how many reminders were looked at."""
    rows = list(
        Reminder.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(status=Reminder.Status.PLANNED, due_at__lte=now)
        .select_related("meeting__partner__owner")
        .prefetch_related(
            Prefetch("meeting__attendees", Attendee.objects.select_related("user", "contact").order_by("id")),
            "deliveries",
        )
        .order_by("due_at", "id")[:BATCH]
    )
    book = read_calendars() if rows else None
    deliveries: list[ReminderDelivery] = []
    for row in rows:
        assert book is not None
        deliveries += _settle(row, book, now)
    ReminderDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    Reminder.objects.bulk_update(rows, ["status", "due_at", "note", "queued_at"])
    return len(rows)


def _settle(row: Reminder, book: CalendarBook, now: datetime) -> list[ReminderDelivery]:
    """Deliveries due now; the reminder's own status and next hour are changed in place."""
    meeting = row.meeting
    rule = RULES.get((ReminderKind(row.kind), row.offset))
    refusal = _refusal(meeting, rule)
    if refusal or rule is None:
        row.status, row.note = Reminder.Status.SKIPPED, refusal[:200]
        return []
    review = Review(str(meeting.uid), row.meeting_on, meeting.starts_at)
    calendar = book.shared_with(meeting.partner.country_code)
    known = {one.key for one in row.deliveries.all()}
    found: list[ReminderDelivery] = []
    notes: list[str] = []
    later: list[datetime] = []
    for recipient, reader in _recipients(meeting, meeting.attendees.all()):
        key = delivery_key(review.uid, rule.kind, rule.offset, review.day, recipient.id)
        if rule.audience not in recipient.audiences or key in known:
            continue
        _day, send_at = delivery_time(review, rule, recipient.zone, calendar)
        verdict, why = verdict_on(rule, due_at=send_at, review=review, now=now)
        if verdict is Verdict.WAIT:
            later.append(send_at)
            continue
        note = _why_not(why, reader)
        notes += [note] if note else []
        found.append(
            ReminderDelivery(
                reminder=row,
                key=key,
                user=reader.user,
                contact=reader.contact,
                status=ReminderDelivery.Status.SKIPPED if note else ReminderDelivery.Status.PENDING,
                send_after=send_at,
                note=note[:200],
            )
        )
    if later:
        row.due_at = min(later)
    elif known or any(one.status == ReminderDelivery.Status.PENDING for one in found):
        row.status, row.queued_at = Reminder.Status.QUEUED, now
    else:
        row.status = Reminder.Status.SKIPPED
        row.note = (notes[0] if notes else gettext_noop("There is nobody to remind."))[:200]
    return found


def _refusal(meeting: Meeting, rule: ReminderRule | None) -> str:
    if rule is None:
        return gettext_noop("This kind of reminder is no longer sent.")
    if meeting.status in {Meeting.Status.CANCELLED, Meeting.Status.MISSED}:
        return gettext_noop("The meeting does not take place.")
    if meeting.status == Meeting.Status.HELD and rule.kind not in AFTERWARDS:
        return gettext_noop("The meeting was held.")
    if meeting.status == Meeting.Status.PLANNED and rule.kind in AFTERWARDS:
        return gettext_noop("The meeting was never scheduled.")
    return ""


def _why_not(why: Reason | None, reader: Addressee) -> str:
    if why is not None:
        return why.template
    return PROBLEMS[reader.problem] if reader.problem else ""


# --- second step: deliveries become mails ---------------------------------------


@dataclass(frozen=True)
class Line:
    """One reminder as a reader sees it."""

    subject: str
    text: str
    times: list[ZonedTime]
    link: str


def _due(now: datetime) -> QuerySet[ReminderDelivery]:
    return (
        ReminderDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(status=ReminderDelivery.Status.PENDING, send_after__lte=now)
        .select_related("reminder__meeting__partner", "user", "contact")
        .order_by("reminder__meeting__starts_at", "id")
    )


@transaction.atomic
def _mail_user(user_id: int, now: datetime) -> int:
    rows = list(_due(now).filter(user_id=user_id))
    if not rows:
        return 0
    user = rows[0].user
    assert user is not None
    if not user.daily_digest:
        return _mail_each(rows, user_addressee(user))
    reader = user_addressee(user)
    today = local_day(now, reader.zone)
    key = f"digest:{user.pk}:{today.isoformat()}"
    if not Outbox.objects.filter(key=key).exists() and _mail_digest(rows, user, reader, key):
        return 1
    tomorrow = utc_instant(today + timedelta(days=1), NINE, reader.zone)
    urgent = [row for row in rows if row.reminder.offset < 0 and row.reminder.meeting.starts_at <= tomorrow]
    waiting = [row for row in rows if row not in urgent]
    for row in waiting:
        row.send_after = tomorrow
    ReminderDelivery.objects.bulk_update(waiting, ["send_after"])
    return _mail_each(urgent, reader)


@transaction.atomic
def _mail_contact(contact_id: int, now: datetime) -> int:
    rows = list(_due(now).filter(contact_id=contact_id))
    if not rows:
        return 0
    contact = rows[0].contact
    assert contact is not None
    return _mail_each(rows, contact_addressee(contact, rows[0].reminder.meeting.partner))


def _mail_each(rows: Sequence[ReminderDelivery], reader: Addressee) -> int:
    mails = 0
    for row in rows:
        row.outbox_key = f"reminder:{row.key}"
        line = _line(row, reader)
        meeting = row.reminder.meeting
        links = partial(date_links, meeting)
        mails += mail_meeting(meeting, reader, "reminder", key=row.outbox_key, links=links, line=line)
    _mark_queued(rows)
    return mails


def _mail_digest(rows: Sequence[ReminderDelivery], user: User, reader: Addressee, key: str) -> bool:
    lines = [_line(row, reader) for row in rows]
    subject, body = render_mail("digest", {"reader": reader, "lines": lines}, language=reader.language)
    demo = all(row.reminder.meeting.partner.is_demo for row in rows)
    if not put_mail(
        key=key, to=user.email, subject=subject, body=body, kind="reminder_digest", is_demo=demo, digest_group=key
    ):
        return False
    for row in rows:
        row.outbox_key = key
    _mark_queued(rows)
    return True


def _mark_queued(rows: Sequence[ReminderDelivery]) -> None:
    for row in rows:
        row.status = ReminderDelivery.Status.QUEUED
    ReminderDelivery.objects.bulk_update(rows, ["status", "outbox_key"])


def _line(row: ReminderDelivery, reader: Addressee) -> Line:
    meeting = row.reminder.meeting
    with translation.override(reader.language):
        return Line(
            subject=reminder_subject(row.reminder.kind, meeting),
            text=reminder_text(row.reminder.kind, ours=reader.is_ours),
            times=zoned_times(meeting, reader.zone),
            link=meeting_url(meeting) if reader.is_ours else "",
        )
