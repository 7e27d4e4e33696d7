"""Wiring between rooms that do not know each other: each receiver only hands on."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from core.nudge import nudge
from deals.signals import partners_first_sold
from health.signals import band_changed
from lifecycle.services import start_journeys_from_first_sale
from lifecycle.signals import stage_changed
from partners.signals import owner_changed, tier_changed
from workspace.tasks import plan_reviews


@receiver(partners_first_sold, dispatch_uid="workspace.start_growth")
def start_growth(first_sales: dict[int, tuple[datetime, datetime, bool]], **_: Any) -> None:
    start_journeys_from_first_sale(first_sales)


@receiver([stage_changed, tier_changed, owner_changed, band_changed], dispatch_uid="workspace.replan")
def replan_reviews(partner_ids: list[int], **_: Any) -> None:
    nudge(plan_reviews, partner_ids)
