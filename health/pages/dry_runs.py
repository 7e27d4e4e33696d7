"""What publishing a version would change, laid out; kept for a while, since computing it takes seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.cache import cache
from django.db.models import Max

from health import services
from health.models import HealthModelVersion, HealthState
from health.services import BandMove, DryRun
from partners.models import Partner

KEPT_SECONDS = 600
FALLS, RISES = 60, 40
ORDER = "ABCDE"


@dataclass(frozen=True, slots=True)
class Row:
    move: BandMove
    slug: str

    @property
    def change(self) -> Decimal:
        return self.move.score_after - self.move.score_before


@dataclass(frozen=True, slots=True)
class Comparison:
    """`worse` and `better`: (band, number) of partners that would move down or up into it. `hidden`: rows not shown."""

    as_of: date
    partners: int
    before: dict[str, int]
    after: dict[str, int]
    worse: list[tuple[str, int]]
    better: list[tuple[str, int]]
    unclear: int
    rows: list[Row]
    hidden: int


def compared(version: HealthModelVersion, active: HealthModelVersion) -> Comparison:
    """The dry run of `version` against the active one, on the data of the newest scores."""
    newest = HealthState.objects.aggregate(newest=Max("updated_at"))["newest"]
    key = f"health-dry-run:{version.digest}:{active.digest}:{newest.timestamp() if newest else 0}"
    found: DryRun | None = cache.get(key)  # shared: for leads, who see every partner
    if found is None:
        found = services.dry_run(version.definition)
        cache.set(key, found, KEPT_SECONDS)  # shared: for leads, who see every partner
    worse: Counter[str] = Counter()
    better: Counter[str] = Counter()
    unclear = 0
    for move in found.moves:
        if not move.band_before or not move.band_after:
            unclear += 1
        elif ORDER.index(move.band_after) > ORDER.index(move.band_before):
            worse[move.band_after] += 1
        else:
            better[move.band_after] += 1
    short = len(found.moves) <= FALLS + RISES
    shown = found.moves if short else [*found.moves[:FALLS], *found.moves[-RISES:]]
    slugs = dict(Partner.objects.filter(pk__in=[move.partner_id for move in shown]).values_list("pk", "slug"))
    nothing = dict.fromkeys((*ORDER, ""), 0)
    return Comparison(
        as_of=found.as_of,
        partners=found.partners,
        before=nothing | dict(found.before),
        after=nothing | dict(found.after),
        worse=sorted(worse.items(), reverse=True),
        better=sorted(better.items()),
        unclear=unclear,
        rows=[Row(move, slugs.get(move.partner_id, "")) for move in shown],
        hidden=len(found.moves) - len(shown),
    )
