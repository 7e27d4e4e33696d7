"""Plain typed functions that build one row and what it cannot live without. Tests say only what they are about."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Role, User
from core import clock
from deals.models import Deal, RevenueEntry
from engagement.models import Commitment, Meeting, Touchpoint
from health.models import Alert, HealthModelVersion, HealthSnapshot, HealthState
from lifecycle.models import Journey, StageChange
from partners.models import Contact, Invitation, Membership, Partner, TierChange
from partners.rules import normalise, secret_digest

_numbers = itertools.count(1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def make_user(*, role: str = Role.MANAGER, email: str = "", name: str = "", **fields: Any) -> User:
    number = next(_numbers)
    return User.objects.create_user(
        email or f"person{number}@vendor.test",
        fields.pop("password", None),
        name=name or f"Person {number}",
        role=role,
        **fields,
    )


def make_partner(
    *,
    name: str = "",
    owner: User | None = None,
    tier: str = "silver",
    stage: str | None = "growth",
    since: datetime = LONG_AGO,
    **fields: Any,
) -> Partner:
    """A partner with its tier and stage known since `since`; `stage=None` leaves the journey out."""
    number = next(_numbers)
    name = name or f"Partner {number}"
    slug = fields.pop("slug", f"partner-{number}")
    partner = Partner.objects.create(
        name=name, slug=slug, search_name=normalise(name), owner=owner, tier=tier, **fields
    )
    TierChange.objects.create(partner=partner, tier=tier, occurred_at=since, known_at=since)
    if stage:
        Journey.objects.create(partner=partner, stage=stage, entered_at=since)
        StageChange.objects.create(partner=partner, to_stage=stage, occurred_at=since, known_at=since)
    return partner


def make_contact(*, partner: Partner, name: str = "", email: str = "", **fields: Any) -> Contact:
    number = next(_numbers)
    return Contact.objects.create(
        partner=partner, name=name or f"Contact {number}", email=email or f"contact{number}@partner.test", **fields
    )


def make_member(*, partner: Partner, role: str = Role.PARTNER_SELLER, **fields: Any) -> User:
    """A user who logs in for `partner`."""
    user = make_user(role=role, **fields)
    Membership.objects.create(user=user, partner=partner)
    return user


def make_invitation(*, partner: Partner, by: User, email: str = "", **fields: Any) -> tuple[Invitation, str]:
    """An invitation as it stands after its mail went out, and the secret of its link."""
    number = next(_numbers)
    secret = fields.pop("secret", f"secret-{number}")
    now = clock.now()
    invitation = Invitation.objects.create(
        partner=partner,
        email=email or f"invited{number}@partner.test",
        name=fields.pop("name", f"Invited {number}"),
        invited_by=by,
        digest=secret_digest(secret),
        sent_at=fields.pop("sent_at", now),
        expires_at=fields.pop("expires_at", now + timedelta(days=14)),
        **fields,
    )
    return invitation, secret


def make_revenue(
    *,
    partner: Partner,
    occurred_at: datetime,
    amount_minor: int = 100_000,
    known_at: datetime | None = None,
    currency: str = "EUR",
    **fields: Any,
) -> RevenueEntry:
    return RevenueEntry.objects.create(
        partner=partner,
        occurred_at=occurred_at,
        known_at=known_at or occurred_at,
        amount_minor=amount_minor,
        currency=currency,
        kind=fields.pop("kind", RevenueEntry.Kind.SALE if amount_minor >= 0 else RevenueEntry.Kind.REVERSAL),
        source=fields.pop("source", "test"),
        external_id=fields.pop("external_id", f"R{next(_numbers)}"),
        **fields,
    )


def make_deal(*, partner: Partner, status: str = "open", closed_at: datetime | None = None, **fields: Any) -> Deal:
    number = next(_numbers)
    opened_on = fields.pop("opened_on", (closed_at.date() if closed_at else date(2026, 1, 1)))
    return Deal.objects.create(
        partner=partner,
        name=fields.pop("name", f"Deal {number}"),
        customer=fields.pop("customer", f"Customer {number}"),
        currency=fields.pop("currency", "EUR"),
        status=status,
        opened_on=opened_on,
        closed_at=closed_at,
        known_closed_at=fields.pop("known_closed_at", closed_at),
        **fields,
    )


def make_touch(*, partner: Partner, occurred_at: datetime | None = None, **fields: Any) -> Touchpoint:
    at = occurred_at or clock.now()
    return Touchpoint.objects.create(
        uid=uuid.uuid4(), partner=partner, occurred_at=at, known_at=fields.pop("known_at", at), **fields
    )


def make_meeting(*, partner: Partner, starts_at: datetime | None = None, **fields: Any) -> Meeting:
    at = starts_at or clock.now() + timedelta(days=20)
    return Meeting.objects.create(
        partner=partner,
        title=fields.pop("title", "Quarterly review"),
        local_start=at,
        time_zone=fields.pop("time_zone", "UTC"),
        starts_at=at,
        **fields,
    )


def make_state(*, partner: Partner, band: str = "B", score: float = 70, **fields: Any) -> HealthState:
    """Published health with the snapshot it stands on, without computing anything."""
    today = clock.today()
    model = HealthModelVersion.objects.active().get()
    number = Decimal(str(score))
    snapshot = HealthSnapshot.objects.create(
        partner=partner,
        model=model,
        as_of=today,
        known_cutoff=clock.end_of_day(today),
        stage="growth",
        score=number,
        model_score=number,
        coverage=1,
        breadth=1,
        confidence="high",
        raw_band=band,
        published_band=band,
        detail={},
    )
    return HealthState.objects.create(
        partner=partner,
        snapshot=snapshot,
        as_of=today,
        known_cutoff=snapshot.known_cutoff,
        score=number,
        band=band,
        band_since=fields.pop("band_since", today),
        confidence="high",
        coverage=1,
        breadth=1,
        updated_at=clock.now(),
        **fields,
    )


def make_alert(*, partner: Partner, kind: str = "band", severity: int = 4, days_old: int = 0, **data: Any) -> Alert:
    """An open health alert, raised `days_old` days ago."""
    day = clock.today() - timedelta(days=days_old)
    if kind == "band":
        data = {"band": "D", "before": "C", **data}
    rows = data.pop("rows", [("deal_rhythm", "-12.1"), ("revenue_growth", "-4.0"), ("engagement", "-1.5")])
    return Alert.objects.create(
        partner=partner,
        kind=kind,
        severity=severity,
        opened_on=day,
        notified_on=day,
        seen_on=day,
        data={**data, "rows": [{"key": key, "points": points} for key, points in rows]},
    )


def make_commitment(
    *, partner: Partner, due_on: date | None = None, text: str = "Send the list", **fields: Any
) -> Commitment:
    return Commitment.objects.create(partner=partner, due_on=due_on or clock.today(), text=text, **fields)
