"""Revenue by month as bars: what the drawing needs beside the figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deals.queries import MonthRevenue, monthly_revenue
from partners.models import Partner


@dataclass(frozen=True, slots=True)
class MonthBar:
    """One bar: `height` and `top` in percent of the drawing, 0 and 100 where the month has no figure."""

    revenue: MonthRevenue
    height: int
    top: int
    negative: bool


def month_bars(partner: Partner, months: int, at: datetime) -> list[MonthBar]:
    """The last `months` months, oldest first, drawn against the highest of them."""
    rows = monthly_revenue(partner, months, at)
    highest = max((abs(month.net_minor) for month in rows if month.net_minor is not None), default=0)
    return [_bar(month, highest) for month in rows]


def _bar(month: MonthRevenue, highest: int) -> MonthBar:
    amount = month.net_minor or 0
    height = max(round(abs(amount) * 100 / highest), 1) if amount else 0
    return MonthBar(month, height, 100 - height, amount < 0)
