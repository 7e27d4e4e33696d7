"""Earlier runs that a run is compared with: for the trend, the spark line and the drop alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from health import queries
from health.scoring import Model

SPARK_WEEKS = 12
Scores = Mapping[tuple[int, date], tuple[Decimal, str, Decimal]]


@dataclass(frozen=True, slots=True)
class References:
    """Days of earlier runs under the same model. `trend` by days back; `weeks` oldest first, without this run."""

    trend: Mapping[int, date]
    drop: date | None
    weeks: Sequence[date]

    @property
    def days(self) -> frozenset[date]:
        return frozenset(self.trend.values()) | frozenset(self.weeks) | ({self.drop} if self.drop else frozenset())


def references(model: Model, *, model_id: int, day: date) -> References:
    """The runs nearest to 30, 90 and 14 days back and to each of the last weeks, within the tolerance of the model.

    Only runs of the same model version count: after a publication the old points are computed again with it.
    """
    rules = model.definition["trend"]
    tolerance = int(rules["tolerance_days"])
    furthest = max(*rules["days"], 7 * (SPARK_WEEKS - 1)) + tolerance
    days = queries.run_days(model_id=model_id, first=day - timedelta(days=furthest), last=day - timedelta(days=1))
    back = {distance: _nearest(days, day - timedelta(days=distance), tolerance) for distance in rules["days"]}
    weeks = [_nearest(days, day - timedelta(weeks=week), tolerance) for week in range(SPARK_WEEKS - 1, 0, -1)]
    return References(
        trend={distance: found for distance, found in back.items() if found},
        drop=_nearest(days, day - timedelta(days=int(model.definition["alerts"]["drop_days"])), tolerance),
        weeks=sorted({found for found in weeks if found}),
    )


def _nearest(days: Sequence[date], wanted: date, tolerance: int) -> date | None:
    """The day nearest to `wanted`, the earlier of two; None when all are further away than `tolerance`."""
    near = [day for day in days if abs((day - wanted).days) <= tolerance]
    return min(near, key=lambda day: (abs((day - wanted).days), day)) if near else None
