"""What a room measured for one measure of one partner, and how it becomes a score `s` of 0..100.

`raw` holds plain numbers (int, Decimal, or digits as text; never float) under the field names of the measure's `input`
and `needs` in the definition; a category is text. Money is in units of the reporting currency, not in cents.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, TypeAlias

from health.scoring.decimals import CENT, EXACT, ONE, ZERO, field, number, rounded

OK = "ok"
SUPPRESSED = "suppressed"
SEQUENTIAL = "sequential"

Raw: TypeAlias = Mapping[str, Any]
Targets: TypeAlias = Mapping[str, Decimal]
Reader: TypeAlias = Callable[[Raw, Targets], Decimal | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value. A partner without data has no reading: absent, not zero.

    `n` answers or facts behind it · `age_days` since the wave closed, the assessment or the last goal update (classes
    survey, owner, goals) · `liveness_days` since the source's last good sync, None for data entered in the app ·
    `status` ok or suppressed (by the rule of minimum responses) · `value_as_of` ISO date.
    """

    raw: Raw
    n: int | None = None
    age_days: int | None = None
    liveness_days: int | None = None
    status: str = OK
    flags: frozenset[str] = frozenset()
    window: int | None = None
    source: str = ""
    value_as_of: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, defaults left out; `from_json` gives a reading that scores the same bit for bit."""
        detail: dict[str, Any] = {
            "raw": {key: str(value) if isinstance(value, Decimal) else value for key, value in self.raw.items()}
        }
        if self.n is not None:
            detail["n"] = self.n
        if self.age_days is not None:
            detail["age_days"] = self.age_days
        if self.liveness_days is not None:
            detail["liveness_days"] = self.liveness_days
        if self.window is not None:
            detail["window"] = self.window
        if self.value_as_of is not None:
            detail["value_as_of"] = self.value_as_of
        if self.status != OK:
            detail["status"] = self.status
        if self.flags:
            detail["flags"] = sorted(self.flags)
        if self.source:
            detail["source"] = self.source
        return detail

    @classmethod
    def from_json(cls, detail: Mapping[str, Any]) -> "Reading":
        return cls(**{**detail, "flags": frozenset(detail.get("flags", ()))})


def shrink(k: Decimal, n: Decimal, p0: Decimal, m: Decimal) -> Decimal:
    """(k + m*p0) / (n + m): pulls a small sample to the configured base rate."""
    return EXACT.divide(k + m * p0, n + m)


class Curve:
    """Piecewise-linear through knots (x, s), flat beyond the ends, half-even to 0.01."""

    __slots__ = ("first", "last", "pieces", "xs")

    def __init__(self, knots: list[tuple[Decimal, Decimal]]) -> None:
        self.xs = [x for x, _ in knots]
        self.pieces = [(x0, s0, s1 - s0, x1 - x0) for (x0, s0), (x1, s1) in pairwise(knots)]
        self.first = rounded(knots[0][1], CENT)
        self.last = rounded(knots[-1][1], CENT)

    def __call__(self, x: Decimal) -> Decimal:
        if x <= self.xs[0]:
            return self.first
        if x >= self.xs[-1]:
            return self.last
        x0, s0, rise, run = self.pieces[bisect_right(self.xs, x) - 1]
        return rounded(s0 + EXACT.divide((x - x0) * rise, run), CENT)


def make_reader(spec: Mapping[str, Any]) -> Reader:
    """The function raw values -> x of one `input` entry. It returns None where the value cannot be formed."""
    kind = spec["kind"]
    if kind == "value":
        name = spec["field"]
        return lambda raw, targets: field(raw, name, targets)
    if kind == "ratio":
        return _ratio_reader(spec["top"], spec["bottom"], spec.get("target"))
    if kind == "growth":
        return _growth_reader(spec)
    if kind == "shrink":
        return _shrink_reader(spec)
    raise ValueError(f"Unknown kind of input: {kind}")


def _ratio_reader(top: str, bottom: str, target: str | None) -> Reader:
    def read(raw: Raw, targets: Targets) -> Decimal | None:
        above, below = field(raw, top, targets), field(raw, bottom, targets)
        aim = field(raw, target, targets) if target else ONE
        if above is None or not below or not aim:
            return None
        return EXACT.divide(above, below * aim)

    return read


def growth_base(spec: Mapping[str, Any], raw: Raw, targets: Targets) -> tuple[Decimal | None, bool]:
    """The earlier revenue to compare with and whether it is the period just before (`sequential`)."""
    floor = field(raw, spec["floor"], targets) or ZERO
    for name, sequential in ((spec["before"], False), (spec.get("else_before"), True)):
        base = field(raw, name, targets) if name else None
        if base is not None and base > 0 and base >= floor:
            return base, sequential
    return None, False


def _growth_reader(spec: Mapping[str, Any]) -> Reader:
    def read(raw: Raw, targets: Targets) -> Decimal | None:
        now = field(raw, spec["now"], targets)
        base, _ = growth_base(spec, raw, targets)
        return None if now is None or base is None else EXACT.divide(now - base, base)

    return read


def _shrink_reader(spec: Mapping[str, Any]) -> Reader:
    top, bottom, p0, m = spec["top"], spec["bottom"], Decimal(spec["p0"]), Decimal(spec["m"])
    relative = bool(spec.get("relative"))

    def read(raw: Raw, targets: Targets) -> Decimal | None:
        k, n = field(raw, top, targets), field(raw, bottom, targets)
        if k is None or n is None:
            return None
        share = shrink(k, n, p0, m)
        return EXACT.divide(share, p0) if relative else share

    return read


def meets(need: Mapping[str, Any], reading: Reading, targets: Targets) -> bool:
    """Whether a reading has the minimum of one `needs` entry. The field `n` is the reading's own n."""
    name = need["field"]
    if need.get("present"):
        return bool(str(reading.raw.get(name) or "").strip())
    value = Decimal(reading.n) if name == "n" and reading.n is not None else field(reading.raw, name, targets)
    if value is None:
        return False
    return value >= number(need["min"]) if "min" in need else value > number(need["above"])


def category_scores(scores: Mapping[str, Any]) -> dict[str, Decimal]:
    """Scores per category as given in the definition, unrounded."""
    try:
        return {category: number(score) for category, score in scores.items()}
    except InvalidOperation as error:
        raise ValueError(f"A category score is no number: {scores}") from error
