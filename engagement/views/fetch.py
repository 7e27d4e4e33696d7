"""Rows as the user may see them; a foreign row is a 404 like a missing one."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from engagement.models import AgendaItem, Commitment, Meeting, MeetingReply, Touchpoint
from engagement.queries.meetings import meeting_with_everything
from partners.models import Contact, Partner


def partner_or_404(user: User, slug: str) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(user).select_related("owner"), slug=slug)


def meeting_or_404(user: User, uid: uuid.UUID) -> Meeting:
    meeting = meeting_with_everything(user, uid)
    if meeting is None:
        raise Http404
    return meeting


def touch_or_404(user: User, uid: uuid.UUID) -> Touchpoint:
    return get_object_or_404(Touchpoint.objects.visible_to(user).select_related("partner"), uid=uid)


def commitment_or_404(user: User, uid: uuid.UUID) -> Commitment:
    return get_object_or_404(Commitment.objects.visible_to(user).select_related("partner", "meeting"), uid=uid)


def item_or_404(user: User, uid: uuid.UUID) -> AgendaItem:
    meetings = Meeting.objects.visible_to(user)
    return get_object_or_404(
        AgendaItem.objects.filter(meeting__in=meetings).select_related("meeting__partner"),  # visible: by its meeting
        uid=uid,
    )


def reply_or_404(user: User, uid: uuid.UUID) -> MeetingReply:
    return get_object_or_404(MeetingReply.objects.visible_to(user).select_related("meeting"), uid=uid)


def people_of(partner: Partner) -> list[Contact]:
    """Who works there now, by name."""
    present: Any = partner.contacts.filter(left_on__isnull=True)
    return list(present.order_by("name")[:100])


def partner_path(partner: Partner) -> str:
    return f"/app/partners/{partner.slug}/"
