"""What meetings and what was agreed in them are called in the audit trail."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When

from accounts.models import User
from accounts.naming import Topics, called
from engagement.models import AGREED, KNOWN_TO_PARTNER, Commitment, Meeting
from partners.models import SharingRule


def meeting_names(reader: User, topics: Topics) -> QuerySet[Any]:
    """A plan nobody was invited to is there for us alone."""
    return called(
        Meeting.objects.visible_to(reader),
        "engagement.Meeting",
        F("title") if topics is None else Case(When(KNOWN_TO_PARTNER, then=F("title")), default=Value("")),
        wall=F("local_start"),
    )


def commitment_names(reader: User, topics: Topics) -> QuerySet[Any]:
    """Drafts of a meeting are there for us alone, and our actions while we do not share our promises."""
    told = AGREED
    if topics is not None and SharingRule.Topic.PROMISES not in topics:
        told &= ~Q(kind=Commitment.Kind.ACTION, side=Commitment.Side.OURS)
    text = F("text") if topics is None else Case(When(told, then=F("text")), default=Value(""))
    return called(Commitment.objects.visible_to(reader), "engagement.Commitment", text)
