"""What is due: the daily run, the runs a new model version needs, and partners whose score was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction

from core import clock
from core.models import PeriodRun
from health import bulk, queries
from health.ids import Ids
from health.models import HealthRequest, HealthRun
from health.services.runs import chunk_numbers, compute, finish_run, start_run

DAILY = "health.daily"
CATCH_UP_DAYS = 7
REQUESTS_AT_ONCE = 200
AT_ONCE = 500


def due_chunks() -> list[tuple[int, int]]:
    """(run, chunk) to hand to workers now. Decides from rows, so two callers and a lost broker do no harm.

    One run at a time, oldest day first, because bands follow from the runs before. An unfinished run comes first, then
    planned days, then the next daily run: yesterday in the reporting time zone, after at most a week of missed days.
    """
    _plan_next_day()
    run = HealthRun.objects.filter(whole=True, finished_at__isnull=True).order_by("as_of", "pk").first()
    run = run or _start_planned()
    if run is None:
        return []
    if finish_run(run_id=run.pk):
        return []
    return [(run.pk, number) for number in chunk_numbers(run)]


def history_job(model_id: int) -> str:
    """Name of the jobs that compute past weeks again under a newly published version."""
    return f"health.history:{model_id}"


def request_score(partner_ids: Iterable[int]) -> None:
    """Ask for these partners to be scored again soon. Many events within the debounce time become one computation."""
    now = clock.now()
    due = now + timedelta(seconds=settings.HEALTH_DEBOUNCE_SECONDS)
    ids = sorted(set(partner_ids))
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        with transaction.atomic():
            rows = [(partner_id,) for partner_id in part]
            bulk.insert_or_ignore(HealthRequest, ("partner",), rows, constants={"due_at": due, "requested_at": now})
            HealthRequest.objects.filter(partner_id__in=Ids(part), requested_at__lt=now).update(requested_at=now)


def requests_due() -> bool:
    return HealthRequest.objects.filter(due_at__lte=clock.now()).exists()


def compute_requested() -> HealthRun | None:
    """Score the partners whose request is due, as of today. A request that comes meanwhile stays for the next time."""
    due = HealthRequest.objects.filter(due_at__lte=clock.now()).order_by("due_at", "pk")
    partner_ids = list(due.values_list("partner_id", flat=True)[:REQUESTS_AT_ONCE])
    if not partner_ids:
        return None
    run = compute(as_of=clock.today(), partner_ids=partner_ids, reason=HealthRun.Reason.EVENT)
    HealthRequest.objects.filter(partner_id__in=partner_ids, requested_at__lt=run.known_cutoff).delete()
    return run


def score_now(partner_id: int) -> None:
    """Score one partner at once, after a change whose effect its author wants to see."""
    compute(as_of=clock.today(), partner_ids=[partner_id], reason=HealthRun.Reason.EVENT)


def _plan_next_day() -> None:
    """Write down the next daily run that is due, if there is one. Two callers write it once."""
    for day in _missing_days():
        PeriodRun.objects.get_or_create(job=DAILY, period=day.isoformat(), defaults={"started_at": clock.now()})


def _missing_days() -> Sequence[date]:
    yesterday = clock.today() - timedelta(days=1)
    last = PeriodRun.objects.filter(job=DAILY).order_by("-period").values_list("period", flat=True).first()
    first = date.fromisoformat(last) + timedelta(days=1) if last else yesterday
    first = max(first, yesterday - timedelta(days=CATCH_UP_DAYS - 1))
    return [first + timedelta(days=ahead) for ahead in range((yesterday - first).days + 1)]


def _start_planned() -> HealthRun | None:
    """Start the oldest planned day that has no run yet; a day that was computed already is ticked off."""
    version = queries.active_version()
    jobs = (DAILY, history_job(version.pk))
    while True:
        planned = PeriodRun.objects.filter(job__in=jobs, finished_at__isnull=True).order_by("period", "job").first()
        if planned is None:
            return None
        day = date.fromisoformat(planned.period)
        reason = HealthRun.Reason.DAILY if planned.job == DAILY else HealthRun.Reason.HISTORY
        run = start_run(as_of=day, reason=reason, version=version)
        if run.finished_at is None:
            return run
        PeriodRun.objects.filter(pk=planned.pk).update(finished_at=clock.now())
