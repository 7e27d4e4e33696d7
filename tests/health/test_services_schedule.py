"""What is due is decided from rows: days once and in order, requests debounced, workers pushed only when idle."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from core import clock
from core.models import PeriodRun
from health import services, tasks
from health.models import HealthChunk, HealthRequest, HealthRun, HealthSnapshot, HealthState
from health.services.runs import CLAIM
from tests.factories import make_partner, make_revenue
from tests.health.world import make_world

MORNING = datetime(2026, 7, 1, 0, 4, tzinfo=UTC)


def work_off():
    """Everything that is due now, as workers would."""
    days = []
    while chunks := services.due_chunks():
        for run_id, number in chunks:
            services.compute_chunk(run_id=run_id, number=number)
        days.append(HealthRun.objects.get(pk=chunks[0][0]).as_of)
    return days


@pytest.fixture
def world(db):
    return make_world(5)


def test_yesterday_is_due_once(world):
    with time_machine.travel(MORNING, tick=False):
        assert work_off() == [date(2026, 6, 30)]
        assert services.due_chunks() == []
        assert services.due_chunks() == []
    run = HealthRun.objects.get()
    assert (run.reason, run.known_cutoff) == (HealthRun.Reason.DAILY, clock.end_of_day(date(2026, 6, 30)))
    assert PeriodRun.objects.get().finished_at is not None


def test_day_begins_in_the_reporting_zone(world, settings):
    settings.REPORTING_TIME_ZONE = "America/New_York"
    with time_machine.travel(MORNING, tick=False):
        assert work_off() == [date(2026, 6, 29)]
    with time_machine.travel(MORNING + timedelta(hours=4), tick=False):
        assert work_off() == [date(2026, 6, 30)]


def test_missed_days_are_made_up_in_order_up_to_a_week(world):
    with time_machine.travel(MORNING, tick=False):
        work_off()
    with time_machine.travel(MORNING + timedelta(days=3), tick=False):
        assert work_off() == [date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 3)]
    with time_machine.travel(MORNING + timedelta(days=40), tick=False):
        assert len(work_off()) == 7


def test_installation_without_partners_has_nothing_to_do(db):
    with time_machine.travel(MORNING, tick=False):
        assert services.due_chunks() == []
        services.due_chunks()
    assert HealthRun.objects.get().finished_at is not None


def test_run_in_work_is_not_pushed_again_but_a_lost_one_is(world, settings):
    settings.HEALTH_CHUNK = 2
    with time_machine.travel(MORNING, tick=False) as traveller:
        chunks = services.due_chunks()
        assert [number for _run, number in chunks] == [0, 1, 2]
        services.compute_chunk(run_id=chunks[0][0], number=0)
        HealthChunk.objects.filter(number=1).update(claimed_until=clock.now() + CLAIM)
        assert services.due_chunks() == []
        traveller.shift(CLAIM * 2)
        assert services.due_chunks() == chunks[1:]


def test_task_computes_the_day_and_may_run_twice(world):
    with time_machine.travel(MORNING, tick=False):
        tasks.compute_due.delay()
        before = list(HealthSnapshot.objects.order_by("pk").values_list("pk", "score"))
        tasks.compute_due.delay()
        tasks.compute_chunk.delay(HealthRun.objects.get().pk, 0)
    assert len(before) == 5
    assert list(HealthSnapshot.objects.order_by("pk").values_list("pk", "score")) == before


def test_many_events_become_one_request(world):
    partner = world[0]
    with time_machine.travel(MORNING, tick=False) as traveller:
        services.request_score([partner.pk])
        due = HealthRequest.objects.get().due_at
        traveller.shift(60)
        services.request_score([partner.pk, partner.pk, world[1].pk])
        request = HealthRequest.objects.get(partner=partner)
        assert (request.due_at, request.requested_at) == (due, clock.now())
        assert due == MORNING + timedelta(seconds=300)
        assert services.requests_due() is False
        traveller.shift(250)
        assert services.requests_due() is True


def test_due_request_is_scored_and_forgotten(world):
    with time_machine.travel(MORNING, tick=False) as traveller:
        services.request_score([world[0].pk])
        traveller.shift(301)
        run = services.compute_requested()
        assert (run.reason, run.whole, run.as_of) == (HealthRun.Reason.EVENT, False, date(2026, 7, 1))
        assert services.compute_requested() is None
    assert not HealthRequest.objects.exists()
    assert list(HealthState.objects.values_list("partner_id", flat=True)) == [world[0].pk]


def test_request_that_comes_during_the_computation_stays(world):
    with time_machine.travel(MORNING, tick=False) as traveller:
        services.request_score([world[0].pk])
        traveller.shift(301)
        HealthRequest.objects.update(requested_at=clock.now() + timedelta(seconds=1))
        services.compute_requested()
    assert HealthRequest.objects.count() == 1


def test_announcement_of_another_room_asks_for_a_score(db, django_capture_on_commit_callbacks):
    from core.announce import announce
    from deals.signals import revenue_changed

    partner = make_partner()
    make_revenue(partner=partner, occurred_at=clock.now())
    with django_capture_on_commit_callbacks(execute=True):
        announce(revenue_changed, partner_ids=[partner.pk])
    assert HealthRequest.objects.get().partner_id == partner.pk
