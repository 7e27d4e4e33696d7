from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from core.errors import DomainError, StaleError
from lifecycle.models import Journey, StageChange
from lifecycle.queries import history, stages_as_of
from lifecycle.rules import ALLOWED_MOVES, ORDER
from lifecycle.services import move_to_stage, start_journey, start_journeys_from_first_sale, undo_move
from lifecycle.signals import stage_changed
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
JAN, FEB, MAR = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))


@pytest.mark.parametrize("former", ORDER)
@pytest.mark.parametrize("to", ORDER)
def test_move_follows_the_table(manager, former, to):
    partner = make_partner(stage=former)

    if to in ALLOWED_MOVES[former]:
        move_to_stage(partner_id=partner.pk, stage=to, actor=manager, reason="They asked to leave")
        assert Journey.objects.get(partner=partner).stage == to
    else:
        with pytest.raises(DomainError):
            move_to_stage(partner_id=partner.pk, stage=to, actor=manager, reason="They asked to leave")
        assert Journey.objects.get(partner=partner).stage == former


def test_every_stage_but_exit_may_exit():
    assert [stage for stage in ORDER if "exit" in ALLOWED_MOVES[stage]] == list(ORDER[:-1])


def test_move_records_who_why_and_how_long(manager, django_capture_on_commit_callbacks):
    partner = make_partner(stage="growth", since=clock.now() - timedelta(days=40, hours=1))
    heard = []

    def listen(partner_ids, to_stage, **_):
        heard.append((partner_ids, to_stage))

    stage_changed.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        move_to_stage(partner_id=partner.pk, stage="evaluation", actor=manager, reason="Yearly look", version=1)
    stage_changed.disconnect(listen)

    change = StageChange.objects.get(partner=partner, to_stage="evaluation")
    assert (change.from_stage, change.actor, change.reason, change.days_in_former) == (
        "growth",
        manager,
        "Yearly look",
        40,
    )
    assert heard == [([partner.pk], "evaluation")]


def test_exit_needs_a_reason(manager):
    partner = make_partner(stage="growth")

    with pytest.raises(DomainError) as error:
        move_to_stage(partner_id=partner.pk, stage="exit", actor=manager, reason="bye")

    assert error.value.field == "reason"
    assert StageChange.objects.filter(partner=partner).count() == 1


def test_second_mover_is_told(manager, lead):
    partner = make_partner(stage="growth")
    move_to_stage(partner_id=partner.pk, stage="evaluation", actor=manager, version=1)

    with pytest.raises(StaleError) as error:
        move_to_stage(partner_id=partner.pk, stage="evaluation", actor=lead, version=1)

    assert (
        error.value.message == f"{partner} was moved to Evaluation since you opened this page; your move was not made."
    )


def test_undo_goes_on_in_the_former_stage_and_keeps_the_move(manager):
    partner = make_partner(stage="growth", since=FEB)
    journey = move_to_stage(partner_id=partner.pk, stage="evaluation", actor=manager)

    undone = undo_move(partner_id=partner.pk, version=journey.version, actor=manager)

    assert (undone.stage, undone.entered_at, undone.version) == ("growth", FEB, 3)
    assert [(c.to_stage, c.superseded_at is not None) for c in history(partner.pk)] == [
        ("evaluation", True),
        ("growth", False),
    ]
    now = clock.now()
    assert stages_as_of([partner.pk], at=now, known=now) == {partner.pk: ("growth", FEB)}


def test_undo_refuses_the_first_stage(manager):
    partner = make_partner(stage="growth")

    with pytest.raises(StaleError):
        undo_move(partner_id=partner.pk, version=1, actor=manager)


def test_undo_refuses_after_another_move(manager, lead):
    partner = make_partner(stage="growth")
    journey = move_to_stage(partner_id=partner.pk, stage="evaluation", actor=manager)
    move_to_stage(partner_id=partner.pk, stage="expansion", actor=lead)

    with pytest.raises(StaleError):
        undo_move(partner_id=partner.pk, version=journey.version, actor=manager)


def test_start_journey_keeps_an_existing_one(manager):
    partner = make_partner(stage="growth")

    assert start_journey(partner_id=partner.pk, stage="recruit", occurred_at=JAN, actor=manager).stage == "growth"


def test_first_sale_starts_growth_once():
    partner = make_partner(stage=None)
    sale = {partner.pk: (FEB, FEB, True)}

    assert start_journeys_from_first_sale(sale) == 1
    assert start_journeys_from_first_sale(sale) == 0
    assert Journey.objects.get(partner=partner).entered_at == FEB
    assert StageChange.objects.filter(partner=partner).count() == 1


def test_earlier_first_sale_moves_the_start_back():
    partner = make_partner(stage=None)
    start_journeys_from_first_sale({partner.pk: (FEB, FEB, True)})

    start_journeys_from_first_sale({partner.pk: (JAN, JAN, True)})

    assert Journey.objects.get(partner=partner).entered_at == JAN
    now = clock.now()
    assert stages_as_of([partner.pk], at=now, known=now + timedelta(seconds=1)) == {partner.pk: ("growth", JAN)}


def test_stages_as_of_reads_the_past(manager):
    partner = make_partner(stage="onboarding", since=JAN)
    StageChange.objects.create(
        partner=partner, from_stage="onboarding", to_stage="growth", occurred_at=MAR, known_at=MAR
    )

    assert stages_as_of([partner.pk], at=FEB, known=FEB) == {partner.pk: ("onboarding", JAN)}
    assert stages_as_of([partner.pk], at=JAN, known=JAN) == {}
