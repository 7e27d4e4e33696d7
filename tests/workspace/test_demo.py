from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry, User
from accounts.services import record
from core import clock
from engagement.models import Meeting, Touchpoint
from health.models import HealthSnapshot, HealthState
from health.services import compute, set_override
from partners.models import Partner
from tests.factories import make_partner, make_revenue, make_touch, make_user
from workspace.demo import story
from workspace.demo.clear import clear
from workspace.demo.load import at, load

TODAY = date(2026, 11, 21)


def test_story_has_forty_partners_in_every_state():
    assert len({character.name for character in story.CAST}) == 40
    assert {character.stage for character in story.CAST} == {
        "recruit", "onboarding", "growth", "evaluation", "expansion", "exit",
    }  # fmt: skip
    assert {"quiet_decline", "recovery", "too_little"} <= {character.plot for character in story.CAST}


def test_story_is_the_same_every_time_and_never_in_the_future():
    for character in story.CAST:
        days = [day for day, _cents in story.orders(character, TODAY)]
        assert days == [day for day, _cents in story.orders(character, TODAY)]
        assert all(day < TODAY for day in days)
        assert all(entry[0] < TODAY for entry in story.touches(character, TODAY))
        assert all(day < TODAY for day in story.reviews(character, TODAY))


def test_quiet_decline_stops_ordering_and_talking():
    northwind = story.CAST[0]

    assert (TODAY - story.orders(northwind, TODAY)[-1][0]).days >= 96
    assert (TODAY - story.touches(northwind, TODAY)[-1][0]).days >= 96


@pytest.mark.django_db
def test_clear_leaves_real_rows_and_nothing_else():
    real = make_partner(name="Real one", owner=make_user())
    make_revenue(partner=real, occurred_at=at(TODAY))
    make_touch(partner=real)
    load(say=lambda text: None)
    assert Partner.objects.count() == 41

    counts = clear()

    assert (counts["partners"], counts["people disabled"]) == (40, 0)
    assert list(Partner.objects.all()) == [real]
    assert (real.revenue.count(), Touchpoint.objects.count(), Meeting.objects.count()) == (1, 1, 0)
    assert User.objects.filter(is_demo=True).count() == 0


@pytest.mark.django_db
def test_clear_disables_a_demo_user_who_stands_in_the_audit_trail():
    load(say=lambda text: None)
    ana = User.objects.get(email="ana@demo.example")
    record("partners.looked_at", None, actor=ana)

    assert clear()["people disabled"] == 1

    ana.refresh_from_db()
    assert (ana.is_active, ana.name) == (False, "Removed demo user")
    assert AuditEntry.objects.filter(actor=ana).count() == 1


@pytest.mark.django_db
def test_command_loads_scores_and_reviews_once(capsys, monkeypatch):
    monkeypatch.setattr("workspace.management.commands.demo.WEEKS_OF_HISTORY", 3)
    call_command("demo", "load")
    states = HealthState.objects.count()

    call_command("demo", "ensure")
    with pytest.raises(CommandError):
        call_command("demo", "load")

    assert states == 40
    assert HealthSnapshot.objects.filter(partner__slug="demo-northwind-partners").count() == 17
    assert Meeting.objects.filter(automatic=True, kind="qbr").count() > 20
    assert "ana@demo.example" in capsys.readouterr().out


@pytest.mark.django_db
def test_command_refuses_in_production(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError):
        call_command("demo", "load")


@pytest.mark.django_db
def test_scores_move_at_once_after_loading(monkeypatch, lead):
    monkeypatch.setattr("workspace.management.commands.demo.WEEKS_OF_HISTORY", 3)
    call_command("demo", "load")
    partner = Partner.objects.get(name="Juniper Labs")

    until = clock.today() + timedelta(days=5)
    set_override(
        partner_id=partner.pk, target=Decimal(20), reason="They told us they will leave", ends_on=until, actor=lead
    )

    assert HealthState.objects.get(partner=partner).score == Decimal("20.0000")


@pytest.mark.django_db
def test_days_of_the_demo_can_be_scored_again_for_real_partners(monkeypatch):
    monkeypatch.setattr("workspace.management.commands.demo.WEEKS_OF_HISTORY", 3)
    call_command("demo", "load")
    real = make_partner(name="Real one")
    day = clock.today() - timedelta(days=3)

    run = compute(as_of=day)
    again = compute(as_of=day)

    assert (run.pk, HealthSnapshot.objects.filter(partner=real, as_of=day).count()) == (again.pk, 1)
