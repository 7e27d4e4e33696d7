"""P6: taking access away works at the next request, at every door. Each door is tried open before it is tried shut."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, AuditEntry, Role, User, UserSession
from accounts.services import create_token, revoke_token
from core import clock
from core.models import Outbox
from engagement.models import ActionLink, CalendarFeed
from engagement.services import renew_feed
from partners import services
from partners.models import ExternalIdentity, IdentityProvider, Invitation, Membership, Partner
from partners.queries import working_invitation
from partners.rules import secret_digest
from tests.factories import make_commitment, make_contact, make_invitation, make_meeting, make_member, make_partner

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NEW_PASSWORD = {"password1": "a long walk by the sea", "password2": "a long walk by the sea"}


class Doors:
    """Everything that lets one administrator of a partner in, opened while they still may."""

    def __init__(self, person: User, partner: Partner) -> None:
        self.person, self.partner = person, partner
        self.session = Client()
        self.session.force_login(person, backend=BACKEND)
        self.token = create_token(user=person, name="sync", scope="write", days=9)[1]
        self.invitation = make_invitation(partner=partner, by=person)[1]
        self.feed = renew_feed(user=person)
        self.act = self._signed_link()
        Client().post("/accounts/password/reset/", {"email": person.email})
        mail = Outbox.objects.filter(to=person.email).latest("id")
        self.reset = re.search(r"/accounts/password/reset/key/\S+", mail.body)[0]

    def page(self) -> int:
        return self.session.get("/portal/").status_code

    def administration(self) -> int:
        return self.session.get("/portal/team/invite/").status_code

    def api(self) -> int:
        return Client().get("/api/v1/portal/me/", headers={"Authorization": f"Bearer {self.token}"}).status_code

    def invited(self) -> int:
        return Client().get(f"/join/{self.invitation}/").status_code

    def reset_opens(self) -> bool:
        """Whether the link leads to the form for a new password."""
        page = Client().get(self.reset, follow=True)
        return "password1" in page.content.decode()

    def calendar(self) -> int:
        return Client().get(f"/cal/{self.feed}.ics").status_code

    def signed_link(self) -> int:
        return Client().get(f"/act/{self.act}/").status_code

    def _signed_link(self) -> str:
        """As it stands in the mail with a summary: tick an action of your side."""
        now, secret = clock.now(), "secret-of-a-signed-link"
        meeting = make_meeting(partner=self.partner, status="held", held_at=now, starts_at=now)
        ActionLink.objects.create(
            partner=self.partner, contact=self.person.membership.contact, meeting=meeting, kind=ActionLink.Kind.DONE,
            commitment=make_commitment(partner=self.partner, meeting=meeting, side="theirs"),
            digest=secret_digest(secret), created_at=now, expires_at=now + timedelta(days=14),
        )  # fmt: skip
        return secret

    def all(self) -> dict[str, Any]:
        return {
            "page": self.page(),
            "administration": self.administration(),
            "api": self.api(),
            "invitation": self.invited(),
            "reset": self.reset_opens(),
            "feed": self.calendar(),
            "signed": self.signed_link(),
        }


OPEN = {"page": 200, "administration": 200, "api": 200, "invitation": 200, "reset": True, "feed": 200, "signed": 200}


@pytest.fixture
def person(partner: Partner) -> User:
    user = make_member(partner=partner, role=Role.PARTNER_ADMIN, email="nina@partner.test", password="before it began")
    Membership.objects.filter(user=user).update(contact=make_contact(partner=partner, email=user.email))
    make_member(partner=partner, role=Role.PARTNER_ADMIN)  # never the last
    return User.objects.get(pk=user.pk)


@pytest.fixture
def doors(person: User, partner: Partner) -> Doors:
    made = Doors(person, partner)
    assert made.all() == OPEN
    return made


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Do what follows a commit, as it follows in life."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_p6_disabled_user(doors, person, manager, committed):
    with committed():
        services.set_person_active(membership_id=person.membership.pk, active=False, actor=manager)

    assert doors.all() == {
        "page": 302, "administration": 302, "api": 401, "invitation": 404, "reset": False, "feed": 404, "signed": 404,
    }  # fmt: skip


def test_p6_user_disabled_in_the_admin(doors, person, admin_user):
    root = Client()
    root.force_login(admin_user, backend=BACKEND)
    form = {"email": person.email, "name": person.name, "role": person.role, "time_zone": "UTC", "language": "en"}
    assert root.post(f"/admin/accounts/user/{person.pk}/change/", form).status_code == 302

    assert doors.all() == {
        "page": 302, "administration": 302, "api": 401, "invitation": 404, "reset": False, "feed": 404, "signed": 404,
    }  # fmt: skip


@pytest.mark.parametrize("by", ["manager", "colleague"])
def test_p6_ended_membership(doors, person, partner, manager, committed, by):
    if by == "manager":
        with committed():
            services.end_access(membership_id=person.membership.pk, actor=manager)
    else:
        colleague = Client()
        colleague.force_login(partner.memberships.exclude(user=person).get().user, backend=BACKEND)
        with committed():
            assert colleague.post(f"/portal/team/{person.membership.uid}/end/").status_code == 302

    assert doors.all() == {
        "page": 403, "administration": 403, "api": 401, "invitation": 404, "reset": False, "feed": 404, "signed": 404,
    }  # fmt: skip


def test_p6_person_noted_as_having_left(doors, person, manager, committed):
    with committed():
        services.set_contact_left(contact_id=person.membership.contact_id, left_on=clock.today(), actor=manager)

    assert doors.all() == {
        "page": 403, "administration": 403, "api": 401, "invitation": 404, "reset": False, "feed": 404, "signed": 404,
    }  # fmt: skip


def test_p6_archived_partner(doors, partner, manager):
    services.archive_partner(partner_id=partner.pk, actor=manager)

    assert doors.all() == {
        "page": 403, "administration": 403, "api": 403, "invitation": 404, "reset": False, "feed": 404, "signed": 404,
    }  # fmt: skip


def test_p6_restored_partner_opens_the_same_doors_again(doors, partner, manager):
    services.archive_partner(partner_id=partner.pk, actor=manager)
    services.restore_partner(partner_id=partner.pk, actor=manager)

    assert doors.all() == OPEN


def test_p6_lower_role(doors, person, manager):
    services.change_role(membership_id=person.membership.pk, role=Role.PARTNER_VIEWER, actor=manager)

    assert doors.all() == {
        "page": 200, "administration": 403, "api": 200, "invitation": 404, "reset": False, "feed": 200, "signed": 200,
    }  # fmt: skip


def test_p6_lower_role_takes_the_write_scope_of_a_token(doors, person, manager, partner):
    url = f"/api/v1/portal/commitments/{make_commitment(partner=partner, side='theirs').uid}/done/"
    key = {"Authorization": f"Bearer {doors.token}"}
    assert Client().post(url, headers=key).status_code == 200

    services.change_role(membership_id=person.membership.pk, role=Role.PARTNER_VIEWER, actor=manager)

    assert Client().post(url, headers=key).status_code == 403


def test_p6_revoked_token(doors, person):
    revoke_token(token=ApiToken.objects.get(user=person), actor=person)

    assert doors.all() == {**OPEN, "api": 401}


def test_p6_revoked_invitation(doors, person, manager):
    services.revoke_invitation(invitation_id=Invitation.objects.get(invited_by=person).pk, actor=manager)

    assert doors.all() == {**OPEN, "invitation": 404}


def marked(partner: Partner, text: str) -> None:
    make_contact(partner=partner, name=text)
    make_invitation(partner=partner, by=partner.owner, name=text)


@pytest.mark.parametrize("how", ["accepts", "is moved"])
def test_p6_person_who_moves_to_another_firm(doors, person, partner, manager, committed, how):
    """Firm A's rows are gone at once; the session and the account go on, at firm B."""
    other = make_partner(name="Helix", owner=manager)
    marked(partner, "Marker of A")
    marked(other, "Marker of B")
    assert "Marker of A" in doors.session.get("/portal/team/").content.decode()

    with committed():
        if how == "accepts":
            secret = make_invitation(partner=other, by=manager, email=person.email, role=Role.PARTNER_SELLER)[1]
            assert doors.session.post(f"/join/{secret}/").status_code == 302
        else:
            seat = person.membership.pk
            services.move_seat(membership_id=seat, partner_id=other.pk, role=Role.PARTNER_SELLER, actor=manager)

    assert doors.all() == {
        "page": 200, "administration": 403, "api": 401, "invitation": 404, "reset": False, "feed": 404, "signed": 404,
    }  # fmt: skip
    team = doors.session.get("/portal/team/").content.decode()
    assert ("Marker of A" in team, "Marker of B" in team) == (False, True)


