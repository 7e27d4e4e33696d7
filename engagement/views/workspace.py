"""The one context of a meeting's page and of the parts of it that htmx asks for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext

from core import clock
from engagement.forms import AgendaForm, AnswerForm, CommitmentForm, HoldForm, ItemNotesForm, NotesForm
from engagement.models import Meeting, MeetingReply, Reminder
from engagement.queries.meetings import earlier_commitments, missed_reason, readiness, reasons
from engagement.queries.reminder_words import reminder_subject
from engagement.queries.times import proposed_times, zoned_times
from engagement.views.fetch import partner_path

STEPS = ("prepare", "hold", "follow_up")


def workspace(request: HttpRequest, meeting: Meeting, **changes: Any) -> dict[str, Any]:
    """`changes` replace what is bound or refused, such as a form with its errors."""
    now = clock.now()
    attendees = list(meeting.attendees.all())
    commitments = list(meeting.commitments.all())
    user: Any = request.user
    context: dict[str, Any] = {
        "meeting": meeting,
        "partner": meeting.partner,
        "partner_path": partner_path(meeting.partner),
        "step": _step(meeting, now),
        "times": zoned_times(meeting, user.time_zone, meeting.partner.time_zone),
        "readiness": readiness(meeting),
        "why": reasons(meeting),
        "missed_why": missed_reason(meeting),
        "attendees": attendees,
        "items": [item_context(one) for one in meeting.agenda.all()],
        "agenda_form": AgendaForm(),
        "notes_form": NotesForm(initial={"notes": meeting.notes, "version": meeting.notes_version}),
        "commitment_form": CommitmentForm(),
        "commitments": commitments,
        "earlier": earlier_commitments(meeting),
        "hold_form": HoldForm(
            attendees=attendees,
            initial={"attended": [one.pk for one in attendees], "version": meeting.version},
        ),
        "may_edit": user.may_edit,
        "may_close": meeting.is_open and meeting.starts_at.date() <= now.date(),
        "has_begun": meeting.has_begun(now),
        "reminders": _reminders(meeting),
        "replies": [reply_context(one, user) for one in meeting.replies.all() if not _is_withdrawn(one)],
        "today": clock.today(),
    }
    return {**context, **changes}


def item_context(item: Any, form: ItemNotesForm | None = None, *, theirs: str | None = None) -> dict[str, Any]:
    """One topic with its notes form; `theirs` is what somebody else wrote meanwhile."""
    return {
        "item": item,
        "form": form
        or ItemNotesForm(auto_id=f"id_{item.uid}_%s", initial={"notes": item.notes, "version": item.version}),
        "theirs": theirs,
    }


def reply_context(reply: MeetingReply, user: Any, form: AnswerForm | None = None) -> dict[str, Any]:
    """One word of the partner with the times it names and the form for our answer."""
    return {
        "reply": reply,
        "times": proposed_times(reply, user.time_zone, reply.meeting.partner.time_zone) if reply.starts_at else [],
        "form": form or AnswerForm(auto_id=f"id_{reply.uid}_%s"),
    }


def _is_withdrawn(reply: MeetingReply) -> bool:
    return reply.state == MeetingReply.State.WITHDRAWN


def _step(meeting: Meeting, now: Any) -> str:
    if not meeting.is_open:
        return STEPS[2]
    return STEPS[1] if meeting.has_begun(now) else STEPS[0]


def _reminders(meeting: Meeting) -> list[dict[str, Any]]:
    rows = meeting.reminders.exclude(status=Reminder.Status.CANCELLED).order_by("due_at", "id")
    return [
        {"row": row, "subject": reminder_subject(row.kind, meeting), "note": row.note and gettext(row.note)}
        for row in rows
    ]
