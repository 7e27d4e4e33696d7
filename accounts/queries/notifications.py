"""Reads about a person's notifications."""

from __future__ import annotations

import zoneinfo
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise

from accounts import reach
from accounts.models import Mute, Notification, NotificationKind, NotificationPreference, User
from accounts.rules import DEFAULTS, DIGEST, default_channel, is_muted, kinds_for
from core import clock

COUNT_LIMIT = 100
TOKEN_SALT = "accounts.preferences"  # noqa: S105  says what is signed


@dataclass(frozen=True)
class Habits:
    """What some people chose and muted, read at once."""

    chosen: dict[tuple[int, str], str]
    mutes: dict[int, list[tuple[str, str]]]

    @classmethod
    def of(cls, user_ids: Collection[int]) -> Habits:
        rows = NotificationPreference.objects.filter(user_id__in=user_ids).values_list("user_id", "kind", "channel")
        mutes: dict[int, list[tuple[str, str]]] = defaultdict(list)
        silences = Mute.objects.in_force(clock.now()).filter(user_id__in=user_ids)
        for user_id, scope, value in silences.values_list("user_id", "scope", "value"):
            mutes[user_id].append((scope, value))
        return cls({(user_id, kind): channel for user_id, kind, channel in rows}, mutes)

    def channel(self, user: User, kind: str) -> str:
        return self.chosen.get((user.pk, kind)) or default_channel(kind, user.role)

    def muted(self, row: Notification) -> bool:
        mutes = self.mutes.get(row.user_id, [])
        return is_muted(mutes, kind=row.kind, thread=row.thread, partner_uid=str(row.partner_uid or ""))


@dataclass
class Group:
    """The notifications of one day that are about one partner, or about none (`partner` is empty)."""

    day: date
    partner: str
    rows: list[Notification] = field(default_factory=list)


@dataclass(frozen=True)
class Choice:
    """One kind on the preferences page."""

    kind: str
    label: str | Promise
    channel: str
    default: str


def unread_count(user: User) -> int:
    """For the bell; counts no further than the limit. One query."""
    return Notification.objects.readable_by(user).unread()[:COUNT_LIMIT].count()


def inbox(user: User, *, unread_only: bool) -> QuerySet[Notification]:
    """Newest first."""
    rows = Notification.objects.readable_by(user).order_by("-created_at", "-pk")
    return rows.unread() if unread_only else rows


def by_day_and_partner(rows: Iterable[Notification]) -> list[Group]:
    """Days as on the reader's clock, newest first; in a day, partners by their newest. One query for the names."""
    rows = list(rows)
    names = reach.partners().names({row.partner_uid for row in rows if row.partner_uid})
    groups: list[Group] = []
    for day, of_day in groupby(rows, key=lambda row: timezone.localtime(row.created_at).date()):
        by_partner: dict[UUID | None, Group] = {}
        for row in of_day:
            name = names.get(row.partner_uid, "") if row.partner_uid else ""
            by_partner.setdefault(row.partner_uid, Group(day, name)).rows.append(row)
        groups += by_partner.values()
    return groups


def choices(user: User) -> list[Choice]:
    """Every kind that this person can get with the way it reaches them, and the default."""
    habits = Habits.of({user.pk})
    return [
        Choice(kind, NotificationKind(kind).label, habits.channel(user, kind), default_channel(kind, user.role))
        for kind in kinds_for(user.role)
    ]


def mutes_of(user: User, *, at: datetime) -> QuerySet[Mute]:
    return Mute.objects.filter(user_id=user.pk).in_force(at).order_by("-created_at")


def inbox_path(user: User) -> str:
    return "/app/inbox/" if user.is_vendor else "/portal/inbox/"


def zone_of(user: User) -> ZoneInfo:
    """The person's zone, or that of the installation when this machine does not know it."""
    try:
        return ZoneInfo(user.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(settings.REPORTING_TIME_ZONE)


def preference_token(user: User, about: str) -> str:
    """What a mail's links carry instead of a log-in: signed, good for this person's mail preferences and nothing else.

    `about`: the kind of the mail, or `digest`.
    """
    return signing.dumps([user.uid.hex, about], salt=TOKEN_SALT)


def holder_of(token: str) -> tuple[User, str] | None:
    """Whose token this is and what it is about; None for a forged one and for people without access."""
    try:
        uid, about = signing.loads(token, salt=TOKEN_SALT)
        user = User.objects.filter(uid=UUID(uid), is_active=True).first()
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (user, about) if user and (about == DIGEST or about in DEFAULTS) else None
