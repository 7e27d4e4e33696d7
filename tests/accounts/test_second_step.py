"""Colleagues need a second step where the installation asks for it (R38)."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed
from allauth.mfa.totp.internal.auth import TOTP

from accounts.services import create_token
from core import clock
from tests.factories import make_meeting, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked(settings):
    settings.STAFF_SECOND_STEP = True


def step_of(user):
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    return Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)


def test_colleague_without_a_second_step_gets_no_further_than_setting_one_up(manager_client):
    for path in ("/app/", "/app/partners/", "/portal/"):
        assert manager_client.get(path)["Location"] == "/accounts/2fa/"
    assert manager_client.post("/app/settings/appearance/", {"appearance": "dark"})["Location"] == "/accounts/2fa/"
    page = manager_client.get("/accounts/2fa/")
    assert page.status_code == 200
    assert "Colleagues log in with a second step here" in page.content.decode()
    assert manager_client.get("/accounts/2fa/totp/activate/").status_code in (200, 302)


def test_administrators_pages_and_the_api_are_behind_the_same_door(client, admin_user):
    client.force_login(admin_user)
    assert client.get("/admin/")["Location"] == "/accounts/2fa/"
    assert client.get("/api/v1/partners/").status_code == 403
    answer = client.get("/app/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/accounts/2fa/"


def test_second_step_opens_and_its_removal_closes_again(manager_client, manager, rf):
    step = step_of(manager)
    assert manager_client.get("/app/").status_code == 200
    page = manager_client.get("/accounts/2fa/")
    assert "Colleagues log in with a second step here" not in page.content.decode()
    step.delete()
    request = rf.get("/")
    request.session = manager_client.session
    authenticator_removed.send(sender=None, request=request, user=manager, authenticator=step)
    request.session.save()
    assert manager_client.get("/app/")["Location"] == "/accounts/2fa/"


def test_partners_people_programs_and_other_installations_are_not_asked(client, member, manager, settings):
    client.force_login(member)
    assert client.get("/portal/").status_code == 200
    client.logout()
    _token, secret = create_token(user=manager, name="ledger", scope="read", days=9)
    assert client.get("/api/v1/partners/", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    settings.STAFF_SECOND_STEP = False
    client.force_login(manager)
    assert client.get("/app/").status_code == 200


def test_nothing_is_counted_for_who_still_has_to_set_one_up(manager_client, manager):
    make_meeting(partner=make_partner(owner=manager), starts_at=clock.now() + timedelta(days=2), status="confirmed")
    page = manager_client.get("/accounts/2fa/")
    assert "unread" not in page.context
    assert re.findall(r'id="count-\w+">(\d+)', page.content.decode()) == []

    step_of(manager)

    page = manager_client.get("/accounts/2fa/")
    assert re.findall(r'id="count-\w+">(\d+)', page.content.decode()) == ["1"]
