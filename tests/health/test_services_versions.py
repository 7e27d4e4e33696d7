"""Model versions: immutable once published, in the database too; publishing shows and plans its effect."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditEntry
from core import clock
from core.errors import DomainError
from core.models import PeriodRun
from health import queries, services
from health.definitions import METHODS_1, definition_hash, derive, shipped_default
from health.models import HealthModelVersion, HealthRun, HealthSnapshot, HealthState
from tests.health.world import DAY, make_world


def harsher():
    """A definition in which the bands begin higher, so that many partners fall."""
    definition = copy.deepcopy(shipped_default())
    definition["key"] = "harsher"
    for band, edge in zip(definition["bands"], ["99", "98", "97", "96", "0"], strict=True):
        band["from"] = edge
    return definition


def test_two_shipped_versions_are_installed_and_the_default_is_active(db):
    versions = {version.name: version for version in HealthModelVersion.objects.all()}
    assert set(versions) == {METHODS_1["key"], shipped_default()["key"]}
    assert queries.active_version().name == shipped_default()["key"]
    for version in versions.values():
        assert version.digest == definition_hash(version.definition)
        assert version.is_published
    assert versions[METHODS_1["key"]].definition == METHODS_1


def test_installing_again_changes_nothing(db):
    before = list(HealthModelVersion.objects.order_by("pk").values_list("pk", "digest", "status"))
    services.install_shipped()
    assert list(HealthModelVersion.objects.order_by("pk").values_list("pk", "digest", "status")) == before


@pytest.mark.parametrize(
    "change",
    [
        {"definition": {"key": "x"}},
        {"digest": "0" * 64},
        {"name": "another"},
        {"status": "draft"},
        {"published_at": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_database_refuses_to_change_a_published_version(db, change):
    version = HealthModelVersion.objects.get(name=METHODS_1["key"])
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        HealthModelVersion.objects.filter(pk=version.pk).update(**change)
    version.refresh_from_db()
    assert version.definition == METHODS_1


def test_database_refuses_to_delete_a_published_version(db):
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        HealthModelVersion.objects.filter(name=METHODS_1["key"])._raw_delete("default")


def test_database_lets_a_draft_change_and_go(lead):
    draft = services.save_draft(name="Draft", definition=harsher(), note="", actor=lead)
    services.save_draft(name="Draft 2", definition=harsher(), note="again", actor=lead, version_id=draft.pk)
    draft.refresh_from_db()
    assert (draft.name, draft.definition["key"], draft.note) == ("Draft 2", "Draft 2", "again")
    draft.delete()
    assert HealthModelVersion.objects.count() == 2


def test_draft_with_errors_is_refused_in_words(lead):
    broken = derive(shipped_default(), key="broken", weights={"trust": {"growth": 50}})
    with pytest.raises(DomainError) as refused:
        services.save_draft(name="Broken", definition=broken, note="", actor=lead)
    assert "growth" in refused.value.message
    assert refused.value.field == "definition"


def test_published_version_is_not_saved_as_a_draft(lead):
    version = queries.active_version()
    with pytest.raises(DomainError):
        services.save_draft(name="New", definition=harsher(), note="", actor=lead, version_id=version.pk)


def test_dry_run_names_partners_who_would_change_band_and_writes_no_score(db):
    make_world(6)
    services.compute(as_of=DAY)
    before = HealthSnapshot.objects.count(), HealthRun.objects.count()
    found = services.dry_run(harsher())
    assert (found.as_of, found.partners) == (DAY, 6)
    states = {state.partner_id: state for state in HealthState.objects.all()}
    falling = {pk for pk, state in states.items() if state.band not in {"E", ""}}
    assert {move.partner_id for move in found.moves} == falling
    assert all(move.band_after == "E" and move.band_before == states[move.partner_id].band for move in found.moves)
    assert all(move.score_after == move.score_before for move in found.moves)
    assert (HealthSnapshot.objects.count(), HealthRun.objects.count()) == before
    assert services.dry_run(shipped_default()).moves == []


def test_publish_retires_the_former_and_plans_the_past_weeks(lead):
    make_world(4)
    services.compute(as_of=DAY)
    former = queries.active_version()
    draft = services.save_draft(name="Harsher", definition=harsher(), note="Higher edges", actor=lead)
    version = services.publish(version_id=draft.pk, actor=lead)
    former.refresh_from_db()
    assert (version.status, former.status) == ("active", "retired")
    assert version.published_by == lead
    assert AuditEntry.objects.filter(action="health.model_published").count() == 1
    planned = PeriodRun.objects.filter(job=f"health.history:{version.pk}").order_by("period")
    assert [row.period for row in planned] == [(DAY - timedelta(weeks=week)).isoformat() for week in range(13, -1, -1)]
    with pytest.raises(DomainError):
        services.publish(version_id=version.pk, actor=lead)


def test_published_change_is_computed_and_the_band_moves_by_hysteresis(lead):
    make_world(4)
    services.compute(as_of=DAY - timedelta(days=1))
    services.compute(as_of=DAY)
    draft = services.save_draft(name="Harsher", definition=harsher(), note="", actor=lead)
    version = services.publish(version_id=draft.pk, actor=lead)
    PeriodRun.objects.create(
        job="health.daily",
        period=(clock.today() - timedelta(days=1)).isoformat(),
        started_at=clock.now(),
        finished_at=clock.now(),
    )
    while chunks := services.due_chunks():
        for run_id, number in chunks:
            services.compute_chunk(run_id=run_id, number=number)
    assert HealthRun.objects.filter(model=version, finished_at__isnull=False).count() == 14
    assert set(HealthState.objects.values_list("snapshot__model", flat=True)) == {version.pk}
    assert set(HealthState.objects.values_list("as_of", flat=True)) == {DAY}
    assert all(state.change_30 is not None for state in HealthState.objects.exclude(band=""))


def test_publish_needs_a_lead(manager):
    with pytest.raises(DomainError):
        services.publish(version_id=HealthModelVersion.objects.get(name=METHODS_1["key"]).pk, actor=manager)
