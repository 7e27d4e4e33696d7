"""Holes that a review of the portal found, each closed and kept closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import ApiToken, Role, User
from accounts.services import create_token
from core import clock
from core.errors import DomainError
from core.models import Outbox
from engagement.models import Meeting
from engagement.queries.entries import feed_for
from partners import services
from partners.models import ExternalIdentity, IdentityProvider, Membership, SharingRule, VerifiedDomain
from partners.row_security import as_partner
from partners.sso.claims import Claims, SsoRefusedError
from partners.sso.services import person_of
from tests.factories import make_commitment, make_invitation, make_meeting, make_member

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk by the sea"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.fixture
def hired(partner):
    """Somebody of the partner who came to work for the vendor; the seat was never ended."""
    person = make_member(partner=partner, role=Role.PARTNER_SELLER)
    create_token(user=person, name="old", scope="read", days=9)
    User.objects.filter(pk=person.pk).update(role=Role.ADMIN)
    return User.objects.get(pk=person.pk)


def test_former_firm_cannot_log_in_as_who_works_for_the_vendor_now(partner, hired):
    provider = IdentityProvider.objects.create(partner=partner, kind="oidc", name="Theirs", issuer="https://x.test")
    ExternalIdentity.objects.create(provider=provider, subject="s", user=hired)

    with pytest.raises(SsoRefusedError):
        person_of(provider=provider, claims=Claims(subject="s", email=hired.email, name="N"), logged_in=None)


def test_former_firm_neither_sees_nor_changes_who_works_for_the_vendor_now(partner, hired):
    head = make_member(partner=partner, role=Role.PARTNER_ADMIN)
    assert hired.email not in client_of(head).get("/portal/team/").content.decode()
    assert "old" not in client_of(head).get("/portal/tokens/").content.decode()
    with pytest.raises(DomainError, match="works for the vendor"):
        services.change_role(membership_id=hired.membership.pk, role=Role.PARTNER_VIEWER, actor=head)

    with as_partner(partner_id=partner.pk, partner_uid=partner.uid, user_id=head.pk):
        walled = connection.vendor == "postgresql"
        reached = User.objects.filter(pk=hired.pk).update(name="gone") + ApiToken.objects.filter(user=hired).count()
    assert reached == (0 if walled else 2)


def test_administrator_reaches_seats_of_the_own_firm_only(partner, other_partner):
    head, foreign = make_member(partner=partner, role=Role.PARTNER_ADMIN), make_member(partner=other_partner)
    with pytest.raises(DomainError, match="no longer works here"):
        services.end_access(membership_id=foreign.membership.pk, actor=head)


@pytest.mark.parametrize("page", ["/app/settings/profile/", "/accounts/password/change/"])
def test_slow_form_writes_nothing_but_its_own_fields(member, page, monkeypatch):
    """The account is disabled between the reading of the person and the saving of the form."""
    member.set_password(PASSWORD)
    member.save(update_fields=["password"])
    client = client_of(member)
    real = User.save

    def late(self, **options):
        User.objects.filter(pk=member.pk).update(is_active=False, role=Role.PARTNER_VIEWER)
        return real(self, **options)

    monkeypatch.setattr(User, "save", late)
    client.post(
        page,
        {"name": "Nora", "time_zone": "UTC", "language": "en", "oldpassword": PASSWORD, "password1": f"{PASSWORD} 2",
         "password2": f"{PASSWORD} 2"},
    )  # fmt: skip

    member.refresh_from_db()
    assert (member.is_active, member.role) == (False, Role.PARTNER_VIEWER)


def test_invitation_of_who_was_dismissed_does_not_work_through_the_company_either(partner, manager):
    head = make_member(partner=partner, role=Role.PARTNER_ADMIN)
    make_invitation(partner=partner, by=head, email="nora@contoso.test", role=Role.PARTNER_ADMIN)
    services.end_access(membership_id=head.membership.pk, actor=manager)
    provider = IdentityProvider.objects.create(partner=partner, kind="oidc", name="Theirs", issuer="https://x.test")
    VerifiedDomain.objects.create(partner=partner, domain="contoso.test", verified_at=clock.now())

    with pytest.raises(SsoRefusedError):
        person_of(provider=provider, claims=Claims(subject="s", email="nora@contoso.test", name="N"), logged_in=None)
    assert not Membership.objects.filter(user__email="nora@contoso.test").exists()


@pytest.mark.parametrize("asked", ["own", "foreign", "staff", "nobody"])
def test_new_password_is_asked_for_alike_by_who_is_logged_in(member, stranger, manager, asked):
    email = {"own": member.email, "foreign": stranger.email, "staff": manager.email, "nobody": "x@else.test"}[asked]
    answer = client_of(member).post("/accounts/password/reset/", {"email": email})

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/password/reset/done/")
    assert Outbox.objects.count() == 1


def test_calendar_is_empty_while_meetings_are_not_shared(partner, member):
    make_meeting(partner=partner, title="Secret review", status=Meeting.Status.CONFIRMED, invited_at=clock.now())
    assert b"Secret review" in feed_for(member, at=clock.now())

    SharingRule.objects.filter(topic="meetings").update(shared=False)
    assert b"Secret review" not in feed_for(member, at=clock.now())


def test_promises_that_are_not_shared_stand_on_no_page(partner, member):
    held = make_meeting(
        partner=partner, status=Meeting.Status.HELD, held_at=clock.now(), invited_at=clock.now(),
        starts_at=clock.now() - timedelta(days=1),
    )  # fmt: skip
    make_commitment(partner=partner, meeting=held, side="ours", text="Our own promise")
    SharingRule.objects.filter(topic="promises").update(shared=False)

    for path in ("/portal/meetings/", f"/portal/meetings/{held.uid}/", "/portal/rest/"):
        assert "Our own promise" not in client_of(member).get(path).content.decode()


def test_invitation_is_not_sent_without_end(partner, manager):
    invitation, _secret = make_invitation(partner=partner, by=manager)
    for _ in range(4):
        services.resend_invitation(invitation_id=invitation.pk, actor=manager)
    with pytest.raises(DomainError, match="5 times"):
        services.resend_invitation(invitation_id=invitation.pk, actor=manager)


def test_checks_find_nothing_to_say():
    call_command("check", "--database", "default")
