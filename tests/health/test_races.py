"""Two processes at once: threads with their own connections on PostgreSQL, one after the other on SQLite, whose writers
wait for each other anyway. The rows must be those of one undisturbed process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from core import clock
from health import services
from health.models import Alert, ExceptionFlag, HealthChunk, HealthRequest, HealthRun, HealthSnapshot, HealthState
from health.services.chunks import stage_of, store_chunk
from tests.health.world import DAY, days_ago, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each call returned, in no particular order. An error in a thread fails the test."""
    if connection.vendor != "postgresql":
        return [call() for call in calls]
    results: list[object] = []
    start = threading.Barrier(len(calls))

    def work(call: Callable[[], object]) -> None:
        start.wait()
        try:
            results.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(calls)
    return results


@pytest.fixture
def world(settings):
    """The shipped versions again, since a test before may have emptied the tables; chunks of two partners."""
    services.install_shipped()
    settings.HEALTH_CHUNK = 2
    return make_world(12)


def rows():
    snapshots = HealthSnapshot.objects.order_by("partner_id", "as_of").values_list(
        "partner_id", "as_of", "known_cutoff", "score", "published_band", "detail"
    )
    states = HealthState.objects.order_by("partner_id").values_list(
        "partner_id", "as_of", "score", "band", "why", "counters"
    )
    return list(snapshots), list(states)


def forget_everything():
    HealthState.objects.all().delete()
    HealthSnapshot.objects.all().delete()
    HealthRun.objects.all().delete()
    Alert.objects.all().delete()


def test_two_computations_of_one_day_give_the_rows_of_one(world):
    services.compute(as_of=DAY)
    alone = rows()
    forget_everything()

    runs = at_once(*[lambda: services.compute(as_of=DAY)] * 3)

    assert len({run.pk for run in runs}) == 1
    assert HealthRun.objects.get().finished_at is not None
    assert HealthChunk.objects.filter(done_at__isnull=True).count() == 0
    assert rows() == alone


def test_one_chunk_in_two_processes_gives_the_rows_of_one(world):
    ExceptionFlag.objects.create(
        partner=world[0], key="notice_received", raised_at=days_ago(2), known_at=days_ago(2), reason="x"
    )
    services.compute(as_of=DAY)
    alone = rows()
    forget_everything()
    run = services.start_run(as_of=DAY)
    ids = [partner.pk for partner in world]

    at_once(*[lambda: store_chunk(stage_of(run), ids)] * 2)

    assert rows() == alone
    assert Alert.objects.open().filter(kind="exception").count() == 1


def test_older_and_newer_day_at_once_leave_the_newer_one_published(world):
    services.compute(as_of=DAY - timedelta(days=9))
    older = services.start_run(as_of=DAY - timedelta(days=1))
    newer = services.start_run(as_of=DAY)
    ids = [partner.pk for partner in world]

    at_once(lambda: store_chunk(stage_of(older), ids), lambda: store_chunk(stage_of(newer), ids))

    assert set(HealthState.objects.values_list("as_of", flat=True)) == {DAY}
    assert HealthSnapshot.objects.count() == 36


def test_two_beats_plan_one_run(world):
    at_once(services.due_chunks, services.due_chunks, services.due_chunks)
    assert HealthRun.objects.count() == 1


def test_requests_from_many_sides_are_one_row_each(world):
    ids = [partner.pk for partner in world]
    at_once(*[lambda: services.request_score(ids)] * 4)
    assert HealthRequest.objects.count() == 12
    assert HealthRequest.objects.filter(due_at__lte=clock.now()).count() == 0
