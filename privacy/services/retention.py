"""Remove what need not be kept any longer, by the schedule."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction
from django.db.models import JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.services import record
from core import clock
from core.models import PeriodRun
from privacy.models import RetentionRun
from privacy.queries import every, model_of
from privacy.schedule import SCHEDULE, Rule
from privacy.services.erasure import empty_value

BATCH = 1_000


def keep_schedule() -> RetentionRun | None:
    """The run of today, once; None when it was done already."""
    run, first = PeriodRun.objects.get_or_create(
        job="privacy.retention", period=clock.today().isoformat(), defaults={"started_at": clock.now()}
    )
    if not first:
        return None
    done = run_schedule(dry_run=False)
    PeriodRun.objects.filter(pk=run.pk).update(finished_at=clock.now())
    return done


def run_schedule(*, dry_run: bool) -> RetentionRun:
    """Apply every rule, or only count. Kept with its counts; batches, so that nothing is locked for long."""
    began = time.monotonic()
    counts = {rule.key: due(rule).count() if dry_run else _apply(rule) for rule in SCHEDULE}
    run = RetentionRun.objects.create(
        at=clock.now(), dry_run=dry_run, counts=counts, milliseconds=round((time.monotonic() - began) * 1000)
    )
    if not dry_run:
        record("privacy.retention_run", run, actor=None, rows=sum(counts.values()))
    return run


def due(rule: Rule) -> QuerySet[Model]:
    """The rows whose time is over."""
    model = model_of(rule.model)
    before = clock.now() - timedelta(days=rule.days)
    rows = every(rule.model).filter(**{f"{rule.after}__lt": before}, **rule.where)
    if not rule.blank:
        return rows
    full = Q()
    for name in rule.blank:
        if isinstance(model._meta.get_field(name), JSONField):
            rows = rows.alias(**{f"{name}_text": Cast(name, TextField())})
            full |= ~Q(**{f"{name}_text__in": ["[]", "{}", "null"]})
        else:
            full |= ~Q(**{name: ""})
    return rows.filter(full)


def _apply(rule: Rule) -> int:
    model, number = model_of(rule.model), 0
    blank = {name: empty_value(model._meta.get_field(name)) for name in rule.blank}
    while keys := list(due(rule).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            rows = every(rule.model).filter(pk__in=keys)
            if blank:
                rows.update(**blank)
            else:
                rows.delete()
        number += len(keys)
    return number
