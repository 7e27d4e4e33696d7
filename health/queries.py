"""Reads of the health room: what is published, how it came about, how it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext, ngettext

from accounts.models import User
from health.models import Alert, Band, HealthModelVersion, HealthRun, HealthSnapshot, HealthState
from health.scoring import Model, Result, change, compile_model, replay
from health.scoring.explanation import explain
from health.sentences import Words
from lifecycle.models import StageChange
from partners.models import Partner

CHANGE_DAYS = 30
MODELS_KEPT = 32
_models: dict[str, Model] = {}


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a partner's history."""

    day: date
    score: Decimal
    band: str
    confidence: str
    model: str


def words() -> Words:
    """The translation functions for the language in force."""
    return Words(gettext=gettext, ngettext=ngettext)


def compiled(version: HealthModelVersion) -> Model:
    """The version's definition made ready for scoring; kept per process, since a published one never changes."""
    found = _models.get(version.digest)
    if found is None:
        if len(_models) >= MODELS_KEPT:
            _models.clear()
        found = _models[version.digest] = compile_model(version.definition)
    return found


def active_version() -> HealthModelVersion:
    return HealthModelVersion.objects.active().get()


def scorable_partners(*, at: datetime, known: datetime) -> list[int]:
    """Ids of partners who had begun their journey by then and were not archived, in order."""
    begun = StageChange.objects.as_of(at, known=known).filter(partner_id=OuterRef("pk"))
    kept = Partner.objects.filter(Q(archived_at__isnull=True) | Q(archived_at__gte=min(at, known)))
    return list(kept.filter(Exists(begun)).order_by("pk").values_list("pk", flat=True))


def states(partner_ids: Iterable[int]) -> dict[int, HealthState]:
    """Published health by partner; a partner without a score is absent."""
    return {state.partner_id: state for state in HealthState.objects.filter(partner_id__in=list(partner_ids))}


def history(partner: Partner, weeks: int = 52) -> list[Point]:
    """One point per scored day of the last `weeks`, oldest first; of several scores of a day the one known last."""
    state = HealthState.objects.filter(partner=partner).first()
    if state is None:
        return []
    rows = (
        HealthSnapshot.objects.filter(partner=partner, as_of__gt=state.as_of - timedelta(weeks=weeks))
        .order_by("as_of", "known_cutoff", "id")
        .values_list("as_of", "score", "published_band", "confidence", "model__name")
    )
    return list({row[0]: Point(*row) for row in rows}.values())


def band_counts(user: User) -> dict[str, int]:
    """How many partners the user may see are in each published band; the key "" counts those without enough data."""
    rows = (
        HealthState.objects.visible_to(user)
        .filter(partner__archived_at__isnull=True)
        .values_list("band")
        .annotate(number=Count("pk"))
        .order_by("band")
    )
    return dict.fromkeys(Band.values, 0) | dict(rows)


def open_alerts(user: User, limit: int = 50) -> list[Alert]:
    """Open alerts of partners the user may see, worst and newest first."""
    alerts = Alert.objects.visible_to(user).open().filter(partner__archived_at__isnull=True)
    return list(alerts.select_related("partner").order_by("-severity", "-notified_on", "id")[:limit])


def latest_run() -> HealthRun | None:
    """The newest finished computation for all partners."""
    runs = HealthRun.objects.filter(whole=True, finished_at__isnull=False)
    return runs.order_by("-as_of", "-known_cutoff").select_related("model").first()


def latest_snapshot(partner: Partner, *, as_of: date | None = None) -> HealthSnapshot | None:
    """The snapshot that is shown: the published one, or the one known last of the newest day up to `as_of`."""
    if as_of is None:
        state = HealthState.objects.filter(partner=partner).select_related("snapshot__model").first()
        return state.snapshot if state else None
    snapshots = HealthSnapshot.objects.filter(partner=partner, as_of__lte=as_of).select_related("model")
    return snapshots.order_by("-as_of", "-known_cutoff", "-id").first()


