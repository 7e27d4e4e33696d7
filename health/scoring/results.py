"""One partner's score: rows, contributions, exceptions, override, coverage and confidence.

    score(profile, readings, exceptions=..., override=...) -> Result

score = baseline + sum of row contributions + sum of adjustments, exactly, and 0 <= score <= 100.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from health.scoring.decimals import ONE, POINT4, POINT6, ZERO, number, rounded
from health.scoring.model import INSUFFICIENT, LEVELS, Entry, Model, Profile, normalise, say
from health.scoring.reading import OK, SUPPRESSED, Reading

MISSING, STALE = "missing", "stale"
HUNDRED = Decimal(100)
NO_SCORE = Decimal("0.0000")
NO_WEIGHT = Decimal("0.000000")
EXCEPTION = "exception:"
OVERRIDE = "override"
ROUNDING = "rounding"


class Row(NamedTuple):
    """One measure of one score. `s` is None and f, v, c are 0 unless status is ok."""

    key: str
    s: Decimal | None
    f: Decimal
    w: Decimal
    v: Decimal
    c: Decimal
    status: str
    reading: Reading | None


class Adjustment(NamedTuple):
    """A line beside the measures: `exception:<key>`, `override`, or `rounding` (rest of weights that round above 1)."""

    key: str
    amount: Decimal


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A score with everything that made it. `raw_band` is None while the data are insufficient."""

    profile: Profile
    rows: tuple[Row, ...]
    adjustments: tuple[Adjustment, ...]
    exceptions: tuple[str, ...]
    override: Decimal | None
    model_score: Decimal
    score: Decimal
    coverage: Decimal
    confidence: str
    raw_band: str | None

    @property
    def breadth(self) -> Decimal:
        return self.profile.breadth

    @property
    def exception_binds(self) -> bool:
        return any(adjustment.key.startswith(EXCEPTION) for adjustment in self.adjustments)

    @property
    def computed_score(self) -> Decimal:
        """The score before a person's override."""
        return self.score - sum((amount for key, amount in self.adjustments if key == OVERRIDE), ZERO)

    def signal_contributions(self) -> dict[str, Decimal]:
        """Sum of contributions per signal of the profile, in the model's order."""
        return self._sums({entry.measure.key: entry.measure.signal for entry in self.profile.entries})

    def group_contributions(self) -> dict[str, Decimal]:
        """Sum of contributions per group of the profile, in the model's order of measures."""
        return self._sums({entry.measure.key: entry.measure.group for entry in self.profile.entries})

    def _sums(self, heading: Mapping[str, str]) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for row in self.rows:
            sums[heading[row.key]] = sums.get(heading[row.key], NO_SCORE) + row.c
        return sums


def score(
    profile: Profile,
    readings: Mapping[str, Reading],
    *,
    exceptions: Iterable[str] = (),
    override: Decimal | None = None,
) -> Result:
    """The score of one partner. `readings` by measure key; keys outside the profile are ignored.

    `exceptions`: keys that are active now (KeyError if the model has no cap for one). `override`: target 0..100.
    """
    model = profile.model
    rows = tuple([_row(model, entry, readings.get(entry.measure.key)) for entry in profile.entries])
    model_score = model.baseline + NO_SCORE
    heard = NO_WEIGHT
    for row in rows:
        model_score += row.c
        heard += row.v
    coverage = rounded(heard, POINT4)
    active = tuple(sorted(exceptions))
    adjustments = _adjustments(model, model_score, active, override)
    final = model_score
    for adjustment in adjustments:
        final += adjustment.amount
    confidence = min(model.level(coverage), profile.breadth_level, key=LEVELS.index)
    return Result(
        profile=profile,
        rows=rows,
        adjustments=adjustments,
        exceptions=active,
        override=override,
        model_score=model_score,
        score=final,
        coverage=coverage,
        confidence=confidence,
        raw_band=None if confidence == INSUFFICIENT else model.raw_band(final),
    )


def _row(model: Model, entry: Entry, reading: Reading | None) -> Row:
    measure, w = entry.measure, entry.w
    if reading is None:
        return Row(measure.key, None, ZERO, w, NO_WEIGHT, NO_SCORE, MISSING, None)
    if reading.status == SUPPRESSED:
        return Row(measure.key, None, ZERO, w, NO_WEIGHT, NO_SCORE, SUPPRESSED, reading)
    s = normalise(measure, reading, entry.targets)
    if s is None:
        return Row(measure.key, None, ZERO, w, NO_WEIGHT, NO_SCORE, MISSING, reading)
    f = say(model, measure, reading)
    if f is None:
        return Row(measure.key, None, ZERO, w, NO_WEIGHT, NO_SCORE, STALE, reading)
    v = w if f is ONE else rounded(w * f, POINT6)
    return Row(measure.key, s, f, w, v, rounded(v * (s - model.baseline), POINT4), OK, reading)


def _adjustments(
    model: Model, model_score: Decimal, active: tuple[str, ...], override: Decimal | None
) -> tuple[Adjustment, ...]:
    """The lines beside the measures, in the order in which they apply: rounding, lowest cap, override."""
    lines: list[Adjustment] = []
    so_far = model_score
    bounded = min(max(so_far, ZERO), HUNDRED)
    if bounded != so_far:
        lines.append(Adjustment(ROUNDING, rounded(bounded - so_far, POINT4)))
        so_far = bounded
    if active:
        lowest = min(active, key=lambda key: (model.caps[key], key))
        if model.caps[lowest] < so_far:
            lines.append(Adjustment(EXCEPTION + lowest, rounded(model.caps[lowest] - so_far, POINT4)))
            so_far = model.caps[lowest]
    if override is not None:
        if not 0 <= override <= HUNDRED:
            raise ValueError(f"An override is a score from 0 to 100, not {override}.")
        lines.append(Adjustment(OVERRIDE, rounded(rounded(override, POINT4) - so_far, POINT4)))
    return tuple(lines)


def to_detail(result: Result) -> dict[str, Any]:
    """Everything a snapshot keeps, as JSON values: the inputs for `replay`, and the rows for reading without it."""
    profile = result.profile
    return {
        "model": profile.model.key,
        "stage": profile.stage,
        "tier": profile.tier,
        "not_applicable": sorted(profile.not_applicable),
        "connected": None if profile.connected is None else sorted(profile.connected),
        "exceptions": list(result.exceptions),
        "override": None if result.override is None else str(result.override),
        "readings": {row.key: row.reading.to_json() for row in result.rows if row.reading is not None},
        "rows": {
            row.key: [None if row.s is None else str(row.s), *map(str, (row.f, row.w, row.v, row.c)), row.status]
            for row in result.rows
        },
        "adjustments": {key: str(amount) for key, amount in result.adjustments},
    }


def replay(model: Model, detail: Mapping[str, Any]) -> Result:
    """The score of a stored snapshot computed again from its inputs; with the same model it is the same bit for bit."""
    profile = model.profile(
        detail["stage"],
        tier=detail["tier"],
        not_applicable=detail["not_applicable"],
        connected=detail["connected"],
    )
    return score(
        profile,
        {key: Reading.from_json(reading) for key, reading in detail["readings"].items()},
        exceptions=detail["exceptions"],
        override=None if detail["override"] is None else number(detail["override"]),
    )
