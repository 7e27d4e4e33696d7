"""News: written as a draft, published once, read and acknowledged by partners."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record, take_back
from core import clock
from core.announce import announce
from core.errors import DomainError, StaleError
from enablement.models import Notice, NoticeAddress, NoticeReceipt
from enablement.queries.news import audience_of
from enablement.services.telling import news_key
from enablement.signals import notice_published
from partners.models import Partner, Tier


@dataclass(frozen=True)
class Draft:
    """What an author writes. `partner_ids` counts only for named partners, `tiers` only for tiers."""

    title: str
    body: str
    decided_on: date
    kind: str = Notice.Kind.NEWS
    impact: str = ""
    what_follows: str = ""
    needs_acknowledgement: bool = False
    audience: str = Notice.Audience.ALL
    tiers: Iterable[str] = ()
    partner_ids: Iterable[int] = field(default_factory=tuple)


@transaction.atomic
def save_draft(
    *,
    actor: User,
    draft: Draft,
    notice_uid: uuid.UUID | None = None,
    version: int | None = None,
    corrects_uid: uuid.UUID | None = None,
) -> Notice:
    """Write a new draft, or change one that nobody published or changed meanwhile."""
    notice = Notice(author=actor) if notice_uid is None else _draft(notice_uid, version)
    _check(draft, actor)
    if notice_uid is None and corrects_uid is not None:
        notice.corrects = _former(corrects_uid)
    for name in ("title", "body", "kind", "impact", "what_follows", "decided_on", "needs_acknowledgement", "audience"):
        value = getattr(draft, name)
        setattr(notice, name, value.strip() if isinstance(value, str) else value)
    by_tier = draft.audience == Notice.Audience.TIER
    notice.tiers = "".join(f",{tier}" for tier in sorted(draft.tiers)) + "," if by_tier else ""
    notice.version = notice.version + 1 if notice.pk else 1
    notice.save()
    named = set(draft.partner_ids) if draft.audience == Notice.Audience.NAMED else set()
    notice.addresses.exclude(partner_id__in=named).delete()
    NoticeAddress.objects.bulk_create(
        [NoticeAddress(notice=notice, partner_id=one) for one in sorted(named)], ignore_conflicts=True
    )
    record("enablement.notice_saved", notice, actor=actor, audience=notice.audience, kind=notice.kind)
    return notice


@transaction.atomic
def publish_notice(*, notice_uid: uuid.UUID, actor: User, version: int) -> Notice:
    """Put a notice before its partners. From here on its text stays as it is; the database refuses to change it."""
    notice = _draft(notice_uid, version)
    _check_reach(notice.audience, actor)
    partner_ids = list(audience_of(notice).values_list("pk", flat=True))
    if not partner_ids:
        raise DomainError(_("Nobody would get this: no active partner is among those it is for."))
    notice.published_at, notice.published_by = clock.now(), actor
    notice.save(update_fields=["published_at", "published_by", "updated_at"])
    record(
        "enablement.notice_published",
        notice,
        actor=actor,
        kind=notice.kind,
        partners=len(partner_ids),
        days_to_notice=notice.days_to_notice,
    )
    announce(notice_published, partner_ids=partner_ids, uids=[notice.uid])
    return notice


@transaction.atomic
def withdraw_notice(*, notice_uid: uuid.UUID, actor: User) -> Notice | None:
    """Take a published notice away from its partners; a draft is deleted (None). Repeating changes nothing."""
    notice = Notice.objects.select_for_update().get(uid=notice_uid)
    if notice.author_id != actor.pk and notice.published_by_id != actor.pk and not actor.may_lead:
        raise DomainError(_("Only who wrote it or a lead can take this away."))
    if notice.is_draft:
        record("enablement.notice_discarded", notice, actor=actor)
        notice.delete()
        return None
    if notice.withdrawn_at is None:
        notice.withdrawn_at = clock.now()
        notice.save(update_fields=["withdrawn_at", "updated_at"])
        take_back(key=news_key(notice))
        record("enablement.notice_withdrawn", notice, actor=actor)
    return notice


@transaction.atomic
def mark_seen(*, notice_uids: Iterable[uuid.UUID], partner: Partner, user: User) -> int:
    """Remember that a person read these; returns how many were new to them. Showing alone writes nothing."""
    notices = Notice.objects.out().addressed_to(partner.pk).filter(uid__in=list(notice_uids))
    mine = NoticeReceipt.objects.filter(notice=OuterRef("pk"), partner=partner, user_id=user.pk)
    new = list(notices.exclude(Exists(mine)))
    for notice in new:
        _receipt(notice, partner, user, clock.now())
    return len(new)


@transaction.atomic
def acknowledge_notice(*, notice_uid: uuid.UUID, partner: Partner, user: User) -> NoticeReceipt:
    """Say for the partner that its people know and accept. Repeating keeps the first time."""
    notice = Notice.objects.out().addressed_to(partner.pk).get(uid=notice_uid)
    if not notice.needs_acknowledgement:
        raise DomainError(_("This notice does not ask for an acknowledgement."))
    now = clock.now()
    receipt = _receipt(notice, partner, user, now)
    if receipt.acknowledged_at is None:
        receipt.acknowledged_at = now
        receipt.save(update_fields=["acknowledged_at"])
        record("enablement.notice_acknowledged", notice, actor=user, partner_uid=partner.uid)
    return receipt


def _receipt(notice: Notice, partner: Partner, user: User, now: datetime) -> NoticeReceipt:
    receipt, created = NoticeReceipt.objects.get_or_create(
        notice=notice, partner=partner, user_id=user.pk, defaults={"seen_at": now}
    )
    if created:
        record("enablement.notice_seen", notice, actor=user, partner_uid=partner.uid)
    return receipt


def _draft(notice_uid: uuid.UUID, version: int | None) -> Notice:
    notice = Notice.objects.select_for_update().get(uid=notice_uid)
    if not notice.is_draft:
        raise StaleError(_("This notice is published. Its text stays; write a correction that points to it."))
    if version is not None and notice.version != version:
        raise StaleError(_("Somebody changed this draft meanwhile. Read it again."))
    return notice


def _former(uid: uuid.UUID) -> Notice:
    former = Notice.objects.filter(uid=uid, published_at__isnull=False).first()
    if former is None:
        raise DomainError(_("Only a published notice can be corrected."))
    return former


def _check(draft: Draft, actor: User) -> None:
    if not draft.title.strip():
        raise DomainError(_("Give it a title."), field="title")
    if not draft.body.strip():
        raise DomainError(_("Write what was decided."), field="body")
    if draft.decided_on > clock.today():
        raise DomainError(_("This lies in the future. Tell partners once it is decided."), field="decided_on")
    if draft.kind == Notice.Kind.BAD:
        if not draft.impact.strip():
            raise DomainError(_("Bad news says what it changes for the partner."), field="impact")
        if not draft.what_follows.strip():
            raise DomainError(_("Bad news says what follows: help, dates, whom to ask."), field="what_follows")
    _check_reach(draft.audience, actor)
    tiers = set(draft.tiers)
    if draft.audience == Notice.Audience.TIER and (not tiers or not tiers <= set(Tier.values)):
        raise DomainError(_("Choose at least one tier."), field="tiers")
    if draft.audience == Notice.Audience.NAMED:
        wanted = set(draft.partner_ids)
        if not wanted:
            raise DomainError(_("Choose at least one partner."), field="partners")
        if Partner.objects.visible_to(actor).active().filter(pk__in=wanted).count() != len(wanted):
            raise DomainError(_("Choose from the partners in the list."), field="partners")


def _check_reach(audience: str, actor: User) -> None:
    if actor.sees_own_partners_only and audience != Notice.Audience.NAMED:
        raise DomainError(_("You can write to the partners you own; name them."), field="audience")
