"""What a partner's people may read of meetings and of what was agreed. Never our notes, reasons, drafts or plans."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q

from core import clock
from engagement.models import AgendaItem, Attendee, Commitment, Meeting, MeetingReply
from engagement.queries.facts import counted_attendees

AHEAD_LIMIT = 50
OPEN_LIMIT = 100
PROMISES_FOR = timedelta(days=365)
CONFIRM_WITHIN = timedelta(days=60)
_DAY = timedelta(days=1)
CONTENT = ("uid", "title", "kind", "status", "local_start", "time_zone", "starts_at", "minutes", "place")


@dataclass(frozen=True)
class AtHand:
    """Invited meetings, soonest first, and those that ended within a day; and those whose summary waits for a word."""

    ahead: list[Meeting]
    just_over: list[Meeting]
    to_confirm: list[Meeting]


def meetings_at_hand(user: Any, *, at: datetime) -> AtHand:
    """What is next and what waits for the partner, in one query."""
    ahead = Q(status=Meeting.Status.CONFIRMED, starts_at__gt=at - _DAY)
    rows = Meeting.objects.visible_to(user).shared().filter(ahead | _unanswered(at)).only(*CONTENT)
    found = list(rows.order_by("starts_at", "id")[: 2 * AHEAD_LIMIT])
    return AtHand(
        ahead=[one for one in found if one.is_invited and one.ends_at > at],
        just_over=[one for one in reversed(found) if one.is_invited and one.ends_at <= at],
        to_confirm=[one for one in reversed(found) if not one.is_invited],
    )


def meetings_behind(user: Any, *, at: datetime, offset: int = 0, limit: int = 20) -> list[Meeting]:
    """Meetings that are closed, or began more than a day ago, latest first; one more than `limit` if there are."""
    over = ~Q(status__in=[Meeting.Status.CONFIRMED, Meeting.Status.PLANNED]) | Q(starts_at__lte=at - _DAY)
    rows = Meeting.objects.visible_to(user).shared().filter(over).only(*CONTENT).order_by("-starts_at", "-id")
    return list(rows[offset : offset + limit + 1])


@dataclass
class CountedMeeting:
    """A meeting that the partner's attendance counts, with the names of its people who were to come."""

    meeting: Meeting
    came: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def invited(self) -> int:
        return len(self.came) + len(self.absent)

    @property
    def is_known_to_partner(self) -> bool:
        return self.meeting.invited_at is not None or self.meeting.status == Meeting.Status.HELD


def counted_meetings(partner_id: int, *, at: datetime, known: datetime) -> list[CountedMeeting]:
    """Exactly the meetings behind `attendance`, latest first. One query."""
    people = counted_attendees([partner_id], at=at, known=known).select_related("meeting", "contact")
    found: dict[int, CountedMeeting] = {}
    for one in people.order_by("-meeting__starts_at", "-meeting_id", "id"):
        assert one.contact is not None
        row = found.setdefault(one.meeting_id, CountedMeeting(one.meeting))
        (row.came if one.attended else row.absent).append(one.contact.name)
    return list(found.values())


def shared_meeting(user: Any, uid: uuid.UUID) -> Meeting | None:
    """One meeting with shared topics, people, what was agreed and what was said to it: five queries at most."""
    return (
        Meeting.objects.visible_to(user)
        .shared()
        .defer("notes", "why", "missed_why", "plan_digest", "target_on")
        .select_related("partner__owner", "organizer")
        .prefetch_related(
            Prefetch("agenda", AgendaItem.objects.filter(shared=True)),
            Prefetch("attendees", Attendee.objects.select_related("user", "contact").order_by("id")),
            Prefetch("commitments", Commitment.objects.shared().select_related("owner").order_by("due_on", "id")),
            Prefetch("replies", MeetingReply.objects.select_related("answered_by").order_by("created_at", "id")),
        )
        .filter(uid=uid)
        .first()
    )


def open_agreed(user: Any) -> list[Commitment]:
    """Open actions of both sides and decisions that the partner has not confirmed, the most overdue first."""
    wanted = Q(kind=Commitment.Kind.ACTION) | Q(kind=Commitment.Kind.DECISION, confirmed_at__isnull=True)
    rows = Commitment.objects.visible_to(user).shared().unfinished().filter(wanted)
    return list(rows.select_related("owner", "meeting").order_by(F("due_on").asc(nulls_last=True), "id")[:OPEN_LIMIT])


def summaries_to_confirm(user: Any, *, at: datetime) -> list[Meeting]:
    """Held meetings whose summary was sent within sixty days and to which nobody of the partner has said anything."""
    rows = Meeting.objects.visible_to(user).filter(_unanswered(at)).only(*CONTENT)
    return list(rows.order_by("-starts_at", "-id")[:AHEAD_LIMIT])


def _unanswered(at: datetime) -> Q:
    said = MeetingReply.objects.filter(
        meeting=OuterRef("pk"), kind__in=[MeetingReply.Kind.AGREED, MeetingReply.Kind.OBJECTION]
    )
    return Q(status=Meeting.Status.HELD, summary_sent_at__gte=at - CONFIRM_WITHIN) & ~Q(Exists(said))


@dataclass(frozen=True)
class Promise:
    """One thing the vendor owes or owed. `outcome`: kept, missed (done late or not at all), open."""

    uid: uuid.UUID
    text: str
    who: str
    due_on: date
    done_on: date | None
    outcome: str


@dataclass
class Promises:
    """Latest due first."""

    kept: int = 0
    missed: int = 0
    open: int = 0
    rows: list[Promise] = field(default_factory=list)


def promises(partner_ids: Iterable[int], *, at: datetime) -> dict[int, Promises]:
    """What the vendor promised each partner with a date, due within the last year or still to come, as of `at`.

    Kept: done by the end of its day. Missed: the day is over and it was not done by then. One query for all partners;
    a partner without promises is absent.
    """
    today = clock.day_of(at)
    rows = (
        Commitment.objects.shared()
        .filter(
            partner__in=list(partner_ids),
            side=Commitment.Side.OURS,
            due_on__gte=today - PROMISES_FOR,
            created_at__lte=at,
        )
        .select_related("owner")
        .order_by("-due_on", "-id")
    )
    found: dict[int, Promises] = {}
    for row in rows:
        assert row.due_on is not None
        done_on = clock.day_of(row.done_at) if row.done_at and row.done_at <= at else None
        if done_on is not None:
            outcome = "kept" if done_on <= row.due_on else "missed"
        else:
            outcome = "missed" if row.due_on < today else "open"
        mine = found.setdefault(row.partner_id, Promises())
        setattr(mine, outcome, getattr(mine, outcome) + 1)
        mine.rows.append(
            Promise(row.uid, row.text, row.owner_name or str(row.owner or ""), row.due_on, done_on, outcome)
        )
    return found
