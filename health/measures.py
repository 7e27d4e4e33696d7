"""What is measured: one entry per measure that a room delivers.

An entry names the batch query that reads a room and turns what it returned for one partner into a `Reading`. Adding a
measure later is one entry here and one batch query in its room; measures whose rooms do not exist are not delivered,
so their weight is spread (docs/health-model.md). Each distinct batch query runs once per chunk of partners.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from core import clock
from core.display import exponent
from deals import queries as deals
from engagement import queries as engagement
from health.rhythm import SHIPPED_PARAMETERS, RhythmParameters, probability_active_one
from health.scoring import Model, Reading
from partners import queries as partners

Batch = Callable[..., Mapping[int, Any]]
MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant a score is for: facts before `at`, as known before `known`, and what was fitted as of then."""

    day: date
    at: datetime
    known: datetime
    rhythm: RhythmParameters = SHIPPED_PARAMETERS
    typical_minor: int | None = None
    typical: Decimal | None = field(init=False)
    places: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", -exponent(settings.REPORTING_CURRENCY))
        object.__setattr__(self, "typical", self.units(self.typical_minor))

    def units(self, minor: int | None) -> Decimal | None:
        """Minor units of the reporting currency as units; the setting is read once per run."""
        return None if minor is None else Decimal(minor).scaleb(self.places)


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One measure. `read` turns the batch's value for a partner into a reading; `absent` is the reading of a partner
    the batch did not mention while the source is live (None: missing)."""

    key: str
    batch: Batch
    read: Callable[[Any, Moment], Reading | None]
    absent: Reading | None = None


def _touchpoints(count: int, _moment: Moment) -> Reading:
    return Reading({"count": count})


def _attendance(value: tuple[int, int], _moment: Moment) -> Reading:
    attended, invited = value
    return Reading({"attended": attended, "invited": invited})


def _portal_users(use: partners.PortalUse, _moment: Moment) -> Reading:
    return Reading({"active": use.active, "invited": use.invited})


def _portal_days(use: partners.PortalUse, _moment: Moment) -> Reading:
    return Reading({"days": use.days})


def _growth(facts: deals.RevenueFacts, moment: Moment) -> Reading:
    windows, units = facts.windows, moment.units
    raw = {
        "now": units(windows.now),
        "year_ago": units(windows.year_ago),
        "previous": units(windows.previous),
    }
    return Reading(raw, flags=windows.flags)


def _depth(facts: deals.RevenueFacts, moment: Moment) -> Reading | None:
    net = moment.units(facts.windows.net_365)
    if net is None or moment.typical is None:
        return None
    return Reading({"net": net, "typical": moment.typical})


def _wins(value: tuple[int, int], _moment: Moment) -> Reading:
    won, closed = value
    return Reading({"won": won, "closed": closed})


def history_numbers(history: deals.PurchaseHistory, day: date) -> tuple[int, int, int]:
    """(repeats, t_last, age) in days for the rhythm model; `age` counts to the midnight that ends `day`."""
    return history.days - 1, (history.last_day - history.first_day).days, (day - history.first_day).days + 1


def _rhythm(facts: deals.RevenueFacts, moment: Moment) -> Reading | None:
    if facts.history is None:
        return None
    repeats, t_last, age = history_numbers(facts.history, moment.day)
    chance = Decimal(repr(probability_active_one(moment.rhythm, repeats, t_last, age))).quantize(MILLIONTH)
    raw = {"probability": chance, "repeats": repeats, "t_last": t_last, "age": age}
    return Reading(raw, value_as_of=facts.history.last_day.isoformat())


MEASURES: Mapping[str, Deliverable] = {
    entry.key: entry
    for entry in (
        Deliverable("touchpoint_frequency", engagement.two_way_counts, _touchpoints, absent=Reading({"count": 0})),
        Deliverable("engagement.attendance", engagement.attendance, _attendance),
        Deliverable("engagement.users", partners.portal_use, _portal_users),
        Deliverable("engagement.days", partners.portal_use, _portal_days),
        Deliverable("revenue_growth", deals.revenue_facts, _growth),
        Deliverable("trade_depth", deals.revenue_facts, _depth),
        Deliverable("joint_wins", deals.joint_deal_results, _wins),
        Deliverable("deal_rhythm", deals.revenue_facts, _rhythm),
    )
}


def delivering_sources(*, at: datetime, known: datetime) -> list[str]:
    """Sources that had delivered at least one row by then, in this installation, in order of name."""
    rooms = (deals, engagement, partners)
    delivered = [source for room in rooms for source, rows in room.source_delivery(at=at, known=known).items() if rows]
    return sorted(delivered)


def connected_measures(model: Model, sources: Iterable[str]) -> frozenset[str]:
    """Keys of the model's measures that a room delivers and whose source has delivered."""
    return frozenset(model.measures_of_sources(sources) & MEASURES.keys())


def read(partner_ids: Sequence[int], moment: Moment, keys: Iterable[str]) -> dict[int, dict[str, Reading]]:
    """Readings of every partner by measure key. One query per distinct batch, whatever the number of partners."""
    entries = [MEASURES[key] for key in sorted(keys)]
    readings: dict[int, dict[str, Reading]] = {partner_id: {} for partner_id in partner_ids}
    values: dict[Batch, Mapping[int, Any]] = {}
    for entry in entries:
        if entry.batch not in values:
            values[entry.batch] = entry.batch(partner_ids, at=moment.at, known=moment.known)
        found = values[entry.batch]
        for partner_id, own in readings.items():
            value = found.get(partner_id)
            reading = entry.absent if value is None else entry.read(value, moment)
            if reading is not None:
                own[entry.key] = reading
    return readings


def moment_of(day: date, known: datetime, parameters: Mapping[str, Any]) -> Moment:
    """The moment of a run from the day and the stored fit."""
    four = {name: parameters[name] for name in ("r", "alpha", "a", "b")}
    return Moment(
        day=day,
        at=clock.end_of_day(day),
        known=known,
        rhythm=RhythmParameters(**four),
        typical_minor=parameters.get("typical"),
    )
