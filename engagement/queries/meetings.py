"""Meetings for the pages: lists by state, one meeting with everything on it, and how ready it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from engagement.models import AgendaItem, Attendee, Commitment, Meeting
from engagement.rules.reason import Reason


@dataclass(frozen=True)
class Part:
    """One thing a meeting needs before it begins."""

    key: str
    label: Any
    done: bool


@dataclass(frozen=True)
class Readiness:
    parts: tuple[Part, ...]

    @property
    def ready(self) -> int:
        return sum(part.done for part in self.parts)

    @property
    def total(self) -> int:
        return len(self.parts)


def annotate_readiness(rows: QuerySet[Meeting]) -> QuerySet[Meeting]:
    """Adds `has_agenda`, `has_contacts` and `has_open_actions` (of earlier meetings, past their date)."""
    late = Commitment.objects.filter(
        partner=OuterRef("partner"), kind=Commitment.Kind.ACTION, done_at__isnull=True, due_on__lt=OuterRef("starts_at")
    ).exclude(meeting=OuterRef("pk"))
    return rows.annotate(
        has_agenda=Exists(AgendaItem.objects.filter(meeting=OuterRef("pk"))),
        has_contacts=Exists(Attendee.objects.filter(meeting=OuterRef("pk"), contact__isnull=False)),
        has_open_actions=Exists(late),
    )


def readiness(meeting: Meeting) -> Readiness:
    """Of a meeting fetched with `annotate_readiness`."""
    known: Any = meeting
    return Readiness(
        (
            Part("invited", gettext_lazy("Invitation sent"), meeting.invited_at is not None),
            Part("people", gettext_lazy("People of the partner"), known.has_contacts),
            Part("agenda", gettext_lazy("Agenda"), known.has_agenda),
            Part("place", gettext_lazy("Place or link"), bool(meeting.place)),
            Part("actions", gettext_lazy("Actions of last time"), not known.has_open_actions),
        )
    )


def reasons(meeting: Meeting) -> list[str]:
    """Why the cadence chose this date, in the reader's language."""
    return [Reason.from_json(one).text(_) for one in meeting.why]


def missed_reason(meeting: Meeting) -> str:
    return Reason.from_json(meeting.missed_why).text(_) if meeting.missed_why else ""


@dataclass(frozen=True)
class MeetingFilter:
    """What the list shows. `when`: upcoming, to_schedule, overdue, past; empty strings mean all."""

    when: str = "upcoming"
    kind: str = ""
    owner: str = ""


WHENS = ("upcoming", "to_schedule", "to_close", "past")


def meeting_rows(user: User, chosen: MeetingFilter, *, at: datetime) -> QuerySet[Meeting]:
    """The meetings of one tab, ready to be paged."""
    rows = _base(user, chosen)
    confirmed, planned = Meeting.Status.CONFIRMED, Meeting.Status.PLANNED
    if chosen.when == "to_schedule":
        rows = rows.filter(status=planned).order_by("target_on", "starts_at", "id")
    elif chosen.when == "to_close":
        rows = rows.filter(status=confirmed, starts_at__lt=at).order_by("starts_at", "id")
    elif chosen.when == "past":
        closed = [Meeting.Status.HELD, Meeting.Status.MISSED, Meeting.Status.CANCELLED]
        rows = rows.worth_showing().filter(status__in=closed).order_by("-starts_at", "-id")
    else:
        rows = rows.filter(status=confirmed, starts_at__gte=at).order_by("starts_at", "id")
    return annotate_readiness(rows.select_related("partner__owner", "organizer"))


def meeting_counts(user: User, chosen: MeetingFilter, *, at: datetime) -> dict[str, int]:
    """How many meetings each open tab holds, in one query."""
    confirmed, planned = Meeting.Status.CONFIRMED, Meeting.Status.PLANNED
    counts: dict[str, int] = _base(user, chosen).aggregate(
        upcoming=Count("pk", filter=Q(status=confirmed, starts_at__gte=at)),
        to_schedule=Count("pk", filter=Q(status=planned)),
        to_close=Count("pk", filter=Q(status=confirmed, starts_at__lt=at)),
    )
    return counts


def meeting_with_everything(user: User, uid: Any) -> Meeting | None:
    """One meeting as `user` may see it, with everything on its page; a fixed number of queries."""
    rows = Meeting.objects.visible_to(user).select_related("partner__owner", "organizer")
    return (
        annotate_readiness(rows)
        .prefetch_related(
            "agenda", "attendees__user", "attendees__contact", "commitments__owner", "replies__answered_by"
        )
        .filter(uid=uid)
        .first()
    )


def earlier_commitments(meeting: Meeting) -> list[Commitment]:
    """What other meetings with this partner left open: the first topic of this one."""
    return list(
        Commitment.objects.filter(partner=meeting.partner)
        .unfinished()
        .exclude(meeting=meeting)
        .select_related("owner", "meeting")
        .order_by("due_on", "id")[:50]
    )


def partner_meetings(partner_id: int, *, limit: int = 20) -> list[Meeting]:
    """A partner's meetings, newest first."""
    return list(
        Meeting.objects.worth_showing()
        .filter(partner_id=partner_id)
        .select_related("organizer")
        .order_by("-starts_at", "-id")[:limit]
    )


def open_commitments(partner_id: int, *, limit: int = 50) -> list[Commitment]:
    return list(
        Commitment.objects.filter(partner_id=partner_id)
        .unfinished()
        .select_related("owner", "meeting")
        .order_by("due_on", "id")[:limit]
    )


def planned_review(partner_id: int, kind: str) -> Meeting | None:
    """The meeting the cadence planned for this partner and kind, if it waits to be scheduled."""
    return (
        Meeting.objects.filter(partner_id=partner_id, kind=kind, status=Meeting.Status.PLANNED)
        .order_by("-automatic", "starts_at")
        .first()
    )


def last_held_on(partner_id: int, kind: str) -> date | None:
    held = (
        Meeting.objects.held()
        .filter(partner_id=partner_id, kind=kind)
        .order_by("-held_at")
        .values_list("local_start", flat=True)
        .first()
    )
    return held.date() if held else None


def _base(user: User, chosen: MeetingFilter) -> Any:
    rows = Meeting.objects.visible_to(user).filter(partner__archived_at__isnull=True)
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    if chosen.owner == "me":
        rows = rows.filter(partner__owner=user)
    elif chosen.owner == "none":
        rows = rows.filter(partner__owner__isnull=True)
    elif chosen.owner:
        rows = rows.filter(partner__owner__uid=chosen.owner)
    return rows
