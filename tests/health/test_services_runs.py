"""Computations: the same rows whoever writes them, how often and in how many pieces; nothing newer is overwritten."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from core import clock
from health import queries, services
from health.models import HealthChunk, HealthRun, HealthSnapshot, HealthState, RhythmFit
from health.scoring import to_detail
from health.services.chunks import stage_of, store_chunk
from health.services.runs import CLAIM, days_between
from tests.factories import make_partner, make_revenue, make_touch
from tests.health.world import BEGUN, DAY, days_ago, make_world, sell

SNAPSHOT_FACTS = (
    "partner_id", "model_id", "as_of", "known_cutoff", "stage", "score", "model_score", "coverage", "breadth",
    "confidence", "raw_band", "published_band", "detail",
)  # fmt: skip
STATE_FACTS = (
    "partner_id", "as_of", "known_cutoff", "score", "band", "band_since", "confidence", "coverage", "breadth",
    "change_30", "change_90", "spark", "why", "counters",
)  # fmt: skip


def snapshots():
    return list(HealthSnapshot.objects.order_by("partner_id", "as_of", "known_cutoff").values_list(*SNAPSHOT_FACTS))


def states():
    return list(HealthState.objects.order_by("partner_id").values_list(*STATE_FACTS))


def forget_everything():
    HealthState.objects.all().delete()
    HealthSnapshot.objects.all().delete()
    HealthRun.objects.all().delete()
    RhythmFit.objects.all().delete()


@pytest.fixture
def world(db):
    return make_world(8)


def test_run_scores_every_partner_and_publishes_it(world):
    run = services.compute(as_of=DAY)
    assert run.finished_at is not None
    assert run.connected == ["sales"]
    assert run.summary["partners"] == 8
    assert HealthSnapshot.objects.count() == 8
    state = HealthState.objects.get(partner=world[1])
    snapshot = HealthSnapshot.objects.get(partner=world[1])
    assert (state.snapshot_id, state.as_of, state.score) == (snapshot.pk, DAY, snapshot.score)
    assert state.band == snapshot.published_band == snapshot.raw_band
    assert state.spark == [[DAY.isoformat(), float(snapshot.score)]]


def test_silent_partner_ranks_below_a_busy_one_and_says_why(world):
    services.compute(as_of=DAY)
    silent, busy = (HealthState.objects.get(partner=partner) for partner in world[:2])
    assert silent.score < busy.score
    assert "silent for" in silent.why or "Revenue" in silent.why


def test_reason_is_read_in_the_language_in_force(world):
    services.compute(as_of=DAY)
    told = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            told[language] = HealthState.objects.exclude(why={}).order_by("pk").values_list("why", flat=True)[0]
    assert all(told.values())
    assert len(set(told.values())) == len(settings.LANGUAGES)


def test_snapshot_replays_bit_for_bit(world):
    services.compute(as_of=DAY)
    for snapshot in HealthSnapshot.objects.all():
        result = queries.result_of(snapshot)
        assert (result.score, result.coverage, result.raw_band or "") == (
            snapshot.score,
            snapshot.coverage,
            snapshot.raw_band,
        )
        stored = {key: value for key, value in snapshot.detail.items() if key != "track"}
        assert to_detail(result) == stored


def test_run_done_twice_gives_the_same_rows(world):
    first = services.compute(as_of=DAY)
    before = snapshots(), states()
    again = services.compute(as_of=DAY)
    assert again.pk == first.pk
    HealthChunk.objects.update(done_at=None, claimed_until=None)
    HealthRun.objects.update(finished_at=None)
    services.compute(as_of=DAY)
    assert (snapshots(), states()) == before


def test_size_of_chunks_does_not_matter(world, settings):
    whole = services.compute(as_of=DAY)
    before = snapshots(), states(), whole.summary
    forget_everything()
    settings.HEALTH_CHUNK = 3
    parts = services.compute(as_of=DAY)
    assert parts.chunks.count() == 3
    assert (snapshots(), states(), parts.summary) == before


def test_interrupted_run_ends_like_an_undisturbed_one(world, settings):
    settings.HEALTH_CHUNK = 3
    services.compute(as_of=DAY)
    before = snapshots(), states()
    forget_everything()
    run = services.start_run(as_of=DAY)
    assert services.compute_chunk(run_id=run.pk, number=1)
    with time_machine.travel(clock.now() + CLAIM * 2):
        services.compute(as_of=DAY, known_cutoff=run.known_cutoff)
    assert (snapshots(), states()) == before


def test_chunk_taken_by_another_worker_is_left_alone(world, settings):
    settings.HEALTH_CHUNK = 4
    run = services.start_run(as_of=DAY)
    HealthChunk.objects.filter(number=0).update(claimed_until=clock.now() + CLAIM)
    assert services.compute_chunk(run_id=run.pk, number=0) is False
    assert services.compute_chunk(run_id=run.pk, number=1) is True
    assert services.compute_chunk(run_id=run.pk, number=1) is False
    run.refresh_from_db()
    assert run.finished_at is None
    HealthChunk.objects.filter(number=0).update(claimed_until=clock.now() - CLAIM)
    assert services.compute_chunk(run_id=run.pk, number=0) is True
    run.refresh_from_db()
    assert run.finished_at is not None


def test_second_worker_on_the_same_chunk_changes_nothing(world):
    run = services.start_run(as_of=DAY)
    stage = stage_of(run)
    ids = [partner.pk for partner in world]
    store_chunk(stage, ids)
    before = snapshots(), states()
    store_chunk(stage, ids)
    assert (snapshots(), states()) == before


def test_late_data_are_a_new_row_and_the_first_one_stays(world):
    services.compute(as_of=DAY)
    before = snapshots()
    make_revenue(partner=world[0], occurred_at=days_ago(1), known_at=clock.end_of_day(DAY) + timedelta(days=3))
    later = clock.end_of_day(DAY) + timedelta(days=4)
    run = services.compute(as_of=DAY, known_cutoff=later)
    assert run.reason == HealthRun.Reason.LATE_DATA
    rows = snapshots()
    assert len(rows) == 16
    assert [row for row in rows if row[3] == clock.end_of_day(DAY)] == before
    scores = list(
        HealthSnapshot.objects.filter(partner=world[0]).order_by("known_cutoff").values_list("score", flat=True)
    )
    assert scores[1] > scores[0]
    assert HealthState.objects.get(partner=world[0]).score == scores[1]


def test_run_of_the_past_does_not_overwrite_newer_health(world):
    services.compute(as_of=DAY)
    before = states()
    services.compute(as_of=DAY - timedelta(days=40))
    assert states() == before
    assert HealthSnapshot.objects.filter(as_of=DAY - timedelta(days=40)).count() == 8


def test_partner_that_had_not_begun_or_was_archived_is_left_out(world):
    late = make_partner(since=clock.end_of_day(DAY))
    gone = make_partner(since=BEGUN, archived_at=days_ago(10))
    later_gone = make_partner(since=BEGUN, archived_at=days_ago(-10))
    services.compute(as_of=DAY)
    scored = set(HealthSnapshot.objects.values_list("partner_id", flat=True))
    assert scored & {late.pk, gone.pk, later_gone.pk} == {later_gone.pk}


def test_partner_without_data_has_no_band_and_a_neutral_score(world):
    empty = make_partner(since=BEGUN)
    services.compute(as_of=DAY)
    state = HealthState.objects.get(partner=empty)
    assert (state.score, state.band, state.confidence, state.coverage) == (Decimal(60), "", "insufficient", 0)


def test_statements_per_chunk_do_not_depend_on_its_size(world):
    run = services.start_run(as_of=DAY)
    stage = stage_of(run)
    ids = [partner.pk for partner in world]

    def count(part):
        with CaptureQueriesContext(connection) as captured:
            store_chunk(stage, part)
        return len(captured)

    assert count(ids[:1]) == count(ids[1:])


def test_trend_is_the_difference_to_the_nearest_run(world):
    services.compute(as_of=DAY - timedelta(days=92))
    services.compute(as_of=DAY - timedelta(days=28))
    services.compute(as_of=DAY - timedelta(days=31))
    services.compute(as_of=DAY)
    state = HealthState.objects.get(partner=world[1])
    scores = dict(HealthSnapshot.objects.filter(partner=world[1]).values_list("as_of", "score"))
    assert state.change_30 == scores[DAY] - scores[DAY - timedelta(days=31)]
    assert state.change_90 == scores[DAY] - scores[DAY - timedelta(days=92)]
    assert [point[0] for point in state.spark] == [(DAY - timedelta(days=back)).isoformat() for back in (28, 0)]


def test_history_gives_the_bands_that_daily_runs_give(world):
    first = DAY - timedelta(days=20)
    sell(world[2], every=3, first=20, last=8, amount_minor=3_000_000)
    runs = services.compute_history(first=first, last=DAY, every=1)
    assert len(runs) == 21
    assert {run.reason for run in runs} == {HealthRun.Reason.HISTORY}
    before = states(), [row[:12] for row in snapshots()]
    forget_everything()
    day = first
    while day <= DAY:
        with time_machine.travel(clock.end_of_day(day) + timedelta(hours=1)):
            services.compute(as_of=day, reason=HealthRun.Reason.DAILY)
        day += timedelta(days=1)
    assert (states(), [row[:12] for row in snapshots()]) == before
    assert len({row[11] for row in before[1]}) > 1


def test_second_run_of_a_day_is_not_a_second_step_of_the_band(world):
    """Down needs two runs: scoring the same day again must not make them two."""
    services.compute(as_of=DAY - timedelta(days=1))
    with time_machine.travel(clock.end_of_day(DAY) - timedelta(hours=3)):
        services.compute(as_of=DAY, reason=HealthRun.Reason.EVENT, partner_ids=[world[0].pk])
    services.compute(as_of=DAY)
    once = HealthState.objects.get(partner=world[0]).counters
    forget_everything()
    services.compute(as_of=DAY - timedelta(days=1))
    services.compute(as_of=DAY)
    assert HealthState.objects.get(partner=world[0]).counters == once


def test_partial_run_uses_the_stored_fit_and_scores_only_its_partners(world):
    services.compute(as_of=DAY - timedelta(days=1))
    moment = clock.end_of_day(DAY) - timedelta(hours=3)
    with time_machine.travel(moment):
        run = services.compute(as_of=DAY, partner_ids=[world[0].pk], reason=HealthRun.Reason.EVENT)
    assert run.whole is False
    assert run.fit.as_of == DAY - timedelta(days=1)
    assert list(HealthSnapshot.objects.filter(as_of=DAY).values_list("partner_id", flat=True)) == [world[0].pk]
    assert HealthState.objects.get(partner=world[0]).as_of == DAY


def test_summary_names_known_share_median_and_worst_of_each_signal(world):
    run = services.compute(as_of=DAY)
    rhythm = run.summary["signals"]["deal_rhythm"]
    assert rhythm["known_percent"] == 100.0
    assert len(rhythm["worst"]) == 5
    assert [entry["score"] for entry in rhythm["worst"]] == sorted(
        (entry["score"] for entry in rhythm["worst"]), key=Decimal
    )
    assert sum(run.summary["bands"].values()) == 8


def test_touches_connect_a_second_source(world):
    make_touch(partner=world[0], occurred_at=days_ago(3))
    run = services.compute(as_of=DAY)
    assert run.connected == ["sales", "touchpoints"]
    detail = HealthSnapshot.objects.get(partner=world[1]).detail
    assert detail["readings"]["touchpoint_frequency"] == {"raw": {"count": 0}}


def test_days_between_counts_back_from_the_last():
    days = list(days_between(DAY - timedelta(days=15), DAY, 7))
    assert [(DAY - day).days for day in days] == [14, 7, 0]
