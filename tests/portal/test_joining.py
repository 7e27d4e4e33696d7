"""The page behind an invitation: who sees what, that a GET changes nothing, and that dead links look all alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from core import clock
from partners.models import Invitation, Membership
from tests.factories import make_invitation, make_member, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk by the sea"
FORM = {"name": "Nina Berg", "password": PASSWORD, "time_zone": "Europe/Oslo"}


@pytest.fixture
def invited(partner, manager):
    invitation, secret = make_invitation(partner=partner, by=manager, name="Nina Berg", email="nina@partner.test")
    invitation.url = f"/join/{secret}/"
    return invitation


def known(client: Client, user: User) -> Client:
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_page_says_who_invites_to_what(client, invited):
    html = client.get(invited.url).content.decode()

    for words in ("Ana Ruiz", "Northwind Partners", "nina@partner.test", "Partner seller", 'value="Nina Berg"'):
        assert words in html


def test_get_and_head_change_nothing(client, invited):
    before = list(Invitation.objects.values())

    for _time in range(3):
        client.get(invited.url)
        client.head(invited.url)

    assert list(Invitation.objects.values()) == before
    assert (User.objects.count(), Session.objects.count()) == (1, 0)


@pytest.mark.parametrize("method", ["get", "post"])
def test_secret_is_kept_from_caches_indexes_and_referrers(client, invited, method):
    response = getattr(client, method)(invited.url)

    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "strict-origin"
    assert response["X-Robots-Tag"] == "noindex"


def test_zone_of_the_partner_is_proposed_and_the_browser_may_know_better(client, invited, partner):
    partner.time_zone = "Asia/Tokyo"
    partner.save(update_fields=["time_zone"])

    html = client.get(invited.url).content.decode()

    assert '<option value="Asia/Tokyo" selected>' in html
    assert "data-own-zone" in html


def test_joining_logs_in_and_lands_in_the_portal(client, invited, partner):
    response = client.post(invited.url, FORM)

    user = User.objects.get(email="nina@partner.test")
    assert (response.status_code, response["Location"]) == (302, "/portal/")
    assert client.get("/portal/").status_code == 200
    assert (user.name, user.time_zone, user.membership.partner) == ("Nina Berg", "Europe/Oslo", partner)
    assert user.check_password(PASSWORD)


def test_joining_renews_the_session(client, invited):
    client.get("/accounts/login/")
    client.cookies["prm_session"] = "chosen-by-somebody-else"

    client.post(invited.url, FORM)

    assert client.cookies["prm_session"].value != "chosen-by-somebody-else"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("password", "short", "too short"),
        ("password", "password1234", "too common"),
        ("password", "nina@partner.test", "too similar"),
        ("name", "   ", "required"),
        ("time_zone", "Mars/Base", "not one of"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(client, invited, field, value, words):
    response = client.post(invited.url, {**FORM, field: value})

    assert response.status_code == 422
    assert words in response.content.decode()
    assert PASSWORD not in response.content.decode()
    assert User.objects.count() == 1


def test_role_partner_and_address_are_the_invitations_whatever_is_sent(client, invited, other_partner):
    forged = {"email": "other@x.test", "role": "admin", "partner": other_partner.pk, "is_active": "", "is_demo": "1"}
    client.post(invited.url, {**FORM, **forged})

    user = User.objects.get(email="nina@partner.test")
    assert (user.role, user.membership.partner, user.is_active) == ("partner_seller", invited.partner, True)
    assert user.is_demo is False


def dead_links(partner, manager):
    now = clock.now()
    for fields in (
        {"accepted_at": now},
        {"revoked_at": now},
        {"expires_at": now - timedelta(seconds=1)},
        {"by": User.objects.create_user("gone@vendor.test", role="lead", is_active=False)},
    ):
        yield make_invitation(partner=partner, **{"by": manager, **fields})[1]
    yield "nobody-has-this"
    yield "x" * 300


def test_dead_links_of_every_kind_look_alike(client, partner, manager):
    answers = {
        (response.status_code, response.content)
        for secret in dead_links(partner, manager)
        for response in (client.get(f"/join/{secret}/"), client.post(f"/join/{secret}/", FORM))
    }

    assert [status for status, _body in answers] == [404]
    assert User.objects.filter(email="nina@partner.test").count() == 0


def test_who_tries_many_links_is_slowed_down_and_a_good_one_still_opens(client, invited):
    answers = [client.get(f"/join/guess-{number}/").status_code for number in range(22)]

    assert answers == [404] * 20 + [429] * 2
    assert client.get(invited.url).status_code == 200


def test_known_address_must_log_in_first(client, invited, other_partner):
    person = make_member(partner=other_partner, email="nina@partner.test")

    shown = client.get(invited.url)
    sent = client.post(invited.url, FORM)

    for response in (shown, sent):
        assert f"/accounts/login/?next={invited.url}" in response.content.decode()
        assert "Helix" not in response.content.decode()
    person.refresh_from_db()
    assert (person.membership.partner, person.check_password(PASSWORD)) == (other_partner, False)


def test_person_who_moves_is_told_what_goes_and_moves_by_one_button(client, invited, partner, other_partner):
    person = make_member(partner=other_partner, email="nina@partner.test")
    known(client, person)

    html = client.get(invited.url).content.decode()
    response = client.post(invited.url)

    assert "Helix Resellers" in html
    assert "Move to Northwind Partners" in html
    assert response["Location"] == "/portal/"
    assert "Northwind Partners" in client.get("/portal/").content.decode()
    assert Membership.objects.get(user=person).partner == partner


def test_person_who_returns_joins_by_one_button(client, invited, partner):
    person = make_member(partner=partner, email="nina@partner.test")
    Membership.objects.filter(user=person).update(ended_at=clock.now())
    known(client, person)
    assert client.get("/portal/").status_code == 403

    client.post(invited.url)

    assert client.get("/portal/").status_code == 200


def test_somebody_else_who_is_logged_in_is_asked_to_log_out(client, invited, lead):
    known(client, lead)

    for response in (client.get(invited.url), client.post(invited.url, FORM)):
        assert "log out and come back" in response.content.decode()
    assert Membership.objects.count() == 0


def test_colleague_is_told_before_pressing_that_they_cannot_join(client, invited):
    known(client, make_user(email="nina@partner.test", role="lead"))

    for response in (client.get(invited.url), client.post(invited.url)):
        assert response.status_code == 409
        assert "This address belongs to an account of ours" in response.content.decode()
        assert ">Join</button>" not in response.content.decode()
    assert Membership.objects.count() == 0


def test_disabled_account_cannot_be_joined_around(client, invited, other_partner):
    make_member(partner=other_partner, email="nina@partner.test", is_active=False)

    client.post(invited.url, FORM)

    assert User.objects.filter(email="nina@partner.test", is_active=True).count() == 0
    assert Membership.objects.get().partner == other_partner


def test_form_needs_its_token(invited):
    assert Client(enforce_csrf_checks=True).post(invited.url, FORM).status_code == 403


def test_log_lines_hide_the_secret():
    from core.logs import without_query

    assert without_query(None, "info", {"request": "GET /join/abc-def/"})["request"] == "GET /join/…"
    assert without_query(None, "warning", {"event": "Not Found: /join/abc/"})["event"] == "Not Found: /join/…"
