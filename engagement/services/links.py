"""Single-use links for people who act from their mail, made when the mail is written."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from core import clock
from engagement.models import ActionLink, Commitment, Meeting
from engagement.queries.links import digest_of
from partners.models import Contact

SECRET_BYTES = 32
SUMMARY_FOR = timedelta(days=30)
ACTION_FOR = timedelta(days=120)


@dataclass(frozen=True)
class DoneLink:
    action: Commitment
    url: str


@dataclass(frozen=True)
class MailLinks:
    """Addresses for one mail to one person; empty texts where there is nothing to do."""

    confirm: str = ""
    object: str = ""
    date: str = ""
    done: tuple[DoneLink, ...] = ()


def summary_links(meeting: Meeting, contact: Contact, commitments: Iterable[Commitment]) -> MailLinks:
    """Confirm, object, and one link per open action of the partner's side."""
    until = clock.now() + SUMMARY_FOR
    open_actions = [one for one in commitments if one.is_partners_action and one.done_at is None]
    return MailLinks(
        confirm=_link(ActionLink.Kind.CONFIRM, meeting, contact, until),
        object=_link(ActionLink.Kind.OBJECT, meeting, contact, until),
        done=tuple(
            DoneLink(one, _link(ActionLink.Kind.DONE, meeting, contact, clock.now() + ACTION_FOR, one))
            for one in open_actions
        ),
    )


def date_links(meeting: Meeting, contact: Contact) -> MailLinks:
    """Propose another date, as long as the meeting has not begun."""
    if not meeting.takes_dates(clock.now()):
        return MailLinks()
    return MailLinks(date=_link(ActionLink.Kind.DATE, meeting, contact, meeting.starts_at))


def _link(
    kind: str, meeting: Meeting, contact: Contact, expires_at: datetime, commitment: Commitment | None = None
) -> str:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    ActionLink.objects.create(
        partner_id=meeting.partner_id,
        contact=contact,
        meeting=meeting,
        commitment=commitment,
        kind=kind,
        digest=digest_of(secret),
        created_at=clock.now(),
        expires_at=expires_at,
    )
    return f"{settings.BASE_URL}{reverse('engagement:act', args=[secret])}"
