"""A partner's person about their own data: download, request, and the account deleted for good."""

from __future__ import annotations

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import ApiToken, AuditEntry, Role, User
from core.models import Outbox
from core.outbox import put_mail
from engagement.models import Attendee, CalendarFeed
from partners.models import Membership
from privacy.models import ErasureRequest
from tests.factories import make_contact, make_meeting, make_member, make_partner, make_touch, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(partner):
    user = make_member(partner=partner, role=Role.PARTNER_VIEWER, name="Pia Person", email="pia@partner.test")
    contact = make_contact(partner=partner, name="Pia Person", email="pia@partner.test", phone="+49 30 555")
    Membership.objects.filter(user=user).update(contact=contact)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def page(person):
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def test_download_holds_what_is_ones_own_and_nothing_of_others(page, person, partner, other_partner):
    contact = person.membership.contact
    meeting = make_meeting(partner=partner, notes="zyx-internal about Pia Person", title="zyx-title")
    Attendee.objects.create(meeting=meeting, contact=contact)
    touch = make_touch(partner=partner, text="zyx-internal Pia Person is difficult")
    touch.contacts.add(contact)
    elsewhere = make_contact(partner=other_partner, name="Pia Person", email="pia@partner.test", title="zyx-foreign")
    put_mail(key="a", to="pia@partner.test", subject="For you", body="Hello", kind="x", partner_uid=partner.uid)
    put_mail(key="b", to="pia@partner.test", subject="zyx-foreign", body="", kind="x", partner_uid=other_partner.uid)
    put_mail(key="c", to="pia@partner.test", subject="Account", body="zyx-link", kind="account")

    answer = page.get("/portal/my-data/download/")
    text = answer.content.decode()
    tables = json.loads(text)["tables"]

    assert answer["Content-Disposition"].startswith('attachment; filename="personal-data-')
    assert "zyx" not in text
    assert str(elsewhere.uid) not in text
    assert tables["accounts.User"]["rows"][0]["email"] == "pia@partner.test"
    assert tables["partners.Contact"]["rows"][0]["phone"] == "+49 30 555"
    assert tables["core.Outbox"]["rows"][0]["subject"] == "For you"
    assert len(tables["engagement.Attendee"]["rows"]) == 1
    assert "accounts.logged_in" in {row["action"] for row in tables["accounts.AuditEntry"]["rows"]}
    assert "password" not in tables["accounts.User"]["rows"][0]
    entry = AuditEntry.objects.get(action="privacy.person_exported")
    assert (entry.actor, entry.partner_uid) == (person, partner.uid)


def test_request_goes_to_administrators_once(page, person, partner, admin_user):
    make_user(role=Role.ADMIN, is_active=False)
    for _ in range(2):
        assert page.post("/portal/my-data/ask/", {"reason": "I left"}).status_code == 302

    request = ErasureRequest.objects.get()
    assert (request.user, request.partner, request.reason, request.status) == (person, partner, "I left", "open")
    mail = Outbox.objects.get()
    assert (mail.to, mail.partner_uid, "Pia" in mail.body + mail.subject) == (admin_user.email, partner.uid, False)
    assert "Your request is with the administrators" in page.get("/portal/my-data/").content.decode()
    assert AuditEntry.objects.filter(action="privacy.erasure_asked").count() == 1


def test_account_is_deleted_after_the_own_address_is_typed(page, person, partner):
    ApiToken.objects.create(user=person, name="x")
    Authenticator.objects.create(user=person, type="totp", data={})
    EmailAddress.objects.create(user=person, email=person.email)
    CalendarFeed.objects.create(user=person, digest="d")
    other = Client()
    other.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])

    refused = page.post("/portal/my-data/close/", {"confirmation": "somebody@else.test"})
    assert refused.status_code == 422
    assert "Type your own e-mail address" in refused.content.decode()
    assert page.post("/portal/my-data/close/", {"confirmation": " PIA@partner.test "}).status_code == 302

    person.refresh_from_db()
    assert (person.is_active, person.has_usable_password()) == (False, False)
    assert Membership.objects.get(user=person).ended_at is not None
    gone = (ApiToken, Authenticator, EmailAddress, CalendarFeed)
    assert [model.objects.count() for model in gone] == [0, 0, 0, 0]
    assert other.get("/portal/").status_code == 302
    assert page.get("/portal/").status_code == 302
    assert [one for one in Session.objects.all() if "_auth_user_id" in one.get_decoded()] == []
    request = ErasureRequest.objects.get()
    assert (request.account_closed, request.status) == (True, "open")
    assert AuditEntry.objects.filter(action="privacy.account_closed", actor=person).count() == 1