def earlier_snapshot(snapshot: HealthSnapshot, days: int = CHANGE_DAYS) -> HealthSnapshot | None:
    """The snapshot a change counts from: of the scored day nearest to `days` before, else the oldest one after it."""
    wanted = snapshot.as_of - timedelta(days=days)
    others = HealthSnapshot.objects.filter(partner_id=snapshot.partner_id, as_of__lt=snapshot.as_of)
    before = others.filter(as_of__lte=wanted).order_by("-as_of").values_list("as_of", flat=True).first()
    after = others.filter(as_of__gt=wanted).order_by("as_of").values_list("as_of", flat=True).first()
    found = [day for day in (before, after) if day is not None]
    if not found:
        return None
    nearest = min(found, key=lambda day: (abs((day - wanted).days), day))
    rows = others.filter(as_of=nearest).select_related("model").order_by("-known_cutoff", "-id")
    return rows.filter(model_id=snapshot.model_id).first() or rows.first()


def result_of(snapshot: HealthSnapshot) -> Result:
    """The snapshot's score computed again from its stored inputs: the same bit for bit."""
    return replay(compiled(snapshot.model), snapshot.detail)


def explanation(partner: Partner, *, as_of: date | None = None) -> dict[str, Any] | None:
    """The contract of methods.md 1.9 for page, API, command and CSV; None when the partner has no score by then."""
    snapshot = latest_snapshot(partner, as_of=as_of)
    return explanation_of(snapshot) if snapshot else None


def explanation_of(snapshot: HealthSnapshot) -> dict[str, Any]:
    """The explanation of one stored snapshot, with the change since about 30 days before."""
    earlier = earlier_snapshot(snapshot)
    result = result_of(snapshot)
    return {
        **explain(
            result,
            as_of=snapshot.as_of,
            model_version=snapshot.model.name,
            published_band=snapshot.published_band or None,
            change=change(result_of(earlier), result) if earlier else None,
            since=earlier.as_of if earlier else None,
            words=words(),
        ),
        "known_cutoff": snapshot.known_cutoff.isoformat(),
        "run_reason": snapshot.run_reason,
    }


def snapshots_near(
    partner_ids: Sequence[int], *, model_id: int, days: Iterable[date]
) -> Mapping[tuple[int, date], tuple[Decimal, str, Decimal]]:
    """(score, stage, breadth) by (partner, day) of the given days; of several of a day the one known last."""
    rows = (
        HealthSnapshot.objects.filter(partner_id__in=partner_ids, as_of__in=list(days), model_id=model_id)
        .order_by("known_cutoff", "id")
        .values_list("partner_id", "as_of", "score", "stage", "breadth")
    )
    return {(partner_id, day): (score, stage, breadth) for partner_id, day, score, stage, breadth in rows}


def details_of(partner_ids: Sequence[int], *, model_id: int, day: date) -> dict[int, dict[str, Any]]:
    """Stored inputs by partner of one day; of several the one known last."""
    rows = (
        HealthSnapshot.objects.filter(partner_id__in=partner_ids, as_of=day, model_id=model_id)
        .order_by("known_cutoff", "id")
        .values_list("partner_id", "detail")
    )
    return dict(rows)


def run_days(*, model_id: int, first: date, last: date) -> list[date]:
    """Days with a finished computation for all partners under this model, oldest first."""
    runs = HealthRun.objects.filter(
        model_id=model_id, whole=True, finished_at__isnull=False, as_of__gte=first, as_of__lte=last
    )
    return list(runs.order_by("as_of").values_list("as_of", flat=True).distinct())


def find_partner(name: str) -> Partner | None:
    """The partner with this slug, external key or uid, as typed at a command line."""
    try:
        by_uid = Q(uid=UUID(name))
    except ValueError:
        by_uid = Q(pk__in=[])
    found = Partner.objects.filter(Q(slug=name) | Q(key=name) | by_uid)
    return found.order_by("pk").first()
