"""A definition made ready for speed: compiled measures, and weight profiles per stage, applicability and connection.

`compile_model(definition) -> Model` · `Model.profile(stage, tier=..., not_applicable=..., connected=...) -> Profile`
(cached) · `normalise(measure, reading, targets) -> s | None` · `Model.raw_band(score)`.

A *not applicable* signal (a dated record of the partner) and a *not connected* measure (its source has never delivered
a row in this installation) leave the profile; the others are scaled to the rest. A signal is connected if one of its
measures is; its shares are scaled over the connected ones. `breadth` is the part of the default weight of applicable
signals that the connected measures carry by their default shares.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from health.scoring.decimals import EXACT, ONE, POINT4, POINT6, ZERO, from_fraction, number, rounded
from health.scoring.reading import (
    SUPPRESSED,
    Curve,
    Reader,
    Reading,
    category_scores,
    make_reader,
    meets,
)

HIGH, MEDIUM, LOW, INSUFFICIENT = "high", "medium", "low", "insufficient"
LEVELS = (INSUFFICIENT, LOW, MEDIUM, HIGH)
PROFILE_CACHE = 4096


class DecayLaw:
    """Say of a value by age in whole days: 1 within the grace, halved every half-life, None once it is gone."""

    __slots__ = ("table",)

    def __init__(self, grace: int, half_life: int, gone_after: int) -> None:
        self.table = [
            ONE
            if age <= grace
            else rounded(EXACT.power(2, EXACT.divide(Decimal(grace - age), Decimal(half_life))), POINT4)
            for age in range(gone_after + 1)
        ]

    def __call__(self, age: int) -> Decimal | None:
        if age < 0:
            raise ValueError(f"A value of {-age} days in the future cannot be scored.")
        return self.table[age] if age < len(self.table) else None


@dataclass(frozen=True, slots=True)
class Measure:
    """One leaf of the model. `curve` is None for a category measure, `categories` is empty for all others."""

    key: str
    signal: str
    group: str
    share: Fraction
    source: str
    unit: str
    window: int | None
    decay: DecayLaw | None
    counts_answers: bool
    spec: Mapping[str, Any]
    needs: tuple[Mapping[str, Any], ...]
    reader: Reader | None
    curve: Curve | None
    categories: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Entry:
    """A measure with its weight and its targets in one profile."""

    measure: Measure
    w: Decimal
    targets: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The weights that hold for every partner of one stage, tier, applicability and connection."""

    model: "Model"
    stage: str
    tier: str | None
    not_applicable: frozenset[str]
    connected: frozenset[str] | None
    entries: tuple[Entry, ...]
    breadth: Decimal
    breadth_level: str
    sources: tuple[str, ...]
    not_connected: tuple[str, ...]
    not_applicable_signals: tuple[str, ...] = field(default=())


