"""What the partner says about a meeting: another date, a summary confirmed, an objection. The manager is told."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import NotificationKind
from accounts.services import record
from core import clock
from core.errors import DomainError, StaleError
from engagement.models import Meeting, MeetingReply
from engagement.queries.people import PartnerVoice
from engagement.queries.times import wall_words
from engagement.rules.wall_time import WallTimeKind
from engagement.services.locks import lock_meeting
from engagement.services.notices import planned_for, tell_manager
from engagement.services.when import future_start

MAX_TEXT = 1000


@transaction.atomic
def propose_date(
    *, meeting_id: int, local_start: datetime, time_zone: str, voice: PartnerVoice, text: str = ""
) -> MeetingReply:
    """Ask for another date. One proposal waits at a time: whoever comes second is told of the first."""
    meeting = lock_meeting(meeting_id)
    now = clock.now()
    text = _checked_text(text)
    if not meeting.takes_dates(now):
        raise DomainError(_("The date of this meeting can no longer be changed."))
    start = future_start(local_start, time_zone, past=DomainError(_("This is in the past."), field="day"))
    if start.kind == WallTimeKind.SKIPPED:
        raise DomainError(
            _("The clocks in {} jump over {} on that day. Choose {} or another time.").format(
                time_zone, f"{local_start:%H:%M}", f"{start.wall:%H:%M}"
            ),
            field="starts",
        )
    if start.instant == meeting.starts_at:
        raise DomainError(_("This is when the meeting takes place already."), field="starts")
    waiting = meeting.replies.filter(kind=MeetingReply.Kind.DATE).waiting().first()
    if waiting is not None:
        if waiting.starts_at == start.instant and _is_by(voice, waiting):
            return waiting
        raise StaleError(
            _("{} has already proposed {}. It waits for an answer.").format(
                waiting.said_by, wall_words(waiting.wall, waiting.time_zone)
            )
        )
    reply = _keep(
        meeting, voice, MeetingReply.Kind.DATE, text=text,
        local_start=start.wall.replace(tzinfo=UTC), time_zone=time_zone, starts_at=start.instant,
    )  # fmt: skip
    tell_manager(
        NotificationKind.DATE_PROPOSED, voice=voice, partner=meeting.partner, meeting=meeting, key=f"reply:{reply.uid}",
        what=lazy(wall_words, str)(reply.wall, reply.time_zone),
        details=[text, planned_for(meeting), gettext_lazy("Accept or decline it on the page of the meeting.")],
    )  # fmt: skip
    record("engagement.date_proposed", meeting, actor=voice.user, reply=str(reply.uid), to=reply.starts_at)
    return reply


@transaction.atomic
def withdraw_date(*, reply_uid: uuid.UUID, voice: PartnerVoice) -> MeetingReply:
    """Take a proposal back. One that was answered meanwhile stays as it is."""
    reply = lock_reply(reply_uid)
    if reply.state == MeetingReply.State.WITHDRAWN:
        return reply
    refuse_answered(reply)
    reply.state = MeetingReply.State.WITHDRAWN
    reply.save(update_fields=["state", "updated_at"])
    record("engagement.date_withdrawn", reply.meeting, actor=voice.user, reply=str(reply.uid))
    return reply


@transaction.atomic
def answer_summary(*, meeting_id: int, agreed: bool, voice: PartnerVoice, text: str = "") -> MeetingReply:
    """Confirm the summary of a meeting, or say what is not as agreed. Confirming ends one's own open objection."""
    meeting = lock_meeting(meeting_id)
    text = _checked_text(text)
    if not meeting.summary_is_shared:
        raise DomainError(_("There is no summary to confirm yet."))
    kind = MeetingReply.Kind.AGREED if agreed else MeetingReply.Kind.OBJECTION
    if not agreed and not text:
        raise DomainError(_("Say what was agreed differently, so that it can be put right."), field="text")
    mine = [one for one in meeting.replies.order_by("-created_at", "-id") if _is_by(voice, one)]
    if mine and mine[0].kind == kind and (agreed or mine[0].text == text):
        return mine[0]
    if agreed:
        MeetingReply.objects.filter(pk__in=[one.pk for one in mine]).waiting().update(
            state=MeetingReply.State.WITHDRAWN, updated_at=clock.now()
        )
        reply = _keep(meeting, voice, kind, text=text, state=MeetingReply.State.ACCEPTED)
        tell_manager(
            NotificationKind.SUMMARY_CONFIRMED, voice=voice, partner=meeting.partner, meeting=meeting,
            key=f"reply:{reply.uid}", details=[text],
        )  # fmt: skip
        record("engagement.summary_confirmed", meeting, actor=voice.user, reply=str(reply.uid))
        return reply
    reply = _keep(meeting, voice, kind, text=text)
    tell_manager(
        NotificationKind.SUMMARY_OBJECTED, voice=voice, partner=meeting.partner, meeting=meeting,
        key=f"reply:{reply.uid}",
        details=[text, gettext_lazy("Put it right if needed, and answer on the page of the meeting.")],
    )  # fmt: skip
    record("engagement.summary_objected", meeting, actor=voice.user, reply=str(reply.uid))
    return reply


def overtake_proposals(meeting: Meeting) -> None:
    """The date was changed or the meeting closed otherwise: what was proposed for it has no answer to wait for."""
    meeting.replies.filter(kind=MeetingReply.Kind.DATE).waiting().update(
        state=MeetingReply.State.WITHDRAWN, updated_at=clock.now()
    )


def lock_reply(reply_uid: uuid.UUID) -> MeetingReply:
    """Partner, meeting, reply: the locks in this order."""
    meeting_id = MeetingReply.objects.values_list("meeting_id", flat=True).get(uid=reply_uid)
    meeting = lock_meeting(meeting_id)
    reply = MeetingReply.objects.select_for_update(of=("self",)).select_related("answered_by").get(uid=reply_uid)
    reply.meeting = meeting
    return reply


def refuse_answered(reply: MeetingReply) -> None:
    """Somebody was quicker: say who and what."""
    if reply.is_open:
        return
    state = reply.get_state_display().lower()
    if reply.answered_by is not None:
        raise StaleError(_("{} answered this already: {}.").format(reply.answered_by, state))
    raise StaleError(_("This no longer waits for an answer: {}.").format(state))


def _keep(meeting: Meeting, voice: PartnerVoice, kind: str, **fields: Any) -> MeetingReply:
    return MeetingReply.objects.create(
        partner_id=meeting.partner_id,
        meeting=meeting,
        kind=kind,
        said_by=voice.name[:120],
        user=voice.user,
        contact_id=voice.contact_id,
        **fields,
    )


def _is_by(voice: PartnerVoice, reply: MeetingReply) -> bool:
    return voice.is_same_as(user_id=reply.user_id, contact_id=reply.contact_id)


def _checked_text(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_TEXT:
        raise DomainError(_("This is too long: at most {} characters.").format(MAX_TEXT), field="text")
    return text
