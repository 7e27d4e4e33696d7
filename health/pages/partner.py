"""Reads for the page of one partner's score."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from core import clock
from health import queries
from health.models import Alert, Band, ExceptionFlag, HealthSnapshot, Override
from health.pages.explained import AlertLine, Page, alert_lines, page_of
from health.queries import Point
from health.sentences import facts_sentence
from lifecycle.models import Stage
from lifecycle.queries import history as stage_history
from partners.models import Partner

WEEKS = 52
MARKS = 9
ALERTS_SHOWN = 20
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_day(text: str) -> tuple[date | None, str]:
    """A day from the address, and what is wrong with it: only past days and today have scores."""
    if not text:
        return None, ""
    try:
        day = date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        return None, _("“%(text)s” is not a date like 2026-01-31.") % {"text": text[:40]}
    if day > clock.today():
        return None, _("The future has no score yet.")
    return day, ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The line of 52 weeks: one point per week, edges of the bands, and what happened."""

    points: list[tuple[date, Any]]
    edges: list[tuple[Any, str]]
    events: list[tuple[date, str]]


def explained(snapshot: HealthSnapshot) -> Page:
    """The explanation of a snapshot (the one that page, API and command show), laid out."""
    result, words = queries.result_of(snapshot), queries.words()
    pairs = zip(result.profile.entries, result.rows, strict=True)
    facts = {row.key: facts_sentence(entry, row, words) for entry, row in pairs if row.s is not None}
    return page_of(queries.explanation_of(snapshot), facts)


def stage_of(snapshot: HealthSnapshot) -> str:
    return str(Stage(snapshot.stage).label) if snapshot.stage in Stage.values else snapshot.stage


def picture(
    partner: Partner, *, flags: Sequence[ExceptionFlag], overrides: Sequence[Override], shown: date | None
) -> Picture:
    history = queries.history(partner, weeks=WEEKS)
    model = queries.compiled(queries.active_version())
    events = _band_changes(history)
    events += [
        (change.occurred_at.date(), _("Moved to %(stage)s") % {"stage": Stage(change.to_stage).label})
        for change in stage_history(partner.pk)
    ]
    for flag in reversed(flags):
        events.append((flag.raised_at.date(), _("Raised: %(what)s") % {"what": flag.get_key_display()}))
        if flag.cleared_at:
            events.append((flag.cleared_at.date(), _("Cleared: %(what)s") % {"what": flag.get_key_display()}))
    events += [(override.starts_at.date(), _("Set by hand")) for override in overrides]
    first = history[0].day if history else clock.today()
    kept = sorted((event for event in events if event[0] >= first), key=_day)[-MARKS:]
    if shown:
        kept = sorted([*kept, (shown, _("The day shown below"))], key=_day)
    return Picture(_weekly(history), list(zip(model.band_edges, model.bands, strict=True)), kept)


def _day(event: tuple[date, str]) -> date:
    return event[0]


def _weekly(history: Iterable[Point]) -> list[tuple[date, Any]]:
    """The last point of each week, oldest first."""
    weeks = {point.day.isocalendar()[:2]: point for point in history}
    return [(point.day, point.score) for point in weeks.values()]


def _band_changes(history: Sequence[Point]) -> list[tuple[date, str]]:
    changes = []
    for before, after in pairwise(history):
        if before.band != after.band:
            changes.append((after.day, _("Now %(band)s") % {"band": Band(after.band).label}))
    return changes


def exceptions(partner: Partner) -> list[ExceptionFlag]:
    """All exceptions of a partner, open ones first, then the newest."""
    flags = ExceptionFlag.objects.filter(partner=partner).select_related("raised_by", "cleared_by")
    return sorted(flags.order_by("-raised_at", "-id")[:50], key=lambda flag: flag.cleared_at is not None)


def overrides(partner: Partner) -> list[Override]:
    """The newest overrides of a partner, newest first."""
    return list(Override.objects.filter(partner=partner).select_related("actor").order_by("-starts_at", "-id")[:20])


def in_force(rows: Sequence[Override]) -> Override | None:
    """The override that holds today, if any."""
    today = clock.today()
    return next((row for row in rows if row.ended_at is None and row.ends_on >= today), None)


def alerts(partner: Partner) -> list[AlertLine]:
    """The newest alerts of a partner, open ones first."""
    rows = Alert.objects.filter(partner=partner).order_by("-opened_on", "-id")[:ALERTS_SHOWN]
    return alert_lines(sorted(rows, key=lambda alert: alert.closed_on is not None))
