"""The registry of measures: what is read, what absence means, and that one query per batch is enough."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from health import measures, queries
from health.measures import MEASURES, Moment
from health.scoring import Reading
from partners.models import Membership
from tests.factories import make_deal, make_member, make_partner, make_revenue, make_touch
from tests.health.world import DAY, days_ago, make_world, sell

AT = clock.end_of_day(DAY)
MOMENT = Moment(DAY, AT, AT, typical_minor=1_000_000)


def test_registry_holds_measures_of_the_active_model(db):
    model = queries.compiled(queries.active_version())
    assert set(MEASURES) - set(model.measures) == set()


def test_source_that_never_delivered_is_not_connected(db):
    partner = make_partner()
    assert measures.delivering_sources(at=AT, known=AT) == []
    make_revenue(partner=partner, occurred_at=days_ago(5))
    assert measures.delivering_sources(at=AT, known=AT) == ["sales"]
    make_touch(partner=partner, occurred_at=days_ago(-5))
    assert measures.delivering_sources(at=AT, known=AT) == ["sales"]
    make_touch(partner=partner, occurred_at=days_ago(5))
    assert measures.delivering_sources(at=AT, known=AT) == ["sales", "touchpoints"]


def test_connected_measures_are_delivered_ones_of_connected_sources(db):
    model = queries.compiled(queries.active_version())
    assert measures.connected_measures(model, ["sales"]) == {"deal_rhythm", "revenue_growth", "trade_depth"}
    assert measures.connected_measures(model, ["sales", "surveys"]) == {"deal_rhythm", "revenue_growth", "trade_depth"}
    assert measures.connected_measures(model, []) == frozenset()


def test_silence_is_zero_touches_but_no_meeting_is_missing(db):
    partner = make_partner()
    found = measures.read([partner.pk], MOMENT, ["touchpoint_frequency", "engagement.attendance", "deal_rhythm"])
    assert found == {partner.pk: {"touchpoint_frequency": Reading({"count": 0})}}


def test_portal_use_is_missing_where_nobody_is_invited_and_zero_where_nobody_came(db):
    silent, invited = make_partner(), make_partner()
    Membership.objects.filter(user=make_member(partner=invited)).update(created_at=days_ago(90))
    found = measures.read([silent.pk, invited.pk], MOMENT, ["engagement.users", "engagement.days"])
    assert found[silent.pk] == {}
    assert found[invited.pk] == {
        "engagement.users": Reading({"active": 0, "invited": 1}),
        "engagement.days": Reading({"days": 0}),
    }


def test_readings_hold_units_and_the_history_of_the_partner(db):
    partner = make_partner()
    sell(partner, every=30, first=600, last=60, amount_minor=100_000)
    make_deal(partner=partner, status="won", closed_at=days_ago(20))
    make_deal(partner=partner, status="lost", closed_at=days_ago(30))
    found = measures.read([partner.pk], MOMENT, MEASURES)[partner.pk]
    assert found["revenue_growth"].raw == {
        "now": Decimal("4000.00"),
        "year_ago": Decimal("6000.00"),
        "previous": Decimal("6000.00"),
    }
    assert found["trade_depth"].raw == {"net": Decimal("11000.00"), "typical": Decimal("10000.00")}
    assert found["joint_wins"].raw == {"won": 1, "closed": 2}
    rhythm = found["deal_rhythm"]
    assert {key: rhythm.raw[key] for key in ("repeats", "t_last", "age")} == {"repeats": 18, "t_last": 540, "age": 601}
    assert Decimal("0.05") < rhythm.raw["probability"] < 1
    assert rhythm.value_as_of == days_ago(60).date().isoformat()


def test_partner_without_typical_partner_has_no_depth(db):
    partner = make_partner()
    make_revenue(partner=partner, occurred_at=days_ago(5))
    found = measures.read([partner.pk], Moment(DAY, AT, AT), MEASURES)[partner.pk]
    assert "trade_depth" not in found
    assert "deal_rhythm" in found


def test_reading_costs_the_same_queries_for_one_and_five_partners(db):
    partners = [partner.pk for partner in make_world(5)]

    def count(ids):
        with CaptureQueriesContext(connection) as captured:
            measures.read(ids, MOMENT, MEASURES)
        return len(captured)

    assert count(partners[:1]) == count(partners)


@pytest.mark.parametrize("key", sorted(MEASURES))
def test_entry_is_filed_under_its_own_key(key):
    assert MEASURES[key].key == key
