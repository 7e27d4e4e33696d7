"""Does the score rank who leaves? Measured on the loaded data, as of past days, beside simple baselines.

As of date D means the start of that day: nothing from D on is seen, and nothing that was not known before D. All rows
are computed here with cutoff = D, so late data cannot leak in. docs/health-model.md says how to read the figures.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, Q, Sum
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError
from deals import queries as deals
from deals.models import RevenueEntry
from health import measures, queries, validation
from health.ids import Ids
from health.models import BacktestRun, ExceptionFlag, HealthModelVersion
from health.scoring import Result
from health.services.fits import fit_for
from health.services.scenes import Scene, score_partners
from lifecycle.models import Stage, StageChange

SCORE, RHYTHM, DEPTH, BOTH = "score", "rhythm", "depth", "rhythm_spend"
RECENCY, TREND, SPEND, ORDERS = "recency", "trend", "spend", "orders"
SILENCE, EXIT = "silence", "exit"
WINDOW_DAYS = 90
LIVING = (Stage.ONBOARDING, Stage.GROWTH, Stage.EVALUATION, Stage.EXPANSION)
FEW_EXITS = 20
NO_TRADE = {"net": 0}
LONG_AGO = 1e6
EVER = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One partner on one date: the risk by each ranking (larger: likelier to leave), and whether it left."""

    partner_id: int
    day: date
    risks: dict[str, float]
    left: bool


def month_starts(first: date, last: date) -> list[date]:
    """`first` and the same day of the following months up to `last` (the last day of shorter months)."""
    days: list[date] = []
    month = 0
    while True:
        year, index = divmod(first.year * 12 + first.month - 1 + month, 12)
        following = date(year + (index == 11), (index + 1) % 12 + 1, 1)
        day = min(date(year, index + 1, 1) + timedelta(days=first.day - 1), following - timedelta(days=1))
        if day > last:
            return days
        days.append(day)
        month += 1


def backtest(*, days: Sequence[date], horizon: int = 90, label: str = "") -> BacktestRun:
    """Run the backtest on these as-of dates and keep its result.

    `label`: *silence* (no revenue in the horizon) or *exit* (moved to the exit stage); by default *exit* when such
    a move is on record, else *silence*. Raises `DomainError` when nothing can be compared.
    """
    version = queries.active_version()
    label = label or (EXIT if StageChange.objects.current().filter(to_stage=Stage.EXIT).exists() else SILENCE)
    complete = _complete_until(label)
    usable = [day for day in days if complete and clock.end_of_day(day + timedelta(days=horizon - 1)) <= complete]
    rows = [row for day in usable for row in _rows(version, day, horizon, label)]
    if not rows:
        raise DomainError(
            _(
                "Nothing to compare: no partner had revenue that was known by these dates, or the horizon is not over."
                " History counts from the day it was known; an import may assert that."
            )
        )
    return BacktestRun.objects.create(
        model=version,
        parameters={
            "horizon": horizon,
            "label": label,
            "days": [day.isoformat() for day in usable],
            "skipped": [day.isoformat() for day in days if day not in usable],
            "resamples": validation.RESAMPLES,
        },
        results=_results(rows),
    )


def _complete_until(label: str) -> datetime | None:
    """The end of the last day on which an outcome can have been seen; later horizons are cut off."""
    if label == EXIT:
        return clock.now()
    last = RevenueEntry.objects.current().aggregate(last=Max("occurred_at"))["last"]
    return clock.end_of_day(deals.day_of(last)) if last else None


def _rows(version: HealthModelVersion, day: date, horizon: int, label: str) -> list[Row]:
    """One row per eligible partner as of the start of `day`."""
    model = queries.compiled(version)
    before = day - timedelta(days=1)
    at = clock.end_of_day(before)
    ahead = clock.end_of_day(day + timedelta(days=horizon - 1))
    everybody = queries.scorable_partners(at=at, known=at)
    fit = fit_for(model_id=version.pk, day=before, known=at, partner_ids=everybody)
    sources = measures.delivering_sources(at=at, known=at)
    scene = Scene(model, measures.moment_of(before, at, fit.parameters), measures.connected_measures(model, sources))
    rows = []
    for start in range(0, len(everybody), settings.HEALTH_CHUNK):
        part = Ids(everybody[start : start + settings.HEALTH_CHUNK])
        results = score_partners(scene, part)
        sales = deals.sales_in_window(part, start=clock.days_before(at, WINDOW_DAYS), end=at, known=at)
        lifetime = deals.sales_in_window(part, start=EVER, end=at, known=at)
        trends = _trends(part, at)
        if label == EXIT:
            gone = _moved_out(part, at, ahead)
            eligible = _in_good_standing(results, part, at)
        else:
            gone = results.keys() - deals.sales_in_window(part, start=at, end=ahead, known=clock.now()).keys()
            eligible = results.keys() & sales.keys()
        rows += [
            Row(
                partner_id,
                day,
                _risks(
                    results[partner_id], sales.get(partner_id), lifetime.get(partner_id), trends.get(partner_id, 0.0)
                ),
                partner_id in gone,
            )
            for partner_id in sorted(eligible)
        ]
    return rows


