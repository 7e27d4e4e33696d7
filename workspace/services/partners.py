"""Adding a partner by hand: the company and the beginning of its journey, both or none."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from accounts.models import User
from core import clock
from lifecycle.services import start_journey
from partners.models import Partner
from partners.services import create_partner


@transaction.atomic
def add_partner(*, actor: User, stage: str, joined_on: date | None, **facts: Any) -> Partner:
    """Create a partner at a stage, entered now: a date in the past says since when it is a partner, not its stage."""
    partner = create_partner(actor=actor, joined_on=joined_on, **facts)
    start_journey(partner_id=partner.pk, stage=stage, occurred_at=clock.now(), actor=actor)
    return partner
