"""Alerts: one open per partner and kind, sent again after two weeks or on worsening, closed after three quiet runs."""

from __future__ import annotations

import copy
from datetime import timedelta
from decimal import Decimal

import pytest

from health import services
from health.definitions import shipped_default
from health.models import Alert, ExceptionFlag, HealthState
from health.plays import play_text
from lifecycle.models import StageChange
from tests.factories import make_deal, make_partner, make_revenue, make_touch
from tests.health.world import BEGUN, DAY, at, days_ago, sell


def run(day):
    services.compute(as_of=day)


@pytest.fixture
def steady(db):
    """Partners that trade steadily, with touches, meetings missing: enough data for alerts."""
    partners = [make_partner(since=BEGUN) for _ in range(6)]
    for partner in partners:
        sell(partner, every=10, amount_minor=400_000)
        for back in range(0, 200, 15):
            make_touch(partner=partner, occurred_at=days_ago(back))
        make_deal(partner=partner, status="won", closed_at=days_ago(30))
    return partners


def raise_flag(partner, key, day):
    return ExceptionFlag.objects.create(partner=partner, key=key, reason="x", raised_at=at(day), known_at=at(day))


def clear_flag(flag, day):
    flag.cleared_at = flag.known_cleared_at = at(day)
    flag.save()


def test_exception_raises_alerts_with_reasons_and_a_play(steady):
    partner = steady[0]
    run(DAY - timedelta(days=1))
    raise_flag(partner, "notice_received", DAY)
    run(DAY)
    alerts = {alert.kind: alert for alert in Alert.objects.open()}
    assert {alert.partner_id for alert in alerts.values()} == {partner.pk}
    assert set(alerts) == {"exception", "band"}
    assert alerts["exception"].data["exceptions"] == ["notice_received"]
    assert alerts["exception"].data["play"] == "exception:notice_received"
    assert play_text("exception:notice_received").startswith("Call the sponsor")
    assert alerts["band"].data["band"] == "E"
    assert (alerts["band"].opened_on, alerts["band"].notified_on, alerts["band"].closed_on) == (DAY, DAY, None)


def test_alert_stays_one_while_it_lasts_and_is_sent_again_after_two_weeks(steady):
    partner = steady[0]
    first = DAY - timedelta(days=20)
    run(first - timedelta(days=1))
    raise_flag(partner, "payment_dispute", first)
    for ahead in range(16):
        run(first + timedelta(days=ahead))
    alert = Alert.objects.get(partner=partner, kind="exception")
    assert (alert.opened_on, alert.notified_on) == (first, first + timedelta(days=14))


def test_worsening_sends_the_alert_again_at_once(steady):
    partner = steady[0]
    run(DAY - timedelta(days=3))
    raise_flag(partner, "payment_dispute", DAY - timedelta(days=2))
    run(DAY - timedelta(days=2))
    run(DAY - timedelta(days=1))
    raise_flag(partner, "sponsor_departed", DAY)
    run(DAY)
    alert = Alert.objects.get(partner=partner, kind="exception")
    assert (alert.opened_on, alert.notified_on) == (DAY - timedelta(days=2), DAY)
    assert alert.data["exceptions"] == ["payment_dispute", "sponsor_departed"]


def test_alert_closes_after_three_quiet_runs_and_may_open_again(steady):
    partner = steady[0]
    first = DAY - timedelta(days=10)
    run(first - timedelta(days=1))
    flag = raise_flag(partner, "payment_dispute", first)
    run(first)
    clear_flag(flag, first + timedelta(days=1))
    for ahead in (1, 2):
        run(first + timedelta(days=ahead))
    run(first + timedelta(days=2))
    assert Alert.objects.get(kind="exception").closed_on is None
    run(first + timedelta(days=3))
    assert Alert.objects.get(kind="exception").closed_on == first + timedelta(days=3)
    raise_flag(partner, "payment_dispute", first + timedelta(days=4))
    run(first + timedelta(days=4))
    assert Alert.objects.filter(kind="exception").count() == 2
    assert Alert.objects.open().filter(kind="exception").count() == 1


def test_run_of_the_past_opens_no_alert(steady):
    run(DAY)
    raise_flag(steady[0], "notice_received", DAY - timedelta(days=30))
    run(DAY - timedelta(days=20))
    assert not Alert.objects.exists()


def test_low_coverage_alert_needs_a_fall_below_the_lowest_level(db):
    """A partner that loses its only measured data is an alert; one that never had any is not."""
    make_partner(since=BEGUN)
    lost, other = make_partner(since=BEGUN), make_partner(since=BEGUN)
    sell(other, every=10)
    make_revenue(partner=lost, occurred_at=days_ago(100))
    run(DAY - timedelta(days=1))
    lost.revenue.update(superseded_at=at(DAY))
    run(DAY)
    assert [(alert.partner_id, alert.kind) for alert in Alert.objects.all()] == [(lost.pk, "coverage")]
    assert Alert.objects.get().data["play"] == "coverage"


def test_drop_of_ten_points_in_two_weeks_raises_an_alert_with_its_rows(steady, lead):
    partner = steady[0]
    trusting = copy.deepcopy(shipped_default())
    trusting["confidence"] = {"high": "0.40", "medium": "0.30", "low": "0.20"}
    draft = services.save_draft(name="Trusting", definition=trusting, note="", actor=lead)
    services.publish(version_id=draft.pk, actor=lead)
    run(DAY - timedelta(days=14))
    before = HealthState.objects.get(partner=partner).score
    partner.revenue.filter(occurred_at__gte=days_ago(200)).update(superseded_at=at(DAY - timedelta(days=1)))
    run(DAY)
    state = HealthState.objects.get(partner=partner)
    alert = Alert.objects.get(partner=partner, kind="drop")
    assert before - state.score >= 10
    assert Decimal(alert.data["points"]) == before - state.score
    assert [row["key"] for row in alert.data["rows"]][:1] == ["deal_rhythm"]
    assert all(Decimal(row["points"]) < 0 for row in alert.data["rows"])
    assert not Alert.objects.filter(kind="drop").exclude(partner=partner).exists()


def test_stage_change_alone_is_no_drop(steady, lead):
    partner = steady[0]
    trusting = copy.deepcopy(shipped_default())
    trusting["confidence"] = {"high": "0.40", "medium": "0.30", "low": "0.20"}
    draft = services.save_draft(name="Trusting", definition=trusting, note="", actor=lead)
    services.publish(version_id=draft.pk, actor=lead)
    run(DAY - timedelta(days=14))
    StageChange.objects.create(partner=partner, to_stage="onboarding", occurred_at=at(DAY), known_at=at(DAY))
    run(DAY)
    assert HealthState.objects.get(partner=partner).snapshot.stage == "onboarding"
    assert not Alert.objects.filter(kind="drop").exists()
