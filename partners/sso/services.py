"""Who a checked answer of a provider is: the one place where an external identity becomes one of our accounts.

The key is (provider, subject). An address is looked at once, to link: it must lie in a domain that was verified for the
provider's own partner, and belong to an open invitation or to a seat at that partner.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import PARTNER_ROLES, User
from accounts.services import record
from core import clock
from core.outbox import put_mail
from partners.models import ExternalIdentity, IdentityProvider, Invitation, Membership, SpentAssertion, VerifiedDomain
from partners.rules import domain_of
from partners.services.joining import accept
from partners.sso.claims import Claims, SsoRefusedError
from partners.sso.queries import providers_for
from partners.sso.saml import Assertion


@transaction.atomic
def person_of(*, provider: IdentityProvider, claims: Claims, logged_in: User | None) -> User:
    """The account that these claims open at the provider's partner; linked now if this is the first time.

    `logged_in` is who this browser belongs to already, if anybody: an account with a password is linked only to its
    owner's own session. Raises SsoRefusedError, and then nothing was linked.
    """
    identity = (
        ExternalIdentity.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(provider=provider, subject=claims.subject)
        .first()
    )
    if identity is None:
        identity = _link(provider, claims, logged_in)
    if not Membership.objects.current().filter(user_id=identity.user_id, partner_id=provider.partner_id).exists():
        raise SsoRefusedError("no_seat", _("Your access has ended. Ask your contact if this is a mistake."))
    identity.last_used_at = clock.now()
    identity.save(update_fields=["last_used_at", "updated_at"])
    return identity.user


@transaction.atomic
def spend(*, provider: IdentityProvider, assertion: Assertion) -> None:
    """Use an assertion once; the second time it is refused."""
    SpentAssertion.objects.filter(provider=provider, expires_at__lt=clock.now() - timedelta(days=1)).delete()
    digest = sha256(assertion.mark.encode()).hexdigest()
    try:
        with transaction.atomic():
            SpentAssertion.objects.create(provider=provider, digest=digest, expires_at=assertion.expires_at)
    except IntegrityError:
        raise SsoRefusedError("used_before") from None


@transaction.atomic
def mail_way_in(*, email: str, address: Callable[[IdentityProvider], str]) -> None:
    """Mail the link of their company's log-in to an address of a verified domain; do nothing for any other.

    Only the mailbox learns which it was. One mail per address and ten minutes.
    """
    for provider in providers_for(email):
        window = int(clock.now().timestamp()) // 600
        mark = sha256(f"{email.lower()} {window}".encode()).hexdigest()[:40]
        put_mail(
            key=f"sso:{provider.uid}:{mark}",
            to=email,
            kind="sso_link",
            subject=_("Your company's log-in"),
            body=_("Log in with {name}:\n{link}\n\nIf you did not ask for this, ignore this mail.").format(
                name=provider.name, link=address(provider)
            ),
            partner_uid=provider.partner.uid,
        )


def _link(provider: IdentityProvider, claims: Claims, logged_in: User | None) -> ExternalIdentity:
    """Tie this subject to the account its address speaks for. Raises SsoRefusedError."""
    domain = domain_of(claims.email)
    if not VerifiedDomain.objects.verified().filter(partner_id=provider.partner_id, domain=domain).exists():
        raise SsoRefusedError("foreign_domain", _("Your company's log-in gave an address that is not your company's."))
    invited = Invitation.objects.filter(partner_id=provider.partner_id, email__iexact=claims.email)
    held = list(invited.select_for_update(of=("self",)).values_list("pk", flat=True))
    working = Invitation.objects.working(clock.now()).filter(pk__in=held)
    invitation = working.select_related("partner__owner", "contact").first()
    user = User.objects.select_for_update().filter(email__iexact=claims.email).first()
    if user is None and invitation is None:
        raise SsoRefusedError("not_invited", _("You have no access yet. Ask your contact for an invitation."))
    if user is not None:
        _check_may_be_linked(provider, user, invitation, logged_in)
    if invitation is not None:
        user = _join(invitation, user, claims)
    assert user is not None
    try:
        with transaction.atomic():
            identity = ExternalIdentity.objects.create(provider=provider, subject=claims.subject, user=user)
    except IntegrityError:
        raise SsoRefusedError("linked_meanwhile") from None
    record("partners.identity_linked", identity, actor=user, partner_uid=provider.partner.uid)
    return identity


def _check_may_be_linked(
    provider: IdentityProvider, user: User, invitation: Invitation | None, logged_in: User | None
) -> None:
    if not user.is_active or user.role not in PARTNER_ROLES:
        raise SsoRefusedError("not_a_partner", _("This log-in is not for your account."))
    if ExternalIdentity.objects.filter(provider=provider, user=user).exists():
        raise SsoRefusedError(
            "another_subject", _("Your account belongs to another identity at your company's log-in.")
        )
    seat = Membership.objects.filter(user=user, ended_at__isnull=True).first()
    if seat is not None and seat.partner_id != provider.partner_id:
        raise SsoRefusedError("seat_elsewhere", _("Your account belongs to another company. Ask your contact."))
    if seat is None and invitation is None:
        raise SsoRefusedError("not_invited", _("You have no access yet. Ask your contact for an invitation."))
    owns = logged_in is not None and logged_in.pk == user.pk
    if user.has_usable_password() and not (owns or invitation is not None or provider.sso_only):
        raise SsoRefusedError(
            "log_in_first",
            _("You have a password here. Log in with it once, then open your company's log-in again to connect them."),
        )


def _join(invitation: Invitation, user: User | None, claims: Claims) -> User:
    """Accept an invitation without a password: the provider has said who this is."""
    if user is None:
        user = User.objects.create_user(
            invitation.email, None, name=claims.name or invitation.name, role=invitation.role
        )
        record("accounts.user_joined", user, actor=user, partner_uid=invitation.partner.uid)
    accept(invitation, user)
    return user
