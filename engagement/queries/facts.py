"""What this room measures, for many partners at once: the inputs of health and the columns of lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from core import clock
from engagement.models import Attendee, Meeting, Touchpoint
from partners.models import Partner

TOUCH_DAYS = 90
ATTENDANCE_DAYS = 180


def two_way_counts(partner_ids: Sequence[int], *, at: datetime, known: datetime) -> dict[int, int]:
    """Two-way touches in the 90 days before `at`. A partner without any is absent."""
    rows = (
        Touchpoint.objects.as_of(at, known=known)
        .filter(partner_id__in=partner_ids, two_way=True, occurred_at__gte=clock.days_before(at, TOUCH_DAYS))
        .values_list("partner_id")
        .annotate(times=Count("id"))
    )
    return dict(rows)


def attendance(partner_ids: Sequence[int], *, at: datetime, known: datetime) -> dict[int, tuple[int, int]]:
    """(attended, invited) of the partner's people in meetings held or missed in the 180 days before `at`.

    A partner without such a meeting is absent.
    """
    rows = (
        counted_attendees(partner_ids, at=at, known=known)
        .values_list("meeting__partner_id")
        .annotate(came=Count("id", filter=Q(attended=True)), invited=Count("id"))
    )
    return {partner_id: (came, invited) for partner_id, came, invited in rows}


def counted_attendees(partner_ids: Sequence[int], *, at: datetime, known: datetime) -> QuerySet[Attendee]:
    """Each of the partner's people in each meeting that `attendance` counts."""
    held = Q(meeting__status=Meeting.Status.HELD, meeting__held_at__lt=at, meeting__known_held_at__lt=known)
    missed = Q(meeting__status=Meeting.Status.MISSED, meeting__starts_at__lt=at, meeting__missed_at__lt=known)
    return Attendee.objects.filter(
        held | missed,
        meeting__partner_id__in=partner_ids,
        meeting__starts_at__gte=clock.days_before(at, ATTENDANCE_DAYS),
        contact__isnull=False,
    )


def source_delivery(*, at: datetime, known: datetime) -> dict[str, bool]:
    """Whether touches, and closed meetings with people of partners, have ever been written down here."""
    facts = Touchpoint.objects.as_of(at, known=known)
    people = Attendee.objects.filter(contact__isnull=False)
    held = people.filter(meeting__status=Meeting.Status.HELD, meeting__held_at__lt=at, meeting__known_held_at__lt=known)
    missed = people.filter(
        meeting__status=Meeting.Status.MISSED, meeting__starts_at__lt=at, meeting__missed_at__lt=known
    )
    return {"touchpoints": facts.filter(two_way=True).exists(), "meetings": held.exists() or missed.exists()}


def last_touches(partner_ids: Sequence[int]) -> dict[int, datetime]:
    """When both sides were last in contact. A partner without any touch is absent."""
    rows = (
        Touchpoint.objects.current()
        .filter(partner_id__in=partner_ids, two_way=True)
        .values_list("partner_id")
        .annotate(last=Max("occurred_at"))
    )
    return dict(rows)


def next_meetings(partner_ids: Sequence[int], *, at: datetime | None = None) -> dict[int, Meeting]:
    """The next open meeting of each partner from `at` (default: now) on. A partner without one is absent.

    An appointment goes before what the cadence only asks for.
    """
    found: dict[int, Meeting] = {}
    rows = (
        Meeting.objects.still_open()
        .filter(partner_id__in=partner_ids, starts_at__gte=at or clock.now())
        .order_by("starts_at", "id")
    )
    for meeting in rows:
        former = found.get(meeting.partner_id)
        if former is None or (former.is_only_due and not meeting.is_only_due):
            found[meeting.partner_id] = meeting
    return found


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a partner's history. Exactly one of `touch` and `meeting` is set."""

    at: datetime
    touch: Touchpoint | None = None
    meeting: Meeting | None = None


def timeline(partner: Partner, limit: int, *, before: datetime | None = None) -> list[TimelineEntry]:
    """Touches and closed or past meetings, newest first, at most `limit`. A touch of a held meeting is the meeting."""
    until = before or clock.now()
    touches = (
        Touchpoint.objects.current()
        .filter(partner=partner, meeting__isnull=True, occurred_at__lt=until)
        .select_related("actor")
        .prefetch_related("contacts")
        .order_by("-occurred_at", "-id")[:limit]
    )
    meetings = (
        Meeting.objects.worth_showing()
        .filter(partner=partner, starts_at__lt=until)
        .exclude(status=Meeting.Status.PLANNED)
        .order_by("-starts_at", "-id")[:limit]
    )
    entries = [TimelineEntry(touch.occurred_at, touch=touch) for touch in touches]
    entries += [TimelineEntry(meeting.starts_at, meeting=meeting) for meeting in meetings]
    entries.sort(key=lambda one: one.at, reverse=True)
    return entries[:limit]
