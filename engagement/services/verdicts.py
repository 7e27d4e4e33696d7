"""Our answers to what the partner said about a meeting. Two colleagues at once: one answers, the other is told."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core import clock
from core.errors import DomainError
from engagement.models import MeetingReply
from engagement.services.mails import tell_speaker
from engagement.services.meetings import MIN_REASON, reschedule_meeting
from engagement.services.replies import lock_reply, refuse_answered

MAX_ANSWER = 500


@transaction.atomic
def accept_date(*, reply_uid: uuid.UUID, actor: User) -> MeetingReply:
    """Move the meeting to the proposed date; everybody invited gets the update."""
    reply = _open(reply_uid, MeetingReply.Kind.DATE)
    _close(reply, MeetingReply.State.ACCEPTED, actor)
    reply.meeting = reschedule_meeting(
        meeting_id=reply.meeting_id, local_start=reply.wall, time_zone=reply.time_zone, actor=actor
    )
    tell_speaker(reply)
    return reply


@transaction.atomic
def decline_date(*, reply_uid: uuid.UUID, actor: User, reason: str) -> MeetingReply:
    """Keep the date. The reason goes to whoever proposed the other one."""
    reply = _open(reply_uid, MeetingReply.Kind.DATE)
    _close(reply, MeetingReply.State.DECLINED, actor, _checked(reason))
    tell_speaker(reply)
    return reply


@transaction.atomic
def answer_objection(*, reply_uid: uuid.UUID, actor: User, answer: str) -> MeetingReply:
    """Say what was put right, or why the summary stays. The answer goes to whoever objected."""
    reply = _open(reply_uid, MeetingReply.Kind.OBJECTION)
    _close(reply, MeetingReply.State.ANSWERED, actor, _checked(answer))
    tell_speaker(reply)
    return reply


def _open(reply_uid: uuid.UUID, kind: str) -> MeetingReply:
    reply = lock_reply(reply_uid)
    if reply.kind != kind:
        raise DomainError(_("This needs another answer."))
    refuse_answered(reply)
    return reply


def _close(reply: MeetingReply, state: str, actor: User, answer: str = "") -> None:
    reply.state, reply.answer = state, answer
    reply.answered_by, reply.answered_at = actor, clock.now()
    reply.save(update_fields=["state", "answer", "answered_by", "answered_at", "updated_at"])
    record("engagement.reply_answered", reply.meeting, actor=actor, reply=str(reply.uid), state=str(state))


def _checked(text: str) -> str:
    text = text.strip()
    if len(text) < MIN_REASON:
        raise DomainError(_("Say in a few words why; the partner reads it."), field="answer")
    if len(text) > MAX_ANSWER:
        raise DomainError(_("This is too long: at most {} characters.").format(MAX_ANSWER), field="answer")
    return text
