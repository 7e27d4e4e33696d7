"""Who may open the portal, after they joined: roles, ending, moving, disabling. Each holds from the next request on."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.services import record, revoke_tokens_of
from core import clock
from core.announce import announce
from core.errors import DomainError
from partners.models import Contact, Membership, Partner, partner_id_of
from partners.services.invitations import check_role
from partners.services.joining import contact_for, take_seat
from partners.signals import seats_changed


@transaction.atomic
def change_role(*, membership_id: int, role: str, actor: User) -> Membership:
    """Give a person another role. The last administrator keeps theirs."""
    seat = _locked(membership_id, actor)
    check_role(role)
    if seat.user.role == role:
        return seat
    if role != Role.PARTNER_ADMIN:
        _keep_an_administrator(seat, actor)
    former, seat.user.role = seat.user.role, role
    seat.user.save(update_fields=["role"])
    record("partners.role_changed", seat, actor=actor, former=former, to=role)
    return seat


@transaction.atomic
def end_access(*, membership_id: int, actor: User, left: bool = True) -> Membership:
    """No access and no keys any more; `left`: the person is marked as having left. An invitation brings them back."""
    seat = _locked(membership_id, actor)
    if seat.ended_at is not None:
        return seat
    _keep_an_administrator(seat, actor)
    seat.ended_at = clock.now()
    seat.save(update_fields=["ended_at", "updated_at"])
    if left and seat.contact_id is not None:
        Contact.objects.filter(pk=seat.contact_id, left_on__isnull=True).update(left_on=clock.today())
    revoke_tokens_of(user=seat.user, actor=actor, partner_uid=seat.partner.uid)
    record("partners.access_ended", seat, actor=actor)
    announce(seats_changed, user_ids=[seat.user_id])
    return seat


@transaction.atomic
def move_seat(*, membership_id: int, partner_id: int, role: str, actor: User) -> Membership:
    """A person works for another partner now; what they had of the former one is gone with this commit."""
    seat = _locked(membership_id, actor)
    check_role(role)
    partner = Partner.objects.get(pk=partner_id)
    if not actor.is_vendor:
        raise DomainError(_("Only the vendor can move a person to another company."))
    if partner.pk == seat.partner_id:
        raise DomainError(_("{} is at {} already.").format(seat.user, partner), field="partner")
    if partner.archived_at is not None:
        raise DomainError(_("{} is archived.").format(partner), field="partner")
    contact = contact_for(partner=partner, user=seat.user)
    return take_seat(user=seat.user, partner=partner, contact=contact, role=role, actor=actor)


@transaction.atomic
def set_person_active(*, membership_id: int, active: bool, actor: User) -> Membership:
    """Lock an account, whatever it belongs to, or open it again. Keys for programs are gone either way."""
    seat = _locked(membership_id, actor)
    if not actor.is_vendor:
        raise DomainError(_("Only the vendor can disable an account; end the person's access instead."))
    if seat.user.is_active != active:
        seat.user.is_active = active
        seat.user.save(update_fields=["is_active"])
        revoke_tokens_of(user=seat.user, actor=actor, partner_uid=seat.partner.uid)
        record("partners.person_enabled" if active else "partners.person_disabled", seat, actor=actor)
        announce(seats_changed, user_ids=[seat.user_id])
    return seat


def _locked(membership_id: int, actor: User) -> Membership:
    """The seat, after its partner: whoever changes the seats of one partner does so one after the other.

    A partner's administrator reaches seats of their own partner only, and nobody who works for the vendor by now.
    """
    partner_id = Membership.objects.filter(pk=membership_id).values_list("partner_id", flat=True).first()
    if partner_id is None:
        raise DomainError(_("This person no longer works here."))
    Partner.objects.select_for_update().get(pk=partner_id)
    rows = Membership.objects.select_for_update(of=("self",)).select_related("user", "partner")
    seat = rows.filter(pk=membership_id, partner_id=partner_id).first()
    if seat is None or not (actor.is_vendor or seat.partner_id == partner_id_of(actor)):
        raise DomainError(_("This person no longer works here."))
    if seat.user.is_vendor:
        raise DomainError(_("{} works for the vendor now; an administrator changes that account.").format(seat.user))
    return seat


def _keep_an_administrator(seat: Membership, actor: User) -> None:
    """A partner cannot lock itself out. The vendor may do it: a manager can invite another administrator."""
    if actor.is_vendor or seat.user.role != Role.PARTNER_ADMIN:
        return
    others = Membership.objects.current().filter(partner_id=seat.partner_id, user__role=Role.PARTNER_ADMIN)
    if not others.exclude(pk=seat.pk).exists():
        raise DomainError(_("{} is the last administrator. Make somebody else one first.").format(seat.user))
