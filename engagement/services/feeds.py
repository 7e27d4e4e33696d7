"""The secret calendar address of a user: made, renewed, withdrawn. Only its digest is stored."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core import clock
from engagement.models import CalendarFeed
from engagement.queries.links import digest_of
from partners.models import partner_id_of

SECRET_BYTES = 32


@transaction.atomic
def renew_feed(*, user: User) -> str:
    """A new secret, returned once; the former address stops working at once."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed, _created = CalendarFeed.objects.update_or_create(
        user=user, defaults={"digest": digest_of(secret), "created_at": clock.now(), "last_read_on": None}
    )
    record("engagement.calendar_feed_renewed", feed, actor=user)
    return secret


@transaction.atomic
def revoke_feed(*, user: User) -> bool:
    """Switch the address off; False when there was none."""
    feed = CalendarFeed.objects.filter(user=user).first()
    if feed is None:
        return False
    record("engagement.calendar_feed_revoked", feed, actor=user)
    feed.delete()
    return True


@transaction.atomic
def forget_feeds(*, user_ids: Sequence[int]) -> None:
    """Switch off the addresses of people who left, moved or were disabled."""
    for feed in CalendarFeed.objects.filter(user_id__in=user_ids):
        record("engagement.calendar_feed_revoked", feed, actor=None)
        feed.delete()


def feed_owner(secret: str) -> User | None:
    """Whose feed this is, or None for a wrong or withdrawn one and when access ended. Notes the day of reading."""
    feed = CalendarFeed.objects.select_related("user").filter(digest=digest_of(secret)).first()
    if feed is None or not feed.user.is_active:
        return None
    if not feed.user.is_vendor and partner_id_of(feed.user) is None:
        return None
    today = clock.today()
    if feed.last_read_on != today:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_on=today)
    return feed.user
