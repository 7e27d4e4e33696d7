"""Invitations to the portal: sent, sent again, taken back. The secret is in the mail only; here is its digest."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import PARTNER_ROLES, Role, User
from accounts.services import is_suppressed, record
from core import clock
from core.errors import DomainError
from core.models import Outbox
from core.outbox import ACCOUNT_MAIL, put_mail
from partners.models import Contact, Invitation, Membership, Partner
from partners.rules import secret_digest

WORKS_FOR = timedelta(days=14)
SECRET_BYTES = 32
MAX_OPEN = 200  # per partner: a log-in at a partner is no machine for mails
MAX_SENT = 5
MAX_A_DAY = 200


@dataclass(frozen=True)
class Sent:
    """What a bulk invitation came to: those mailed, and the others with the reason."""

    invited: list[Invitation] = field(default_factory=list)
    refused: list[tuple[Contact, str]] = field(default_factory=list)


@transaction.atomic
def invite(
    *,
    partner_id: int,
    email: str,
    name: str,
    actor: User,
    role: str = Role.PARTNER_SELLER,
    contact_id: int | None = None,
) -> Invitation:
    """Invite one person. Whether the address has an account at another partner is neither asked nor told."""
    partner = Partner.objects.get(pk=partner_id)
    if partner.archived_at is not None:
        raise DomainError(_("{} is archived; nobody can be invited.").format(partner))
    email, name = _checked_address(email), " ".join(name.split())[:120]
    if not name:
        raise DomainError(_("A person needs a name."), field="name")
    check_role(role)
    if Membership.objects.current().filter(partner_id=partner_id, user__email__iexact=email).exists():
        raise DomainError(_("{} has access already.").format(email), field="email")
    now = clock.now()
    waiting = Invitation.objects.filter(partner_id=partner_id, accepted_at__isnull=True, revoked_at__isnull=True)
    former = waiting.select_for_update(of=("self",)).filter(email__iexact=email).first()
    if former is not None:
        if Invitation.objects.working(now).filter(pk=former.pk).exists():
            raise DomainError(_("{} is invited already. Send the invitation again from the list.").format(email))
        former.name, former.role, former.contact_id = name, role, contact_id or former.contact_id
        return _send(former, actor, now)
    if Invitation.objects.filter(partner_id=partner_id, sent_at__gt=now - timedelta(days=1)).count() >= MAX_A_DAY:
        raise DomainError(_("{} invitations went out within a day; go on tomorrow.").format(MAX_A_DAY))
    if waiting.count() >= MAX_OPEN:
        raise DomainError(_("There are {} open invitations; revoke some first.").format(MAX_OPEN))
    invitation = Invitation(partner=partner, email=email, name=name, role=role, contact_id=contact_id, times_sent=0)
    try:
        with transaction.atomic():
            return _send(invitation, actor, now)
    except IntegrityError as error:
        raise DomainError(_("{} was invited by somebody else at this moment.").format(email)) from error


@transaction.atomic
def invite_contacts(*, contact_ids: Iterable[int], role: str, actor: User) -> Sent:
    """Invite people who are listed; who cannot be invited is named with the reason and stops nobody else."""
    sent = Sent()
    for contact in Contact.objects.filter(pk__in=list(contact_ids)).order_by("name", "pk"):
        try:
            if contact.left_on is not None:
                raise DomainError(_("{} has left.").format(contact))
            invitation = invite(
                partner_id=contact.partner_id,
                email=contact.email,
                name=contact.name,
                role=role,
                actor=actor,
                contact_id=contact.pk,
            )
        except DomainError as error:
            sent.refused.append((contact, error.message))
        else:
            sent.invited.append(invitation)
    return sent


@transaction.atomic
def resend_invitation(*, invitation_id: int, actor: User) -> Invitation:
    """A new secret for another fortnight, vouched for by who sends it; the former link is dead."""
    invitation = _waiting(invitation_id)
    if invitation.partner.archived_at is not None:
        raise DomainError(_("{} is archived; nobody can be invited.").format(invitation.partner))
    if invitation.times_sent >= MAX_SENT:
        raise DomainError(_("This invitation was sent {} times already. Ask the person another way.").format(MAX_SENT))
    return _send(invitation, actor, clock.now())


@transaction.atomic
def revoke_invitation(*, invitation_id: int, actor: User) -> Invitation:
    """Take an invitation back: its link is dead, and a mail that still waits is not sent."""
    invitation = _waiting(invitation_id)
    invitation.revoked_at = clock.now()
    invitation.save(update_fields=["revoked_at", "updated_at"])
    _hold_back(invitation)
    record("partners.invitation_revoked", invitation, actor=actor)
    return invitation


def check_role(role: str) -> None:
    if role not in PARTNER_ROLES:
        raise DomainError(_("Choose one of the partner's roles."), field="role")


def _checked_address(email: str) -> str:
    email = email.strip().lower()
    if not email:
        raise DomainError(_("An e-mail address is needed."), field="email")
    try:
        validate_email(email)
    except ValidationError as error:
        raise DomainError(_("“{}” is not an e-mail address.").format(email), field="email") from error
    if is_suppressed(email):
        raise DomainError(_("This person asked to be forgotten and must not be invited again."), field="email")
    return email


def _waiting(invitation_id: int) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("partner")
    invitation = rows.get(pk=invitation_id)
    if invitation.accepted_at is not None:
        raise DomainError(_("{} has accepted meanwhile.").format(invitation.name))
    if invitation.revoked_at is not None:
        raise DomainError(_("This invitation was revoked. Invite the person anew."))
    return invitation


def _send(invitation: Invitation, actor: User, now: datetime) -> Invitation:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation.digest = secret_digest(secret)
    invitation.invited_by = actor
    invitation.sent_at, invitation.expires_at = now, now + WORKS_FOR
    invitation.times_sent += 1
    _hold_back(invitation)
    invitation.save()
    _mail(invitation, secret)
    again = invitation.times_sent > 1
    record("partners.invitation_resent" if again else "partners.invited", invitation, actor=actor, role=invitation.role)
    return invitation


def _mail(invitation: Invitation, secret: str) -> None:
    assert invitation.invited_by is not None
    with translation.override(invitation.invited_by.language):
        text = render_to_string(
            "partners/email/invitation.txt",
            {
                "organisation": settings.ORGANISATION,
                "invitation": invitation,
                "by_colleague": not invitation.invited_by.is_vendor,
                "days": WORKS_FOR.days,
                "link": f"{settings.BASE_URL}{reverse('portal:join', args=[secret])}",
            },
        )
    subject, _newline, body = text.lstrip().partition("\n")
    put_mail(
        key=f"invitation:{invitation.uid}:{invitation.times_sent}",
        to=invitation.email,
        subject=subject.strip(),
        body=body.strip() + "\n",
        kind=ACCOUNT_MAIL,
        partner_uid=invitation.partner.uid,
        is_demo=invitation.partner.is_demo,
    )


def _hold_back(invitation: Invitation) -> None:
    """A mail with a dead link is not sent any more."""
    waiting = Outbox.objects.filter(key__startswith=f"invitation:{invitation.uid}:", status=Outbox.Status.DUE)
    waiting.update(status=Outbox.Status.CANCELLED)
