"""Every door to an account has the same lock: the admin's own page, the forgotten password."""

from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail

from core.models import Outbox

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def root(admin_user):
    admin_user.set_password(PASSWORD)
    admin_user.save(update_fields=["password"])
    return admin_user


def test_admin_page_has_no_log_in_of_its_own(client, root):
    answer = client.post("/admin/login/", {"username": root.email, "password": PASSWORD})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_forgotten_password_without_mail_server_waits_in_the_outbox(client, manager):
    answer = client.post("/accounts/password/reset/", {"email": manager.email})

    kept = Outbox.objects.get()
    assert (answer.status_code, kept.to, kept.kind) == (302, manager.email, "account")
    assert "/accounts/password/reset/key/" in kept.body


def test_forgotten_password_survives_a_dead_mail_server(client, manager, settings, monkeypatch):
    def refuse(self, fail_silently=False):
        raise SMTPServerDisconnected("no answer")

    settings.MAIL_CONFIGURED = True
    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)

    assert client.post("/accounts/password/reset/", {"email": manager.email}).status_code == 302
    assert Outbox.objects.get().status == Outbox.Status.DUE


def test_forgotten_password_is_mailed_at_once(client, manager, settings):
    settings.MAIL_CONFIGURED = True

    client.post("/accounts/password/reset/", {"email": manager.email})

    assert ([message.to for message in mail.outbox], Outbox.objects.count()) == ([[manager.email]], 0)


def test_link_that_opens_an_account_is_for_administrators_only(client, manager, manager_client, root):
    client.post("/accounts/password/reset/", {"email": root.email})
    page = f"/app/settings/outbox/{Outbox.objects.get().uid}/"
    client.force_login(root, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert "reset/key" not in manager_client.get(page).content.decode()
    assert "reset/key" in client.get(page).content.decode()


def test_log_lines_hide_secrets_in_paths():
    from core.logs import without_query

    for path in ("/cal/abc.ics", "/accounts/password/reset/key/1-secret/"):
        line = without_query(None, "info", {"request": f"GET {path}?x=1"})
        assert line["request"].endswith(("/cal/…", "/key/…"))
