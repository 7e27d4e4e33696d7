"""Whose account a provider may open: the partner's own people, by (provider, subject), and nobody else's (R34, P11)."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from accounts.models import AuditEntry, Role, User
from core import clock
from core.models import Outbox
from partners.models import ExternalIdentity, Membership, VerifiedDomain
from partners.rules import as_domain, domain_of
from tests.factories import make_contact, make_member, make_user
from tests.portal.sso import begin_saml, invite, is_in, post_saml, saml_provider, verify
from tests.providers.saml import SamlProvider

pytestmark = pytest.mark.django_db
IDP_A, IDP_B = SamlProvider(), SamlProvider("https://idp.fabrikam.test/saml")
PASSWORD = "correct horse battery"


@pytest.fixture
def row(partner):
    verify(partner, "contoso.test")
    return saml_provider(partner, IDP_A)


@pytest.fixture
def row_b(other_partner):
    verify(other_partner, "fabrikam.test")
    return saml_provider(other_partner, IDP_B)


def come(client, row, idp=IDP_A, **says):
    return post_saml(client, row, idp.signed(begin_saml(client, row), **says))


def with_password(user):
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def test_provider_of_b_cannot_name_somebody_of_a(client, partner, row, row_b):
    nora = make_member(partner=partner, email="nora@contoso.test")
    for email in ("nora@contoso.test", "NORA@CONTOSO.TEST", "nora@contoso.test "):
        answer = come(client, row_b, IDP_B, email=email)
        assert (answer.status_code, is_in(client)) == (403, False)

    assert ExternalIdentity.objects.filter(user=nora).count() == 0


def test_provider_of_b_cannot_name_somebody_of_a_even_with_an_invitation_to_a(client, partner, row, row_b):
    invite(partner, "nora@contoso.test")

    assert (come(client, row_b, IDP_B).status_code, User.objects.filter(email="nora@contoso.test").count()) == (403, 0)


def test_address_of_own_domain_with_a_seat_elsewhere_stays_there(client, other_partner, row):
    nora = make_member(partner=other_partner, email="nora@contoso.test")

    assert (come(client, row).status_code, is_in(client)) == (403, False)
    assert nora.membership.partner_id == other_partner.pk


def test_seat_elsewhere_is_not_moved_by_an_invitation_and_a_provider(client, partner, other_partner, row):
    nora = make_member(partner=other_partner, email="nora@contoso.test")
    invite(partner, "nora@contoso.test")

    assert come(client, row).status_code == 403
    assert Membership.objects.get(user=nora).partner_id == other_partner.pk


def test_vendor_account_is_never_opened(client, row):
    make_user(role=Role.ADMIN, email="nora@contoso.test")

    assert (come(client, row).status_code, is_in(client), ExternalIdentity.objects.count()) == (403, False, 0)


@pytest.mark.parametrize("email", ["nora@sub.contoso.test", "nora@contoso.test.evil.test", "nora", "", "@contoso.test"])
def test_address_outside_the_verified_domains_is_refused(client, partner, row, email):
    make_member(partner=partner, email="nora@sub.contoso.test")

    assert (come(client, row, email=email).status_code, is_in(client)) == (403, False)


def test_domain_that_nobody_verified_does_not_count(client, partner, row):
    make_member(partner=partner, email="nora@contoso.test")
    VerifiedDomain.objects.update(verified_at=None)

    assert come(client, row).status_code == 403


def test_without_seat_and_invitation_nobody_gets_an_account(client, row):
    users = User.objects.count()

    assert (come(client, row).status_code, User.objects.count()) == (403, users)


@pytest.mark.parametrize("fate", ["revoked_at", "accepted_at"])
def test_invitation_that_is_over_does_not_count(client, partner, row, fate):
    invite(partner, "nora@contoso.test", **{fate: clock.now()})

    assert come(client, row).status_code == 403


def test_invited_person_gets_seat_role_and_contact(client, partner, row, lead):
    contact = make_contact(partner=partner)
    invite(partner, "nora@contoso.test", role=Role.PARTNER_ADMIN, contact=contact, invited_by=lead)
    come(client, row)

    nora = User.objects.get(email="nora@contoso.test")
    assert (nora.role, nora.membership.partner_id, nora.membership.contact_id) == (
        "partner_admin",
        partner.pk,
        contact.pk,
    )
    assert set(AuditEntry.objects.filter(actor=nora).values_list("action", flat=True)) == {
        "accounts.logged_in",
        "accounts.user_joined",
        "partners.identity_linked",
        "partners.invitation_accepted",
        "partners.joined",
    }


def test_account_with_a_password_is_linked_in_its_own_session_only(client, partner, row):
    nora = with_password(make_member(partner=partner, email="nora@contoso.test"))
    refused = come(client, row)
    assert (refused.status_code, is_in(client)) == (403, False)
    assert "You have a password here" in refused.content.decode()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.partner_uid) == ("accounts.company_login_failed", None, partner.uid)
    assert (entry.object_uid, list(entry.data)) == (str(row.uid), ["reason"])

    client.post("/accounts/login/", {"login": nora.email, "password": PASSWORD})
    assert come(client, row).status_code == 302
    assert come(other := Client(), row).status_code == 302
    assert is_in(other)
    assert AuditEntry.objects.filter(action="accounts.logged_in").last().data == {"ways": ["sso"]}


def test_somebody_elses_session_does_not_link(client, partner, row):
    nora = with_password(make_member(partner=partner, email="nora@contoso.test"))
    omar = make_member(partner=partner, email="omar@contoso.test")
    client.force_login(omar, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert (come(client, row).status_code, ExternalIdentity.objects.filter(user=nora).count()) == (403, 0)


def test_subject_stays_the_key_when_the_address_changes(client, partner, row):
    nora = make_member(partner=partner, email="nora@contoso.test")
    omar = make_member(partner=partner, email="omar@contoso.test")
    come(client, row)
    come(other := Client(), row, email="omar@contoso.test")

    assert other.session["_auth_user_id"] == str(nora.pk)
    nora.refresh_from_db()
    assert (nora.email, ExternalIdentity.objects.filter(user=omar).count()) == ("nora@contoso.test", 0)


def test_subject_stays_the_key_when_the_address_goes(client, partner, row):
    make_member(partner=partner, email="nora@contoso.test")
    come(client, row)

    assert come(Client(), row, email="").status_code == 302


def test_address_given_to_somebody_else_does_not_open_the_account(client, partner, row):
    make_member(partner=partner, email="nora@contoso.test")
    come(client, row)

    answer = come(other := Client(), row, subject="subject-2")
    assert (answer.status_code, is_in(other)) == (403, False)


def test_same_subject_at_another_provider_is_another_person(client, partner, row, other_partner, row_b):
    make_member(partner=partner, email="nora@contoso.test")
    finn = make_member(partner=other_partner, email="finn@fabrikam.test")
    come(client, row)
    come(other := Client(), row_b, IDP_B, email="finn@fabrikam.test")

    assert other.session["_auth_user_id"] == str(finn.pk)


@pytest.mark.parametrize("ending", ["seat", "account", "moved"])
def test_linked_person_whose_access_ended_stays_outside(client, partner, other_partner, row, ending):
    nora = make_member(partner=partner, email="nora@contoso.test")
    come(client, row)
    if ending == "seat":
        Membership.objects.filter(user=nora).update(ended_at=clock.now())
    elif ending == "account":
        User.objects.filter(pk=nora.pk).update(is_active=False)
    else:
        Membership.objects.filter(user=nora).update(partner=other_partner)

    assert (come(other := Client(), row).status_code, is_in(other)) == (403, False)


def test_linking_is_audited_at_the_partner(client, partner, row):
    nora = make_member(partner=partner, email="nora@contoso.test")
    come(client, row)

    entry = AuditEntry.objects.get(action="partners.identity_linked")
    assert (entry.actor_id, entry.partner_uid) == (nora.pk, partner.uid)


# --- partners whose people come in through their company only ------------------------------------------------------


@pytest.fixture
def only_way(row):
    row.sso_only = True
    row.save(update_fields=["sso_only", "updated_at"])
    return row


def test_only_way_leaves_no_password_path(client, partner, only_way):
    nora = with_password(make_member(partner=partner, email="nora@contoso.test"))
    answer = client.post("/accounts/login/", {"login": nora.email, "password": PASSWORD})
    client.post("/accounts/password/reset/", {"email": nora.email})

    assert (answer.status_code, is_in(client)) == (200, False)
    mail = Outbox.objects.get()
    assert ("/reset/key/" in mail.body, "/sso/" in mail.body) == (False, True)


def test_old_reset_link_lets_nobody_in_where_the_company_is_the_only_way(client, partner, row):
    nora = with_password(make_member(partner=partner, email="nora@contoso.test"))
    client.post("/accounts/password/reset/", {"email": nora.email})
    link = next(word for word in Outbox.objects.get().body.split() if "/reset/key/" in word)
    row.sso_only = True
    row.save(update_fields=["sso_only", "updated_at"])
    page = client.get(link, follow=True)
    client.post(link, {"password1": "a long enough phrase", "password2": "a long enough phrase"})

    nora.refresh_from_db()
    assert ("password1" in page.content.decode(), nora.check_password(PASSWORD), is_in(client)) == (False, True, False)


def test_only_way_links_an_account_whose_password_opens_nothing_any_more(client, partner, only_way):
    with_password(make_member(partner=partner, email="nora@contoso.test"))

    assert (come(client, only_way).status_code, is_in(client)) == (302, True)


def test_only_way_is_about_this_partner_only(client, partner, other_partner, only_way):
    finn = with_password(make_member(partner=other_partner, email="finn@fabrikam.test"))

    client.post("/accounts/login/", {"login": finn.email, "password": PASSWORD})
    assert is_in(client)


def test_provider_switched_off_opens_the_password_again(client, partner, only_way):
    nora = with_password(make_member(partner=partner, email="nora@contoso.test"))
    only_way.enabled = False
    only_way.save(update_fields=["enabled", "updated_at"])

    client.post("/accounts/login/", {"login": nora.email, "password": PASSWORD})
    assert is_in(client)


def test_session_of_the_company_stays_where_it_is_the_only_way_and_ends_with_it(client, partner, row):
    make_member(partner=partner, email="nora@contoso.test")
    come(client, row)
    row.sso_only = True
    row.save(update_fields=["sso_only", "updated_at"])
    assert client.get("/portal/").status_code == 200

    row.enabled = False
    row.save(update_fields=["enabled", "updated_at"])
    assert (client.get("/portal/").status_code, is_in(client)) == (302, False)


def test_session_of_the_company_with_a_second_factor_stays_too(client, partner, only_way):
    nora = make_member(partner=partner, email="nora@contoso.test")
    secret = generate_totp_secret()
    TOTP.activate(nora, secret)
    assert come(client, only_way)["Location"].startswith("/accounts/2fa/authenticate/")
    client.post("/accounts/2fa/authenticate/", {"code": format_hotp_value(hotp_value(secret, int(time.time()) // 30))})

    assert (client.get("/portal/").status_code, is_in(client)) == (200, True)


def test_password_session_that_came_through_the_company_later_stays(client, partner, row):
    nora = with_password(make_member(partner=partner, email="nora@contoso.test"))
    client.post("/accounts/login/", {"login": nora.email, "password": PASSWORD})
    come(client, row)
    row.sso_only = True
    row.save(update_fields=["sso_only", "updated_at"])

    assert client.get("/portal/").status_code == 200


def test_company_takes_over_the_browser_of_somebody_else(client, partner, only_way, manager):
    """The session that was there is thrown away, and with it what allauth noted of the way."""
    make_member(partner=partner, email="nora@contoso.test")
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    come(client, only_way)

    assert client.get("/portal/").status_code == 200


# --- finding one's company ------------------------------------------------------------------------------------------


def test_link_is_mailed_and_the_page_says_nothing(client, partner, row):
    make_member(partner=partner, email="nora@contoso.test")
    bodies = set()
    for email in ("nora@contoso.test", "stranger@contoso.test", "somebody@unknown.test"):
        answer = client.post("/sso/", {"email": email})
        bodies.add((answer.status_code, answer.content))

    assert len(bodies) == 1
    assert set(Outbox.objects.values_list("to", flat=True)) == {"nora@contoso.test", "stranger@contoso.test"}
    assert f"/sso/{row.uid}/" in Outbox.objects.first().body


def test_mailbox_is_not_flooded(client, row):
    for _ in range(4):
        client.post("/sso/", {"email": "nora@contoso.test"})

    assert Outbox.objects.count() == 1


def test_finding_is_limited_by_address(client, row):
    answers = [client.post("/sso/", {"email": f"p{number}@contoso.test"}).status_code for number in range(21)]

    assert (answers[-2:], Outbox.objects.count()) == ([200, 429], 20)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Nora@Contoso.TEST", "contoso.test"), ("a@b@c.test", "c.test"), ("x@bücher.test", "xn--bcher-kva.test"),
        ("x@contoso.test.", "contoso.test"), ("nora", ""), ("@c.test", ""), ("x@localhost", ""), ("x@a..b", ""),
        ("x@-a.test", ""), ("x@a b.test", ""), ("x@", ""),
    ],
)  # fmt: skip
def test_domain_of_an_address(text, domain):
    assert domain_of(text) == domain


def test_domain_is_kept_in_one_form():
    assert (as_domain(" Contoso.TEST. "), as_domain("bücher.test")) == ("contoso.test", "xn--bcher-kva.test")
