"""What hysteresis and alerts remember of a partner before a run: from the published state, or from older snapshots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery

from health.models import HealthSnapshot, HealthState
from health.scoring import BandState

FRESH = BandState()


@dataclass(frozen=True, slots=True)
class Memory:
    """The last run before this one. `newer`: the published state is of a later run, which must not be overwritten."""

    track: BandState = FRESH
    exceptions: tuple[str, ...] = ()
    coverage: Decimal | None = None
    newer: bool = False


NOTHING = Memory()


def remembered(track: BandState, exceptions: Sequence[str], coverage: Decimal) -> dict[str, Any]:
    """As stored in `HealthState.counters`; the track alone goes into the snapshot."""
    return {"track": track_json(track), "exceptions": list(exceptions), "coverage": str(coverage)}


def track_json(track: BandState) -> dict[str, Any]:
    """The counters without the step before and without what is empty."""
    found: dict[str, Any] = {
        "published": track.published,
        "since": _text(track.since),
        "last_run": _text(track.last_run),
    }
    if track.below:
        found["below"] = track.below
    if track.above:
        found["above"] = track.above
    if track.changes:
        found["changes"] = [day.isoformat() for day in track.changes]
    if track.unstable_until:
        found["unstable_until"] = _text(track.unstable_until)
    return found


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def recall(partner_ids: Sequence[int], *, day: date, known: datetime) -> dict[int, Memory]:
    """Memory of each partner before the run of `day`; locks the published states until the transaction ends.

    Normally the published state is of an earlier day and holds everything. When it is of the same day (a second run) or
    a later one (a run of the past), the newest snapshot before `day` does.
    """
    states = (
        HealthState.objects.select_for_update()
        .filter(partner_id__in=partner_ids)
        .order_by("partner_id")
        .values_list("partner_id", "as_of", "known_cutoff", "counters")
    )
    found: dict[int, Memory] = {}
    unusual: dict[int, bool] = {}
    for partner_id, as_of, cutoff, counters in states:
        if as_of < day:
            found[partner_id] = Memory(
                BandState.from_json(counters["track"]), tuple(counters["exceptions"]), Decimal(counters["coverage"])
            )
        else:
            unusual[partner_id] = (as_of, cutoff) > (day, known)
    if unusual:
        found.update(_from_snapshots(unusual, day=day))
    return found


def _from_snapshots(newer: Mapping[int, bool], *, day: date) -> dict[int, Memory]:
    """Memory of partners whose state is of this day or later, from their newest snapshot before it."""
    before = HealthSnapshot.objects.filter(partner_id=OuterRef("partner_id"), as_of__lt=day)
    newest = HealthState.objects.filter(partner_id__in=list(newer)).annotate(
        newest=Subquery(before.order_by("-as_of", "-known_cutoff", "-id").values("pk")[:1])
    )
    rows = HealthSnapshot.objects.filter(pk__in=list(newest.values_list("newest", flat=True))).values_list(
        "partner_id", "detail", "coverage"
    )
    found = {partner_id: Memory(newer=is_newer) for partner_id, is_newer in newer.items()}
    for partner_id, detail, coverage in rows:
        found[partner_id] = Memory(
            BandState.from_json(detail.get("track", {})), tuple(detail["exceptions"]), coverage, newer[partner_id]
        )
    return found
