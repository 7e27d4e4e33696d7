"""Wiring between rooms that do not know each other: a first sale starts a partner's growth."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from deals.signals import partners_first_sold
from lifecycle.services import start_journeys_from_first_sale


@receiver(partners_first_sold)
def start_growth(first_sales: dict[int, tuple[datetime, datetime, bool]], **_: Any) -> None:
    start_journeys_from_first_sale(first_sales)
