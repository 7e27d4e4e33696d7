"""Health as the partner sees it: the band in a word, the shared signals in plain words, what both sides can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from core import clock
from health import labels, queries
from health.models import HealthState
from health.scoring.display import display_score
from health.scoring.model import Entry
from health.scoring.results import Row
from health.sentences import facts_sentence
from health.sharing import BAND_WORDS, SHARED, Duty
from partners.models import Partner


@dataclass(frozen=True, slots=True)
class SharedSignal:
    """One shared measure: its key and name, its facts in words, and what would help."""

    key: str
    label: str
    facts: str
    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class SharedHealth:
    """`number` is None unless the vendor shares it. `good`: what lifts the score and reached what was agreed, the most
    first. `improve`: the rest, what pulls it down most first. `at` and `known`: the instants the facts are of.
    """

    as_of: date
    at: datetime
    known: datetime
    band: str
    word: str
    number: Decimal | None
    good: list[SharedSignal]
    improve: list[SharedSignal]


def shared_health(partner: Partner, *, with_number: bool) -> SharedHealth | None:
    """What is published of a partner's health as far as it is shared; None while there is no score."""
    state = HealthState.objects.filter(partner=partner).select_related("snapshot__model").first()
    if state is None:
        return None
    result, words = queries.result_of(state.snapshot), queries.words()
    good, improve = [], []
    for entry, row in zip(result.profile.entries, result.rows, strict=True):
        if row.s is None or row.key not in SHARED:
            continue
        duty = SHARED[row.key]
        goes_well = row.c >= 0 and duty.is_reached(_value(entry, row))
        line = (row.c, _signal(row.key, facts_sentence(entry, row, words, forecast=False), duty))
        (good if goes_well else improve).append(line)
    good.sort(key=lambda line: -line[0])
    improve.sort(key=lambda line: line[0])
    return SharedHealth(
        as_of=state.as_of,
        at=clock.end_of_day(state.as_of),
        known=state.known_cutoff,
        band=state.band,
        word=_(BAND_WORDS[state.band]),
        number=display_score(state.score) if with_number and state.band else None,
        good=[signal for _points, signal in good],
        improve=[signal for _points, signal in improve],
    )


def _value(entry: Entry, row: Row) -> Decimal | None:
    """The measure's own value, as its targets read it; None where it has none."""
    read, reading = entry.measure.reader, row.reading
    return None if read is None or reading is None else read(reading.raw, entry.targets)


def _signal(key: str, facts: str, duty: Duty) -> SharedSignal:
    return SharedSignal(key, _(labels.name_of(key)), facts, _(duty.theirs), _(duty.ours))
