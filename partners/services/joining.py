"""A person takes the seat an invitation offers: as a newcomer, or with an account they have proved to be theirs."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import NotificationKind, Role, User
from accounts.services import notify, record, revoke_tokens_of
from core import clock
from core.announce import announce
from core.errors import DomainError
from partners.models import Contact, Invitation, Membership, Partner
from partners.rules import secret_digest
from partners.signals import seats_changed


class InvitationGoneError(DomainError):
    """Used, expired, revoked or never there: which of these is nobody's business."""


@transaction.atomic
def accept_as_newcomer(*, secret: str, name: str, password: str, time_zone: str, language: str) -> User:
    """Open an account for the invited address and give it the seat. Of two at once, one wins."""
    invitation = _locked(secret)
    name = " ".join(name.split())
    if not name:
        raise DomainError(_("Say how colleagues call you."), field="name")
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                invitation.email,
                password,
                name=name,
                role=Role(invitation.role),
                time_zone=time_zone,
                language=language,
                is_demo=invitation.partner.is_demo,
            )
    except IntegrityError as error:
        raise DomainError(_("This address has an account meanwhile. Open the link again and log in.")) from error
    record("accounts.user_joined", user, actor=user, partner_uid=invitation.partner.uid)
    accept(invitation, user)
    return user


@transaction.atomic
def accept_with_account(*, secret: str, user_id: int) -> Membership:
    """Move the seat of a person who is logged in. What they had of another partner is gone with this commit."""
    invitation = _locked(secret)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.email.lower() != invitation.email.lower():
        raise DomainError(_("This invitation is for another address than that of your account."))
    refuse_colleague(user)
    return accept(invitation, user)


def refuse_colleague(user: User) -> None:
    if user.is_vendor:
        raise DomainError(_("This address belongs to an account of ours, which cannot sit at a partner's side."))


def take_seat(*, user: User, partner: Partner, contact: Contact, role: str, actor: User) -> Membership:
    """Seat `user` at `partner`, wherever they sat before. Keys for programs do not travel along.

    To be called inside the transaction of a service that has locked the user.
    """
    former = Membership.objects.select_for_update(of=("self",)).select_related("partner").filter(user=user).first()
    if former is not None and former.partner_id != partner.pk:
        if former.contact_id is not None:
            Contact.objects.filter(pk=former.contact_id, left_on__isnull=True).update(left_on=clock.today())
        if former.ended_at is None:
            record("partners.access_ended", former, actor=actor, moved=True)
    seat, _created = Membership.objects.update_or_create(
        user=user, defaults={"partner": partner, "contact": contact, "ended_at": None}
    )
    user.role = role
    user.save(update_fields=["role"])
    revoke_tokens_of(user=user, actor=actor, partner_uid=former.partner.uid if former else None)
    record("partners.joined", seat, actor=actor, partner_uid=partner.uid, role=role)
    announce(seats_changed, user_ids=[user.pk])
    return seat


def contact_for(*, partner: Partner, user: User, listed: Contact | None = None) -> Contact:
    """What `partner` knows of this person, listed if it was not: the one invited, or the one with the same address."""
    contact = listed if listed is not None and listed.partner_id == partner.pk else None
    if contact is None:
        same = Contact.objects.filter(partner=partner, email__iexact=user.email)
        contact = same.order_by(F("left_on").asc(nulls_first=True), "pk").first()
    if contact is not None:
        other = Membership.objects.filter(contact=contact).exclude(user=user).first()
        if other is not None and other.ended_at is None:
            contact = None  # this line speaks of somebody else who logs in
        elif other is not None:
            other.contact = None
            other.save(update_fields=["contact", "updated_at"])
    if contact is None:
        contact = Contact.objects.create(
            partner=partner, name=user.name, email=user.email, role=Contact.Role.OTHER, time_zone=user.time_zone
        )
        record("partners.contact_added", contact, actor=user)
    elif contact.left_on is not None:
        contact.left_on = None
        contact.save(update_fields=["left_on", "updated_at"])
    return contact


def accept(invitation: Invitation, user: User) -> Membership:
    """Give the person the seat of a locked, working invitation."""
    now: datetime = clock.now()
    contact = contact_for(partner=invitation.partner, user=user, listed=invitation.contact)
    seat = take_seat(user=user, partner=invitation.partner, contact=contact, role=invitation.role, actor=user)
    invitation.accepted_at, invitation.accepted_by, invitation.contact = now, user, contact
    invitation.save(update_fields=["accepted_at", "accepted_by", "contact", "updated_at"])
    record("partners.invitation_accepted", invitation, actor=user)
    _tell_owner(invitation, user)
    return seat


def _tell_owner(invitation: Invitation, user: User) -> None:
    partner = invitation.partner
    if partner.owner is not None:
        notify(
            users=[partner.owner],
            kind=NotificationKind.PERSON_JOINED,
            title=gettext_lazy("{person} joined the portal").format(person=user),
            url=f"/app/partners/{partner.slug}/people/",
            reason=gettext_lazy("You look after {partner}.").format(partner=partner),
            key=f"joined:{invitation.uid}",
            partner_uid=partner.uid,
            thread=f"partner:{partner.uid}",
        )


def _locked(secret: str) -> Invitation:
    """The invitation as it stands once nobody else holds it."""
    digest = secret_digest(secret)
    held = list(Invitation.objects.select_for_update().filter(digest=digest).values_list("pk", flat=True))
    working = Invitation.objects.working(clock.now()).filter(pk__in=held)
    invitation = working.select_related("partner__owner", "contact").first()
    if invitation is None:
        raise InvitationGoneError(_("This invitation does not work."))
    return invitation
