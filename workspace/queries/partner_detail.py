"""Reads of Partner 360: the partner with everything its head shows, and the figures of its overview.

The figures of the overview come from the explanation of the score, so that a number on this page, the score it led to
and the health page cannot disagree: they are as of the score's day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import AuditEntry, User
from core import clock
from deals.bars import MonthBar, month_bars
from deals.models import Deal, RevenueEntry
from deals.queries import open_deals, recent_entries
from engagement.models import Commitment, Meeting
from engagement.queries import next_meetings, open_commitments
from health.models import Alert, HealthState
from health.pages.explained import AlertLine, Page, alert_lines
from health.pages.partner import explained
from lifecycle.models import Journey, StageChange
from lifecycle.queries import history
from lifecycle.rules import TYPICAL_DAYS, days_over_limit
from partners.models import Contact, Membership, Partner, TierChange
from partners.queries import Invited, invited_to, seats_at

MONTHS = 12
ENTRIES = 20
COMMITMENTS = 8
AUDIT_ROWS = 30


@dataclass(frozen=True, slots=True)
class StageNow:
    """Where the partner stands: `limit` None when the stage has no typical length."""

    journey: Journey
    days: int
    limit: int | None
    over: int


@dataclass(frozen=True, slots=True)
class Revenue:
    """Net revenue in units of the reporting currency, as the score saw it. None: not known."""

    now: Decimal | None
    previous: Decimal | None
    year_ago: Decimal | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the overview shows; `page` is None without a score, `contacts` and `revenue` when the score had none."""

    page: Page | None
    contacts: int | None
    revenue: Revenue | None
    next_meeting: Meeting | None
    commitments: list[Commitment]
    alerts: list[AlertLine]


@dataclass(frozen=True, slots=True)
class Sales:
    months: list[MonthBar]
    entries: list[RevenueEntry]
    deals: list[Deal]

    @property
    def known(self) -> bool:
        return any(month.revenue.net_minor is not None for month in self.months)


@dataclass(frozen=True, slots=True)
class History:
    stages: list[StageChange]
    tiers: list[TierChange]
    audit: list[AuditEntry]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the partner: `seat` when they have access to the portal, `invited` when they were asked to join."""

    contact: Contact
    seat: Membership | None
    invited: Invited | None


@dataclass(frozen=True, slots=True)
class People:
    """`unlisted`: who logs in, or was invited, and is not on the list of contacts."""

    present: list[Person]
    left: list[Contact]
    unlisted_seats: list[Membership]
    unlisted_invited: list[Invited]


def partner_with_head(user: User, slug: str) -> Partner | None:
    """The partner with owner, journey, published health and the snapshot behind it, in one query."""
    wide = Partner.objects.visible_to(user).select_related("owner", "journey", "health__snapshot__model")
    return wide.filter(slug=slug).first()


def stage_now(partner: Partner) -> StageNow | None:
    journey: Journey | None = getattr(partner, "journey", None)
    if journey is None:
        return None
    days = max(0, (clock.now() - journey.entered_at).days)
    return StageNow(journey, days, TYPICAL_DAYS[journey.stage], days_over_limit(journey.stage, days))


def published(partner: Partner) -> HealthState | None:
    state: HealthState | None = getattr(partner, "health", None)
    return state


def overview(user: User, partner: Partner) -> Overview:
    state = published(partner)
    page = explained(state.snapshot) if state else None
    measures = _measures(page)
    alerts = Alert.objects.visible_to(user).open().filter(partner=partner).order_by("-severity", "-opened_on")
    return Overview(
        page=page,
        contacts=_count(measures.get("touchpoint_frequency")),
        revenue=_revenue(measures.get("revenue_growth")),
        next_meeting=next_meetings([partner.pk]).get(partner.pk),
        commitments=open_commitments(partner.pk, limit=COMMITMENTS),
        alerts=alert_lines(alerts[:5]),
    )


def _measures(page: Page | None) -> dict[str, Mapping[str, Any]]:
    if page is None:
        return {}
    signals = [signal for group in page.given["groups"] for signal in group["signals"]]
    return {measure["key"]: measure for signal in signals for measure in signal["measures"]}


def _count(measure: Mapping[str, Any] | None) -> int | None:
    return int(measure["raw"]["count"]) if measure and "count" in measure["raw"] else None


def _revenue(measure: Mapping[str, Any] | None) -> Revenue | None:
    if measure is None or not measure["raw"]:
        return None
    raw = measure["raw"]
    figures = {name: None if raw.get(name) is None else Decimal(str(raw[name])) for name in Revenue.__slots__}
    return Revenue(**figures)


def sales(partner: Partner, *, at: datetime) -> Sales:
    return Sales(
        months=month_bars(partner, MONTHS, at),
        entries=recent_entries(partner, ENTRIES),
        deals=open_deals(partner, ENTRIES),
    )


def people(partner: Partner, *, at: datetime) -> People:
    """Who works there now and who left, each by name, with their access to the portal. Four queries."""
    seats = seats_at(partner.pk)
    invited = invited_to(partner.pk, at=at)
    by_contact = {seat.contact_id: seat for seat in seats if seat.contact_id}
    by_address = {one.invitation.email.lower(): one for one in invited}
    everybody = [
        Person(contact, by_contact.get(contact.pk), by_address.pop(contact.email.lower(), None))
        for contact in Contact.objects.filter(partner=partner).order_by("name", "id")
    ]
    return People(
        present=[one for one in everybody if one.contact.left_on is None],
        left=[one.contact for one in everybody if one.contact.left_on is not None],
        unlisted_seats=[seat for seat in seats if seat.contact_id is None],
        unlisted_invited=list(by_address.values()),
    )


def past(partner: Partner) -> History:
    tiers = TierChange.objects.current().filter(partner=partner).select_related("actor")
    audit = AuditEntry.objects.filter(partner_uid=partner.uid).select_related("actor")
    return History(
        stages=history(partner.pk),
        tiers=list(tiers.order_by("-occurred_at", "-id")[:50]),
        audit=list(audit.order_by("-at", "-id")[:AUDIT_ROWS]),
    )


def contract_days(partner: Partner, today: date) -> int | None:
    """Days until the contract ends, negative when it has; None without an end."""
    return None if partner.contract_ends_on is None else (partner.contract_ends_on - today).days
