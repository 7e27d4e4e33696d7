"""Numbers for people: one decimal, lines that add up, and what would help most."""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from health.scoring.changes import BASELINE
from health.scoring.decimals import POINT4, TENTH, ZERO, rounded
from health.scoring.results import Result

IMPROVE, ASK = "improve", "ask"


class Help(NamedTuple):
    """One piece of advice. improve: `gain` points when s reaches the target. ask: `gain` is coverage it adds (0..1)."""

    key: str
    kind: str
    gain: Decimal


def display_score(score: Decimal) -> Decimal:
    """The one printed form of a score: one decimal, half-even."""
    return rounded(score, TENTH)


def largest_remainder(lines: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Lines rounded to one decimal such that they add up to their rounded sum; each stays within 0.1. Ties by key."""
    floors = {key: amount.quantize(TENTH, rounding=ROUND_FLOOR) for key, amount in lines.items()}
    total = rounded(sum(lines.values(), ZERO), TENTH)
    units = int((total - sum(floors.values(), ZERO)) / TENTH)
    order = sorted(lines, key=lambda key: (floors[key] - lines[key], key))
    for key in order[:units]:
        floors[key] += TENTH
    return {key: amount or abs(amount) for key, amount in floors.items()}


def display_lines(result: Result) -> dict[str, Decimal]:
    """Printed lines of a score: `baseline`, each signal, each adjustment; they add up to `display_score`."""
    lines = {BASELINE: result.profile.model.baseline, **result.signal_contributions(), **dict(result.adjustments)}
    return largest_remainder(lines)


def helps(result: Result, count: int = 3) -> list[Help]:
    """What would help: measures below the help target by points to gain, then missing ones by weight; ties by key."""
    target = result.profile.model.help_target
    improve = [
        Help(row.key, IMPROVE, rounded(row.v * (target - row.s), POINT4))
        for row in result.rows
        if row.s is not None and row.s < target
    ]
    ask = [Help(row.key, ASK, row.w) for row in result.rows if row.s is None]
    return sorted(improve, key=_by_gain)[:count] + sorted(ask, key=_by_gain)[: max(0, count - len(improve))]


def _by_gain(advice: Help) -> tuple[Decimal, str]:
    return -advice.gain, advice.key
