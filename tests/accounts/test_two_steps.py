"""The second step: each code once, recovery codes once and sealed, and pages that work behind the partners' wall."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from core import clock

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(params=["manager", "member"])
def person(request):
    user = request.getfixturevalue(request.param)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def code(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def first_step(person):
    client = Client()
    answer = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session
    return client


def second_step(client, text):
    client.post("/accounts/2fa/authenticate/", {"code": text})
    return "_auth_user_id" in client.session


def set_up(client):
    """Switch the app on as its owner does; its secret and the recovery codes shown."""
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}, follow=True)
    shown = answer.content.decode().split("<code>")[1].split("</code>")[0].replace("&#10;", "\n").split()
    return secret, shown


@pytest.fixture
def owner(person):
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return client


def test_app_is_set_up_and_asked_for(owner, person, time_machine):
    secret, codes = set_up(owner)
    assert (len(codes), {len(text) for text in codes}) == (10, {12})
    time_machine.move_to(clock.now() + timedelta(seconds=31))

    assert second_step(first_step(person), code(secret)) is True


def test_each_code_of_the_app_works_once(person):
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    one_time = code(secret)

    assert [second_step(first_step(person), one_time) for _ in range(2)] == [True, False]


def test_page_of_the_second_step_offers_what_the_person_has(person):
    TOTP.activate(person, generate_totp_secret())
    page = first_step(person).get("/accounts/2fa/authenticate/").content.decode()
    assert "one of your recovery codes works here too" in page
    assert "passkey" not in page


def test_wrong_codes_run_out(person):
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    client = first_step(person)
    for _ in range(11):
        second_step(client, "000000")

    assert second_step(client, code(secret)) is False


def test_each_recovery_code_works_once(owner, person):
    _secret, codes = set_up(owner)

    assert [second_step(first_step(person), text) for text in (codes[0], codes[0], codes[1])] == [True, False, True]


def test_recovery_codes_are_shown_once(owner, person):
    _secret, codes = set_up(owner)
    again = owner.get("/accounts/2fa/recovery-codes/").content.decode()

    assert [text for text in codes if text in again] == []
    assert owner.get("/accounts/2fa/recovery-codes/download/").status_code in {403, 404}


def test_seeds_are_sealed_in_the_database(owner, person):
    secret, codes = set_up(owner)
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))

    assert [text for text in (secret, *codes) if text in stored] == []
    assert stored.count("sealed:") == 2


def test_seed_from_before_sealing_still_works(person):
    secret = generate_totp_secret()
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": secret})

    assert second_step(first_step(person), code(secret)) is True


@pytest.mark.parametrize(
    "path",
    ["", "totp/activate/", "webauthn/", "webauthn/add/", "recovery-codes/generate/", "recovery-codes/"],
)
def test_pages_wear_the_shell_of_their_side(owner, person, path):
    set_up(owner) if path.startswith("recovery") else None
    answer = owner.get(f"/accounts/2fa/{path}")

    page = answer.content.decode()
    assert (answer.status_code, page.count("<h1"), 'class="shell"' in page) == (200, 1, True)


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/app/settings/sessions/"])
def test_account_pages_wear_the_shell_of_their_side(owner, person, path):
    assert 'class="shell"' in owner.get(path).content.decode()


def test_passkey_of_somebody_else_is_a_page_that_does_not_exist(owner, person, lead, stranger):
    for victim in (lead, stranger):
        theirs = Authenticator.objects.create(user=victim, type=Authenticator.Type.WEBAUTHN, data={"name": "x"})
        assert owner.get(f"/accounts/2fa/webauthn/{theirs.pk}/edit/").status_code == 404
        assert owner.post(f"/accounts/2fa/webauthn/{theirs.pk}/remove/").status_code == 404
    assert Authenticator.objects.count() == 2


def test_passkey_answer_of_nobody_logs_nobody_in(client, person):
    client.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    for credential in (
        "",
        "{}",
        "nonsense",
        json.dumps({"id": "x", "rawId": "x", "type": "public-key", "response": {}}),
    ):
        answer = client.post("/accounts/2fa/webauthn/login/", {"credential": credential})
        assert answer.status_code < 500
    assert "_auth_user_id" not in client.session


def test_person_whose_access_ended_still_reaches_their_own_account(member, member_client):
    member.membership.ended_at = clock.now()
    member.membership.save(update_fields=["ended_at"])

    for path in ("/accounts/2fa/", "/app/settings/sessions/", "/accounts/password/set/"):
        assert member_client.get(path).status_code == 200
