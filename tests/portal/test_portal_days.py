"""That somebody was here is written down once a day, of the partner's own people only."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from partners.models import PortalDay
from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(partner):
    return make_member(partner=partner)


def test_a_day_is_written_once(client, member, partner, time_machine):
    client.force_login(member)
    client.get(reverse("portal:home"))
    client.get(reverse("portal:home"))
    assert list(PortalDay.objects.values_list("partner_id", "user_id", "day")) == [
        (partner.pk, member.pk, clock.today())
    ]
    later = clock.now() + timedelta(days=1)
    time_machine.move_to(later)
    client.force_login(member)
    client.get(reverse("portal:home"))
    assert PortalDay.objects.count() == 2


def test_two_devices_make_one_day(client, member):
    for _device in range(2):
        client.force_login(member)
        client.get(reverse("portal:home"))
    assert PortalDay.objects.count() == 1


def test_what_was_not_found_and_logging_out_are_no_visit(client, member):
    client.force_login(member)
    client.get("/portal/nowhere/")
    client.post(reverse("account_logout"))
    assert not PortalDay.objects.exists()


def test_colleagues_leave_no_day(client, manager):
    client.force_login(manager)
    client.get("/app/")
    assert not PortalDay.objects.exists()
