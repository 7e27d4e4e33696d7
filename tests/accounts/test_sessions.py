"""Sessions are sound (reliability P9): fixation, replay, expiry, confirmation, and a list in which people end them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import ApiToken, AuditEntry, UserSession
from core import clock
from core.models import Outbox

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
PAGE = "/app/settings/sessions/"
TOKEN = {"name": "Sync", "scope": "read", "days": 30}


@pytest.fixture(params=["manager", "member"])
def person(request):
    """Somebody of each side: the vendor's, and a partner's behind the wall."""
    user = request.getfixturevalue(request.param)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def log_in(client, user):
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def test_planted_session_id_is_not_taken_over(client, person):
    client.get("/sso/")
    client.session["planted"] = 1
    client.session.save()
    client.cookies["prm_session"] = "plantedplantedplantedplantedplan"
    log_in(client, person)

    assert client.session.session_key != "plantedplantedplantedplantedplan"


def test_each_log_in_has_a_new_id(client, person):
    first = log_in(client, person).session.session_key
    client.post("/accounts/logout/")
    second = log_in(client, person).session.session_key

    assert first != second


def test_cookie_replayed_after_log_out_opens_nothing(client, person):
    cookie = log_in(client, person).cookies["prm_session"].value
    client.post("/accounts/logout/")
    thief = Client()
    thief.cookies["prm_session"] = cookie

    assert (thief.get(PAGE).status_code, UserSession.objects.count()) == (302, 0)


def test_password_change_ends_other_sessions_and_keeps_this_one(client, person):
    here, there = log_in(client, person), log_in(Client(), person)
    before = here.session.session_key
    answer = here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another long phrase", "password2": "another long phrase"},
    )

    assert answer.status_code == 302
    assert (here.get(PAGE).status_code, there.get(PAGE).status_code) == (200, 302)
    assert here.session.session_key != before
    assert [row.session_key for row in UserSession.objects.all()] == [here.session.session_key]


def test_password_reset_by_mail_ends_all_sessions_and_lets_in(client, person):
    there = log_in(Client(), person)
    client.post("/accounts/password/reset/", {"email": person.email})
    link = next(word for word in Outbox.objects.get().body.split() if "/reset/key/" in word)
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "another long phrase", "password2": "another long phrase"})

    assert (client.get(PAGE).status_code, there.get(PAGE).status_code) == (200, 302)


def test_other_role_ends_the_sessions(client, person, admin_user):
    log_in(client, person)
    root = Client()
    root.force_login(admin_user, backend="allauth.account.auth_backends.AuthenticationBackend")
    fields = {
        "email": person.email,
        "name": "X",
        "role": "viewer",
        "is_active": "on",
        "time_zone": "UTC",
        "language": "en",
    }
    assert root.post(f"/admin/accounts/user/{person.pk}/change/", fields).status_code == 302

    assert client.get(PAGE).status_code == 302


def test_session_ends_after_three_idle_hours(client, person, time_machine):
    log_in(client, person)
    start = clock.now()
    time_machine.move_to(start + timedelta(hours=2, minutes=55))
    assert client.get(PAGE).status_code == 200
    time_machine.move_to(start + timedelta(hours=6))

    assert client.get(PAGE).status_code == 302


def test_session_ends_after_twelve_hours_however_busy(client, person, time_machine):
    log_in(client, person)
    start = clock.now()
    answers = []
    for hours in range(1, 14):
        time_machine.move_to(start + timedelta(hours=hours, minutes=1))
        answers.append(client.get(PAGE).status_code)

    assert answers == [200] * 11 + [302] * 2


def test_list_shows_every_browser_and_which_is_this(client, person):
    log_in(client, person)
    log_in(Client(headers={"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/604.1"}), person)

    page = client.get(PAGE).content.decode()
    assert (page.count("End<span"), page.count("This one"), "Safari, iPhone" in page) == (1, 1, True)
    assert "127.0.0.1" not in page


def test_one_session_is_ended(client, person):
    log_in(client, person)
    other = log_in(Client(), person)
    uid = UserSession.objects.get(session_key=other.session.session_key).uid

    client.post(f"{PAGE}{uid}/end/")

    assert (client.get(PAGE).status_code, other.get(PAGE).status_code) == (200, 302)
    assert AuditEntry.objects.filter(action="accounts.sessions_ended", actor=person).count() == 1


def test_all_other_sessions_are_ended(client, person):
    log_in(client, person)
    others = [log_in(Client(), person) for _ in range(3)]

    client.post(f"{PAGE}end-others/")

    assert client.get(PAGE).status_code == 200
    assert {other.get(PAGE).status_code for other in others} == {302}


def test_somebody_elses_session_is_a_page_that_does_not_exist(client, person, lead, stranger):
    log_in(client, person)
    for victim in (lead, stranger):
        theirs = Client()
        theirs.force_login(victim, backend="allauth.account.auth_backends.AuthenticationBackend")
        uid = UserSession.objects.get(user=victim).uid
        assert client.post(f"{PAGE}{uid}/end/").status_code == 404
        assert theirs.get(PAGE).status_code == 200


def test_looking_at_the_list_writes_nothing(client, person):
    log_in(client, person)
    client.get(PAGE)
    before = list(UserSession.objects.values())
    client.get(PAGE)

    assert list(UserSession.objects.values()) == before


def test_last_seen_moves_with_use(client, person, time_machine):
    log_in(client, person)
    client.get(PAGE)
    time_machine.move_to(clock.now() + timedelta(minutes=30))
    client.get(PAGE)

    row = UserSession.objects.get()
    assert row.seen_at - row.started_at >= timedelta(minutes=29)


def test_sessions_that_ended_by_themselves_are_not_listed(client, person):
    log_in(client, person)
    other = log_in(Client(), person)
    Session.objects.filter(session_key=other.session.session_key).delete()

    assert "End<span" not in client.get(PAGE).content.decode()


SENSITIVE = ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/recovery-codes/generate/"]


@pytest.mark.parametrize("path", SENSITIVE)
def test_second_step_is_changed_after_a_recent_log_in_only(client, person, time_machine, path):
    log_in(client, person)
    fresh = client.get(path)
    time_machine.move_to(clock.now() + timedelta(minutes=16))
    later = client.get(path)

    assert fresh.status_code == 200 or "reauthenticate" not in fresh["Location"]
    assert (later.status_code, later["Location"].split("?")[0]) == (302, "/accounts/reauthenticate/")


def test_token_is_made_after_a_recent_log_in_only(client, manager, time_machine):
    manager.set_password(PASSWORD)
    manager.save(update_fields=["password"])
    log_in(client, manager)
    time_machine.move_to(clock.now() + timedelta(minutes=16))
    answer = client.post("/app/settings/tokens/", TOKEN)
    assert (answer.status_code, ApiToken.objects.count()) == (302, 0)

    before = client.session.session_key
    confirmed = client.post(answer["Location"], {"password": PASSWORD})

    assert ApiToken.objects.count() == 1
    assert "prm_" in confirmed.content.decode()
    assert client.session.session_key != before


def test_wrong_password_confirms_nothing(client, person, time_machine):
    log_in(client, person)
    time_machine.move_to(clock.now() + timedelta(minutes=16))
    client.get(SENSITIVE[0])

    assert client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 200
    assert client.get(SENSITIVE[0]).status_code == 302


def test_person_without_password_is_told_to_log_in_again(manager_client, time_machine):
    time_machine.move_to(clock.now() + timedelta(minutes=16))
    answer = manager_client.post("/app/settings/tokens/", TOKEN)

    assert (answer.status_code, ApiToken.objects.count()) == (403, 0)


def test_address_cannot_be_changed_by_its_owner(client, person):
    log_in(client, person)

    assert client.get("/accounts/email/").status_code == 404
    assert client.post("/accounts/email/", {"action_add": "", "email": "a@b.test"}).status_code == 404


def test_sessions_are_ended_after_a_recent_log_in_only(client, person, time_machine):
    log_in(client, person)
    time_machine.move_to(clock.now() + timedelta(minutes=16))
    answer = client.post("/app/settings/sessions/end-others/")
    assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_log_out_clears_what_the_browser_kept(client, person):
    log_in(client, person)
    assert "Clear-Site-Data" not in client.get("/accounts/2fa/")
    assert client.post("/accounts/logout/")["Clear-Site-Data"] == '"storage"'


def test_administrator_logs_somebody_out_everywhere(client, person, admin_user):
    other = Client()
    log_in(other, person)
    client.force_login(admin_user)
    client.post("/admin/accounts/user/", {"action": "log_out_everywhere", "_selected_action": [person.pk]}, follow=True)
    assert not UserSession.objects.filter(user=person).exists()
    assert other.get("/accounts/2fa/").status_code == 302
