"""Why a score moved: one row per measure and adjustment; the rows sum exactly to the difference of the two scores.

value, freshness, reweight: the three-factor Shapley split of w*f*(s - baseline). evidence: data appeared or were lost.
reweight also holds the whole change of a measure that only one of the two profiles has. adjustment: exceptions,
override, rounding.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from health.scoring.decimals import EXACT, POINT4, rounded
from health.scoring.results import Result, Row

NIL = Decimal("0.0000")
SIX = Decimal(6)
BASELINE = "baseline"


class ChangeRow(NamedTuple):
    """One line of the change table, all parts in points of the score."""

    key: str
    value: Decimal = NIL
    freshness: Decimal = NIL
    reweight: Decimal = NIL
    evidence: Decimal = NIL
    adjustment: Decimal = NIL

    @property
    def total(self) -> Decimal:
        return self.value + self.freshness + self.reweight + self.evidence + self.adjustment


@dataclass(frozen=True, slots=True)
class Change:
    """The change table between two results; `total` is score after minus score before."""

    rows: tuple[ChangeRow, ...]
    total: Decimal

    @property
    def reweight(self) -> Decimal:
        """The part that comes from stage, model, applicability or connection, not from the partner."""
        return sum((row.reweight for row in self.rows), NIL)

    def moved(self) -> tuple[ChangeRow, ...]:
        """Rows that are not zero throughout, largest effect first, ties by key."""
        return tuple(sorted((row for row in self.rows if any(row[1:])), key=lambda row: (-abs(row.total), row.key)))

    def largest_falls(self, count: int = 3) -> tuple[ChangeRow, ...]:
        """The rows that pulled the score down most, ties by key."""
        falls = sorted((row for row in self.rows if row.total < 0), key=lambda row: (row.total, row.key))
        return tuple(falls[:count])


def change(before: Result, after: Result) -> Change:
    """The change table: measures of the later profile in its order, then lost ones, then baseline and adjustments."""
    mu0, mu1 = before.profile.model.baseline, after.profile.model.baseline
    earlier = {row.key: row for row in before.rows}
    later = {row.key: row for row in after.rows}
    rows = [
        _row(earlier[row.key], row, mu0, mu1) if row.key in earlier else ChangeRow(row.key, reweight=row.c)
        for row in after.rows
    ]
    rows += [ChangeRow(row.key, reweight=-row.c + NIL) for row in before.rows if row.key not in later]
    if mu0 != mu1:
        rows.append(ChangeRow(BASELINE, reweight=mu1 - mu0))
    sides = dict(before.adjustments), dict(after.adjustments)
    for key in dict.fromkeys((*sides[0], *sides[1])):
        rows.append(ChangeRow(key, adjustment=sides[1].get(key, NIL) - sides[0].get(key, NIL)))
    return Change(tuple(rows), after.score - before.score)


def _row(before: Row, after: Row, mu0: Decimal, mu1: Decimal) -> ChangeRow:
    """The split for a measure that both profiles have."""
    if before[1:6] == after[1:6] and mu0 == mu1:
        return ChangeRow(after.key)
    if before.s is None or after.s is None:
        return ChangeRow(after.key, evidence=after.c - before.c)
    d0, d1 = before.s - mu0, after.s - mu1
    parts = _shapley((d0, before.w, before.f), (d1, after.w, after.f))
    rest = after.c - before.c - sum(parts)
    if rest:
        largest = max(range(3), key=lambda index: abs(parts[index]))
        parts[largest] += rest
    return ChangeRow(after.key, *parts)


def _shapley(before: tuple[Decimal, Decimal, Decimal], after: tuple[Decimal, Decimal, Decimal]) -> list[Decimal]:
    """Effects of d, f and w (in this order) on w*f*d, each half-even to 0.0001."""
    d0, w0, f0 = before
    d1, w1, f1 = after

    def part(step: Decimal, a0: Decimal, b0: Decimal, a1: Decimal, b1: Decimal) -> Decimal:
        if not step:
            return NIL
        return rounded(EXACT.divide(step * (2 * a0 * b0 + a0 * b1 + a1 * b0 + 2 * a1 * b1), SIX), POINT4)

    return [part(d1 - d0, w0, f0, w1, f1), part(f1 - f0, w0, d0, w1, d1), part(w1 - w0, f0, d0, f1, d1)]
