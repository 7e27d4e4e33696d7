"""Files taken along: counted per person, refused in words, and never in the way of anybody else."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from accounts.exports import MOST
from accounts.models import AuditEntry
from core import clock
from partners.middleware import SEE_AS
from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db
OURS, THEIRS = ("/app/partners/export/",), ("/portal/sales/export/", "/portal/my-data/download/")


def client_of(user):
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.mark.parametrize(("url", "is_ours"), [(url, url in OURS) for url in OURS + THEIRS])
def test_more_than_so_many_in_a_quarter_of_an_hour_are_refused(url, is_ours, partner, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    one, other = (make_user(role="partner_manager") if is_ours else make_member(partner=partner) for _ in range(2))
    client = client_of(one)

    assert [client.get(url).status_code for _ in range(MOST + 5)] == [200] * MOST + [429] * 5

    refused = client.get(url)
    assert refused["Retry-After"] == "900"
    assert "in a quarter of an hour" in refused.content.decode()
    assert client.get("/app/" if is_ours else "/portal/").status_code == 200
    assert client_of(other).get(url).status_code == 200
    assert AuditEntry.objects.filter(actor=one, action__endswith="exported").count() == MOST
    time_machine.shift(timedelta(minutes=16))
    assert client.get(url).status_code == 200


def test_all_kinds_of_files_count_together(partner):
    client = client_of(make_member(partner=partner))
    statuses = [client.get(THEIRS[number % 2]).status_code for number in range(MOST + 1)]
    assert statuses == [200] * MOST + [429]


def test_who_sees_as_a_partner_writes_no_counter(partner, manager_client):
    session = manager_client.session
    session[SEE_AS] = {"partner": partner.pk, "until": clock.now().timestamp() + 900}
    session.save()
    assert {manager_client.get("/portal/sales/export/").status_code for _ in range(MOST + 2)} == {200}