def test_p6_return_revives_no_old_key(doors, person, partner, manager, committed):
    """Mails to the person at this firm are theirs again; what was tied to the account is not."""
    with committed():
        services.end_access(membership_id=person.membership.pk, actor=manager)
    secret = make_invitation(partner=partner, by=manager, email=person.email, role=Role.PARTNER_SELLER)[1]
    assert doors.session.post(f"/join/{secret}/").status_code == 302

    assert doors.all() == {
        "page": 200, "administration": 403, "api": 401, "invitation": 404, "reset": False, "feed": 404, "signed": 200,
    }  # fmt: skip


def test_p6_who_left_may_ask_for_a_new_reset_link_to_come_back(person, partner, manager):
    services.end_access(membership_id=person.membership.pk, actor=manager)

    assert Doors(person, partner).reset_opens()


def test_p6_reset_link_opened_before_and_used_after_is_refused(doors, person, manager):
    """The form is on the screen already when the account is disabled."""
    browser = Client()
    form = browser.get(doors.reset, follow=True)
    services.set_person_active(membership_id=person.membership.pk, active=False, actor=manager)

    browser.post(form.redirect_chain[-1][0], NEW_PASSWORD)

    person.refresh_from_db()
    assert person.check_password("before it began")


def test_p6_invitation_opened_before_and_used_after_is_refused(doors, person, manager):
    browser = Client()
    assert browser.get(f"/join/{doors.invitation}/").status_code == 200
    services.end_access(membership_id=person.membership.pk, actor=manager)

    form = {"name": "Friend", "password": "a long walk by the sea", "time_zone": "UTC"}
    assert browser.post(f"/join/{doors.invitation}/", form).status_code == 404
    assert working_invitation(doors.invitation, at=clock.now()) is None


