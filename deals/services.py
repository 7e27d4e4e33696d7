"""Every write of the deals room but the import, which has its own package."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core import clock
from core.announce import announce
from core.errors import DomainError
from deals.importing.rows import Facts
from deals.models import Deal, RevenueEntry
from deals.rules import CURRENCIES, MAX_AMOUNT_MINOR
from deals.signals import deals_changed, revenue_changed
from partners.models import Partner

CREATED, UPDATED, SAME = "created", "updated", "same"
API_SOURCE = "api"
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def record_revenue(
    *,
    partner_id: int,
    external_id: str,
    amount_minor: int,
    currency: str,
    occurred_at: datetime,
    actor: User | None,
    source: str = API_SOURCE,
    kind: str = "",
    country: str = "",
    lines: int = 1,
) -> tuple[RevenueEntry, str]:
    """Record one invoice or reversal; returns the entry and what happened: created, updated or same.

    (`source`, `external_id`) names the entry: the same facts again change nothing, other facts are a correction, kept
    as a new row that supersedes the old one. `amount_minor` is in minor units of `currency`, negative for a reversal.
    """
    entry = RevenueEntry(
        partner_id=partner_id,
        source=_text(source, "source", 60, needed=True),
        external_id=_text(external_id, "external_id", 120, needed=True),
        amount_minor=amount_minor,
        currency=_currency(currency),
        kind=_kind(kind, amount_minor),
        country=_text(country, "country", 60),
        lines=lines,
        occurred_at=_moment(occurred_at, "occurred_at"),
    )
    if abs(amount_minor) > MAX_AMOUNT_MINOR:
        raise DomainError(_("The amount is too large."), field="amount_minor")
    if not Partner.objects.filter(pk=partner_id).exists():
        raise DomainError(_("There is no such partner."), field="partner")
    try:
        return _store(entry, actor)
    except IntegrityError:
        return _store(entry, actor)  # another process recorded the same id first; now it is there to compare with


@transaction.atomic
def _store(entry: RevenueEntry, actor: User | None) -> tuple[RevenueEntry, str]:
    current = RevenueEntry.objects.current().select_for_update()
    old = current.filter(source=entry.source, external_id=entry.external_id).first()
    if old is not None and all(getattr(old, name) == getattr(entry, name) for name in Facts._fields):
        return old, SAME
    now = clock.now()
    entry.pk, entry.known_at = None, now
    changed = {entry.partner_id}
    if old is not None:
        old.superseded_at = now
        old.save(update_fields=["superseded_at"])
        changed.add(old.partner_id)
    entry.save(force_insert=True)
    outcome = CREATED if old is None else UPDATED
    partner_uid = Partner.objects.values_list("uid", flat=True).get(pk=entry.partner_id)
    record(f"deals.revenue_{outcome}", entry, actor=actor, partner_uid=partner_uid, external_id=entry.external_id)
    announce(revenue_changed, partner_ids=sorted(changed))
    return entry, outcome


@transaction.atomic
def open_deal(
    *,
    partner_id: int,
    name: str,
    customer: str,
    currency: str,
    actor: User | None,
    value_minor: int = 0,
    joint: bool = True,
    opened_on: date | None = None,
    expected_on: date | None = None,
) -> Deal:
    """Open a deal with a partner."""
    today = clock.today()
    opened_on = opened_on or today
    if not 0 <= value_minor <= MAX_AMOUNT_MINOR:
        raise DomainError(_("The value of a deal is not negative, and not that large."), field="value_minor")
    if opened_on > today:
        raise DomainError(_("A deal cannot have been opened in the future."), field="opened_on")
    if expected_on is not None and expected_on < opened_on:
        raise DomainError(_("The deal would close before it was opened."), field="expected_on")
    partner = Partner.objects.filter(pk=partner_id).first()
    if partner is None:
        raise DomainError(_("There is no such partner."), field="partner")
    deal = Deal.objects.create(
        partner=partner,
        name=_text(name, "name", 160, needed=True),
        customer=_text(customer, "customer", 160, needed=True),
        value_minor=value_minor,
        currency=_currency(currency),
        joint=joint,
        opened_on=opened_on,
        expected_on=expected_on,
    )
    record("deals.deal_opened", deal, actor=actor, value_minor=value_minor, joint=joint)
    announce(deals_changed, partner_ids=[partner_id])
    return deal


@transaction.atomic
def close_deal(*, deal_id: int, won: bool, actor: User | None, closed_at: datetime | None = None) -> Deal:
    """Say how a deal ended. It is known from now on, whenever it happened."""
    deal = Deal.objects.select_for_update().select_related("partner").get(pk=deal_id)
    if deal.status != Deal.Status.OPEN:
        raise DomainError(_("This deal is closed already: {}.").format(deal.get_status_display()), field="status")
    now = clock.now()
    moment = now if closed_at is None else _moment(closed_at, "closed_at")
    if moment > now:
        raise DomainError(_("A deal cannot have been closed in the future."), field="closed_at")
    if moment.date() < deal.opened_on:
        raise DomainError(_("The deal would close before it was opened."), field="closed_at")
    deal.status = Deal.Status.WON if won else Deal.Status.LOST
    deal.closed_at, deal.known_closed_at = moment, now
    deal.save(update_fields=["status", "closed_at", "known_closed_at", "updated_at"])
    record("deals.deal_closed", deal, actor=actor, won=won)
    announce(deals_changed, partner_ids=[deal.partner_id])
    return deal


def _text(value: str, field: str, limit: int, *, needed: bool = False) -> str:
    text = unicodedata.normalize("NFC", value.strip())
    if needed and not text:
        raise DomainError(_("This is needed."), field=field)
    if len(text) > limit:
        raise DomainError(_("At most {} characters.").format(limit), field=field)
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        raise DomainError(_("Control characters are not allowed."), field=field)
    return text


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise DomainError(_("{} is not a currency code such as EUR.").format(code), field="currency")
    return code


def _kind(kind: str, amount_minor: int) -> Any:
    by_sign = RevenueEntry.Kind.SALE if amount_minor >= 0 else RevenueEntry.Kind.REVERSAL
    if not kind:
        return by_sign
    if kind not in RevenueEntry.Kind.values:
        raise DomainError(_("{} is neither a sale nor a reversal.").format(kind), field="kind")
    if amount_minor and kind != by_sign:
        raise DomainError(_("A sale adds money, a reversal takes it back."), field="amount_minor")
    return kind


def _moment(moment: datetime, field: str) -> datetime:
    if moment.tzinfo is None:
        raise DomainError(_("The time needs its time zone."), field=field)
    if moment < EARLIEST:
        raise DomainError(_("A date before 1970 is not accepted."), field=field)
    if moment > clock.now() + timedelta(days=1):
        raise DomainError(_("A date in the future is not accepted."), field=field)
    return moment.astimezone(UTC)
