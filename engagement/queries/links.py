"""Links in mails: whether one works now, and for what."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db.models import F, Q

from engagement.models import ActionLink, Meeting


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def open_link(secret: str, *, at: datetime, lock: bool = False) -> ActionLink | None:
    """The link of this secret if it can still be used at `at`.

    Asked anew each time, so that it dies at once when its person leaves or is disabled, the partner is archived, or
    the meeting or action is no longer in the state the mail spoke of.
    """
    kinds = ActionLink.Kind
    held = Q(meeting__status=Meeting.Status.HELD, meeting__summary_sent_at__isnull=False)
    answerable = (
        Q(held, kind__in=[kinds.CONFIRM, kinds.OBJECT])
        | Q(kind=kinds.DONE, commitment__done_at__isnull=True)
        | Q(kind=kinds.DATE, meeting__status=Meeting.Status.CONFIRMED, meeting__starts_at__gt=at)
    )
    rows = ActionLink.objects.filter(
        answerable,
        digest=digest_of(secret),
        used_at__isnull=True,
        expires_at__gt=at,
        contact__left_on__isnull=True,
        contact__partner=F("partner"),
        partner__archived_at__isnull=True,
    ).exclude(Q(contact__membership__user__is_active=False) | Q(contact__membership__ended_at__isnull=False))
    rows = rows.select_related("partner__owner", "contact", "meeting__organizer", "commitment")
    return (rows.select_for_update(of=("self",)) if lock else rows).first()
