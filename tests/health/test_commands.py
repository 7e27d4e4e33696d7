"""The three commands: what they print, what they refuse."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core import clock
from health import queries, services
from health.models import BacktestRun, HealthRun, HealthSnapshot
from tests.factories import make_partner
from tests.health.world import DAY, make_world


def output(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def world(db):
    return make_world(6)


def test_compute_health_reports_the_day(world):
    text = output("compute_health", "--as-of", DAY.isoformat())
    assert text.startswith(f"{DAY}: 6 partners scored with methods-1+rhythm on sales; bands: ")
    assert HealthRun.objects.get().reason == HealthRun.Reason.MANUAL


def test_compute_health_of_one_partner_scores_it_alone(world):
    output("compute_health", "--as-of", DAY.isoformat(), "--partner", world[2].slug)
    assert list(HealthSnapshot.objects.values_list("partner_id", flat=True)) == [world[2].pk]


def test_compute_health_without_a_day_is_as_of_today(world):
    output("compute_health")
    assert HealthRun.objects.get().as_of == clock.today()


def test_compute_health_fills_a_history_that_ends_on_the_last_day(world):
    first = DAY - timedelta(days=20)
    text = output("compute_health", "--from", first.isoformat(), "--to", DAY.isoformat(), "--every", "7")
    assert text.startswith("3 days computed.")
    days = list(HealthRun.objects.order_by("as_of").values_list("as_of", flat=True))
    assert [(DAY - day).days for day in days] == [14, 7, 0]


def test_compute_health_of_the_past_with_present_knowledge_is_late_data(world):
    output("compute_health", "--as-of", DAY.isoformat(), "--known-now")
    assert HealthRun.objects.get().reason == HealthRun.Reason.LATE_DATA


@pytest.mark.parametrize(
    "arguments",
    [
        ["--partner", "nobody"],
        ["--as-of", "2999-01-01"],
        ["--as-of", "soon"],
        ["--from", "2026-01-01"],
        ["--from", "2026-02-01", "--to", "2026-01-01"],
        ["--from", "2026-01-01", "--to", "2999-01-01"],
        ["--from", "2026-01-01", "--to", "2026-01-02", "--every", "0"],
        ["--from", "2026-01-01", "--to", "2026-01-02", "--partner", "x"],
    ],
)
def test_compute_health_refuses_what_makes_no_sense(db, arguments):
    with pytest.raises(CommandError):
        output("compute_health", *arguments)
    assert not HealthRun.objects.exists()


def test_explain_health_prints_the_same_explanation_as_the_page(world):
    services.compute(as_of=DAY)
    assert json.loads(output("explain_health", world[0].slug, "--json")) == queries.explanation(world[0])
    text = output("explain_health", str(world[0].uid))
    assert f"{world[0].name}: {queries.explanation(world[0])['displayed']['score']} on {DAY}" in text
    assert "Based on sales only." in text
    assert "Deal rhythm" in text


def test_explain_health_refuses_unknown_and_unscored_partners(world):
    with pytest.raises(CommandError, match="No partner has"):
        output("explain_health", "nobody")
    with pytest.raises(CommandError, match="has no score"):
        output("explain_health", make_partner().slug, "--as-of", DAY.isoformat())


def test_backtest_prints_a_table_and_keeps_its_result(db):
    make_world(30)
    first = (DAY - timedelta(days=150)).isoformat()
    text = output("backtest", "--horizon", "60", "--dates", first)
    assert "n = 30 rows of 30 partners" in text
    assert "recency" in text
    found = json.loads(output("backtest", "--horizon", "60", "--dates", first, "--json"))
    assert (found["rows"], found["parameters"]["label"]) == (30, "silence")
    assert found["parameters"]["days"] == [day["day"] for day in found["days"]] == [first]
    assert BacktestRun.objects.count() == 2


def test_backtest_refuses_days_without_anything_to_compare(world):
    for arguments in (
        ["--dates", "2020-01-01"],
        ["--dates", DAY.isoformat()],
        ["--from", "2026-01-01"],
        ["--from", "2026-01-01", "--to", "2026-02-01", "--every", "0"],
    ):
        with pytest.raises(CommandError):
            output("backtest", *arguments)
    assert not BacktestRun.objects.exists()
