"""What health tells others: one explanation that adds up, history, counts, and partners by any of their names."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from core import clock
from health import queries, services
from health.models import HealthSnapshot, HealthState
from tests.factories import make_member, make_partner, make_revenue, make_user
from tests.health.world import BEGUN, DAY, days_ago, make_world, sell


@pytest.fixture
def world(db):
    partners = make_world(6)
    services.compute(as_of=DAY - timedelta(days=30))
    services.compute(as_of=DAY)
    return partners


def test_explanation_adds_up_exactly_and_as_printed(world):
    for partner in world:
        found = queries.explanation(partner)
        signals = [signal for group in found["groups"] for signal in group["signals"]]
        exact = Decimal(found["baseline"]) + sum(Decimal(signal["contribution"]) for signal in signals)
        exact += sum(Decimal(line["contribution"]) for line in found["adjustments"])
        assert exact == Decimal(found["score"]) == HealthState.objects.get(partner=partner).score
        printed = found["displayed"]
        assert sum(Decimal(line) for line in printed["lines"].values()) == Decimal(printed["score"])
        for signal in signals:
            assert sum(Decimal(line["c"]) for line in signal["measures"]) == Decimal(signal["contribution"])


def test_explanation_says_what_it_is_based_on(world):
    found = queries.explanation(world[0])
    assert found["basis"] == "Based on sales only."
    assert found["breadth"] == "0.3500"
    assert found["confidence"] == "low"
    assert "touchpoint_frequency" in found["not_connected"]
    assert found["sources"] == ["sales"]
    assert found["helps"][0]["gain"] > "0"


def test_change_rows_sum_to_the_difference_since_thirty_days(world):
    scores = dict(HealthSnapshot.objects.filter(partner=world[0]).values_list("as_of", "score"))
    found = queries.explanation(world[0])["change"]
    assert found["since"] == (DAY - timedelta(days=30)).isoformat()
    total = scores[DAY] - scores[DAY - timedelta(days=30)]
    assert Decimal(found["total"]) == total == sum(Decimal(row["total"]) for row in found["rows"])


def test_explanation_of_a_past_day_is_of_the_newest_score_by_then(world):
    found = queries.explanation(world[0], as_of=DAY - timedelta(days=3))
    assert found["as_of"] == (DAY - timedelta(days=30)).isoformat()
    assert found["change"] is None
    assert queries.explanation(world[0], as_of=DAY - timedelta(days=31)) is None


def test_explanation_shows_the_latest_knowledge_of_a_day(world):
    late = clock.end_of_day(DAY) + timedelta(days=2)
    make_revenue(partner=world[0], occurred_at=days_ago(1), known_at=late - timedelta(hours=1))
    before = queries.explanation(world[0])["score"]
    services.compute(as_of=DAY, known_cutoff=late)
    after = queries.explanation(world[0])
    assert (after["run_reason"], after["as_of"]) == ("late_data", DAY.isoformat())
    assert Decimal(after["score"]) > Decimal(before)


def test_explanation_of_a_partner_without_a_score_is_none(db):
    assert queries.explanation(make_partner()) is None


def test_explanation_speaks_the_language_in_force(world):
    with translation.override("de"):
        assert queries.explanation(world[0])["score"] == queries.explanation(world[0])["score"]


def test_history_is_one_point_per_day_oldest_first(world):
    points = queries.history(world[0])
    assert [point.day for point in points] == [DAY - timedelta(days=30), DAY]
    assert points[-1].score == HealthState.objects.get(partner=world[0]).score
    assert queries.history(make_partner()) == []


def test_states_leave_out_partners_without_a_score(world):
    stranger = make_partner()
    assert set(queries.states([world[0].pk, stranger.pk])) == {world[0].pk}


def test_band_counts_are_of_partners_the_user_may_see(world):
    everybody = queries.band_counts(make_user())
    assert sum(everybody.values()) == 6
    assert set(everybody) == {"A", "B", "C", "D", "E", ""}
    own = queries.band_counts(make_member(partner=world[0]))
    assert sum(own.values()) == 1


def test_partner_is_found_by_slug_key_or_uid(db):
    partner = make_partner(key="17850")
    assert {queries.find_partner(name) for name in (partner.slug, "17850", str(partner.uid))} == {partner}
    assert queries.find_partner("nobody") is None


def test_earlier_snapshot_is_the_nearest_to_thirty_days(world):
    services.compute(as_of=DAY - timedelta(days=26))
    services.compute(as_of=DAY - timedelta(days=90))
    snapshot = queries.latest_snapshot(world[0])
    assert queries.earlier_snapshot(snapshot).as_of == DAY - timedelta(days=30)
    newcomer = make_partner(since=BEGUN)
    sell(newcomer, every=10)
    assert queries.latest_snapshot(newcomer) is None
