"""When an alert is due: the four conditions of the method as questions about two points in time.

Each kind has a question for raising it (`..._raised`) and one for whether it still holds (`..._holds`), which closes an
open alert after it was off for `close_after_runs` runs. One open alert per partner and kind is the caller's constraint.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from health.scoring.changes import Change
from health.scoring.decimals import number
from health.scoring.model import LEVELS, Model

BAND, DROP, EXCEPTION, COVERAGE = "band", "drop", "exception", "coverage"


def band_holds(model: Model, published: str | None) -> bool:
    """(a) The published band is one that alarms."""
    return published in model.definition["alerts"]["bands"]


def band_raised(
    model: Model,
    before: str | None,
    now: str | None,
    *,
    coverage: Decimal,
    exception_binds: bool = False,
    muted: bool = False,
) -> bool:
    """(a) The published band became D, or E, by getting worse, and is not muted as unstable.

    With low coverage only an exception raises it, by the effect table of confidence.
    """
    if now is None or muted or not band_holds(model, now):
        return False
    if before is not None and model.bands.index(now) <= model.bands.index(before):
        return False
    enough = model.definition["alerts"]["band_coverage"]
    return exception_binds or LEVELS.index(model.level(coverage)) >= LEVELS.index(enough)


def drop_points(change: Change) -> Decimal:
    """Points lost, without the reweight column: a stage or model change is not a deterioration."""
    return -(change.total - change.reweight)


def drop_holds(model: Model, change: Change | None, confidence: str) -> bool:
    """(b) Ten points or more were lost against the run of 14 days ago, with confidence medium or better."""
    if change is None:
        return False
    rules = model.definition["alerts"]
    confident = LEVELS.index(confidence) >= LEVELS.index(rules["drop_confidence"])
    return confident and drop_points(change) >= number(rules["drop_points"])


def exception_raised(before: Iterable[str], now: Iterable[str]) -> frozenset[str]:
    """(c) The exceptions that are active now and were not before."""
    return frozenset(now) - frozenset(before)


def coverage_holds(model: Model, coverage: Decimal) -> bool:
    """(d) There is too little data for a score."""
    return coverage < model.confidence_edges[-1][1]


def coverage_raised(model: Model, before: Decimal | None, now: Decimal) -> bool:
    """(d) Coverage fell below the lowest level; a first score never fell."""
    return before is not None and not coverage_holds(model, before) and coverage_holds(model, now)


def notify_again(model: Model, notified_on: date, today: date, *, worse: bool) -> bool:
    """An open alert is sent again when it got worse or two weeks have passed."""
    return worse or (today - notified_on).days >= model.definition["alerts"]["renotify_days"]


def may_close(model: Model, off_runs: int) -> bool:
    """An open alert closes by itself when its condition was off for three runs in a row."""
    return off_runs >= int(model.definition["alerts"]["close_after_runs"])