def _moved_out(partner_ids: Sequence[int], start: datetime, end: datetime) -> set[int]:
    """Partners with a move to the exit stage in [start, end)."""
    moves = StageChange.objects.current().filter(partner_id__in=partner_ids, to_stage=Stage.EXIT)
    return set(moves.filter(occurred_at__gte=start, occurred_at__lt=end).values_list("partner_id", flat=True))


def _in_good_standing(results: Mapping[int, Result], partner_ids: Sequence[int], at: datetime) -> set[int]:
    """Partners in a living stage, with data, and without notice given before `at` (methods.md 2.2)."""
    flags = ExceptionFlag.objects.in_force(at=at, known=at).filter(key=ExceptionFlag.Key.NOTICE)
    noticed = set(flags.filter(partner_id__in=partner_ids).values_list("partner_id", flat=True))
    return {
        partner_id
        for partner_id, result in results.items()
        if result.profile.stage in LIVING and result.raw_band is not None and partner_id not in noticed
    }


def _trends(partner_ids: Sequence[int], at: datetime) -> dict[int, float]:
    """Net revenue of the last 90 days over that of the 90 before, minus 1. No earlier revenue counts as no change."""
    middle, first = clock.days_before(at, WINDOW_DAYS), clock.days_before(at, 2 * WINDOW_DAYS)
    rows = list(
        RevenueEntry.objects.as_of(at)
        .filter(partner_id__in=partner_ids, occurred_at__gte=first)
        .values_list("partner_id", "currency")
        .annotate(
            now=Sum("amount_minor", filter=Q(occurred_at__gte=middle), default=0),
            before=Sum("amount_minor", filter=Q(occurred_at__lt=middle), default=0),
        )
    )
    rates = deals.comparison_rates({row[1] for row in rows}, at=at, known=at, earlier=first)
    now: dict[int, float] = defaultdict(float)
    earlier: dict[int, float] = defaultdict(float)
    for partner_id, currency, late, early in rows:
        rate = float(rates.get(currency, 0))
        now[partner_id] += late * rate
        earlier[partner_id] += early * rate
    return {partner_id: now[partner_id] / base - 1 if base > 0 else 0.0 for partner_id, base in earlier.items()}


def _risks(
    result: Result, sales: deals.SalesInWindow | None, lifetime: deals.SalesInWindow | None, trend: float
) -> dict[str, float]:
    """Risk by each ranking; what is unknown counts as worst. The score is the computed one, without an override."""
    raws = {row.key: row.reading.raw for row in result.rows if row.reading is not None}
    rhythm = raws.get("deal_rhythm")
    chance = float(rhythm["probability"]) if rhythm else 0.0
    spent = max(lifetime.sales_minor or 0, 0) if lifetime else 0
    return {
        SCORE: -float(result.computed_score),
        RHYTHM: -chance,
        BOTH: -chance * math.log1p(spent / 100),
        DEPTH: -float(raws.get("trade_depth", NO_TRADE)["net"]),
        RECENCY: float(rhythm["age"] - rhythm["t_last"]) if rhythm else LONG_AGO,
        TREND: -trend,
        SPEND: -float(sales.sales_minor or 0) if sales else 0.0,
        ORDERS: -float(sales.days) if sales else 0.0,
    }


def _results(rows: Sequence[Row]) -> dict[str, Any]:
    """All figures as JSON values; None where a figure does not exist."""
    left = [float(row.left) for row in rows]
    partners = [row.partner_id for row in rows]
    names = list(rows[0].risks)
    risks = {name: [row.risks[name] for row in rows] for name in names}
    compared = validation.compare_auc(risks, left, partners, reference=SCORE)
    exits = int(sum(left))
    by_day: dict[date, list[Row]] = {}
    for row in rows:
        by_day.setdefault(row.day, []).append(row)
    return {
        "rows": len(rows),
        "partners": len(set(partners)),
        "exits": exits,
        "few_exits": len({row.partner_id for row in rows if row.left}) < FEW_EXITS,
        "rankings": {
            name: {
                "auc": _interval(compared.auc[name]),
                "ahead": _interval(compared.ahead[name]) if name in compared.ahead else None,
                "worst_tenth": {
                    key: _number(value) for key, value in asdict(validation.worst_share(risks[name], left)).items()
                },
            }
            for name in names
        },
        "days": [
            {
                "day": day.isoformat(),
                "rows": len(own),
                "exits": sum(row.left for row in own),
                "auc": _number(validation.roc_auc([row.risks[SCORE] for row in own], [float(row.left) for row in own])),
            }
            for day, own in by_day.items()
        ],
    }


def _interval(found: validation.Interval) -> list[float | None]:
    return [_number(found.estimate), _number(found.low), _number(found.high)]


def _number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
