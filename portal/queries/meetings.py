"""Meetings and what was agreed, in the words a partner's person reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.display import as_local, day_text
from engagement.models import Commitment, Meeting, MeetingReply
from engagement.queries.people import PartnerVoice
from engagement.queries.times import ZonedTime, proposed_times, zoned_times
from partners.models import Partner, SharingRule

SOON_DAYS = 7


@dataclass(frozen=True)
class AgreedLine:
    """An action or decision. `side` is the partner's name or the vendor's; `due` says how late or how soon."""

    row: Commitment
    side: str
    who: str
    due: str
    late: bool

    @property
    def may_be_ticked(self) -> bool:
        return self.row.is_partners_action

    @property
    def may_be_confirmed(self) -> bool:
        return self.row.kind == Commitment.Kind.DECISION and self.row.confirmed_at is None


@dataclass(frozen=True)
class AgreedGroup:
    """The lines of one side. `late` of them are past their date."""

    title: str
    lines: list[AgreedLine]

    @property
    def late(self) -> int:
        return sum(line.late for line in self.lines)


@dataclass(frozen=True)
class MeetingLine:
    meeting: Meeting
    times: list[ZonedTime]
    state: str


@dataclass(frozen=True)
class ReplyLine:
    """What somebody of the partner said. `mine`: said by the reader, who may take it back."""

    reply: MeetingReply
    times: list[ZonedTime]
    state: str
    mine: bool


def due_words(due_on: date | None, today: date) -> str:
    """`3 days late`, `due today`, `due in 5 days`, then the date; empty without one."""
    if due_on is None:
        return ""
    days = (due_on - today).days
    if days < 0:
        return ngettext("{n} day late", "{n} days late", -days).format(n=-days)
    if days == 0:
        return _("due today")
    if days <= SOON_DAYS:
        return ngettext("due in {n} day", "due in {n} days", days).format(n=days)
    return _("due {day}").format(day=day_text(due_on))


def told(rows: Iterable[Commitment], topics: frozenset[str]) -> list[Commitment]:
    """What was agreed, without the vendor's actions while it does not share its promises."""
    ours_too = SharingRule.Topic.PROMISES in topics
    action, ours = Commitment.Kind.ACTION, Commitment.Side.OURS
    return [row for row in rows if ours_too or (row.kind, row.side) != (action, ours)]


def agreed_line(row: Commitment, partner: Partner, today: date) -> AgreedLine:
    ours = row.side == Commitment.Side.OURS
    return AgreedLine(
        row=row,
        side=settings.ORGANISATION if ours else partner.name,
        who=row.owner_name or str(row.owner or ""),
        due=_done_words(row) if row.done_at else due_words(row.due_on, today),
        late=row.is_overdue(today),
    )


def agreed_groups(rows: Iterable[Commitment], partner: Partner, today: date) -> list[AgreedGroup]:
    """The partner's side first, then the vendor's; a side without anything is left out. Keeps the order of `rows`."""
    lines = [agreed_line(row, partner, today) for row in rows]
    theirs = [one for one in lines if one.row.side == Commitment.Side.THEIRS]
    ours = [one for one in lines if one.row.side == Commitment.Side.OURS]
    groups = (
        AgreedGroup(_("On your side"), theirs),
        AgreedGroup(_("On the side of {}").format(settings.ORGANISATION), ours),
    )
    return [group for group in groups if group.lines]


def meeting_lines(rows: Iterable[Meeting], partner: Partner, reader: Any, *, at: datetime) -> list[MeetingLine]:
    return [MeetingLine(one, meeting_times(one, partner, reader), state_words(one, at=at)) for one in rows]


def meeting_times(meeting: Meeting, partner: Partner, reader: Any) -> list[ZonedTime]:
    """On the wall where it takes place, then for the reader and at the partner where their clocks differ."""
    return zoned_times(meeting, reader.time_zone, partner.time_zone)


def state_words(meeting: Meeting, *, at: datetime) -> str:
    """How a meeting stands, without blame."""
    over = meeting.ends_at <= at
    words = {
        Meeting.Status.CONFIRMED: _("Not closed yet") if over else _("Planned"),
        Meeting.Status.HELD: _("Held"),
        Meeting.Status.MISSED: _("Did not take place"),
        Meeting.Status.CANCELLED: _("Cancelled"),
    }
    return words.get(Meeting.Status(meeting.status), "")


def reply_lines(meeting: Meeting, partner: Partner, reader: Any, voice: PartnerVoice) -> list[ReplyLine]:
    return [
        ReplyLine(
            reply=one,
            times=proposed_times(one, reader.time_zone, partner.time_zone) if one.starts_at else [],
            state=_("Confirmed") if one.kind == MeetingReply.Kind.AGREED else one.get_state_display(),
            mine=voice.is_same_as(user_id=one.user_id, contact_id=one.contact_id),
        )
        for one in meeting.replies.all()
        if one.state != MeetingReply.State.WITHDRAWN
    ]


def _done_words(row: Commitment) -> str:
    assert row.done_at is not None
    day = day_text(as_local(row.done_at))
    return (
        _("done {day} ({name})").format(day=day, name=row.done_by) if row.done_by else _("done {day}").format(day=day)
    )