def test_colleagues_keep_their_accounts(page, person, partner):
    colleague = make_member(partner=partner)
    ApiToken.objects.create(user=colleague, name="x")

    page.post("/portal/my-data/close/", {"confirmation": person.email})

    colleague.refresh_from_db()
    assert (colleague.is_active, ApiToken.objects.count()) == (True, 1)


def test_administrator_sees_counts_then_erases(page, person, admin_user):
    page.post("/portal/my-data/ask/", {"reason": "please"})
    uid = ErasureRequest.objects.get().uid
    desk = Client()
    desk.force_login(admin_user, backend=settings.AUTHENTICATION_BACKENDS[0])

    assert "Pia Person" in desk.get("/app/settings/privacy/").content.decode()
    look = desk.get(f"/app/settings/privacy/{uid}/erase/").content.decode()
    assert "People" in look
    person.refresh_from_db()
    assert person.name == "Pia Person"

    assert desk.post(f"/app/settings/privacy/{uid}/erase/").status_code == 302
    person.refresh_from_db()
    assert person.name.startswith("Erased ")
    assert desk.post(f"/app/settings/privacy/{uid}/erase/").status_code == 404
    assert "Nobody asked" in desk.get("/app/settings/privacy/").content.decode()


def test_administrator_refuses_with_words_that_the_person_reads(page, person, admin_user):
    page.post("/portal/my-data/ask/", {})
    uid = ErasureRequest.objects.get().uid
    desk = Client()
    desk.force_login(admin_user, backend=settings.AUTHENTICATION_BACKENDS[0])

    assert desk.post(f"/app/settings/privacy/{uid}/refuse/", {"answer": ""}).status_code == 422
    assert desk.post(f"/app/settings/privacy/{uid}/refuse/", {"answer": "The contract runs."}).status_code == 302

    assert "The contract runs." in page.get("/portal/my-data/").content.decode()
    assert AuditEntry.objects.filter(action="privacy.erasure_refused").count() == 1
    assert page.post("/portal/my-data/ask/", {}).status_code == 302
    assert ErasureRequest.objects.count() == 2


def test_admin_actions_export_one_and_erase_after_a_page_with_counts(admin_user, person):
    desk = Client()
    desk.force_login(admin_user, backend=settings.AUTHENTICATION_BACKENDS[0])
    contact = person.membership.contact
    chosen = {"_selected_action": [contact.pk]}

    data = json.loads(desk.post("/admin/partners/contact/", {"action": "export_person", **chosen}).content)
    assert data["tables"]["accounts.User"]["rows"][0]["name"] == "Pia Person"

    asked = desk.post("/admin/partners/contact/", {"action": "erase_people", **chosen})
    assert "<li>People: " in asked.content.decode()
    contact.refresh_from_db()
    assert contact.name == "Pia Person"

    desk.post("/admin/partners/contact/", {"action": "erase_people", "confirmed": "yes", **chosen})
    contact.refresh_from_db()
    person.refresh_from_db()
    assert contact.name == person.name
    assert contact.name.startswith("Erased ")


def test_admin_export_of_two_people_is_refused(admin_user, partner):
    desk = Client()
    desk.force_login(admin_user, backend=settings.AUTHENTICATION_BACKENDS[0])
    two = [make_contact(partner=partner).pk, make_contact(partner=make_partner()).pk]

    answer = desk.post("/admin/partners/contact/", {"action": "export_person", "_selected_action": two}, follow=True)

    assert "Choose one person" in answer.content.decode()


def test_statements_of_the_page_do_not_grow(page, django_assert_max_num_queries):
    page.get("/portal/my-data/")  # the first visit also notes in the session that the person is there
    with django_assert_max_num_queries(12):
        assert page.get("/portal/my-data/").status_code == 200
