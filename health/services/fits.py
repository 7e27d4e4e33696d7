"""What is fitted to the installation's own partners: the rhythm of trade and the size of the typical partner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from core import clock
from deals import queries as deals
from health import rhythm
from health.ids import Ids
from health.measures import history_numbers
from health.models import RhythmFit

# Four parameters and a median are known to two digits from this many partners; more only costs time.
SAMPLE = 5_000
READ_AT_ONCE = 1_000


def fit_for(*, model_id: int, day: date, known: datetime, partner_ids: Sequence[int]) -> RhythmFit:
    """The fit of this day, as known before `known`; computed and stored the first time it is asked for.

    `partner_ids`: all partners that could be scored then, in order of id.
    """
    found = RhythmFit.objects.filter(model_id=model_id, as_of=day, known_cutoff=known).first()
    if found is None:
        parameters, partners, fitted = _fit(day, known, partner_ids)
        found, _created = RhythmFit.objects.get_or_create(
            model_id=model_id,
            as_of=day,
            known_cutoff=known,
            defaults={"parameters": parameters, "partners": partners, "fitted": fitted},
        )
    return found


def latest_fit(*, model_id: int, day: date, known: datetime) -> RhythmFit | None:
    """The newest stored fit that looks no further than `day` and `known`."""
    fits = RhythmFit.objects.filter(model_id=model_id, as_of__lte=day, known_cutoff__lte=known)
    return fits.order_by("-as_of", "-known_cutoff").first()


def sample(partner_ids: Sequence[int], size: int = SAMPLE) -> Sequence[int]:
    """At most about `size` partners, evenly spaced: the same ones for the same list."""
    return partner_ids[:: max(1, -(-len(partner_ids) // size))]


def _fit(day: date, known: datetime, partner_ids: Sequence[int]) -> tuple[dict[str, Any], int, bool]:
    """Parameters as stored, how many partners they come from, and whether they are fitted or the shipped ones."""
    at = clock.end_of_day(day)
    chosen = sample(partner_ids)
    histories: list[tuple[int, int, int]] = []
    net: list[int] = []
    for start in range(0, len(chosen), READ_AT_ONCE):
        part = Ids(chosen[start : start + READ_AT_ONCE])
        for facts in deals.revenue_facts(part, at=at, known=known).values():
            if facts.history is not None:
                histories.append(history_numbers(facts.history, day))
            if facts.windows.net_365 is not None:
                net.append(facts.windows.net_365)
    columns = zip(*histories, strict=True) if histories else ((), (), ())
    found = rhythm.fit(*map(list, columns))
    parameters: dict[str, Any] = (found or rhythm.SHIPPED_PARAMETERS).as_dict()
    typical = rhythm.typical_trade(net)
    if typical is not None:
        parameters["typical"] = typical
    return parameters, len(histories), found is not None
