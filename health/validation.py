"""How good a ranking is: the metrics of the backtest. Pure arithmetic over arrays.

Everywhere `risk` is larger for partners thought likelier to leave (100 - score, or a probability), `left` is 1 for
those who did and 0 for those who stayed, one entry per row (a partner on an as-of date). Rows of one partner are not
independent, so every interval resamples partners. numpy is loaded on first use.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2_000
SEED = 2011
# Cells (resamples times rows) worked on at once: bounds the memory to some tens of megabytes.
CELLS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its 95 % interval; all nan when it cannot be computed."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class WorstShare:
    """The rows a ranking calls worst: how many rows, the share of them that left, the share of all leavers there."""

    rows: float
    left: float
    captured: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """AUC of several rankings of the same rows, and how much the reference is ahead of each of the others."""

    auc: dict[str, Interval]
    ahead: dict[str, Interval]


def roc_auc(risk: "ArrayLike", left: "ArrayLike") -> float:
    """P(risk of a leaver > risk of a stayer), ties one half; nan unless there are both."""
    import numpy as np

    ranking = _Ranking.of(np.asarray(risk, dtype=np.float64))
    return float(ranking.auc(np.asarray(left, dtype=np.float64), np.ones((1, len(ranking.order))))[0])


def average_precision(risk: "ArrayLike", left: "ArrayLike") -> float:
    """Area under the precision-recall steps; rows with the same risk enter together. nan without a leaver."""
    import numpy as np

    values = -np.asarray(risk, dtype=np.float64)
    outcome = np.asarray(left, dtype=np.float64)
    if not outcome.sum():
        return math.nan
    ranking = _Ranking.of(values)
    leavers = np.add.reduceat(outcome[ranking.order], ranking.starts)
    rows = np.diff(np.append(ranking.starts, len(outcome)))
    precision = leavers.cumsum() / rows.cumsum()
    return float((precision * leavers).sum() / outcome.sum())


def brier(probability: "ArrayLike", left: "ArrayLike") -> float:
    """Mean squared distance between a probability of leaving and what happened; nan without rows."""
    import numpy as np

    outcome = np.asarray(left, dtype=np.float64)
    if not len(outcome):
        return math.nan
    return float(((np.asarray(probability, dtype=np.float64) - outcome) ** 2).mean())


def brier_skill(probability: "ArrayLike", left: "ArrayLike") -> float:
    """1 - Brier / Brier of saying the base rate for everybody; nan unless there are leavers and stayers."""
    import numpy as np

    outcome = np.asarray(left, dtype=np.float64)
    base = float(outcome.mean()) if len(outcome) else math.nan
    reference = base * (1.0 - base)
    return 1.0 - brier(probability, outcome) / reference if reference else math.nan


def worst_share(risk: "ArrayLike", left: "ArrayLike", share: float = 0.1) -> WorstShare:
    """What is found in the `share` of rows with the highest risk.

    Rows tied at the cut count in part, so that their order in the file does not matter. `rows` may be a fraction.
    """
    import numpy as np

    values = np.asarray(risk, dtype=np.float64)
    outcome = np.asarray(left, dtype=np.float64)
    if not len(values):
        return WorstShare(rows=0.0, left=math.nan, captured=math.nan)
    wanted = len(values) * share
    cut = np.sort(values)[::-1][min(math.ceil(wanted), len(values)) - 1]
    above = values > cut
    tied = values == cut
    found = float(outcome[above].sum() + outcome[tied].mean() * (wanted - above.sum()))
    total = float(outcome.sum())
    return WorstShare(rows=wanted, left=found / wanted, captured=found / total if total else math.nan)


def lift(risk: "ArrayLike", left: "ArrayLike", share: float = 0.1) -> float:
    """Share of leavers among the worst rows over their share among all; nan without a leaver."""
    import numpy as np

    base = float(np.asarray(left, dtype=np.float64).mean()) if len(np.asarray(left)) else math.nan
    return worst_share(risk, left, share).left / base if base else math.nan


def compare_auc(
    risks: Mapping[str, "ArrayLike"],
    left: "ArrayLike",
    partners: "ArrayLike",
    *,
    reference: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Comparison:
    """AUC of each ranking with a 95 % interval that resamples partners (percentiles of `resamples` draws).

    `partners` names the partner of each row. All rankings see the same draws, so `ahead` (AUC of `reference` minus
    AUC of each other ranking) is a paired comparison. Draws without leavers or without stayers are left out. The same
    rows in any order and the same seed give the same figures.
    """
    import numpy as np

    outcome = np.asarray(left, dtype=np.float64)
    names, cluster = np.unique(np.asarray(partners), return_inverse=True)
    rankings = {key: _Ranking.of(np.asarray(risk, dtype=np.float64)) for key, risk in risks.items()}
    points = {key: float(ranking.auc(outcome, np.ones((1, len(outcome))))[0]) for key, ranking in rankings.items()}
    drawn: dict[str, list[NDArray[Any]]] = {key: [] for key in rankings}
    random = np.random.default_rng(seed)
    at_once = max(1, min(resamples, CELLS_AT_ONCE // max(len(outcome), 1)))
    for done in range(0, resamples if len(names) else 0, at_once):
        draws = min(at_once, resamples - done)
        picked = random.integers(0, len(names), size=(draws, len(names)))
        picked += np.arange(draws)[:, None] * len(names)
        times = np.bincount(picked.ravel(), minlength=draws * len(names)).reshape(draws, len(names))
        weights = times.astype(np.float64)[:, cluster]
        for key, ranking in rankings.items():
            drawn[key].append(ranking.auc(outcome, weights))
    samples = {key: np.concatenate(parts) if parts else np.array([]) for key, parts in drawn.items()}
    auc = {key: _interval(points[key], samples[key]) for key in rankings}
    ahead = {
        key: _interval(points[reference] - points[key], samples[reference] - samples[key])
        for key in rankings
        if reference is not None and key != reference
    }
    return Comparison(auc=auc, ahead=ahead)


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Rows in rising order of a value, and where each run of equal values starts."""

    order: "NDArray[Any]"
    starts: "NDArray[Any]"

    @classmethod
    def of(cls, values: "NDArray[Any]") -> "_Ranking":
        import numpy as np

        if np.isnan(values).any():
            raise ValueError("A ranking needs a number for every row.")
        order = np.argsort(values, kind="stable")
        rising = values[order]
        starts = np.flatnonzero(np.append(True, rising[1:] != rising[:-1])) if len(values) else np.array([], dtype=int)
        return cls(order=order, starts=starts)

    def auc(self, left: "NDArray[Any]", weights: "NDArray[Any]") -> "NDArray[Any]":
        """AUC per line of `weights` (draws by rows, how often each row counts); nan without leavers or stayers."""
        import numpy as np

        if not len(self.order):
            return np.full(len(weights), np.nan)
        ordered = weights[:, self.order]
        leavers = np.add.reduceat(ordered * left[self.order], self.starts, axis=1)
        stayers = np.add.reduceat(ordered, self.starts, axis=1) - leavers
        below = np.cumsum(stayers, axis=1) - stayers / 2.0
        pairs = leavers.sum(axis=1) * stayers.sum(axis=1)
        wins = (leavers * below).sum(axis=1)
        return np.asarray(np.divide(wins, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0))


def _interval(estimate: float, sample: "NDArray[Any]") -> Interval:
    import numpy as np

    usable = sample[~np.isnan(sample)]
    if not len(usable):
        return Interval(estimate, math.nan, math.nan)
    low, high = np.percentile(usable, [2.5, 97.5])
    return Interval(estimate, float(low), float(high))
