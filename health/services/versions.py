"""Model versions: drafts, what publishing one would change, and publishing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core import clock
from core.errors import DomainError
from core.models import PeriodRun
from health import measures, queries
from health.definitions import METHODS_1, Definition, definition_hash, shipped_default, validate_definition
from health.models import HealthModelVersion, HealthState
from health.scoring import compile_model
from health.services.fits import fit_for, latest_fit
from health.services.references import SPARK_WEEKS
from health.services.scenes import Scene, score_partners
from health.services.schedule import history_job
from partners.models import Partner

HISTORY_WEEKS = SPARK_WEEKS + 1


@dataclass(frozen=True, slots=True)
class BandMove:
    """One partner whose raw band would be another under the new definition. Bands may be None: not enough data."""

    partner_id: int
    name: str
    band_before: str | None
    band_after: str | None
    score_before: Decimal
    score_after: Decimal


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a definition would change as of one day: how many partners were compared, and who changes band."""

    as_of: date
    partners: int
    moves: list[BandMove]
    before: Mapping[str, int]
    after: Mapping[str, int]


def install_shipped(model: type[HealthModelVersion] = HealthModelVersion) -> None:
    """Put the two shipped versions in place, the default one active, unless they are there. Called by a migration."""
    now = clock.now()
    default = shipped_default()
    notes = {
        METHODS_1["key"]: "The expert defaults.",
        default["key"]: "The expert defaults with the rhythm and the depth of trade, which need nothing but sales.",
    }
    for definition in (METHODS_1, default):
        active = definition["key"] == default["key"] and not model.objects.filter(status="active").exists()
        model.objects.get_or_create(
            name=definition["key"],
            defaults={
                "definition": definition,
                "digest": definition_hash(definition),
                "status": "active" if active else "retired",
                "note": notes[definition["key"]],
                "published_at": now,
            },
        )


@transaction.atomic
def save_draft(
    *, name: str, definition: Definition, note: str, actor: User, version_id: int | None = None
) -> HealthModelVersion:
    """Make a draft, or change one. A published version never changes."""
    errors = validate_definition(definition, _)
    if errors:
        raise DomainError(" ".join(errors), field="definition")
    if version_id is None:
        version = HealthModelVersion(name=name.strip())
    else:
        version = HealthModelVersion.objects.select_for_update().get(pk=version_id)
        if version.is_published:
            raise DomainError(_("A published model never changes. Make a new version from it."))
        version.name = name.strip()
    if not version.name:
        raise DomainError(_("Give the version a name."), field="name")
    if HealthModelVersion.objects.filter(name=version.name).exclude(pk=version.pk).exists():
        raise DomainError(_("A version of this name exists."), field="name")
    version.definition = {**definition, "key": version.name}
    version.digest = definition_hash(version.definition)
    version.note = note
    version.save()
    record("health.model_saved", version, actor=actor, digest=version.digest)
    return version


def dry_run(definition: Definition, *, as_of: date | None = None) -> DryRun:
    """Which partners would be in another raw band under `definition` than under the active version, on equal data."""
    errors = validate_definition(definition, _)
    if errors:
        raise DomainError(" ".join(errors), field="definition")
    version = queries.active_version()
    day = as_of or HealthState.objects.aggregate(newest=Max("as_of"))["newest"] or clock.today()
    at = clock.end_of_day(day)
    known = min(at, clock.now())
    everybody = queries.scorable_partners(at=at, known=known)
    fit = latest_fit(model_id=version.pk, day=day, known=known)
    fit = fit or fit_for(model_id=version.pk, day=day, known=known, partner_ids=everybody)
    moment = measures.moment_of(day, known, fit.parameters)
    sources = measures.delivering_sources(at=at, known=known)
    now_model, new_model = queries.compiled(version), compile_model(definition)
    scenes = [Scene(model, moment, measures.connected_measures(model, sources)) for model in (now_model, new_model)]
    moves: list[BandMove] = []
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for start in range(0, len(everybody), settings.HEALTH_CHUNK):
        part = everybody[start : start + settings.HEALTH_CHUNK]
        old, new = (score_partners(scene, part) for scene in scenes)
        changed = [partner_id for partner_id in old if old[partner_id].raw_band != new[partner_id].raw_band]
        names = dict(Partner.objects.filter(pk__in=changed).values_list("pk", "name"))
        before.update(result.raw_band or "" for result in old.values())
        after.update(result.raw_band or "" for result in new.values())
        moves += [
            BandMove(
                partner_id,
                names[partner_id],
                old[partner_id].raw_band,
                new[partner_id].raw_band,
                old[partner_id].score,
                new[partner_id].score,
            )
            for partner_id in changed
        ]
    moves.sort(key=lambda move: (move.score_after - move.score_before, move.partner_id))
    return DryRun(day, len(everybody), moves, dict(before), dict(after))


@transaction.atomic
def publish(*, version_id: int, actor: User) -> HealthModelVersion:
    """Make a version the active one. The past weeks are computed again with it, so that trends compare like with like.

    The pages of the model show `dry_run` first. A retired version may be published again; its definition is the same.
    """
    versions = HealthModelVersion.objects.select_for_update().in_bulk(
        [*HealthModelVersion.objects.active().values_list("pk", flat=True), version_id]
    )
    version = versions.pop(version_id)
    if version.status == HealthModelVersion.Status.ACTIVE:
        raise DomainError(_("This version is active already."))
    errors = validate_definition(version.definition, _)
    if errors:
        raise DomainError(" ".join(errors), field="definition")
    if not actor.may_lead:
        raise DomainError(_("Only leads and administrators publish a health model."))
    for former in versions.values():
        former.status = HealthModelVersion.Status.RETIRED
        former.save(update_fields=["status"])
    if not version.is_published:
        version.published_at, version.published_by = clock.now(), actor
    version.status = HealthModelVersion.Status.ACTIVE
    version.save(update_fields=["status", "published_at", "published_by"])
    _plan_history(version)
    record("health.model_published", version, actor=actor, digest=version.digest)
    return version


def _plan_history(version: HealthModelVersion) -> None:
    """Plan the runs that make past points comparable: every week of the spark line, up to the newest published day."""
    newest: Any = HealthState.objects.aggregate(newest=Max("as_of"))["newest"]
    if newest is None:
        return
    now = clock.now()
    for week in range(HISTORY_WEEKS, -1, -1):
        day = newest - timedelta(weeks=week)
        PeriodRun.objects.update_or_create(
            job=history_job(version.pk), period=day.isoformat(), defaults={"started_at": now, "finished_at": None}
        )
