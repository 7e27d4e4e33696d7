"""What a link in a mail does: the same services as the portal, once, in the name of the person it was sent to."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from structlog.contextvars import bound_contextvars

from accounts.services import record
from core import clock
from engagement.models import ActionLink
from engagement.queries.links import open_link
from engagement.queries.people import PartnerVoice
from engagement.services.commitments import tick_action
from engagement.services.replies import answer_summary, propose_date


class DeadLinkError(Exception):
    """The link was used, has run out, was withdrawn, or never was. Which of them is told to nobody."""


@transaction.atomic
def use_link(*, secret: str, text: str = "", local_start: datetime | None = None, time_zone: str = "") -> ActionLink:
    """Do what the link is for, once, in the name of its person. A refusal of the business leaves the link as it is."""
    link = open_link(secret, at=clock.now(), lock=True)
    if link is None:
        raise DeadLinkError
    with bound_contextvars(contact=str(link.contact.uid)):
        _act(link, PartnerVoice(link.contact.name, contact_id=link.contact_id), text, local_start, time_zone)
        link.used_at = clock.now()
        link.save(update_fields=["used_at"])
        record("engagement.link_used", link, actor=None, kind=str(link.kind))
    return link


def _act(link: ActionLink, voice: PartnerVoice, text: str, local_start: datetime | None, time_zone: str) -> None:
    if link.kind == ActionLink.Kind.DATE:
        assert local_start is not None
        propose_date(meeting_id=link.meeting_id, local_start=local_start, time_zone=time_zone, voice=voice, text=text)
    elif link.commitment is not None:
        tick_action(commitment_uid=link.commitment.uid, voice=voice)
    else:
        agreed = link.kind == ActionLink.Kind.CONFIRM
        answer_summary(meeting_id=link.meeting_id, agreed=agreed, voice=voice, text=text)
