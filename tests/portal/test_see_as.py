"""See as partner (reliability R37): read-only, with a reason, audited, over after half an hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from accounts.models import AuditEntry, Notification, Role
from core import clock
from tests.factories import make_contact, make_partner, make_user
from tests.test_access import routes

pytestmark = pytest.mark.django_db
WHY = "They ask why the home page is empty"


def client_of(user):
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def look(client, partner, reason=WHY, **headers):
    return client.post(f"/app/partners/{partner.slug}/see-as/", {"reason": reason}, headers=headers)


def trail():
    rows = AuditEntry.objects.filter(action__startswith="partners.see_as").order_by("pk")
    return [(row.action.removeprefix("partners.see_as_"), row.actor_id, row.partner_uid) for row in rows]


def test_look_starts_with_a_reason_and_is_audited(manager, manager_client, partner):
    assert "30 minutes" in manager_client.get(f"/app/partners/{partner.slug}/see-as/").content.decode()
    response = look(manager_client, partner)
    assert (response.status_code, response["Location"]) == (302, "/portal/")
    assert trail() == [("started", manager.pk, partner.uid)]
    assert AuditEntry.objects.get(action="partners.see_as_started").data["reason"] == WHY
    page = manager_client.get("/portal/").content.decode()
    assert f"You see the portal as {partner.name}" in page
    assert "30 minutes left" in page


@pytest.mark.parametrize("reason", ["", "   ", "why", "x" * 301])
def test_look_without_a_good_reason_does_not_start(manager_client, partner, reason):
    assert look(manager_client, partner, reason).status_code == 422
    assert trail() == []
    assert manager_client.get("/portal/").status_code == 404


def test_look_starts_from_the_dialog(manager_client, partner):
    assert look(manager_client, partner, **{"HX-Request": "true"})["HX-Redirect"] == "/portal/"


def test_viewers_partners_and_strangers_cannot_look(viewer_client, member_client, partner):
    limited = client_of(make_user(role=Role.MANAGER, sees_all_partners=False))
    codes = [look(client, partner).status_code for client in (viewer_client, member_client, limited, Client())]
    assert codes == [403, 404, 404, 302]
    assert trail() == []


def test_archived_partner_is_not_looked_at(manager_client, partner):
    partner.archived_at = clock.now()
    partner.save(update_fields=["archived_at"])
    assert look(manager_client, partner).status_code == 422
    assert trail() == []


def test_every_portal_page_opens_and_nothing_is_written(manager_client, partner, member):
    look(manager_client, partner)
    paths = [
        f"/{path}"
        for _name, path, view in routes(get_resolver().url_patterns)
        if path.startswith("portal/") and "<" not in path and getattr(view, "policy", "").startswith("partner")
    ]
    assert len(paths) >= 4
    answers = {}
    with CaptureQueriesContext(connection) as seen:
        for path in paths:
            answers[path] = manager_client.get(path).status_code
    personal = {path for path, code in answers.items() if code == 403}
    assert personal == {"/portal/my-data/", "/portal/my-data/download/"}
    assert {code for path, code in answers.items() if path not in personal} <= {200, 302, 405}
    assert answers["/portal/"] == answers["/portal/inbox/"] == answers["/portal/notifications/"] == 200
    writes = [q["sql"] for q in seen.captured_queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    refusals = ("accounts_auditentry", ":refused:")  # two pages are each person's own; that they were asked for is kept
    assert [sql for sql in writes if "django_session" not in sql and not any(one in sql for one in refusals)] == []


@pytest.mark.django_db(transaction=True)
def test_portal_pages_open_inside_a_real_read_only_transaction():
    """In the tests above the transaction of the test is around it, and PostgreSQL cannot make that one read-only."""
    partner = make_partner(name="Northwind")
    client = client_of(make_user())
    look(client, partner)
    with CaptureQueriesContext(connection) as seen:
        codes = [client.get(path).status_code for path in ("/portal/", "/portal/settings/", "/portal/inbox/")]
    assert codes == [200, 200, 200]
    read_only = sum("transaction_read_only" in query["sql"] for query in seen.captured_queries)
    assert read_only == (3 if connection.vendor == "postgresql" else 0)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_every_write_is_refused(manager_client, partner, method):
    look(manager_client, partner)
    before = AuditEntry.objects.count()
    for path in ("/portal/", "/portal/inbox/read/", "/portal/notifications/", "/portal/anything/"):
        assert getattr(manager_client, method)(path).status_code == 403
    refused = AuditEntry.objects.filter(action="accounts.access_denied").count()
    assert AuditEntry.objects.count() == before + refused


def test_an_inbox_is_personal_on_both_sides(manager, manager_client, partner, member):
    from accounts.services import notify

    for user in (manager, member):
        notify(
            users=[user], kind="meeting_moved", title=f"For {user.role}", url="/", reason="So.", key="k",
            partner_uid=partner.uid,
        )  # fmt: skip
    look(manager_client, partner)
    for path in ("/portal/inbox/", "/portal/notifications/"):
        page = manager_client.get(path).content.decode()
        assert "For " not in page
        assert "Each person has their own" in page
        assert "unread" not in page
    assert Notification.objects.unread().count() == 2


def test_own_account_pages_stay_the_colleagues(manager, manager_client, partner):
    look(manager_client, partner)
    page = manager_client.get("/app/settings/profile/").content.decode()
    assert manager.name in page
    assert "You see the portal as" not in page
    assert "/accounts/password/change/" not in manager_client.get("/portal/settings/").content.decode()


def test_leaving_ends_it_with_an_audit_row(manager, manager_client, partner):
    look(manager_client, partner)
    response = manager_client.post("/app/see-as/leave/")
    assert response["Location"] == f"/app/partners/{partner.slug}/"
    assert trail()[-1] == ("ended", manager.pk, partner.uid)
    assert AuditEntry.objects.get(action="partners.see_as_ended").data == {"how": "left"}
    assert manager_client.get("/portal/").status_code == 404
    assert manager_client.post("/app/see-as/leave/")["Location"] == "/app/partners/"
    assert len(trail()) == 2


@pytest.mark.parametrize("how", ["get", "post", "htmx"])
def test_after_half_an_hour_it_is_over(manager, manager_client, partner, time_machine, how):
    time_machine.move_to(clock.now(), tick=False)
    look(manager_client, partner)
    time_machine.shift(timedelta(minutes=29, seconds=30))
    assert "1 minute left" in manager_client.get("/portal/").content.decode()
    time_machine.shift(timedelta(seconds=31))
    back = f"/app/partners/{partner.slug}/"
    if how == "htmx":
        assert manager_client.get("/portal/", headers={"HX-Request": "true"})["HX-Redirect"] == back
    else:
        response = getattr(manager_client, how)("/portal/")
        assert (response.status_code, response["Location"]) == (302, back)
    assert AuditEntry.objects.get(action="partners.see_as_ended").data == {"how": "expired"}
    assert "has ended" in manager_client.get(back).content.decode()
    assert manager_client.get("/portal/").status_code == 404
    assert len(trail()) == 2


def test_a_second_look_replaces_the_first(manager_client, partner, other_partner):
    look(manager_client, partner)
    look(manager_client, other_partner)
    assert other_partner.name in manager_client.get("/portal/").content.decode()
    assert [(act, uid) for act, _who, uid in trail()] == [
        ("started", partner.uid),
        ("started", other_partner.uid),
        ("ended", partner.uid),
    ]


@pytest.mark.parametrize("loss", ["partner", "role", "archived", "gone"])
def test_losing_the_right_ends_the_look(partner, loss):
    limited = make_user(role=Role.MANAGER, sees_all_partners=False)
    partner.owner = limited
    partner.save(update_fields=["owner"])
    client = client_of(limited)
    look(client, partner)
    assert client.get("/portal/").status_code == 200
    if loss == "partner":
        partner.owner = None
        partner.save(update_fields=["owner"])
    elif loss == "role":
        limited.role = Role.VIEWER
        limited.save(update_fields=["role"])
    elif loss == "archived":
        partner.archived_at = clock.now()
        partner.save(update_fields=["archived_at"])
    else:
        partner.delete()
    response = client.get("/portal/")
    assert response.status_code == 302
    assert client.get(response["Location"]).status_code == 200
    assert client.get("/portal/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL refuses writes by itself")
def test_the_database_refuses_an_observers_writes():
    from django.db.utils import InternalError

    from partners.models import Contact
    from partners.row_security import as_partner

    partner = make_partner()
    make_contact(partner=partner)
    with (
        pytest.raises(InternalError, match="read-only"),
        as_partner(partner_id=partner.pk, partner_uid=partner.uid, user_id=None, read_only=True),
    ):
        Contact.objects.update(name="changed")
