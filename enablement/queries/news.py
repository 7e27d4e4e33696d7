"""Who gets a notice, who read it, and what waits for a partner."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, Value
from django.db.models.functions import Concat

from accounts.models import User
from enablement.models import Notice, NoticeAddress, NoticeReceipt
from partners.models import Partner, PartnerQuerySet

RECENT = timedelta(days=365)
ARCHIVE = 200


@dataclass(frozen=True)
class Reach:
    """Of the partners a notice is for: how many there are, how many acknowledged it."""

    partners: int
    acknowledged: int


def audience_of(notice: Notice, user: User | None = None) -> PartnerQuerySet:
    """The active partners a notice is for; with `user`, those this person sees."""
    partners = (Partner.objects.all() if user is None else Partner.objects.visible_to(user)).active().order_by("name")
    if notice.audience == Notice.Audience.TIER:
        return partners.filter(tier__in=notice.tier_list)
    if notice.audience == Notice.Audience.NAMED:
        return partners.filter(pk__in=NoticeAddress.objects.filter(notice=notice).values("partner_id"))
    return partners


def audience_with_receipts(notice: Notice, user: User) -> PartnerQuerySet:
    """The audience with `acknowledged` and `seen`, those that still owe an acknowledgement first."""
    receipts = NoticeReceipt.objects.filter(notice=notice, partner_id=OuterRef("pk"))
    return (
        audience_of(notice, user)
        .select_related("owner")
        .annotate(acknowledged=Exists(receipts.filter(acknowledged_at__isnull=False)), seen=Exists(receipts))
        .order_by("acknowledged", "seen", "name")
    )


def receipts_by_partner(notice: Notice, partner_ids: Iterable[int]) -> dict[int, list[NoticeReceipt]]:
    rows = NoticeReceipt.objects.filter(notice=notice, partner_id__in=list(partner_ids)).select_related("user")
    found: dict[int, list[NoticeReceipt]] = {}
    for row in rows.order_by("seen_at", "id"):
        found.setdefault(row.partner_id, []).append(row)
    return found


def notices_for_staff(user: User) -> list[Notice]:
    """Drafts first, then what is published, newest first."""
    rows = Notice.objects.visible_to(user).select_related("author", "published_by")
    drafts = list(rows.drafts().order_by("-updated_at")[:ARCHIVE])
    return drafts + list(rows.filter(published_at__isnull=False).order_by("-published_at")[:ARCHIVE])


def reaches(notices: Iterable[Notice], user: User) -> dict[int, Reach]:
    """For each notice, whatever their number in three queries; only partners the user sees count."""
    ids = [one.pk for one in notices]
    seen = Partner.objects.visible_to(user).active()
    tiers = Counter(dict(seen.values_list("tier").annotate(n=Count("pk"))))
    named = _counts(NoticeAddress.objects.filter(notice_id__in=ids, partner__in=seen))
    done = NoticeReceipt.objects.filter(notice_id__in=ids, partner__in=seen, acknowledged_at__isnull=False)
    acknowledged = _counts(done)
    found = {}
    for one in notices:
        if one.audience == Notice.Audience.TIER:
            number = sum(tiers[tier] for tier in one.tier_list)
        else:
            number = named.get(one.pk, 0) if one.audience == Notice.Audience.NAMED else tiers.total()
        found[one.pk] = Reach(partners=number, acknowledged=min(number, acknowledged.get(one.pk, 0)))
    return found


def median_days(notices: Iterable[Notice], *, at: datetime) -> float | None:
    """Half of the last year's notices came within so many days of the decision (S1-42); None without any."""
    days = [one.days_to_notice for one in notices if one.published_at and one.published_at > at - RECENT]
    known = [one for one in days if one is not None]
    return float(median(known)) if known else None


def notices_of(user: Any, partner_id: int) -> list[Notice]:
    """What a partner's person reads, newest first, with `is_new` for them and `is_done` for their firm."""
    mine = NoticeReceipt.objects.filter(notice=OuterRef("pk"), partner_id=partner_id, user_id=user.pk)
    done = NoticeReceipt.objects.filter(notice=OuterRef("pk"), partner_id=partner_id, acknowledged_at__isnull=False)
    rows = Notice.objects.visible_to(user).annotate(is_new=~Exists(mine), is_done=Exists(done))
    return list(rows.order_by("-published_at", "-id")[:ARCHIVE])