def test_p6_disabled_colleague_of_ours(manager):
    """The vendor's side has the same doors."""
    inside = Client()
    inside.force_login(manager, backend=BACKEND)
    token = create_token(user=manager, name="sync", scope="read", days=9)[1]
    feed = renew_feed(user=manager)
    invitation = make_invitation(partner=make_partner(), by=manager)[1]

    def doors() -> list[int]:
        return [
            inside.get("/app/").status_code,
            Client().get("/api/v1/partners/", headers={"Authorization": f"Bearer {token}"}).status_code,
            Client().get(f"/cal/{feed}.ics").status_code,
            Client().get(f"/join/{invitation}/").status_code,
        ]

    assert doors() == [200, 200, 200, 200]
    User.objects.filter(pk=manager.pk).update(is_active=False)

    assert doors() == [302, 401, 404, 404]
    assert CalendarFeed.objects.count() == 1


# --- a partner's own log-in ------------------------------------------------------------


@pytest.fixture
def provider(partner: Partner) -> IdentityProvider:
    return IdentityProvider.objects.create(
        partner=partner, kind="oidc", name="Contoso", issuer="https://login.test", client_id="prm", enabled=True
    )


@pytest.fixture
def administers(admin_user: User, provider: IdentityProvider) -> Callable[..., None]:
    """Save the provider in the admin with these boxes ticked."""
    root = Client()
    root.force_login(admin_user, backend=BACKEND)

    def save(*ticked: str) -> None:
        form = {"name": provider.name, "issuer": provider.issuer, "client_id": "prm", **dict.fromkeys(ticked, "on")}
        address = f"/admin/partners/identityprovider/{provider.pk}/change/"
        assert root.post(address, form).status_code == 302

    return save


def came_through(provider: IdentityProvider, person: User) -> Client:
    """A session that the company's log-in began."""
    ExternalIdentity.objects.create(provider=provider, subject=f"subject-{person.pk}", user=person)
    browser = Client()
    before = User.objects.get(pk=person.pk).last_login
    browser.force_login(person, backend=BACKEND)
    User.objects.filter(pk=person.pk).update(last_login=before)  # a log-in ends reset links, too
    session = browser.session
    session["log_in"] = {**session["log_in"], "way": str(provider.uid)}
    session.save()
    assert browser.get("/portal/").status_code == 200
    return browser


def test_p6_only_way_in_ends_password_sessions_and_reset_links(doors, person, provider, administers, stranger):
    through_company = came_through(provider, person)
    elsewhere = Client()
    elsewhere.force_login(stranger, backend=BACKEND)

    administers("enabled", "sso_only")

    assert AuditEntry.objects.get(action="partners.provider_saved").data == {"fields": ["sso_only"]}
    assert doors.all() == {**OPEN, "page": 302, "administration": 302, "reset": False}
    assert UserSession.objects.get(user=person).session_key == through_company.session.session_key
    assert (through_company.get("/portal/").status_code, elsewhere.get("/portal/").status_code) == (200, 200)


def test_p6_reset_link_opened_before_the_only_way_in_is_refused(doors, person, administers):
    browser = Client()
    form = browser.get(doors.reset, follow=True)
    administers("enabled", "sso_only")

    browser.post(form.redirect_chain[-1][0], NEW_PASSWORD)

    person.refresh_from_db()
    assert person.check_password("before it began")


@pytest.mark.parametrize("how", ["disabled", "unlinked", "gone"])
def test_p6_log_in_of_the_company_that_ends_takes_the_sessions_it_began(doors, person, provider, administers, how):
    through_company = came_through(provider, person)
    if how == "disabled":
        administers()
    elif how == "unlinked":
        ExternalIdentity.objects.all().delete()
    else:
        provider.delete()

    assert through_company.get("/portal/").status_code == 302
    assert through_company.get("/portal/team/", headers={"HX-Request": "true"}).status_code == 401
    assert doors.all() == OPEN


def test_p6_one_companys_only_way_in_leaves_the_others_people_alone(doors, other_partner, provider):
    IdentityProvider.objects.filter(pk=provider.pk).update(partner=other_partner, sso_only=True)

    assert doors.all() == OPEN
