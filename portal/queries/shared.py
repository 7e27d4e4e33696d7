"""What a program of the partner may read: the shared part of meetings and commitments, never the vendor's own notes."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from engagement.models import AgendaItem, Commitment, Meeting
from partners.models import SharingRule


def shared_meetings(user: User, topics: frozenset[str]) -> QuerySet[Meeting]:
    """Meetings the partner knows of, with shared topics and what was agreed."""
    rows: QuerySet[Meeting] = Meeting.objects.visible_to(user).shared()
    return rows.prefetch_related(
        Prefetch("agenda", queryset=AgendaItem.objects.filter(shared=True), to_attr="shared_topics"),
        Prefetch("commitments", queryset=shared_commitments(user, topics).order_by("kind", "due_on"), to_attr="agreed"),
    )


def shared_commitments(user: User, topics: frozenset[str]) -> QuerySet[Commitment]:
    """Decisions and actions of both sides; what the vendor promised only while it shares its promises."""
    rows: QuerySet[Commitment] = Commitment.objects.visible_to(user).shared().select_related("meeting", "owner")
    if SharingRule.Topic.PROMISES not in topics:
        rows = rows.exclude(kind=Commitment.Kind.ACTION, side=Commitment.Side.OURS)
    return rows
