"""Overrides, exceptions and signals that do not apply: their effect is there at once, with reason and audit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import AuditEntry
from core import clock
from core.errors import DomainError
from health import queries, services
from health.models import Applicability, ExceptionFlag, HealthState, Override
from tests.factories import make_revenue

REASON = "They told us on the phone that they stay."


@pytest.fixture
def scored(partner):
    for back in range(10, 400, 10):
        make_revenue(partner=partner, occurred_at=clock.now() - timedelta(days=back), amount_minor=900_000)
    services.compute(as_of=clock.today())
    return partner


def state(partner):
    return HealthState.objects.get(partner=partner)


def test_override_is_published_at_once_beside_the_computed_score(scored, manager):
    computed = state(scored).score
    services.set_override(
        partner_id=scored.pk,
        target=Decimal(30),
        reason=REASON,
        ends_on=clock.today() + timedelta(days=30),
        actor=manager,
    )
    assert state(scored).score == Decimal(30)
    found = queries.explanation(scored)
    assert found["model_score"] == str(computed)
    assert [line["key"] for line in found["adjustments"]] == ["override"]
    services.end_override(partner_id=scored.pk, actor=manager)
    assert state(scored).score == computed
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "health.override_set",
        "health.override_ended",
    ]


def test_second_override_replaces_the_first(scored, manager):
    ends = clock.today() + timedelta(days=30)
    for target in (30, 90):
        services.set_override(partner_id=scored.pk, target=Decimal(target), reason=REASON, ends_on=ends, actor=manager)
    assert list(Override.objects.open().values_list("target", flat=True)) == [Decimal(90)]
    assert state(scored).score == Decimal(90)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": Decimal(101)}, "target"),
        ({"reason": "too short"}, "reason"),
        ({"days": 91}, "ends_on"),
        ({"days": -1}, "ends_on"),
    ],
)
def test_override_is_refused_with_the_field_named(scored, manager, change, field):
    wanted = {"target": Decimal(50), "reason": REASON, "days": 10, **change}
    ends_on = clock.today() + timedelta(days=wanted.pop("days"))
    with pytest.raises(DomainError) as refused:
        services.set_override(partner_id=scored.pk, ends_on=ends_on, actor=manager, **wanted)
    assert refused.value.field == field
    assert not Override.objects.exists()


def test_viewer_may_not_intervene(scored, viewer):
    with pytest.raises(DomainError):
        services.raise_exception(partner_id=scored.pk, key="notice_received", reason="Letter", actor=viewer)
    assert not ExceptionFlag.objects.exists()


def test_exception_caps_the_score_until_it_is_cleared(scored, manager):
    computed = state(scored).score
    flag = services.raise_exception(partner_id=scored.pk, key="notice_received", reason="Letter came", actor=manager)
    capped = state(scored)
    assert (capped.score, capped.band) == (Decimal(20), "E")
    assert "notice" in capped.why.lower()
    services.clear_exception(flag_id=flag.pk, actor=manager)
    assert state(scored).score == computed
    with pytest.raises(DomainError):
        services.clear_exception(flag_id=flag.pk, actor=manager)


def test_exception_is_raised_once(scored, manager):
    services.raise_exception(partner_id=scored.pk, key="payment_dispute", reason="Invoice 7", actor=manager)
    with pytest.raises(DomainError) as refused:
        services.raise_exception(partner_id=scored.pk, key="payment_dispute", reason="Invoice 8", actor=manager)
    assert refused.value.field == "key"
    assert ExceptionFlag.objects.count() == 1


def test_signal_that_does_not_apply_leaves_the_profile_and_returns(scored, manager):
    services.set_not_applicable(partner_id=scored.pk, signal="trade_depth", reason="Small by design", actor=manager)
    found = queries.explanation(scored)
    lines = [line for group in found["groups"] for signal in group["signals"] for line in signal["measures"]]
    depth = next(line for line in lines if line["key"] == "trade_depth")
    assert (depth["status"], depth["w"]) == ("not_applicable", "0.000000")
    services.set_applicable(partner_id=scored.pk, signal="trade_depth", actor=manager)
    assert not Applicability.objects.open().exists()
    with pytest.raises(DomainError):
        services.set_not_applicable(partner_id=scored.pk, signal="moon", reason="No", actor=manager)
