import re

import pytest

from accounts.models import ApiToken, AuditEntry
from accounts.services import create_token

pytestmark = pytest.mark.django_db


def test_profile_saves_time_zone(manager, manager_client):
    response = manager_client.post(
        "/app/settings/profile/", {"name": "Ana", "time_zone": "Europe/Paris", "language": "en", "daily_digest": "on"}
    )

    manager.refresh_from_db()
    assert response.status_code == 302
    assert (manager.name, manager.time_zone, manager.shortcuts) == ("Ana", "Europe/Paris", False)


def test_profile_refuses_unknown_zone_and_keeps_input(manager_client):
    response = manager_client.post(
        "/app/settings/profile/", {"name": "Kept", "time_zone": "Mars/Base", "language": "en"}
    )

    assert response.status_code == 422
    assert 'value="Kept"' in response.content.decode()


def test_profile_cannot_change_role(manager, manager_client):
    manager_client.post("/app/settings/profile/", {"name": "A", "time_zone": "UTC", "language": "en", "role": "admin"})

    manager.refresh_from_db()
    assert manager.role == "partner_manager"


def test_appearance_is_kept_and_redirects_stay_here(manager, manager_client):
    response = manager_client.post("/app/settings/appearance/", {"appearance": "dark", "next": "//evil.test/"})

    manager.refresh_from_db()
    assert (manager.appearance, response["Location"]) == ("dark", "/")


def test_token_page_shows_the_secret_once(manager_client):
    first = manager_client.post("/app/settings/tokens/", {"name": "Sync", "scope": "read", "days": 30}).content.decode()
    again = manager_client.get("/app/settings/tokens/").content.decode()

    assert len(re.findall(r"prm_\w{20,}", first)) == 1
    assert re.findall(r"prm_\w{20,}", again) == []
    assert "Sync" in again


def test_viewer_is_told_why_there_is_no_write_token(viewer_client):
    response = viewer_client.post("/app/settings/tokens/", {"name": "Sync", "scope": "write", "days": 30})

    assert response.status_code == 422
    assert "Your role may only read" in response.content.decode()


def test_revoking_a_colleagues_token_is_a_404(manager_client, lead):
    token, _secret = create_token(user=lead, name="x", scope="read", days=1)

    assert manager_client.post(f"/app/settings/tokens/{token.uid}/revoke/").status_code == 404
    assert ApiToken.objects.count() == 1


def test_revoking_is_audited(manager_client, manager):
    token, _secret = create_token(user=manager, name="x", scope="read", days=1)
    manager_client.post(f"/app/settings/tokens/{token.uid}/revoke/")

    assert (ApiToken.objects.count(), AuditEntry.objects.filter(action="accounts.token_revoked").count()) == (0, 1)


def test_log_in_by_email_is_case_blind(client, manager):
    manager.set_password("correct horse battery")
    manager.save(update_fields=["password"])

    response = client.post("/accounts/login/", {"login": manager.email.upper(), "password": "correct horse battery"})

    assert response.status_code == 302
    assert "_auth_user_id" in client.session


def test_eleventh_wrong_password_is_refused_before_hashing(client, manager):
    for _ in range(10):
        client.post("/accounts/login/", {"login": manager.email, "password": "wrong"})
    manager.set_password("correct horse battery")
    manager.save(update_fields=["password"])

    answer = client.post("/accounts/login/", {"login": manager.email, "password": "correct horse battery"})

    assert answer.status_code == 429
    assert "_auth_user_id" not in client.session


def test_nobody_signs_up_by_themselves(client):
    page = client.get("/accounts/signup/")

    assert page.status_code == 200
    assert "<form" not in page.content.decode().split("<main")[1]


def test_idle_session_ends(manager_client, time_machine):
    from datetime import timedelta

    from core import clock

    manager_client.get("/app/settings/tokens/")
    time_machine.move_to(clock.now() + timedelta(hours=3, minutes=5))

    assert manager_client.get("/app/settings/tokens/").status_code == 302


def test_a_fragment_asked_without_a_session_leads_to_log_in_and_back_to_the_page(client, db):
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/app/partners/?health=risk"}

    response = client.get("/app/search/?q=a", headers=here)

    assert response.status_code == 401
    assert response["HX-Redirect"] == "/accounts/login/?next=%2Fapp%2Fpartners%2F%3Fhealth%3Drisk"