def notice_of(user: Any, partner_id: int, uid: uuid.UUID) -> Notice | None:
    """One notice as a partner's person reads it: with its receipts, what it corrects and what corrects it."""
    mine = NoticeReceipt.objects.filter(notice=OuterRef("pk"), partner_id=partner_id, user_id=user.pk)
    readable = Notice.objects.visible_to(user)
    receipts = NoticeReceipt.objects.filter(partner_id=partner_id).select_related("user").order_by("seen_at", "id")
    notice = (
        readable.annotate(is_new=~Exists(mine))
        .prefetch_related(
            Prefetch("receipts", receipts, to_attr="own_receipts"),
        )
        .filter(uid=uid)
        .first()
    )
    if notice is not None:
        around = list(readable.filter(Q(corrects=notice) | Q(pk=notice.corrects_id)))
        notice.corrected_by = [one for one in around if one.corrects_id == notice.pk]  # type: ignore[attr-defined]  # page
        notice.former = next((one for one in around if one.pk == notice.corrects_id), None)  # type: ignore[attr-defined]
    return notice


def has_news(partner_id: OuterRef) -> Exists:
    """Whether anything is out for a partner, inside a query over partners."""
    named = NoticeAddress.objects.filter(notice=OuterRef("pk"), partner_id=OuterRef(partner_id))
    of_tier = Q(audience=Notice.Audience.TIER, tiers__contains=Concat(Value(","), OuterRef("tier"), Value(",")))
    of_all = Q(audience=Notice.Audience.ALL)
    return Exists(Notice.objects.out().filter(of_all | of_tier | (Q(audience=Notice.Audience.NAMED) & Exists(named))))


def latest_news(partner_ids: Iterable[int], *, at: datetime, limit: int = 3) -> dict[int, list[Notice]]:
    """The newest notices of each partner in the last year, newest first; three queries. Absent when there are none."""
    wanted = list(partner_ids)
    notices = Notice.objects.out().filter(published_at__gt=at - RECENT, published_at__lte=at).order_by("-published_at")
    return {key: rows[:limit] for key, rows in _by_partner(wanted, list(notices[:ARCHIVE])).items()}


def to_acknowledge(partner_ids: Iterable[int], *, at: datetime) -> dict[int, list[Notice]]:
    """Notices that wait for a partner's acknowledgement, oldest first; four queries. Absent when none does."""
    wanted = list(partner_ids)
    notices = Notice.objects.out().filter(needs_acknowledgement=True, published_at__lte=at).order_by("published_at")
    done = set(
        NoticeReceipt.objects.filter(partner_id__in=wanted, acknowledged_at__isnull=False).values_list(
            "partner_id", "notice_id"
        )
    )
    found = _by_partner(wanted, list(notices))
    left = {key: [one for one in rows if (key, one.pk) not in done] for key, rows in found.items()}
    return {key: rows for key, rows in left.items() if rows}


def _by_partner(partner_ids: list[int], notices: list[Notice]) -> dict[int, list[Notice]]:
    tiers = dict(Partner.objects.filter(pk__in=partner_ids).values_list("pk", "tier"))
    named = set(
        NoticeAddress.objects.filter(Q(partner_id__in=partner_ids), notice__in=notices).values_list(
            "partner_id", "notice_id"
        )
    )
    found: dict[int, list[Notice]] = {}
    for key, tier in tiers.items():
        rows = [one for one in notices if _is_for(one, key, tier, named)]
        if rows:
            found[key] = rows
    return found


def _is_for(notice: Notice, partner_id: int, tier: str, named: set[tuple[int, int]]) -> bool:
    if notice.audience == Notice.Audience.TIER:
        return tier in notice.tier_list
    return notice.audience == Notice.Audience.ALL or (partner_id, notice.pk) in named


def _counts(rows: Any) -> dict[int, int]:
    """Partners per notice."""
    return dict(rows.order_by().values_list("notice_id").annotate(n=Count("partner_id", distinct=True)))
