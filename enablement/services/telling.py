"""Who is told of news and files. Nobody is told the same twice, so each may run as often as one likes."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import NotificationKind
from accounts.services import Notice as Telling
from accounts.services import notify, notify_all
from core import clock
from enablement.models import Notice, SharedFile
from enablement.queries.news import audience_of
from partners.models import Membership, SharingRule
from partners.queries import is_shared

RECENT = timedelta(days=1)
BATCH = 200


def tell_news(*, notice_uid: uuid.UUID) -> int:
    """Tell everybody at the partners a notice is for; returns how many were told."""
    notice = Notice.objects.out().filter(uid=notice_uid).first()
    if notice is None or not is_shared(SharingRule.Topic.NEWS):
        return 0
    asks = notice.needs_acknowledgement
    kind = NotificationKind.NEWS_TO_ACKNOWLEDGE if asks else NotificationKind.NEWS_PUBLISHED
    title = _("Please acknowledge: {title}") if asks else _("News: {title}")
    reason = _("Your company is asked to acknowledge it.") if asks else _("It is for your company.")
    seats = Membership.objects.current().filter(partner__in=audience_of(notice).order_by())
    by_partner = groupby(seats.select_related("user", "partner").order_by("partner_id"), key=attrgetter("partner"))
    notices = [
        Telling(
            users=[seat.user for seat in of_partner],
            kind=kind,
            title=format_lazy(title, title=notice.title),
            url=reverse("portal:notice_detail", args=[notice.uid]),
            reason=reason,
            key=news_key(notice),
            partner_uid=partner.uid,
            thread=news_key(notice),
        )
        for partner, of_partner in by_partner
    ]
    return sum(notify_all(notices[start : start + BATCH]) for start in range(0, len(notices), BATCH))


def tell_recent_news() -> int:
    """What a lost nudge left untold."""
    recent = Notice.objects.out().filter(published_at__gt=clock.now() - RECENT)
    return sum(tell_news(notice_uid=uid) for uid in recent.values_list("uid", flat=True))


def tell_file(file: SharedFile) -> int:
    """A file passed its checks, so that the other side may read it: its people, or who looks after the partner."""
    partner = file.partner
    if file.side == SharedFile.Side.THEIRS:
        users = [partner.owner] if partner.owner else []
        url = reverse("enablement:partner_panel", args=[partner.slug])
        reason: str | Promise = format_lazy(_("You look after {partner}."), partner=partner.name)
    else:
        seats = Membership.objects.current().filter(partner=partner).select_related("user")
        users = [seat.user for seat in seats] if is_shared(SharingRule.Topic.FILES) else []
        url, reason = reverse("portal:file_list"), _("It was shared with your company.")
    return notify(
        users=users,
        kind=NotificationKind.FILE_SHARED,
        title=format_lazy(_("New file: {name}"), name=file.name),
        url=url,
        reason=reason,
        key=file_key(file),
        partner_uid=partner.uid,
    )


def news_key(notice: Notice) -> str:
    return f"news:{notice.uid}"


def file_key(file: SharedFile) -> str:
    return f"file:{file.uid}"
