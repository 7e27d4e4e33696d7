"""Exactly one audit row per act: log-ins, refusals, the admin, seeing as a partner, exports, settings (P46)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from accounts.admin_site import RECORD_THEMSELVES, Audited
from accounts.models import AuditEntry
from accounts.services import create_token, hashed
from core import clock
from core.admin import ReadOnlyAdmin
from partners.middleware import SEE_AS
from partners.models import Contact, Tag
from partners.services import update_contact, update_partner
from tests.factories import make_contact, make_member, make_partner

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def member(partner):
    return make_member(partner=partner, password=PASSWORD)


def rows(**wanted):
    return list(AuditEntry.objects.filter(**wanted).order_by("pk").values_list("action", flat=True))


def signed_in(user):
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def test_log_in_and_out_are_one_row_each_at_the_partner(client, member, partner):
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    client.post("/accounts/logout/")

    assert rows() == ["accounts.logged_in", "accounts.logged_out"]
    entry = AuditEntry.objects.first()
    assert (entry.actor, entry.object_uid, entry.partner_uid) == (member, str(member.uid), partner.uid)
    assert entry.request_id != ""
    assert entry.data == {"ways": ["password"]}


def test_failed_log_in_keeps_a_hash_and_the_account_it_meant(client, member, partner):
    client.post("/accounts/login/", {"login": member.email, "password": "wrong"})
    client.post("/accounts/login/", {"login": "nobody@else.test", "password": "wrong"})

    known, unknown = AuditEntry.objects.order_by("pk")
    assert (known.action, known.actor, known.object_uid, known.partner_uid) == (
        "accounts.login_failed",
        None,
        str(member.uid),
        partner.uid,
    )
    assert (unknown.object_uid, unknown.partner_uid) == ("", None)
    assert known.data == {"address": hashed(member.email)}
    assert member.email not in str(known.data)


def test_wrong_second_factor_is_one_row(client, member):
    Authenticator.objects.create(user=member, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})

    assert rows() == ["accounts.second_factor_failed"]


@pytest.mark.parametrize("gone", [False, True])
def test_wrong_password_in_the_middle_of_a_session_is_one_row(member, gone):
    client = signed_in(member)
    if gone:  # the seat has ended, the session has not: the row passes the wall as the person's own
        member.membership.ended_at = clock.now()
        member.membership.save(update_fields=["ended_at"])
    assert client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 200

    assert rows(actor=member) == ["accounts.logged_in", "accounts.login_failed"]


def test_refusal_is_one_row_per_person_route_and_minute(partner, other_partner, member, time_machine):
    client = signed_in(member)
    AuditEntry.objects.all().count()
    for _ in range(3):
        client.get(f"/app/partners/{other_partner.slug}/")
        client.get(f"/app/partners/{other_partner.slug}/people/")
    time_machine.move_to(clock.now() + timedelta(seconds=70))
    client.get(f"/app/partners/{other_partner.slug}/")

    denied = AuditEntry.objects.filter(action="accounts.access_denied").order_by("pk")
    assert [entry.data["route"] for entry in denied] == [
        "workspace:partner_detail",
        "workspace:partner_people",
        "workspace:partner_detail",
    ]
    assert {(entry.actor, entry.partner_uid, entry.data["status"]) for entry in denied} == {(member, partner.uid, 404)}


def test_foreign_and_missing_are_noted_alike(manager):
    manager.sees_all_partners = False
    manager.save(update_fields=["sees_all_partners"])
    foreign = make_partner(name="Helix", slug="helix")

    for slug in (foreign.slug, "no-such-partner"):
        AuditEntry.objects.filter(action="x").exists()
        client = signed_in(manager)
        assert client.get(f"/app/partners/{slug}/").status_code == 404

    assert AuditEntry.objects.filter(action="accounts.access_denied").count() == 1
    assert "helix" not in str(list(AuditEntry.objects.values_list("data", flat=True)))


def test_refused_api_call_is_noted_by_the_owner_of_the_token(viewer):
    _token, secret = create_token(user=viewer, name="x", scope="read", days=1)
    headers = {"Authorization": f"Bearer {secret}"}
    Client().post("/api/v1/contacts/", {}, headers=headers, content_type="application/json")

    entry = AuditEntry.objects.get(action="accounts.access_denied")
    assert (entry.actor, entry.data["status"], entry.data["method"]) == (viewer, 403, "POST")


def test_stranger_leaves_no_row(client):
    client.get("/app/")
    client.get("/nowhere/")

    assert rows(action="accounts.access_denied") == []


def test_colleague_who_sees_as_a_partner_is_named_with_the_partner(manager, partner):
    client = signed_in(manager)
    session = client.session
    session[SEE_AS] = {"partner": partner.pk, "until": clock.now().timestamp() + 600}
    session.save()

    assert client.post("/portal/my-data/ask/", {}).status_code == 403
    entry = AuditEntry.objects.get(action="accounts.access_denied")
    assert (entry.actor, entry.partner_uid) == (manager, partner.uid)
    assert client.get("/portal/my-data/").status_code == 403


def test_audit_row_says_as_whom_the_actor_looked(manager, partner):
    import structlog

    from accounts.services import record

    with structlog.contextvars.bound_contextvars(acting_as=str(partner.uid)):
        assert record("partners.looked_at", partner, actor=manager).acting_as == str(partner.uid)
    assert record("partners.looked_at", partner, actor=manager).acting_as is None


def test_admin_writes_are_one_row_each_with_names_of_fields_only(admin_user, partner):
    client = signed_in(admin_user)
    AuditEntry.objects.count()
    client.post("/admin/partners/tag/add/", {"name": "EMEA"})
    tag = Tag.objects.get()
    client.post(f"/admin/partners/tag/{tag.pk}/change/", {"name": "APAC"})
    client.post(f"/admin/partners/tag/{tag.pk}/delete/", {"post": "yes"})

    written = AuditEntry.objects.filter(action__startswith="accounts.admin_").order_by("pk")
    assert [(entry.action, entry.object_type) for entry in written] == [
        ("accounts.admin_added", "partners.Tag"),
        ("accounts.admin_changed", "partners.Tag"),
        ("accounts.admin_removed", "partners.Tag"),
    ]
    assert written[1].data == {"fields": ["Name"]}


def test_admin_action_that_deletes_many_is_one_row_per_thing(admin_user):
    tags = [Tag.objects.create(name=name) for name in ("a", "b")]
    data = {"action": "delete_selected", "_selected_action": [tag.pk for tag in tags], "post": "yes"}
    signed_in(admin_user).post("/admin/partners/tag/", data)

    assert (Tag.objects.count(), rows(action="accounts.admin_removed")) == (0, ["accounts.admin_removed"] * 2)


def test_every_admin_that_may_write_is_audited():
    bare = [
        model._meta.label
        for model, one in admin.site._registry.items()
        if not isinstance(one, Audited | ReadOnlyAdmin) and model._meta.label not in RECORD_THEMSELVES
    ]
    assert bare == []
    assert ContentType.objects.get_for_model(Tag).pk


def test_personal_values_are_hashed_and_facts_are_plain(manager, partner):
    contact = make_contact(partner=partner, name="Ana Old", email="ana@partner.test")
    update_contact(contact_id=contact.pk, actor=manager, name="Ana New")
    update_partner(partner_id=partner.pk, actor=manager, kind="Reseller")

    person, firm = AuditEntry.objects.order_by("pk")
    assert person.data == {
        "fields": ["name"],
        "before": {"name": hashed("Ana Old")},
        "after": {"name": hashed("Ana New")},
    }
    assert (firm.data["before"], firm.data["after"]) == ({"kind": ""}, {"kind": "Reseller"})
    assert Contact.objects.get().name == "Ana New"


def test_export_of_the_list_keeps_which_filters_and_not_their_values(manager_client):
    b"".join(manager_client.get("/app/partners/export/?q=zyxmark&tier=gold"))

    assert AuditEntry.objects.get(action="workspace.partners_exported").data == {"filters": ["q", "tier"]}


def test_appearance_is_a_change_of_settings(manager_client):
    manager_client.post("/app/settings/appearance/", {"appearance": "dark"})

    assert rows(action="accounts.profile_changed") == ["accounts.profile_changed"]


def test_changed_password_is_one_row(client, member):
    client.post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another long phrase", "password2": "another long phrase"},
    )

    assert rows() == ["accounts.logged_in", "accounts.password_changed"]
