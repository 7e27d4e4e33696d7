"""The hot loop: score one chunk of partners, keep the snapshots, move the published health forward.

A constant number of statements per chunk, whatever its size; no model objects per partner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core import clock
from core.announce import announce
from health import bulk, queries, signals
from health.ids import Ids
from health.models import HealthRun, HealthSnapshot, HealthState
from health.scoring import Change, Result, change, replay, step_band, to_detail
from health.services import alerts, memory
from health.services.found import found_among
from health.services.memory import Memory
from health.services.references import References, Scores, references
from health.services.scenes import Scene, scene_of, score_partners
from health.services.whys import why

SNAPSHOT_COLUMNS = (
    "partner",
    "stage",
    "score",
    "model_score",
    "coverage",
    "breadth",
    "confidence",
    "raw_band",
    "published_band",
    "detail",
)
STATE_COLUMNS = (
    "partner",
    "snapshot",
    "score",
    "band",
    "band_since",
    "confidence",
    "coverage",
    "breadth",
    "change_30",
    "change_90",
    "spark",
    "why",
    "counters",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A run made ready for its chunks: what is the same for all of them."""

    run: HealthRun
    scene: Scene
    references: References


def stage_of(run: HealthRun) -> Stage:
    scene = scene_of(run)
    return Stage(run, scene, references(scene.model, model_id=run.model_id, day=run.as_of))


def store_chunk(
    stage: Stage, partner_ids: Sequence[int], *, done: Callable[[Mapping[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Score and publish these partners; returns what was found among them, for the summary of the run.

    `done` is called with it inside the transaction, so that a chunk is ticked off exactly when its rows are kept.
    """
    results = score_partners(stage.scene, partner_ids)
    scored = Ids(sorted(results))
    with bulk.cheap_commit():
        remembered = memory.recall(scored, day=stage.run.as_of, known=stage.run.known_cutoff)
        steps = _steps(stage, results, remembered)
        now = clock.now()
        _store_snapshots(stage.run, steps, now)
        forward = [step for step in steps if not step.memory.newer]
        ids = Ids(step.partner_id for step in forward)
        days = stage.references.days
        scores = queries.snapshots_near(ids, model_id=stage.run.model_id, days=days) if ids and days else {}
        moved = _publish(stage, forward, scores, now)
        told = _alert(stage, forward, scores)
        if moved:
            announce(signals.band_changed, partner_ids=moved)
        if told:
            announce(signals.alerts_changed, partner_ids=told)
        found = found_among(results, {step.partner_id: step.track.published or "" for step in steps})
        if done:
            done(found)
    return found


def _steps(stage: Stage, results: Mapping[int, Result], remembered: Mapping[int, Memory]) -> list[alerts.Step]:
    model, day = stage.scene.model, stage.run.as_of
    steps = []
    for partner_id in sorted(results):
        result = results[partner_id]
        before = remembered.get(partner_id, memory.NOTHING)
        track = step_band(
            model,
            before.track,
            None if result.raw_band is None else result.score,
            exception_binds=result.exception_binds,
            run_date=day,
        )
        steps.append(alerts.Step(partner_id, before, result, track, None))
    return steps


def _store_snapshots(run: HealthRun, steps: Sequence[alerts.Step], now: datetime) -> None:
    rows = []
    for step in steps:
        result = step.result
        detail = to_detail(result)
        detail["track"] = memory.track_json(step.track)
        rows.append(
            (
                step.partner_id,
                result.profile.stage,
                result.score,
                result.model_score,
                result.coverage,
                result.breadth,
                result.confidence,
                result.raw_band or "",
                step.track.published or "",
                detail,
            )
        )
    same = {
        "model": run.model_id,
        "as_of": run.as_of,
        "known_cutoff": run.known_cutoff,
        "run_reason": run.reason,
        "created_at": now,
    }
    bulk.insert_or_ignore(HealthSnapshot, SNAPSHOT_COLUMNS, rows, constants=same)


def _publish(stage: Stage, steps: Sequence[alerts.Step], scores: Scores, now: datetime) -> list[int]:
    """Move the published health forward; returns the partners whose band changed."""
    if not steps:
        return []
    run, back = stage.run, stage.references
    ids = Ids(step.partner_id for step in steps)
    snapshots = dict(
        HealthSnapshot.objects.filter(
            partner_id__in=ids, model_id=run.model_id, as_of=run.as_of, known_cutoff=run.known_cutoff
        ).values_list("partner_id", "pk")
    )
    rows, moved = [], []
    for step in steps:
        result, track = step.result, step.track
        points = [(day, scores.get((step.partner_id, day))) for day in back.weeks]
        spark = [[day.isoformat(), float(found[0])] for day, found in points if found]
        spark.append([run.as_of.isoformat(), float(result.score)])
        if step.memory.track.last_run is not None and (step.memory.track.published or "") != (track.published or ""):
            moved.append(step.partner_id)
        rows.append(
            (
                step.partner_id,
                snapshots[step.partner_id],
                result.score,
                track.published or "",
                track.since or run.as_of,
                result.confidence,
                result.coverage,
                result.breadth,
                _since(scores, step, back, 30),
                _since(scores, step, back, 90),
                spark,
                why(result),
                memory.remembered(track, result.exceptions, result.coverage),
            )
        )
    same = {"as_of": run.as_of, "known_cutoff": run.known_cutoff, "updated_at": now}
    clock_columns = ("as_of", "known_cutoff")
    bulk.insert_or_advance(HealthState, STATE_COLUMNS, rows, key="partner", clock=clock_columns, constants=same)
    return moved


def _since(scores: Scores, step: alerts.Step, back: References, distance: int) -> Decimal | None:
    """Points gained since the run about `distance` days back; None without one."""
    day = back.trend.get(distance)
    found = scores.get((step.partner_id, day)) if day else None
    return None if found is None else step.result.score - found[0]


def _alert(stage: Stage, steps: Sequence[alerts.Step], scores: Scores) -> list[int]:
    """Bring the alerts to this run; returns the partners whose alerts changed."""
    if not steps:
        return []
    model, back = stage.scene.model, stage.references
    by_id = {step.partner_id: step for step in steps}

    def tables(partner_ids: Sequence[int], day: date | None) -> dict[int, Change]:
        if not partner_ids or day is None:
            return {}
        details = queries.details_of(partner_ids, model_id=stage.run.model_id, day=day)
        return {key: change(replay(model, detail), by_id[key].result) for key, detail in details.items()}

    suspects = [step.partner_id for step in steps if _may_have_dropped(step, scores, back)]
    dropped = tables(suspects, back.drop)
    if dropped:
        steps = [replace(step, dropped=dropped.get(step.partner_id)) for step in steps]
    explained = back.trend.get(30) or back.drop
    return alerts.update_alerts(model, steps, day=stage.run.as_of, changes=lambda ids: tables(ids, explained))


def _may_have_dropped(step: alerts.Step, scores: Scores, back: References) -> bool:
    """Whether the change table of 14 days is worth building: points were lost, or stage or connection changed."""
    found = scores.get((step.partner_id, back.drop)) if back.drop else None
    if found is None:
        return False
    score, stage, breadth = found
    result = step.result
    limit = result.profile.model.definition["alerts"]["drop_points"]
    return score - result.score >= Decimal(limit) or stage != result.profile.stage or breadth != result.breadth
