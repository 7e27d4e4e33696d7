from datetime import timedelta

import pytest

from core import clock
from core.errors import DomainError
from engagement.models import Touchpoint
from engagement.queries import last_touches, two_way_counts
from engagement.services import add_commitment, log_touch, restore_touch, retract_touch
from engagement.signals import touch_logged, touch_retracted
from tests.engagement.conftest import NOW, actions
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def test_touch_is_written_recorded_and_announced(partner, manager, contact, heard):
    with heard(touch_logged) as calls:
        touch = log_touch(partner_id=partner.pk, actor=manager, text=" Talked prices ", contact_ids=[contact.pk])

    assert (touch.kind, touch.two_way, touch.shared, touch.text) == ("call", True, False, "Talked prices")
    assert (touch.occurred_at, touch.known_at, touch.actor) == (NOW, NOW, manager)
    assert list(touch.contacts.all()) == [contact]
    assert actions() == ["engagement.touch_logged"]
    assert calls == [[partner.pk]]


def test_touch_with_the_same_submission_key_is_written_once(partner, manager):
    first = log_touch(partner_id=partner.pk, actor=manager, text="Once", submission_key="k1")
    second = log_touch(partner_id=partner.pk, actor=manager, text="Once", submission_key="k1")

    assert first == second
    assert Touchpoint.objects.count() == 1


def test_submission_key_of_another_person_or_form_is_another_key(partner, manager, lead):
    log_touch(partner_id=partner.pk, actor=manager, text="Mine", submission_key="k1")
    log_touch(partner_id=partner.pk, actor=lead, text="Hers", submission_key="k1")
    promise = add_commitment(partner_id=partner.pk, text="Stay", actor=manager, kind="decision", submission_key="k1")

    assert Touchpoint.objects.count() == 2
    assert promise.text == "Stay"


def test_refused_touch_frees_its_submission_key(partner, manager):
    with pytest.raises(DomainError):
        log_touch(partner_id=partner.pk, actor=manager, text="", submission_key="k1")

    assert log_touch(partner_id=partner.pk, actor=manager, text="Now", submission_key="k1").text == "Now"


def test_note_is_never_two_way(partner, manager):
    assert log_touch(partner_id=partner.pk, actor=manager, text="Read the news", kind="note").two_way is False


@pytest.mark.parametrize(
    ("fields", "message", "field"),
    [
        ({"text": "  "}, "Write in a few words what happened.", "text"),
        ({"text": "x" * 4001}, "This is too long: at most 4000 characters.", "text"),
        ({"kind": "smoke"}, "There is no kind of touch “smoke”.", "kind"),
        (
            {"occurred_at": NOW + timedelta(hours=1)},
            "This lies in the future. For a date to come, schedule a meeting.",
            "occurred_at",
        ),
    ],
)
def test_touch_refuses(partner, manager, fields, message, field):
    with pytest.raises(DomainError) as refusal:
        log_touch(**{"partner_id": partner.pk, "actor": manager, "text": "Hello", **fields})

    assert (refusal.value.message, refusal.value.field) == (message, field)
    assert Touchpoint.objects.count() == 0


def test_touch_refuses_people_of_another_partner(partner, other_partner, manager):
    foreign = make_contact(partner=other_partner)

    with pytest.raises(DomainError) as refusal:
        log_touch(partner_id=partner.pk, actor=manager, text="Hello", contact_ids=[foreign.pk])

    assert refusal.value.message == "Choose people of Northwind Partners."


def test_retracted_touch_no_longer_counts_but_past_days_still_see_it(partner, manager, heard, still_clock):
    touch = log_touch(partner_id=partner.pk, actor=manager, text="Wrong partner")
    still_clock.shift(timedelta(days=1))
    yesterday = clock.now() - timedelta(hours=1)
    with heard(touch_retracted) as calls:
        retract_touch(touch_uid=touch.uid, actor=manager)
        retract_touch(touch_uid=touch.uid, actor=manager)
    still_clock.shift(timedelta(seconds=1))

    now = clock.now()
    assert two_way_counts([partner.pk], at=now, known=now) == {}
    assert two_way_counts([partner.pk], at=yesterday, known=yesterday) == {partner.pk: 1}
    assert last_touches([partner.pk]) == {}
    assert actions() == ["engagement.touch_logged", "engagement.touch_retracted"]
    assert calls == [[partner.pk]]


def test_only_its_author_or_a_lead_retracts_a_touch(partner, manager, lead):
    touch = log_touch(partner_id=partner.pk, actor=lead, text="Call")

    with pytest.raises(DomainError, match=r"Only Tom Weber or a lead can remove this\."):
        retract_touch(touch_uid=touch.uid, actor=manager)

    other = log_touch(partner_id=partner.pk, actor=manager, text="Call")
    assert retract_touch(touch_uid=other.uid, actor=lead).superseded_at == NOW


def test_restored_touch_counts_once_however_often_it_is_restored(partner, manager, contact, still_clock):
    touch = log_touch(partner_id=partner.pk, actor=manager, text="Call", contact_ids=[contact.pk])
    retract_touch(touch_uid=touch.uid, actor=manager)

    first = restore_touch(touch_uid=touch.uid, actor=manager)
    second = restore_touch(touch_uid=touch.uid, actor=manager)
    still_clock.shift(timedelta(seconds=1))

    assert first == second != touch
    assert (first.text, first.occurred_at, list(first.contacts.all())) == ("Call", touch.occurred_at, [contact])
    assert two_way_counts([partner.pk], at=clock.now(), known=clock.now()) == {partner.pk: 1}
