"""One computation from start to summary: cut into chunks that any process may take, harmless when done twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet

from core import clock
from core.models import PeriodRun
from health import bulk, measures, queries
from health.models import HealthChunk, HealthModelVersion, HealthRun, HealthSnapshot
from health.services.chunks import Stage, stage_of, store_chunk
from health.services.fits import fit_for, latest_fit
from health.services.found import summary

CLAIM = timedelta(seconds=150)  # longer than the time limit of a task
INSTANT = timedelta(microseconds=1)
POLL_SECONDS = 0.05
Progress = Callable[[int, int], None]


def cutoff_of(day: date) -> datetime:
    """What a computation of `day` may know: everything up to the end of that day, or up to now if that is earlier."""
    return min(clock.end_of_day(day), clock.now() + INSTANT)


def compute(
    *,
    as_of: date,
    partner_ids: Iterable[int] | None = None,
    known_cutoff: datetime | None = None,
    reason: str = "",
    version: HealthModelVersion | None = None,
    progress: Progress | None = None,
) -> HealthRun:
    """Score all partners (or some) as of the end of `as_of`, here and now, and return the finished run.

    Other processes may work on the same run; the rows are the same whoever writes them. `reason`: by default *late
    data* when `known_cutoff` lies after the day, else *by hand*. `progress(done, chunks)` is called after each chunk.
    """
    run = start_run(as_of=as_of, partner_ids=partner_ids, known_cutoff=known_cutoff, reason=reason, version=version)
    if run.finished_at is not None and not _add_latecomers(run):
        return run
    stage = stage_of(run)
    total = run.chunks.count()
    for done, chunk in enumerate(_chunks_to_do(run), start=1):
        _work(stage, chunk)
        if progress:
            progress(done, total)
    finish_run(run_id=run.pk)
    run.refresh_from_db()
    return run


@transaction.atomic
def _add_latecomers(run: HealthRun) -> bool:
    """Give a finished run the partners it could not know: history imported since with an asserted `known_at`."""
    if not run.whole:
        return False
    scorable = queries.scorable_partners(at=clock.end_of_day(run.as_of), known=run.known_cutoff)
    rows = HealthSnapshot.objects.filter(model=run.model, as_of=run.as_of, known_cutoff=run.known_cutoff)
    scored = set(rows.values_list("partner_id", flat=True))
    late = [pk for pk in scorable if pk not in scored]
    if not late:
        return False
    HealthRun.objects.select_for_update().filter(pk=run.pk).update(finished_at=None)
    first = (run.chunks.aggregate(last=Max("number"))["last"] or 0) + 1
    size = settings.HEALTH_CHUNK
    parts = [late[start : start + size] for start in range(0, len(late), size)]
    HealthChunk.objects.bulk_create(
        [HealthChunk(run=run, number=number, partner_ids=part) for number, part in enumerate(parts, start=first)]
    )
    return True


def start_run(
    *,
    as_of: date,
    partner_ids: Iterable[int] | None = None,
    known_cutoff: datetime | None = None,
    reason: str = "",
    version: HealthModelVersion | None = None,
) -> HealthRun:
    """The run for this (version, day, cutoff), with its chunks; an existing one is returned as it is."""
    version = version or queries.active_version()
    known = min(known_cutoff or cutoff_of(as_of), clock.now())
    whole = partner_ids is None
    same = HealthRun.objects.filter(model=version, as_of=as_of, known_cutoff=known, whole=True)
    found = same.select_related("model", "fit").first() if whole else None
    if found:
        return found
    at = clock.end_of_day(as_of)
    if not reason:
        reason = HealthRun.Reason.LATE_DATA if known > at else HealthRun.Reason.MANUAL
    everybody = queries.scorable_partners(at=at, known=known)
    chosen = everybody if partner_ids is None else sorted(set(partner_ids).intersection(everybody))
    fit = latest_fit(model_id=version.pk, day=as_of, known=known) if not whole and known < at else None
    fit = fit or fit_for(model_id=version.pk, day=as_of, known=known, partner_ids=everybody)
    run = HealthRun(
        model=version,
        as_of=as_of,
        known_cutoff=known,
        reason=reason,
        whole=whole,
        connected=measures.delivering_sources(at=at, known=known),
        fit=fit,
        started_at=clock.now(),
    )
    try:
        with transaction.atomic():
            run.save(force_insert=True)
            size = settings.HEALTH_CHUNK
            parts = [chosen[start : start + size] for start in range(0, len(chosen), size)]
            HealthChunk.objects.bulk_create(
                [HealthChunk(run=run, number=number, partner_ids=part) for number, part in enumerate(parts)],
                batch_size=500,
            )
    except IntegrityError:
        return same.select_related("model", "fit").get()
    return run


def compute_chunk(*, run_id: int, number: int) -> bool:
    """Take one chunk if it is free; the last one to finish closes the run. False: done already, or taken."""
    chunk = _claim(HealthChunk.objects.filter(run_id=run_id, number=number))
    if chunk is None:
        return False
    run = HealthRun.objects.select_related("model", "fit").get(pk=run_id)
    _work(stage_of(run), chunk)
    finish_run(run_id=run_id)
    return True


def finish_run(*, run_id: int) -> bool:
    """Merge what the chunks found and close the run, once all are done. False: not yet, or closed already."""
    chunks = HealthChunk.objects.filter(run_id=run_id)
    if chunks.filter(done_at__isnull=True).exists():
        return False
    found = summary(chunks.order_by("number").values_list("found", flat=True))
    now = clock.now()
    with transaction.atomic():
        run = HealthRun.objects.select_for_update().get(pk=run_id)
        if run.finished_at is not None:
            return False
        run.finished_at, run.summary = now, found
        run.save(update_fields=["finished_at", "summary"])
        if run.whole:
            jobs = Q(job="health.daily") | Q(job=f"health.history:{run.model_id}")
            PeriodRun.objects.filter(jobs, period=run.as_of.isoformat(), finished_at__isnull=True).update(
                finished_at=now
            )
    return True


def compute_history(
    *, first: date, last: date, every: int = 1, known_cutoff: datetime | None = None, progress: Progress | None = None
) -> list[HealthRun]:
    """Every `every` days from `first` to `last`, in order of date, because bands follow from the runs before.

    `known_cutoff` scores past days with what is known by then (late data) instead of what was known on the day.
    """
    days = list(days_between(first, last, every))
    runs = []
    for number, day in enumerate(days, start=1):
        reason = "" if known_cutoff else HealthRun.Reason.HISTORY
        known = max(known_cutoff, clock.end_of_day(day)) if known_cutoff else None
        runs.append(compute(as_of=day, known_cutoff=known, reason=reason))
        if progress:
            progress(number, len(days))
    return runs


def days_between(first: date, last: date, every: int = 1) -> Iterator[date]:
    """Days counted back from `last`, oldest first: the last day is always among them."""
    count = (last - first).days // every
    return (last - timedelta(days=every * back) for back in range(count, -1, -1))


def _chunks_to_do(run: HealthRun) -> Iterator[HealthChunk]:
    """Chunks of the run, claimed one by one; waits for those that others work on, takes them over when they give up."""
    undone = HealthChunk.objects.filter(run=run, done_at__isnull=True)
    while True:
        chunk = _claim(undone)
        if chunk is not None:
            yield chunk
        elif undone.exists():
            time.sleep(POLL_SECONDS)
        else:
            return


def _claim(chunks: QuerySet[HealthChunk]) -> HealthChunk | None:
    """The first free chunk, claimed for this process; None when all are done or taken."""
    now = clock.now()
    free = chunks.filter(done_at__isnull=True).filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=now))
    for chunk in free.order_by("number")[:8]:
        mine = HealthChunk.objects.filter(pk=chunk.pk, done_at__isnull=True, claimed_until=chunk.claimed_until)
        with bulk.cheap_commit():
            claimed = mine.update(claimed_until=now + CLAIM)
        if claimed:
            return chunk
    return None


def _work(stage: Stage, chunk: HealthChunk) -> None:
    """Score the chunk's partners and mark it done."""
    store_chunk(stage, chunk.partner_ids, done=partial(_tick_off, chunk))


def _tick_off(chunk: HealthChunk, found: Mapping[str, Any]) -> None:
    """Mark the chunk done, in the transaction that stores its rows."""
    HealthChunk.objects.filter(pk=chunk.pk, done_at__isnull=True).update(done_at=clock.now(), found=found)


def chunk_numbers(run: HealthRun) -> Sequence[int]:
    """Chunks of the run that are not done, unless somebody is working on one (then they need no new push)."""
    undone = run.chunks.filter(done_at__isnull=True)
    if undone.filter(claimed_until__gte=clock.now()).exists():
        return []
    return list(undone.order_by("number").values_list("number", flat=True))