class Model:
    """A compiled definition. Equal definitions give equal scores; nothing here changes after compiling."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.definition = definition
        self.key: str = definition["key"]
        self.baseline = number(definition["baseline"])
        self.help_target = number(definition["help_target"])
        self.stages: tuple[str, ...] = tuple(definition["stages"])
        self.groups: tuple[str, ...] = tuple(definition["groups"])
        self.signal_group: dict[str, str] = {signal["key"]: signal["group"] for signal in definition["signals"]}
        self.signal_weights: dict[str, dict[str, Fraction]] = {
            signal["key"]: {stage: Fraction(number(weight)) for stage, weight in signal["weights"].items()}
            for signal in definition["signals"]
        }
        laws = {name: DecayLaw(**law) if law else None for name, law in definition["decay"].items()}
        self.liveness = DecayLaw(**definition["liveness"])
        self.full_answers: int = definition["evidence"]["full_answers"]
        counting = frozenset(definition["evidence"]["classes"])
        compiled = [_compile_measure(entry, self.signal_group, laws, counting) for entry in definition["measures"]]
        self.measures: dict[str, Measure] = {measure.key: measure for measure in compiled}
        self.confidence_edges = tuple((level, number(definition["confidence"][level])) for level in (HIGH, MEDIUM, LOW))
        self.bands: tuple[str, ...] = tuple(band["key"] for band in definition["bands"])
        self.band_edges: tuple[Decimal, ...] = tuple(number(band["from"]) for band in definition["bands"])
        self.caps: dict[str, Decimal] = {entry["key"]: number(entry["cap"]) for entry in definition["exceptions"]}
        self._profiles: dict[tuple[object, ...], Profile] = {}

    def level(self, part: Decimal) -> str:
        """Confidence level by coverage (or breadth), lower bounds inclusive."""
        for level, edge in self.confidence_edges:
            if part >= edge:
                return level
        return INSUFFICIENT

    def raw_band(self, score: Decimal) -> str:
        """Key of the band by score alone, lower edges inclusive."""
        for band, edge in zip(self.bands, self.band_edges, strict=True):
            if score >= edge:
                return band
        return self.bands[-1]

    def measures_of_sources(self, sources: Iterable[str]) -> frozenset[str]:
        """Keys of the measures fed by any of `sources`."""
        known = frozenset(sources)
        return frozenset(key for key, measure in self.measures.items() if measure.source in known)

    def profile(
        self,
        stage: str,
        *,
        tier: str | None = None,
        not_applicable: Iterable[str] = (),
        connected: Iterable[str] | None = None,
    ) -> Profile:
        """Weights for one stage. `not_applicable` signal keys, `connected` measure keys (None: all are connected).

        KeyError for a stage or signal the model does not know; unknown measure keys in `connected` are left out.
        """
        away = not_applicable if isinstance(not_applicable, frozenset) else frozenset(not_applicable)
        live = connected if connected is None or isinstance(connected, frozenset) else frozenset(connected)
        key = (stage, tier, away, live)
        found = self._profiles.get(key)
        if found is None:
            if len(self._profiles) >= PROFILE_CACHE:
                self._profiles.clear()
            found = self._profiles[key] = self._build_profile(stage, tier, away, live)
        return found

    def _build_profile(
        self, stage: str, tier: str | None, away: frozenset[str], live: frozenset[str] | None
    ) -> Profile:
        if stage not in self.stages:
            raise KeyError(stage)
        for signal in away:
            if signal not in self.signal_weights:
                raise KeyError(signal)
        weighted = {key: weights.get(stage, Fraction(0)) for key, weights in self.signal_weights.items()}
        applicable = {key: weight for key, weight in weighted.items() if weight and key not in away}
        candidates = [measure for measure in self.measures.values() if measure.signal in applicable]
        used = [measure for measure in candidates if live is None or measure.key in live]
        shares: dict[str, Fraction] = {}
        for measure in used:
            shares[measure.signal] = shares.get(measure.signal, Fraction(0)) + measure.share
        shares = {signal: share for signal, share in shares.items() if share}
        total = sum((applicable[signal] for signal in shares), Fraction(0))
        everything = sum(applicable.values(), Fraction(0))
        carried = sum((applicable[signal] * share for signal, share in shares.items()), Fraction(0))
        breadth = from_fraction(carried / everything, POINT4) if everything else ZERO
        entries = tuple(
            Entry(
                measure,
                from_fraction(applicable[measure.signal] * measure.share / (shares[measure.signal] * total), POINT6),
                self._targets(measure.key, stage, tier),
            )
            for measure in used
            if measure.signal in shares
        )
        level = self.level(breadth)
        taken = {entry.measure.key for entry in entries}
        return Profile(
            model=self,
            stage=stage,
            tier=tier,
            not_applicable=away,
            connected=live,
            entries=entries,
            breadth=breadth,
            breadth_level=LOW if level == INSUFFICIENT else level,
            sources=tuple(dict.fromkeys(entry.measure.source for entry in entries)),
            not_connected=tuple(measure.key for measure in candidates if measure.key not in taken),
            not_applicable_signals=tuple(key for key, weight in weighted.items() if weight and key in away),
        )

    def _targets(self, key: str, stage: str, tier: str | None) -> dict[str, Decimal]:
        """Configured targets of a measure: the tier's value (else the default) times the stage's factor."""
        return {
            name: number(target.get("tiers", {}).get(tier, target["default"]))
            * number(target.get("stages", {}).get(stage, 1))
            for name, target in self.definition["targets"].get(key, {}).items()
        }


def compile_model(definition: Mapping[str, Any]) -> Model:
    """A definition made ready for scoring. It is taken as valid: check it with `validate_definition` first."""
    return Model(definition)


def _compile_measure(
    entry: Mapping[str, Any],
    groups: Mapping[str, str],
    laws: Mapping[str, DecayLaw | None],
    counting: frozenset[str],
) -> Measure:
    is_category = entry["input"]["kind"] == "category"
    return Measure(
        key=entry["key"],
        signal=entry["signal"],
        group=groups[entry["signal"]],
        share=Fraction(number(entry["share"])),
        source=entry["source"],
        unit=entry.get("unit", ""),
        window=entry.get("window"),
        decay=laws[entry["decay"]],
        counts_answers=entry["decay"] in counting,
        spec=entry["input"],
        needs=tuple(entry.get("needs", ())),
        reader=None if is_category else make_reader(entry["input"]),
        curve=None if is_category else Curve([(number(x), number(s)) for x, s in entry["knots"]]),
        categories=category_scores(entry["map"]) if is_category else {},
    )


def normalise(measure: Measure, reading: Reading, targets: Mapping[str, Decimal] | None = None) -> Decimal | None:
    """Score 0..100 of a reading, half-even to 0.01; None when it is suppressed or below the measure's minimum."""
    if reading.status == SUPPRESSED:
        return None
    targets = targets or {}
    for need in measure.needs:
        if not meets(need, reading, targets):
            return None
    if measure.curve is None or measure.reader is None:
        return measure.categories.get(str(reading.raw.get(measure.spec["field"])))
    x = measure.reader(reading.raw, targets)
    return None if x is None else measure.curve(x)


def say(model: Model, measure: Measure, reading: Reading) -> Decimal | None:
    """f = t * e * d, half-even to 0.0001 and exactly 1 for a fresh value; None once the value or its source is gone.

    ValueError when a class that ages comes without `age_days`, or a survey without `n`.
    """
    f = ONE
    if measure.decay is not None:
        if reading.age_days is None:
            raise ValueError(f"A reading of {measure.key} needs its age in days.")
        aged = measure.decay(reading.age_days)
        if aged is None:
            return None
        f = aged
    if reading.liveness_days is not None:
        alive = model.liveness(reading.liveness_days)
        if alive is None:
            return None
        f = alive if f == ONE else f * alive
    if measure.counts_answers:
        if reading.n is None:
            raise ValueError(f"A reading of {measure.key} needs the number of answers.")
        if reading.n < model.full_answers:
            f = EXACT.divide(f * reading.n, Decimal(model.full_answers))
    return f if f == ONE else rounded(f, POINT4)
