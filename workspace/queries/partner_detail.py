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

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import AuditEntry, User
from core import clock
from deals.models import Deal, RevenueEntry
from deals.queries import MonthRevenue, monthly_revenue, open_deals, recent_entries
from engagement.models import Commitment, Meeting
from engagement.queries import next_meetings, open_commitments
from health.models import Alert, HealthState
from health.pages.explained import AlertLine, Page, alert_lines
from health.pages.partner import explained
from lifecycle.models import Journey, StageChange
from lifecycle.queries import history
from lifecycle.rules import TYPICAL_DAYS, days_over_limit
from partners.models import Contact, Partner, TierChange

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
class Month:
    """One bar: `height` and `top` in percent of the drawing, None where the month has no figure."""

    revenue: MonthRevenue
    height: int
    top: int
    negative: bool


@dataclass(frozen=True, slots=True)
class Sales:
    months: list[Month]
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
    months = monthly_revenue(partner, MONTHS, at)
    highest = max((abs(month.net_minor) for month in months if month.net_minor is not None), default=0)
    return Sales(
        months=[_month(month, highest) for month in months],
        entries=recent_entries(partner, ENTRIES),
        deals=open_deals(partner, ENTRIES),
    )


def _month(month: MonthRevenue, highest: int) -> Month:
    amount = month.net_minor or 0
    height = round(abs(amount) * 100 / highest) if highest else 0
    return Month(month, max(height, 1) if amount else 0, 100 - max(height, 1) if amount else 100, amount < 0)


def people(partner: Partner) -> tuple[list[Contact], list[Contact]]:
    """(who works there now, who left), each by name."""
    everybody = list(Contact.objects.filter(partner=partner).order_by("name", "id"))
    return [one for one in everybody if one.left_on is None], [one for one in everybody if one.left_on is not None]


def past(partner: Partner) -> History:
    tiers = TierChange.objects.current().filter(partner=partner).select_related("actor")
    audit = AuditEntry.objects.filter(partner_uid=partner.uid).select_related("actor")
    return History(
        stages=history(partner.pk),
        tiers=list(tiers.order_by("-occurred_at", "-id")[:50]),
        audit=list(audit.order_by("-at", "-id")[:AUDIT_ROWS]),
    )


def act_text(entry: AuditEntry) -> str:
    """An audit row in words; an act without words of its own is shown by its name."""
    words = ACTS.get(entry.action)
    return _(words) if words else entry.action


def contract_days(partner: Partner, today: date) -> int | None:
    """Days until the contract ends, negative when it has; None without an end."""
    return None if partner.contract_ends_on is None else (partner.contract_ends_on - today).days


ACTS = {
    "partners.created": gettext_noop("Added the partner"),
    "partners.updated": gettext_noop("Changed its facts"),
    "partners.tier_changed": gettext_noop("Changed the tier"),
    "partners.owner_changed": gettext_noop("Changed the owner"),
    "partners.tagged": gettext_noop("Added a tag"),
    "partners.archived": gettext_noop("Archived it"),
    "partners.restored": gettext_noop("Restored it"),
    "partners.contact_added": gettext_noop("Added a person"),
    "partners.contact_changed": gettext_noop("Changed a person"),
    "partners.contact_left": gettext_noop("Marked a person as having left"),
    "partners.contact_back": gettext_noop("Marked a person as back"),
    "lifecycle.stage_changed": gettext_noop("Moved it to another stage"),
    "engagement.touch_logged": gettext_noop("Logged a touch"),
    "engagement.touch_retracted": gettext_noop("Removed a touch"),
    "engagement.touch_restored": gettext_noop("Put a touch back"),
    "engagement.meeting_scheduled": gettext_noop("Scheduled a meeting"),
    "engagement.meeting_rescheduled": gettext_noop("Moved a meeting"),
    "engagement.meeting_cancelled": gettext_noop("Cancelled a meeting"),
    "engagement.meeting_held": gettext_noop("Closed a meeting as held"),
    "engagement.meeting_missed": gettext_noop("Marked a meeting as missed"),
    "health.override_set": gettext_noop("Set the score by hand"),
    "health.override_ended": gettext_noop("Ended the score set by hand"),
    "health.exception_raised": gettext_noop("Raised an exception"),
    "health.exception_cleared": gettext_noop("Cleared an exception"),
}
