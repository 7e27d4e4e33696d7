"""Portal access from the manager's side: seen per person, given, changed, moved, taken; viewers look."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role, User
from core import clock
from core.models import Outbox
from partners.models import Contact, Invitation, Membership
from tests.factories import make_contact, make_invitation, make_member, make_partner

pytestmark = pytest.mark.django_db


def people(client, partner) -> str:
    return client.get(f"/app/partners/{partner.slug}/people/").content.decode()


@pytest.fixture
def seat(partner, member):
    line = make_contact(partner=partner, name="Nina Berg", email=member.email)
    Membership.objects.filter(user=member).update(contact=line)
    return Membership.objects.get(user=member)


def test_people_show_the_state_of_their_access(partner, manager, manager_client, seat):
    invited = make_contact(partner=partner, name="Iva")
    make_invitation(partner=partner, by=manager, email=invited.email)
    make_contact(partner=partner, name="Nobody Yet")

    html = people(manager_client, partner)

    assert "Portal: Partner seller" in html
    assert "Invited, until" in html
    assert "No portal access" in html


def test_dead_invitation_is_shown_as_dead(partner, manager, manager_client):
    make_invitation(partner=partner, by=manager, expires_at=clock.now())

    assert "link no longer works" in people(manager_client, partner)


def test_who_is_not_on_the_list_is_shown_too(partner, manager, manager_client, member):
    make_invitation(partner=partner, by=manager, name="Unlisted Person")

    html = people(manager_client, partner)

    assert "not on the list" in html
    assert member.email in html
    assert "Unlisted Person" in html


def test_manager_invites_one_person(partner, manager_client):
    line = make_contact(partner=partner, name="Nina Berg", email="nina@partner.test")
    url = f"/app/partners/{partner.slug}/people/{line.uid}/invite/"

    assert "nina@partner.test" in manager_client.get(url).content.decode()
    assert manager_client.post(url, {"role": "partner_admin"}).status_code == 302

    invitation = Invitation.objects.get()
    assert (invitation.contact, invitation.role, invitation.email) == (line, "partner_admin", "nina@partner.test")
    assert manager_client.post(url, {"role": "partner_admin"}).status_code == 422


def test_ticked_people_are_asked_about_and_then_invited(partner, manager_client):
    lines = [make_contact(partner=partner, name=f"Person {letter}") for letter in "AB"]
    silent = Contact.objects.create(partner=partner, name="Person C")
    url, ticked = f"/app/partners/{partner.slug}/people/invite/", [str(one.uid) for one in (*lines, silent)]

    question = manager_client.post(url, {"contact": ticked})
    assert (question.status_code, Invitation.objects.count()) == (200, 0)
    assert "Invite 3 people to the portal" in question.content.decode()

    done = manager_client.post(
        url, {"contact": ticked, "confirmed": "1", "role": "partner_viewer"}, follow=True
    ).content.decode()
    assert "2 people invited." in done
    assert "An e-mail address is needed." in done
    assert Outbox.objects.count() == 2


@pytest.mark.parametrize("ticked", [[], ["nonsense"], ["00000000-0000-4000-8000-000000000000"]])
def test_nothing_ticked_invites_nobody(partner, manager_client, ticked):
    response = manager_client.post(f"/app/partners/{partner.slug}/people/invite/", {"contact": ticked})

    assert response.status_code in {302, 404}
    assert Invitation.objects.count() == 0


def test_coming_back_to_the_question_leads_to_the_list(partner, manager_client):
    answer = manager_client.get(f"/app/partners/{partner.slug}/people/invite/")
    assert answer["Location"].startswith(f"/app/partners/{partner.slug}/")


def test_ticked_people_of_another_partner_are_left_out(partner, other_partner, manager_client):
    foreign = make_contact(partner=other_partner)
    sent = {"contact": [str(foreign.uid)], "confirmed": "1", "role": "partner_admin"}

    manager_client.post(f"/app/partners/{partner.slug}/people/invite/", sent)

    assert Invitation.objects.count() == 0


def test_manager_resends_and_revokes(partner, manager, manager_client):
    invitation, _secret = make_invitation(partner=partner, by=manager)
    base = f"/app/partners/{partner.slug}/invitations/{invitation.uid}"

    manager_client.post(f"{base}/resend/")
    manager_client.post(f"{base}/revoke/")
    late = manager_client.post(f"{base}/resend/", follow=True).content.decode()

    invitation.refresh_from_db()
    assert (invitation.times_sent, invitation.revoked_at is not None) == (2, True)
    assert "Invite the person anew" in late


def test_manager_changes_role_ends_disables_and_enables(partner, manager_client, seat, member):
    base = f"/app/partners/{partner.slug}/access/{seat.uid}"

    assert manager_client.post(f"{base}/role/", {"role": "partner_admin"}).status_code == 302
    assert User.objects.get(pk=member.pk).role == "partner_admin"
    manager_client.post(f"{base}/disable/")
    assert "Portal: disabled" in people(manager_client, partner)
    manager_client.post(f"{base}/enable/")
    assert "Portal: Partner administrator" in people(manager_client, partner)
    assert "stops working at once" in manager_client.get(f"{base}/end/").content.decode()
    assert manager_client.post(f"{base}/end/").status_code == 302
    assert "No portal access" in people(manager_client, partner)
    assert manager_client.post(f"{base}/end/").status_code == 404


def test_manager_moves_a_person_to_another_partner_they_may_see(partner, manager, manager_client, seat, member):
    other = make_partner(name="Helix", owner=manager)
    url = f"/app/partners/{partner.slug}/access/{seat.uid}/move/"

    assert "Helix" in manager_client.get(url).content.decode()
    assert manager_client.post(url, {"partner": str(other.uid), "role": "partner_viewer"}).status_code == 302

    seat.refresh_from_db()
    assert (seat.partner, seat.contact.partner) == (other, other)
    assert "Nina Berg" in people(manager_client, partner).split("No longer there")[1]


def test_manager_limited_to_a_portfolio_reaches_no_other_partner(partner, manager, manager_client, seat):
    hidden = make_partner(name="Hidden")
    stranger = make_member(partner=hidden)
    manager.sees_all_partners = False
    manager.save(update_fields=["sees_all_partners"])
    move = f"/app/partners/{partner.slug}/access/{seat.uid}/move/"

    assert "Hidden" not in manager_client.get(move).content.decode()
    assert manager_client.post(move, {"partner": str(hidden.uid), "role": "partner_viewer"}).status_code == 422
    foreign = f"/app/partners/{hidden.slug}/access/{stranger.membership.uid}/disable/"
    crossed = f"/app/partners/{partner.slug}/access/{stranger.membership.uid}/disable/"
    assert [manager_client.post(url).status_code for url in (foreign, crossed)] == [404, 404]


def test_viewer_looks_and_changes_nothing(partner, manager, viewer_client, seat):
    make_invitation(partner=partner, by=manager)
    html = people(viewer_client, partner)

    assert "Portal: Partner seller" in html
    for words in ("Send again", "Revoke", "Invite the ticked", "Disable the account"):
        assert words not in html
    assert viewer_client.post(f"/app/partners/{partner.slug}/access/{seat.uid}/end/").status_code == 403


def test_members_in_the_admin_are_for_looking(admin_user, client, partner, manager, seat):
    make_invitation(partner=partner, by=manager)
    client.force_login(admin_user, backend="allauth.account.auth_backends.AuthenticationBackend")

    for name in ("membership", "invitation"):
        assert client.get(f"/admin/partners/{name}/").status_code == 200
        assert client.get(f"/admin/partners/{name}/add/").status_code == 403
    page = client.get(f"/admin/partners/invitation/{Invitation.objects.get().pk}/change/").content.decode()
    assert Invitation.objects.get().digest not in page


def test_people_cost_the_same_with_1_and_5_rows(partner, manager, manager_client):
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            people(manager_client, partner)
        return len(seen)

    def add() -> None:
        make_invitation(partner=partner, by=manager)
        user = make_member(partner=partner, role=Role.PARTNER_VIEWER)
        Membership.objects.filter(user=user).update(contact=make_contact(partner=partner))

    add()
    count()
    first = count()
    for _number in range(4):
        add()

    assert count() == first
