"""Reads about partners' own log-ins."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import Combinable

from accounts.models import User
from partners.models import ExternalIdentity, IdentityProvider, Membership
from partners.rules import domain_of


def open_provider(uid: UUID) -> IdentityProvider | None:
    """A provider that people can log in through now."""
    return IdentityProvider.objects.open().select_related("partner").filter(uid=uid).first()


def providers_for(email: str) -> QuerySet[IdentityProvider]:
    """The open providers of the partner for which this address's domain was verified."""
    return (
        IdentityProvider.objects.open()
        .select_related("partner")
        .filter(partner__domains__domain=domain_of(email), partner__domains__verified_at__isnull=False)
        .order_by("name")
    )


def only_way_in(user: User) -> IdentityProvider | None:
    """The provider through which alone this person may log in; None for who may use a password."""
    if user.is_vendor:
        return None
    seats = Membership.objects.current().filter(user_id=user.pk)
    return (
        IdentityProvider.objects.open()
        .filter(sso_only=True, partner_id__in=seats.values("partner_id"))
        .order_by("pk")
        .first()
    )


def way_is_open(way: str) -> Combinable:
    """Inside a query over seats: whether who came in this way may stay (ADR 0008).

    `way`: the uid of the company's log-in, which must be on and still know the person; empty for a password or passkey,
    which must not be closed.
    """
    if way:
        return Exists(
            ExternalIdentity.objects.filter(user_id=OuterRef("user_id"), provider__uid=way, provider__enabled=True)
        )
    return ~Exists(IdentityProvider.objects.open().filter(partner_id=OuterRef("partner_id"), sso_only=True))
