"""How likely a partner trades again: BG/NBD over each partner's own history (Fader, Hardie and Lee 2005).

A history is three numbers, all counted in days: `repeats` is the number of distinct days with a transaction, less the
first; `t_last` the days from the first transaction day to the last; `age` the days from the first transaction day to
the moment of scoring, which is the midnight that ends the as-of date. Cancellations are no transactions.

The model: while active, a partner trades at random with an own rate, and rates differ by a gamma distribution
(`r`, `alpha`); after each transaction the partner may stop for good, with an own chance, and those chances differ by a
beta distribution (`a`, `b`). Pure: plain numbers and arrays in and out; numpy and scipy are loaded on first use.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from health.shipped import RHYTHM_PARAMETERS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

HORIZON_DAYS = 90
# Below these the four parameters cannot be told from chance, and the shipped ones stay.
MINIMUM_PARTNERS = 100
MINIMUM_REPEATING = 50
# Enough for two digits of every parameter; more only takes longer.
SAMPLE_PARTNERS = 20_000
# The expected chance to stop after a transaction, and how much those chances differ (a + b). Sales of a few months
# hardly tell them: the likelihood is nearly flat and often runs to "nobody ever stops", where no silence, however
# long, would count. A weak prior (mean, spread on the logit or log scale) and a floor keep silence meaningful.
PRIOR_STOP = (0.02, 0.5)
PRIOR_SPREAD = (3.0, 0.5)
STOP_BOUNDS = (0.005, 0.9)
SPREAD_BOUNDS = (0.2, 200.0)
R_BOUNDS = (0.02, 50.0)
ALPHA_BOUNDS = (0.1, 50_000.0)
# Half steps between units of the sentence, in days.
DAILY_UNTIL = 1.5
DAYS_UNTIL = 10.5
WEEKS_UNTIL = 70.0
DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class RhythmParameters:
    """The four BG/NBD parameters. `alpha` is in days; the others have no unit; all are positive."""

    r: float
    alpha: float
    a: float
    b: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) and value > 0 for value in (self.r, self.alpha, self.a, self.b)):
            raise ValueError("The parameters of the rhythm model must be positive numbers.")

    def as_dict(self) -> dict[str, float]:
        """JSON-able; `RhythmParameters(**stored)` gives the same parameters back."""
        return asdict(self)


# Fewer partners with revenue say nothing about what is typical.
MINIMUM_TRADING = 5

SHIPPED_PARAMETERS = RhythmParameters(**RHYTHM_PARAMETERS)


def fit(
    repeats: "ArrayLike",
    t_last: "ArrayLike",
    age: "ArrayLike",
    *,
    minimum_partners: int = MINIMUM_PARTNERS,
    minimum_repeating: int = MINIMUM_REPEATING,
    sample: int = SAMPLE_PARTNERS,
) -> RhythmParameters | None:
    """Parameters that make the given histories most likely; None when there are too few to say.

    One entry per partner with at least one transaction. The order of partners does not matter and nothing is random:
    above `sample` partners an evenly spaced part of the sorted histories is used. Raises `ValueError` for arrays of
    different length or an impossible history.
    """
    import numpy as np
    from scipy.optimize import minimize

    histories = np.column_stack([np.asarray(part, dtype=np.float64) for part in (repeats, t_last, age)])
    if len(histories) and not _possible(histories):
        raise ValueError("A history needs 0 <= t_last <= age, whole repeats >= 0, and t_last 0 without repeats.")
    if len(histories) < minimum_partners or int((histories[:, 0] > 0).sum()) < minimum_repeating:
        return None
    if len(histories) > sample:
        histories = histories[np.lexsort(histories.T[::-1])]
        histories = histories[np.linspace(0, len(histories) - 1, sample).astype(np.int64)]
    distinct, times = np.unique(histories, axis=0, return_counts=True)
    best = minimize(
        _misfit,
        np.array(
            [
                0.0,
                math.log(max(float(np.median(histories[:, 2])), 1.0)),
                _logit(PRIOR_STOP[0]),
                math.log(PRIOR_SPREAD[0]),
            ]
        ),
        args=(distinct, times),
        method="L-BFGS-B",
        bounds=[
            (math.log(R_BOUNDS[0]), math.log(R_BOUNDS[1])),
            (math.log(ALPHA_BOUNDS[0]), math.log(ALPHA_BOUNDS[1])),
            (_logit(STOP_BOUNDS[0]), _logit(STOP_BOUNDS[1])),
            (math.log(SPREAD_BOUNDS[0]), math.log(SPREAD_BOUNDS[1])),
        ],
    )
    if not np.all(np.isfinite(best.x)):
        return None
    return RhythmParameters(*(float(f"{value:.6g}") for value in _natural(best.x)))


def probability_active(
    parameters: RhythmParameters,
    repeats: "ArrayLike",
    t_last: "ArrayLike",
    age: "ArrayLike",
    horizon: float = HORIZON_DAYS,
) -> "NDArray[Any]":
    """Chance (0 to 1) of at least one transaction in the `horizon` days after `age`, per partner.

    Exact: P(still active) times one minus the chance that an active partner with this history stays silent. That is
    not P(still active) alone, which says nothing about when.
    """
    import numpy as np

    x = np.asarray(repeats, dtype=np.float64)
    last = np.asarray(t_last, dtype=np.float64)
    seen = np.asarray(age, dtype=np.float64)
    shape = parameters.r + x
    silence = shape * np.log((parameters.alpha + seen) / (parameters.alpha + last))
    stopped = np.log(parameters.a / (parameters.b + np.maximum(x, 1.0) - 1.0)) + silence
    active = np.where(x > 0, 1.0 / (1.0 + np.exp(np.minimum(stopped, 700.0))), 1.0)
    return np.asarray(
        active * -np.expm1(shape * np.log((parameters.alpha + seen) / (parameters.alpha + seen + horizon)))
    )


def probability_active_one(
    parameters: RhythmParameters, repeats: int, t_last: float, age: float, horizon: float = HORIZON_DAYS
) -> float:
    """`probability_active` of one partner without numpy."""
    shape = parameters.r + repeats
    again = -math.expm1(shape * math.log((parameters.alpha + age) / (parameters.alpha + age + horizon)))
    if repeats == 0:
        return again
    silence = shape * math.log((parameters.alpha + age) / (parameters.alpha + t_last))
    stopped = math.log(parameters.a / (parameters.b + repeats - 1.0)) + silence
    return again / (1.0 + math.exp(min(stopped, 700.0)))


def _plural(singular: str, plural: str, number: int) -> str:
    return singular if number == 1 else plural


def typical_trade(net: "ArrayLike", *, minimum: int = MINIMUM_TRADING) -> int | None:
    """The median of `net` (365-day net revenue per partner, minor units) over those above 0; None when too few.

    Fitted and stored together with the four parameters, so that a partner's depth of trade is judged by the programme
    as it was on that day.
    """
    import numpy as np

    amounts = np.asarray(net, dtype=np.float64)
    trading = amounts[amounts > 0]
    return max(round(float(np.median(trading))), 1) if len(trading) >= minimum else None


def sentence(
    repeats: int,
    t_last: float,
    age: float,
    *,
    gettext: Callable[[str], str] = str,
    ngettext: Callable[[str, str, int], str] = _plural,
) -> str:
    """The rhythm in plain words: "orders about every 3 weeks; silent for 74 days".

    Pure: the caller passes its translation functions; the messages are marked for extraction by their names.
    """
    return gettext("%(rhythm)s; %(silence)s") % {
        "rhythm": _rhythm_words(repeats, t_last, gettext, ngettext),
        "silence": _silence_words(math.floor(age - t_last) - 1, gettext, ngettext),
    }


def _rhythm_words(
    repeats: int, t_last: float, gettext: Callable[[str], str], ngettext: Callable[[str, str, int], str]
) -> str:
    if repeats == 0:
        return gettext("has ordered once")
    gap = t_last / repeats
    if gap <= DAILY_UNTIL:
        return gettext("orders almost every day")
    if gap < DAYS_UNTIL:
        days = round(gap)
        return ngettext("orders about every %(count)s day", "orders about every %(count)s days", days) % {"count": days}
    if gap < WEEKS_UNTIL:
        weeks = round(gap / 7)
        if weeks == 1:
            return gettext("orders about once a week")
        return ngettext("orders about every %(count)s week", "orders about every %(count)s weeks", weeks) % {
            "count": weeks
        }
    months = round(gap / DAYS_PER_MONTH)
    return ngettext("orders about every %(count)s month", "orders about every %(count)s months", months) % {
        "count": months
    }


def _silence_words(days: int, gettext: Callable[[str], str], ngettext: Callable[[str, str, int], str]) -> str:
    if days <= 0:
        return gettext("ordered on this day")
    return ngettext("silent for %(count)s day", "silent for %(count)s days", days) % {"count": days}


def _possible(histories: "NDArray[Any]") -> bool:
    repeats, last, seen = histories.T
    return bool(
        (repeats >= 0).all()
        and (repeats == repeats.round()).all()
        and (last >= 0).all()
        and (last <= seen).all()
        and (last[repeats == 0] == 0).all()
    )


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def _natural(point: "NDArray[Any]") -> tuple[float, float, float, float]:
    """(r, alpha, a, b) of a point of the search: log r, log alpha, logit of the mean stop chance, log (a + b)."""
    stop = 1.0 / (1.0 + math.exp(-point[2]))
    spread = math.exp(point[3])
    return math.exp(point[0]), math.exp(point[1]), stop * spread, (1.0 - stop) * spread


def _misfit(point: "NDArray[Any]", histories: "NDArray[Any]", times: "NDArray[Any]") -> float:
    """Minus the mean log-likelihood (equation 6 of the paper) of distinct histories, with the weak prior."""
    import numpy as np
    from scipy.special import betaln, gammaln

    r, alpha, a, b = _natural(point)
    x, last, seen = histories.T
    rate = gammaln(r + x) - gammaln(r) + r * math.log(alpha)
    stayed = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + seen)
    repeating = np.maximum(x, 1.0)
    left = betaln(a + 1.0, b + repeating - 1.0) - betaln(a, b) - (r + x) * np.log(alpha + last)
    likelihood = rate + np.logaddexp(stayed, np.where(x > 0, left, -np.inf))
    total = float(times.sum())
    prior = ((point[2] - _logit(PRIOR_STOP[0])) / PRIOR_STOP[1]) ** 2
    prior += ((point[3] - math.log(PRIOR_SPREAD[0])) / PRIOR_SPREAD[1]) ** 2
    return float(-(times * likelihood).sum() / total + prior / 2.0 / total)
