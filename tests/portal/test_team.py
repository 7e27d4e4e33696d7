"""Team and access, tokens and settings: the administrator acts, colleagues look, nobody reaches another firm."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken, Role
from accounts.services import create_token
from core.models import Outbox
from partners.models import Contact, Invitation, Membership, SharingRule
from tests.factories import make_contact, make_invitation, make_member

pytestmark = pytest.mark.django_db


def client_of(user) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def head(partner):
    return make_member(partner=partner, role=Role.PARTNER_ADMIN, name="Ingrid Dahl")


@pytest.fixture
def head_client(head):
    return client_of(head)


@pytest.fixture
def looker_client(partner):
    return client_of(make_member(partner=partner, role=Role.PARTNER_VIEWER))


def text(client: Client, path: str = "/portal/team/") -> str:
    return client.get(path).content.decode()


def test_team_names_people_roles_and_second_factors(head, head_client, member, stranger):
    Authenticator.objects.create(user=member, type=Authenticator.Type.TOTP, data={})

    html = text(head_client)

    assert "Ingrid Dahl" in html
    assert member.email in html
    assert stranger.email not in html
    assert (html.count("second factor on"), html.count("second factor off")) == (1, 1)


def test_recovery_codes_alone_are_no_second_factor(head_client, member):
    Authenticator.objects.create(user=member, type=Authenticator.Type.RECOVERY_CODES, data={})

    assert "second factor on" not in text(head_client)


def test_access_checklist_follows_what_is_shared(head_client):
    assert "Our sales" in text(head_client)

    SharingRule.objects.filter(topic="sales").update(shared=False)

    assert "Our sales" not in text(head_client)


@pytest.mark.parametrize("who", ["member_client", "looker_client"])
def test_colleagues_look_and_change_nothing(request, who, partner, head):
    client = request.getfixturevalue(who)
    invitation, _secret = make_invitation(partner=partner, by=head)
    html = text(client)

    assert invitation.name in html
    for words in ("Invite a colleague", "Send again", "Revoke", "Has left"):
        assert words not in html
    assert client.post("/portal/team/invite/", {"name": "A", "email": "a@x.test"}).status_code == 403
    assert client.post(f"/portal/team/{head.membership.uid}/end/").status_code == 403
    assert client.post(f"/portal/team/invitations/{invitation.uid}/revoke/").status_code == 403


def test_administrator_invites_resends_and_revokes(head_client, partner):
    sent = {"name": "Nina Berg", "email": "Nina@partner.test", "role": "partner_viewer"}
    assert head_client.post("/portal/team/invite/", sent)["Location"] == "/portal/team/"
    invitation = Invitation.objects.get()
    assert (invitation.partner, invitation.email, invitation.role) == (partner, "nina@partner.test", "partner_viewer")

    head_client.post(f"/portal/team/invitations/{invitation.uid}/resend/")
    head_client.post(f"/portal/team/invitations/{invitation.uid}/revoke/")

    invitation.refresh_from_db()
    assert (invitation.times_sent, invitation.revoked_at is not None) == (2, True)
    assert [mail.status for mail in Outbox.objects.order_by("id")] == ["cancelled", "cancelled"]


def test_refused_invitation_keeps_the_input_and_says_why(head_client, member):
    response = head_client.post(
        "/portal/team/invite/", {"name": "Again", "email": member.email, "role": "partner_seller"}
    )

    assert response.status_code == 422
    assert "has access already" in response.content.decode()
    assert 'value="Again"' in response.content.decode()


def test_vendor_roles_cannot_be_given_by_a_forged_form(head_client, member):
    for role in ("admin", "partner_manager"):
        forged = {"name": "A", "email": "a@x.test", "role": role}
        assert head_client.post("/portal/team/invite/", forged).status_code == 422
        assert head_client.post(f"/portal/team/{member.membership.uid}/", {"role": role}).status_code == 422
    member.refresh_from_db()
    assert (member.role, Invitation.objects.count()) == ("partner_seller", 0)


def test_administrator_changes_a_role_and_ends_access(head_client, member, partner):
    line = make_contact(partner=partner)
    Membership.objects.filter(user=member).update(contact=line)
    create_token(user=member, name="sync", scope="read", days=9)
    uid = member.membership.uid

    head_client.post(f"/portal/team/{uid}/", {"role": "partner_viewer"})
    member.refresh_from_db()
    assert member.role == "partner_viewer"

    assert member.name in text(head_client, f"/portal/team/{uid}/end/")
    head_client.post(f"/portal/team/{uid}/end/")
    line.refresh_from_db()
    assert Membership.objects.get(uid=uid).ended_at is not None
    assert (line.left_on is not None, ApiToken.objects.count()) == (True, 0)
    assert member.email not in text(head_client)


def test_last_administrator_cannot_lock_the_firm_out(head, head_client):
    uid = head.membership.uid

    assert head_client.post(f"/portal/team/{uid}/", {"role": "partner_viewer"}).status_code == 422
    assert head_client.post(f"/portal/team/{uid}/end/").status_code == 409
    assert head_client.get("/portal/team/").status_code == 200


def test_people_and_invitations_of_another_firm_are_as_missing(head_client, stranger, other_partner, manager):
    invitation, _secret = make_invitation(partner=other_partner, by=manager)
    nobody = "00000000-0000-4000-8000-000000000000"
    for path in ("/portal/team/{}/", "/portal/team/{}/end/"):
        foreign = head_client.post(path.format(stranger.membership.uid), {"role": "partner_viewer"})
        missing = head_client.post(path.format(nobody), {"role": "partner_viewer"})
        assert (foreign.status_code, foreign.content) == (404, missing.content)
    for act in ("resend", "revoke"):
        assert head_client.post(f"/portal/team/invitations/{invitation.uid}/{act}/").status_code == 404
    stranger.refresh_from_db()
    assert (stranger.role, stranger.membership.ended_at, Outbox.objects.count()) == ("partner_seller", None, 0)


def test_team_page_costs_the_same_with_1_and_6_people(head_client, partner, head):
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            head_client.get("/portal/team/")
        return len([one for one in seen.captured_queries if "SAVEPOINT" not in one["sql"]])

    count()
    first = count()
    for _number in range(5):
        make_member(partner=partner)
        make_invitation(partner=partner, by=head)

    assert count() == first
    assert first <= 14  # session, user and walls included


def test_token_is_shown_once_and_works_for_the_firm(head_client, head, partner):
    made = head_client.post("/portal/tokens/", {"name": "Sync", "scope": "write", "days": 30}).content.decode()
    secret = re.search(r'<code id="secret">(prm_\w+)</code>', made)[1]

    me = Client().get("/api/v1/portal/me/", headers={"Authorization": f"Bearer {secret}"})

    assert me.json()["partner"]["name"] == partner.name
    assert me.json()["email"] == head.email
    assert secret not in text(head_client, "/portal/tokens/")


def test_administrator_sees_and_revokes_tokens_of_the_whole_firm_only(head_client, member, stranger):
    ours, _secret = create_token(user=member, name="ours", scope="read", days=9)
    theirs, _secret = create_token(user=stranger, name="theirs", scope="read", days=9)

    html = text(head_client, "/portal/tokens/")
    assert ("ours" in html, "theirs" in html) == (True, False)
    assert head_client.post(f"/portal/tokens/{theirs.uid}/revoke/").status_code == 404
    assert head_client.post(f"/portal/tokens/{ours.uid}/revoke/").status_code == 302
    assert list(ApiToken.objects.values_list("name", flat=True)) == ["theirs"]


@pytest.mark.parametrize("who", ["member_client", "looker_client"])
def test_tokens_are_the_administrators_business(request, who):
    client = request.getfixturevalue(who)

    assert client.get("/portal/tokens/").status_code == 403
    assert client.post("/portal/tokens/", {"name": "x", "scope": "read", "days": 1}).status_code == 403
    assert "/portal/tokens/" not in text(client, "/portal/settings/")


def test_preferred_channel_reaches_the_line_the_vendor_sees(member_client, member, partner, manager_client):
    line = make_contact(partner=partner, name="Nina Berg")
    Membership.objects.filter(user=member).update(contact=line)

    assert member_client.post("/portal/settings/", {"channel": "phone"}).status_code == 302
    assert member_client.post("/portal/settings/", {"channel": "pigeon"}).status_code == 422

    assert Contact.objects.get(pk=line.pk).channel == "phone"
    assert "prefers: Phone" in text(manager_client, f"/app/partners/{partner.slug}/people/")


def test_settings_without_a_line_ask_for_no_channel(member_client):
    assert 'name="channel"' not in text(member_client, "/portal/settings/")
    assert member_client.post("/portal/settings/", {"channel": "phone"}).status_code == 200
