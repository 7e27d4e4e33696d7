"""Alerts of one chunk of partners: opened, sent again, closed (methods.md 1.7). One open alert per partner and kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from health.ids import Ids
from health.models import Alert
from health.plays import play_for
from health.scoring import BandState, Change, Model, Result
from health.scoring import alerts as questions
from health.services.memory import Memory

WORSE_DROP = Decimal(5)
REASONS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One partner's run: what was remembered, what came out. `dropped` is the change table of 14 days, if it may be
    an alert."""

    partner_id: int
    memory: Memory
    result: Result
    track: BandState
    dropped: Change | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of alert for one partner: does it hold, is it to be raised, how bad, and what to say."""

    kind: str
    holds: bool
    raised: bool
    severity: int
    data: Mapping[str, Any]


def update_alerts(
    model: Model,
    steps: Sequence[Step],
    *,
    day: date,
    changes: Callable[[Sequence[int]], Mapping[int, Change]],
) -> list[int]:
    """Bring the alerts of these partners to `day`; returns the partners whose alerts changed.

    `changes` gives the change tables to explain new alerts with, for the partners asked for, in one query.
    """
    open_alerts = {
        (alert.partner_id, alert.kind): alert
        for alert in Alert.objects.open().filter(partner_id__in=Ids(step.partner_id for step in steps))
    }
    opened: list[tuple[Step, Finding]] = []
    written: list[Alert] = []
    changed: set[int] = set()
    troubled = {partner_id for partner_id, _kind in open_alerts}
    for step in steps:
        for finding in _findings(model, step, step.partner_id in troubled):
            alert = open_alerts.get((step.partner_id, finding.kind))
            if alert is None:
                if finding.raised:
                    opened.append((step, finding))
            elif alert.seen_on <= day and _advance(model, alert, finding, day):
                written.append(alert)
                if alert.closed_on == day or alert.notified_on == day:
                    changed.add(step.partner_id)
    if opened:
        tables = changes([step.partner_id for step, _finding in opened])
        Alert.objects.bulk_create(
            [_new(step, finding, tables.get(step.partner_id), day) for step, finding in opened], ignore_conflicts=True
        )
        changed.update(step.partner_id for step, _finding in opened)
    if written:
        fields = ["seen_on", "off_runs", "closed_on", "notified_on", "severity", "data", "updated_at"]
        Alert.objects.bulk_create(written, update_conflicts=True, unique_fields=["id"], update_fields=fields)
    return sorted(changed)


def _findings(model: Model, step: Step, has_open: bool) -> list[Finding]:
    """The kinds of alert that matter for one partner now: all four when one is open, else those to be raised."""
    result, memory, track = step.result, step.memory, step.track
    found = []
    raised = questions.band_raised(
        model,
        memory.track.published,
        track.published,
        coverage=result.coverage,
        exception_binds=result.exception_binds,
        muted=track.last_run is not None and track.muted(track.last_run),
    )
    if raised or has_open:
        severity = 1 + model.bands.index(track.published) if track.published else 1
        data: dict[str, Any] = {"band": track.published, "before": memory.track.published}
        holds = questions.band_holds(model, track.published)
        found.append(Finding(questions.BAND, holds, raised, severity, data))
    dropped = questions.drop_holds(model, step.dropped, result.confidence)
    if dropped or has_open:
        lost = questions.drop_points(step.dropped) if step.dropped is not None and dropped else Decimal(0)
        found.append(Finding(questions.DROP, dropped, dropped, 2 + int(lost / WORSE_DROP), {"points": str(lost)}))
    raised = bool(questions.exception_raised(memory.exceptions, result.exceptions))
    if raised or has_open:
        data = {"exceptions": list(result.exceptions)}
        holds = bool(result.exceptions)
        found.append(Finding(questions.EXCEPTION, holds, raised, 4 + len(result.exceptions), data))
    raised = questions.coverage_raised(model, memory.coverage, result.coverage)
    if raised or has_open:
        data = {"coverage": str(result.coverage)}
        holds = questions.coverage_holds(model, result.coverage)
        found.append(Finding(questions.COVERAGE, holds, raised, 1, data))
    return found


def _advance(model: Model, alert: Alert, finding: Finding, day: date) -> bool:
    """Bring an open alert to `day`; whether anything is to be written."""
    if not finding.holds:
        if alert.seen_on == day and alert.off_runs:
            return False
        alert.off_runs += 1
        alert.seen_on = day
        if questions.may_close(model, alert.off_runs):
            alert.closed_on = day
        return True
    worse = finding.severity > alert.severity
    again = questions.notify_again(model, alert.notified_on, day, worse=worse)
    if not again and not alert.off_runs:
        return False
    alert.off_runs = 0
    alert.seen_on = day
    if again:
        alert.notified_on = day
        alert.severity = finding.severity
        fell_from = {} if worse else {key: alert.data[key] for key in ("before",) if key in alert.data}
        alert.data = {**alert.data, **finding.data, **fell_from}
    return True


def _new(step: Step, finding: Finding, table: Change | None, day: date) -> Alert:
    """A new alert with the three rows that pulled the score down most, and what to do about them."""
    if table is not None:
        rows = [(row.key, row.total) for row in table.largest_falls(REASONS)]
    else:
        below = sorted((row for row in step.result.rows if row.c < 0), key=lambda row: (row.c, row.key))
        rows = [(row.key, row.c) for row in below[:REASONS]]
    return Alert(
        partner_id=step.partner_id,
        kind=finding.kind,
        opened_on=day,
        notified_on=day,
        seen_on=day,
        severity=finding.severity,
        data={
            **finding.data,
            "score": str(step.result.score),
            "rows": [{"key": key, "points": str(points)} for key, points in rows],
            "play": play_for(finding.kind, [key for key, _points in rows], step.result.exceptions),
        },
    )
