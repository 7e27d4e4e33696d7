"""What waits for somebody: meetings that are not ready, not scheduled, not closed or missed, and late commitments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from engagement.models import Commitment, Meeting, Reminder
from engagement.queries.calendars import CalendarBook, read_calendars
from engagement.queries.meetings import Readiness, annotate_readiness, readiness
from engagement.queries.reminder_words import reminder_subject
from engagement.rules.business_days import add_business_days
from engagement.rules.reason import Reason
from engagement.rules.reviews import is_overdue
from partners.models import Partner

READY_WITHIN_BUSINESS_DAYS = 5
SCHEDULE_WITHIN_BUSINESS_DAYS = 15  # when the figures are frozen
MISSED_SHOWN_FOR = timedelta(days=21)
LIMIT = 200


@dataclass(frozen=True)
class AttentionItem:
    """One thing to do. `kind`: not_ready, reminder, to_schedule, overdue, to_close, missed or commitment.

    `key` names it stably for snoozing; `severity` is 1 (soon) to 3 (late or lost); `since` is what its age counts from.
    """

    key: str
    kind: str
    partner: Partner
    title: str
    reason: str
    due_on: date
    since: date
    severity: int
    meeting: Meeting | None = None
    commitment: Commitment | None = None


def attention_items(user: User, *, at: datetime, today: date, mine: bool = True) -> list[AttentionItem]:
    """Everything in this room that waits for `user`, most severe first; with `mine` only of partners they own.

    A constant number of queries.
    """
    book = read_calendars()
    items = [*_meeting_items(user, at, today, mine, book), *_commitment_items(user, today, mine)]
    items.sort(key=lambda one: (-one.severity, one.due_on, one.key))
    return items


def _meeting_items(user: User, at: datetime, today: date, mine: bool, book: CalendarBook) -> list[AttentionItem]:
    rows = Meeting.objects.visible_to(user).filter(partner__archived_at__isnull=True).select_related("partner__owner")
    if mine:
        rows = rows.filter(partner__owner=user)
    horizon = at + timedelta(days=30)
    waiting = Q(status__in=[Meeting.Status.PLANNED, Meeting.Status.CONFIRMED], starts_at__lt=horizon)
    lost = Q(status=Meeting.Status.MISSED, missed_at__gte=at - MISSED_SHOWN_FOR)
    later = Meeting.objects.filter(
        partner=OuterRef("partner"),
        kind=OuterRef("kind"),
        status=Meeting.Status.HELD,
        held_at__gt=OuterRef("starts_at"),
    )
    meetings = list(
        annotate_readiness(rows.filter(waiting | lost))
        .filter(~Q(status="missed") | ~Exists(later))
        .order_by("starts_at", "id")[:LIMIT]
    )
    reminders = _latest_reminders([one.pk for one in meetings], at)
    items = []
    for meeting in meetings:
        item = _meeting_item(meeting, at, today, book, reminders.get(meeting.pk))
        if item is not None:
            items.append(item)
    return items


def _latest_reminders(meeting_ids: Sequence[int], at: datetime) -> dict[int, Reminder]:
    """The newest reminder of each meeting whose hour has come."""
    rows = Reminder.objects.filter(
        meeting_id__in=meeting_ids, due_at__lte=at, status__in=[Reminder.Status.PLANNED, Reminder.Status.QUEUED]
    ).order_by("due_at", "id")
    return {row.meeting_id: row for row in rows}


def _meeting_item(
    meeting: Meeting, at: datetime, today: date, book: CalendarBook, reminder: Reminder | None
) -> AttentionItem | None:
    calendar = book.shared_with(meeting.partner.country_code)
    day = meeting.wall.date()
    due = meeting.target_on or day
    state = readiness(meeting)
    if meeting.status == Meeting.Status.MISSED:
        return _item(meeting, "missed", _missed_reason(meeting), day, 3)
    if meeting.status == Meeting.Status.CONFIRMED:
        if meeting.ends_at <= at:
            return _item(
                meeting, "to_close", _("It is over: close it as held with its decisions, or mark it as missed."), day, 2
            )
        if meeting.missed_why:
            return _item(meeting, "missed", _missed_reason(meeting), day, 3)
        if state.ready < state.total and day <= add_business_days(today, READY_WITHIN_BUSINESS_DAYS, calendar):
            return _item(meeting, "not_ready", _not_ready(state), day, 2)
        return _reminder_item(meeting, reminder, day)
    if is_overdue(due, today=today, calendar=calendar):
        days = (today - due).days
        text = ngettext(
            "Due %(day)s, %(days)d day ago, and not scheduled.",
            "Due %(day)s, %(days)d days ago, and not scheduled.",
            days,
        ) % {"day": due.isoformat(), "days": days}
        return _item(meeting, "overdue", text, due, 3)
    ahead = SCHEDULE_WITHIN_BUSINESS_DAYS if meeting.needs_commitment else READY_WITHIN_BUSINESS_DAYS
    if day <= add_business_days(today, ahead, calendar):
        return _item(meeting, "to_schedule", _first_reason(meeting), due, 1 if day > today else 2)
    return _reminder_item(meeting, reminder, day)


def _reminder_item(meeting: Meeting, reminder: Reminder | None, day: date) -> AttentionItem | None:
    if reminder is None or reminder.meeting_on != day:
        return None
    return AttentionItem(
        key=f"reminder:{meeting.uid}:{reminder.kind}:{reminder.meeting_on}",
        kind="reminder",
        partner=meeting.partner,
        title=reminder_subject(reminder.kind, meeting),
        reason=_first_reason(meeting),
        due_on=day,
        since=reminder.due_on,
        severity=1,
        meeting=meeting,
    )


def _item(meeting: Meeting, kind: str, reason: str, due: date, severity: int) -> AttentionItem:
    return AttentionItem(
        key=f"meeting:{meeting.uid}:{kind}",
        kind=kind,
        partner=meeting.partner,
        title=meeting.title,
        reason=reason,
        due_on=due,
        since=due,
        severity=severity,
        meeting=meeting,
    )


def _not_ready(state: Readiness) -> str:
    missing = ", ".join(str(part.label).lower() for part in state.parts if not part.done)
    return _("{ready} of {total} parts ready; missing: {missing}.").format(
        ready=state.ready, total=state.total, missing=missing
    )


def _first_reason(meeting: Meeting) -> str:
    return Reason.from_json(meeting.why[0]).text(_) if meeting.why else ""


def _missed_reason(meeting: Meeting) -> str:
    return Reason.from_json(meeting.missed_why).text(_) if meeting.missed_why else ""


def _commitment_items(user: User, today: date, mine: bool) -> list[AttentionItem]:
    rows = (
        Commitment.objects.visible_to(user)
        .filter(due_on__lt=today, partner__archived_at__isnull=True)
        .unfinished()
        .actions()
        .select_related("partner", "meeting", "owner")
    )
    if mine:
        rows = rows.filter(Q(owner=user) | Q(partner__owner=user))
    items = []
    for one in rows.order_by("due_on", "id")[:LIMIT]:
        assert one.due_on is not None
        days = (today - one.due_on).days
        who = one.owner_name or (str(one.owner) if one.owner else one.get_side_display())
        text = ngettext("Promised by %(who)s; %(days)d day late.", "Promised by %(who)s; %(days)d days late.", days) % {
            "who": who,
            "days": days,
        }
        items.append(
            AttentionItem(
                key=f"commitment:{one.uid}",
                kind="commitment",
                partner=one.partner,
                title=one.text,
                reason=text,
                due_on=one.due_on,
                since=one.due_on,
                severity=2,
                meeting=one.meeting,
                commitment=one,
            )
        )
    return items
