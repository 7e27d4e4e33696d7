"""The published band: hysteresis, dwell time, flapping; and the trend.

`step_band` is called once per daily run in the order of days. A second call for the same day replaces that day's step
(a recomputation after an event does not count twice); a gap of more than three days resets the counters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from health.scoring.decimals import number
from health.scoring.model import Model

RISING, FALLING, STEADY = "rising", "falling", "steady"


@dataclass(frozen=True, slots=True)
class BandState:
    """What hysteresis remembers of one partner. `published` None: no score yet, or not enough data."""

    published: str | None = None
    since: date | None = None
    below: int = 0
    above: int = 0
    last_run: date | None = None
    changes: tuple[date, ...] = ()
    unstable_until: date | None = None
    before: "BandState | None" = None

    def muted(self, day: date) -> bool:
        """Whether the band is marked unstable on `day`: no band alerts, one weekly digest line."""
        return self.unstable_until is not None and day < self.unstable_until

    def to_json(self) -> dict[str, Any]:
        detail: dict[str, Any] = {"published": self.published, "below": self.below, "above": self.above}
        for name in ("since", "last_run", "unstable_until"):
            day = getattr(self, name)
            detail[name] = None if day is None else day.isoformat()
        detail["changes"] = [day.isoformat() for day in self.changes]
        detail["before"] = None if self.before is None else self.before.to_json()
        return detail

    @classmethod
    def from_json(cls, detail: Mapping[str, Any]) -> "BandState":
        """The state of `to_json`; an empty mapping is the state before the first score."""

        def day(name: str) -> date | None:
            text = detail.get(name)
            return None if text is None else date.fromisoformat(text)

        before = detail.get("before")
        return cls(
            published=detail.get("published"),
            since=day("since"),
            below=detail.get("below", 0),
            above=detail.get("above", 0),
            last_run=day("last_run"),
            changes=tuple(date.fromisoformat(text) for text in detail.get("changes", ())),
            unstable_until=day("unstable_until"),
            before=None if before is None else cls.from_json(before),
        )


def step_band(
    model: Model, state: BandState, score: Decimal | None, *, exception_binds: bool, run_date: date
) -> BandState:
    """The state after the run of `run_date`. `score` None: not enough data, nothing is published.

    ValueError when `run_date` lies before the last run.
    """
    if state.last_run == run_date:
        state = state.before or BandState()
    if state.last_run is not None and run_date < state.last_run:
        raise ValueError(f"The run of {run_date} comes after the run of {state.last_run}.")
    rules = model.definition["hysteresis"]
    memory = replace(state, before=None)
    if state.last_run is not None and (run_date - state.last_run).days > rules["max_gap_days"]:
        state = replace(state, below=0, above=0)
    if score is None or state.published is None:
        published = None if score is None else model.raw_band(score)
        since = state.since if published == state.published else run_date
        return replace(state, published=published, since=since, below=0, above=0, last_run=run_date, before=memory)
    published, below, above = _move(model, state, score, exception_binds)
    if published == state.published:
        return replace(state, below=below, above=above, last_run=run_date, before=memory)
    opens = run_date - timedelta(days=rules["unstable_window_days"])
    changes = (*(day for day in state.changes if day > opens), run_date)
    unstable_until = state.unstable_until
    if len(changes) > rules["unstable_changes"]:
        unstable_until = run_date + timedelta(days=rules["unstable_mute_days"])
    return BandState(published, run_date, 0, 0, run_date, changes, unstable_until, memory)


def _move(model: Model, state: BandState, score: Decimal, exception_binds: bool) -> tuple[str, int, int]:
    """Band, runs below and runs above after one score."""
    rules = model.definition["hysteresis"]
    published = state.published or model.raw_band(score)
    place = model.bands.index(published)
    raw = model.raw_band(score)
    lower = model.band_edges[place]
    if model.bands.index(raw) > place and (exception_binds or score <= lower - number(rules["at_once_margin"])):
        return raw, 0, 0
    if score < lower - number(rules["down_margin"]):
        below = state.below + 1
        return (raw, 0, 0) if below >= rules["down_runs"] else (published, below, 0)
    if place > 0 and score >= model.band_edges[place - 1] + number(rules["up_margin"]):
        above = state.above + 1
        return (model.bands[place - 1], 0, 0) if above >= rules["up_runs"] else (published, 0, above)
    return published, 0, 0


def nearest_run(model: Model, scores: Mapping[date, Decimal], day: date) -> Decimal | None:
    """The score of the run nearest to `day` within the tolerance (the earlier of two); None if there is none."""
    tolerance = model.definition["trend"]["tolerance_days"]
    near = [run for run in scores if abs((run - day).days) <= tolerance]
    return scores[min(near, key=lambda run: (abs((run - day).days), run))] if near else None


def trend(model: Model, difference: Decimal | None) -> str | None:
    """rising, falling or steady for a difference of scores over 30 days; None without an earlier score."""
    if difference is None:
        return None
    rules = model.definition["trend"]
    if difference >= number(rules["rising"]):
        return RISING
    return FALLING if difference <= number(rules["falling"]) else STEADY
