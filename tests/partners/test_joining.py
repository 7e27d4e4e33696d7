"""Invitations and what becomes of them: one link, one seat, one person, whoever asks at the same moment."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from accounts.models import ApiToken, AuditEntry, Notification, Role, User
from accounts.services import create_token, suppress
from core import clock
from core.errors import DomainError
from core.models import Outbox
from partners import services
from partners.models import Contact, Invitation, Membership
from partners.queries import invited_to, working_invitation
from tests.engagement.test_races import at_once
from tests.factories import make_contact, make_invitation, make_member, make_partner, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk by the sea"


def link_secret(mail: Outbox) -> str:
    return re.search(r"/join/([\w-]+)/", mail.body)[1]


def invite(partner, actor, email="nina@partner.test", **fields):
    return services.invite(partner_id=partner.pk, email=email, name="Nina Berg", actor=actor, **fields)


def join(secret, **fields):
    known = {"name": "Nina Berg", "password": PASSWORD, "time_zone": "Europe/Oslo", "language": "en", **fields}
    return services.accept_as_newcomer(secret=secret, **known)


def works(secret: str) -> bool:
    return working_invitation(secret, at=clock.now()) is not None


# --- inviting -----------------------------------------------------------------------------------------------------


def test_invitation_mails_a_secret_of_256_bits_and_keeps_its_digest_only(partner, manager):
    invitation = invite(partner, manager, role=Role.PARTNER_ADMIN)

    mail = Outbox.objects.get()
    secret = link_secret(mail)
    assert (mail.to, mail.kind, mail.partner_uid) == ("nina@partner.test", "account", partner.uid)
    assert len(secret) == 43
    assert works(secret)
    assert secret not in str(list(Invitation.objects.values()))
    assert secret not in str(list(AuditEntry.objects.values()))
    assert invitation.expires_at - invitation.sent_at == timedelta(days=14)
    assert "Ana Ruiz" in mail.body
    assert "Partner administrator" in mail.body


def test_mail_from_a_colleague_names_them(partner):
    head = make_member(partner=partner, role=Role.PARTNER_ADMIN, name="Ingrid Dahl")

    invite(partner, head)

    assert "Ingrid Dahl invites you to work with" in Outbox.objects.get().body


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c.test", "x@y.test\nBcc: z@y.test"])
def test_address_must_be_one(partner, manager, email):
    with pytest.raises(DomainError):
        invite(partner, manager, email=email)
    assert Outbox.objects.count() == 0


@pytest.mark.parametrize("role", ["admin", "lead", "partner_manager", "viewer", "", "owner"])
def test_only_roles_of_partners_can_be_given(partner, manager, role):
    with pytest.raises(DomainError):
        invite(partner, manager, role=role)


def test_second_invitation_of_the_same_address_is_refused_while_the_first_works(partner, manager):
    invite(partner, manager)

    with pytest.raises(DomainError, match="invited already"):
        invite(partner, manager, email="NINA@partner.test")
    assert Invitation.objects.count() == 1


def test_expired_invitation_is_renewed_by_inviting_again(partner, manager):
    invitation, secret = make_invitation(
        partner=partner, by=manager, email="nina@partner.test", expires_at=clock.now() - timedelta(days=1)
    )

    renewed = invite(partner, manager, role=Role.PARTNER_VIEWER)

    assert (renewed.pk, renewed.role, renewed.times_sent) == (invitation.pk, "partner_viewer", 2)
    assert not works(secret)


def test_colleague_with_access_is_not_invited_again(partner, manager, member):
    with pytest.raises(DomainError, match="has access already"):
        invite(partner, manager, email=member.email.upper())


def test_account_at_another_partner_is_not_told(partner, manager, stranger):
    """The same rows, the same words as for an address nobody has (P8)."""
    known = invite(partner, manager, email=stranger.email)
    unknown = invite(partner, manager, email="nobody@else.test")

    mails = [mail.body for mail in Outbox.objects.order_by("id")]
    assert re.sub(r"/join/.*", "", mails[0]) == re.sub(r"/join/.*", "", mails[1])
    assert (known.accepted_by, known.contact) == (unknown.accepted_by, unknown.contact) == (None, None)


def test_archived_partner_invites_nobody(partner, manager):
    services.archive_partner(partner_id=partner.pk, actor=manager)

    with pytest.raises(DomainError, match="archived"):
        invite(partner, manager)


def test_resending_kills_the_old_link_and_holds_the_old_mail_back(partner, manager, lead):
    invitation = invite(partner, manager)
    old = link_secret(Outbox.objects.get())

    services.resend_invitation(invitation_id=invitation.pk, actor=lead)

    first, second = Outbox.objects.order_by("id")
    assert (works(old), works(link_secret(second))) == (False, True)
    assert (first.status, second.status) == ("cancelled", "due")


def test_revoking_kills_the_link_and_holds_the_mail_back(partner, manager):
    invitation = invite(partner, manager)
    secret = link_secret(Outbox.objects.get())

    services.revoke_invitation(invitation_id=invitation.pk, actor=manager)

    assert not works(secret)
    assert Outbox.objects.get().status == "cancelled"
    with pytest.raises(DomainError, match="revoked"):
        services.resend_invitation(invitation_id=invitation.pk, actor=manager)


def test_bulk_invites_those_it_can_and_names_the_others(partner, manager, member):
    good = [make_contact(partner=partner, name=f"Good {number}") for number in (1, 2)]
    has_access = make_contact(partner=partner, name="Has Access", email=member.email)
    no_mail = Contact.objects.create(partner=partner, name="No Mail")
    gone = make_contact(partner=partner, name="Gone", left_on=clock.today())
    everybody = [one.pk for one in (*good, has_access, no_mail, gone)]

    sent = services.invite_contacts(contact_ids=everybody, role=Role.PARTNER_SELLER, actor=manager)

    assert [one.contact for one in sent.invited] == good
    assert [contact.name for contact, _why in sent.refused] == ["Gone", "Has Access", "No Mail"]
    assert Outbox.objects.count() == 2


# --- accepting ----------------------------------------------------------------------------------------------------


def test_newcomer_gets_account_seat_and_line_on_the_list(partner, manager):
    _invitation, secret = make_invitation(partner=partner, by=manager, email="nina@partner.test", role="partner_admin")

    user = join(secret)

    seat = Membership.objects.get()
    assert (user.email, user.role, user.time_zone) == ("nina@partner.test", "partner_admin", "Europe/Oslo")
    assert user.check_password(PASSWORD)
    assert (seat.user, seat.partner, seat.contact.email) == (user, partner, "nina@partner.test")
    assert Invitation.objects.get().accepted_by == user


def test_listed_person_is_linked_not_doubled_and_no_longer_left(partner, manager):
    contact = make_contact(partner=partner, email="Nina@Partner.test", left_on=clock.today())
    _invitation, secret = make_invitation(partner=partner, by=manager, email="nina@partner.test")

    join(secret)

    assert Membership.objects.get().contact == contact
    assert list(partner.contacts.values_list("left_on", flat=True)) == [None]


def test_link_works_once(partner, manager):
    _invitation, secret = make_invitation(partner=partner, by=manager)
    join(secret)

    with pytest.raises(services.InvitationGoneError):
        join(secret)
    assert User.objects.exclude(pk=manager.pk).count() == 1


@pytest.mark.parametrize("what", ["accepted_at", "revoked_at"])
def test_used_and_revoked_links_open_nothing(partner, manager, what):
    _invitation, secret = make_invitation(partner=partner, by=manager, **{what: clock.now()})

    with pytest.raises(services.InvitationGoneError):
        join(secret)


def test_link_dies_after_a_fortnight(partner, manager, time_machine):
    _invitation, secret = make_invitation(partner=partner, by=manager)
    time_machine.move_to(clock.now() + timedelta(days=14, seconds=1))

    with pytest.raises(services.InvitationGoneError):
        join(secret)


def test_person_who_moves_takes_the_account_along_and_nothing_else(partner, manager, stranger, other_partner):
    former_line = make_contact(partner=other_partner, email=stranger.email)
    Membership.objects.filter(user=stranger).update(contact=former_line)
    create_token(user=stranger, name="sync", scope="read", days=9)
    _invitation, secret = make_invitation(partner=partner, by=manager, email=stranger.email, role="partner_viewer")

    services.accept_with_account(secret=secret, user_id=stranger.pk)

    stranger.refresh_from_db()
    seat = Membership.objects.get()
    former_line.refresh_from_db()
    assert (seat.partner, seat.contact.partner, stranger.role) == (partner, partner, "partner_viewer")
    assert (former_line.left_on, ApiToken.objects.count()) == (clock.today(), 0)
    told = AuditEntry.objects.filter(partner_uid=other_partner.uid, action="partners.access_ended").get()
    assert partner.name not in str(told.data)
    assert str(partner.uid) not in str(told.data)


def test_person_who_left_and_returns_gets_the_seat_back(partner, manager, member):
    services.end_access(membership_id=member.membership.pk, actor=manager)
    _invitation, secret = make_invitation(partner=partner, by=manager, email=member.email)

    seat = services.accept_with_account(secret=secret, user_id=member.pk)

    assert (seat.ended_at, seat.contact.left_on) == (None, None)
    assert Membership.objects.current().count() == 1


def test_seat_is_not_given_to_somebody_else_who_is_logged_in(partner, manager, stranger):
    _invitation, secret = make_invitation(partner=partner, by=manager)

    with pytest.raises(DomainError, match="another address"):
        services.accept_with_account(secret=secret, user_id=stranger.pk)


def test_colleague_of_ours_cannot_sit_at_the_other_side(partner, manager, lead):
    _invitation, secret = make_invitation(partner=partner, by=manager, email=lead.email)

    with pytest.raises(DomainError, match="account of ours"):
        services.accept_with_account(secret=secret, user_id=lead.pk)
    lead.refresh_from_db()
    assert lead.role == Role.LEAD


def test_account_is_not_taken_over_by_a_newcomers_form(partner, manager, stranger):
    _invitation, secret = make_invitation(partner=partner, by=manager, email=stranger.email)

    with pytest.raises(DomainError, match="has an account meanwhile"):
        join(secret)
    assert Membership.objects.get().partner != partner


def test_line_of_somebody_else_who_logs_in_is_left_alone(partner, manager, member):
    line = make_contact(partner=partner, email="office@partner.test")
    Membership.objects.filter(user=member).update(contact=line)
    _invitation, secret = make_invitation(partner=partner, by=manager, email="office@partner.test")

    user = join(secret)

    assert member.membership.partner == partner
    assert Membership.objects.get(user=member).contact == line
    assert Membership.objects.get(user=user).contact != line


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_two_who_accept_at_once_one_wins():
    partner, manager = make_partner(), make_user()
    _invitation, secret = make_invitation(partner=partner, by=manager)

    def accept() -> str:
        try:
            return join(secret).email
        except DomainError as error:
            return type(error).__name__

    results = at_once(accept)

    assert len(results) == 2
    assert sum("@" in one for one in results) == 1
    assert (Membership.objects.count(), Contact.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_two_who_invite_at_once_one_mail_goes_out():
    partner, manager = make_partner(), make_user()

    def ask() -> bool:
        try:
            return bool(invite(partner, manager))
        except DomainError:
            return False

    assert sorted(at_once(ask)) == [False, True]
    assert Outbox.objects.count() == 1


# --- access afterwards --------------------------------------------------------------------------------------------


def test_last_administrator_stays(partner):
    head = make_member(partner=partner, role=Role.PARTNER_ADMIN)
    seat = head.membership

    with pytest.raises(DomainError, match="last administrator"):
        services.change_role(membership_id=seat.pk, role=Role.PARTNER_VIEWER, actor=head)
    with pytest.raises(DomainError, match="last administrator"):
        services.end_access(membership_id=seat.pk, actor=head)


def test_disabled_administrator_does_not_count_as_one(partner):
    head, other = (make_member(partner=partner, role=Role.PARTNER_ADMIN) for _ in range(2))
    User.objects.filter(pk=other.pk).update(is_active=False)

    with pytest.raises(DomainError, match="last administrator"):
        services.end_access(membership_id=head.membership.pk, actor=head)


def test_vendor_may_end_the_last_administrator(partner, manager):
    head = make_member(partner=partner, role=Role.PARTNER_ADMIN)

    assert services.end_access(membership_id=head.membership.pk, actor=manager).ended_at is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_two_administrators_who_demote_each_other_leave_one():
    partner = make_partner()
    pair = [make_member(partner=partner, role=Role.PARTNER_ADMIN) for _ in range(2)]
    turns = [(pair[0].membership.pk, pair[1]), (pair[1].membership.pk, pair[0])]

    def demote() -> bool:
        seat, actor = turns.pop()
        try:
            return bool(services.change_role(membership_id=seat, role=Role.PARTNER_VIEWER, actor=actor))
        except DomainError:
            return False

    assert sorted(at_once(demote)) == [False, True]
    assert User.objects.filter(role=Role.PARTNER_ADMIN).count() == 1


def test_person_noted_as_having_left_loses_access(partner, manager, member):
    contact = make_contact(partner=partner)
    Membership.objects.filter(user=member).update(contact=contact)

    services.set_contact_left(contact_id=contact.pk, left_on=clock.today(), actor=manager)

    assert Membership.objects.current().count() == 0


def test_access_can_end_while_the_person_stays(partner, manager, member):
    contact = make_contact(partner=partner)
    Membership.objects.filter(user=member).update(contact=contact)

    services.end_access(membership_id=member.membership.pk, actor=manager, left=False)

    contact.refresh_from_db()
    assert contact.left_on is None


def test_partner_side_neither_moves_nor_disables(partner, other_partner, member):
    head = make_member(partner=partner, role=Role.PARTNER_ADMIN)
    seat = member.membership.pk

    with pytest.raises(DomainError, match="Only the vendor"):
        services.move_seat(membership_id=seat, partner_id=other_partner.pk, role="partner_seller", actor=head)
    with pytest.raises(DomainError, match="Only the vendor"):
        services.set_person_active(membership_id=seat, active=False, actor=head)


def test_invitations_of_who_may_not_invite_any_more_are_shown_as_dead(partner):
    head = make_member(partner=partner, role=Role.PARTNER_ADMIN)
    make_invitation(partner=partner, by=head)
    assert [one.works for one in invited_to(partner.pk, at=clock.now())] == [True]

    User.objects.filter(pk=head.pk).update(role=Role.PARTNER_SELLER)

    assert [one.works for one in invited_to(partner.pk, at=clock.now())] == [False]


def test_owner_hears_who_joined(partner, manager):
    _invitation, secret = make_invitation(partner=partner, by=manager, email="nina@partner.test")
    join(secret)

    told = Notification.objects.get(user=manager)
    assert (told.kind, told.title) == ("person_joined", "Nina Berg joined the portal")


def test_person_who_was_erased_is_not_invited_again(partner, manager):
    suppress(["nina@partner.test"])

    with pytest.raises(DomainError, match="asked to be forgotten"):
        invite(partner, manager, email="Nina@partner.test")
    assert not Invitation.objects.exists()
