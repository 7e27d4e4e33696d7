"""Who has access at one partner, and what each role opens there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import PARTNER_EDITOR_ROLES, PARTNER_ROLES, Role
from partners.models import Membership
from partners.queries import Invited, invited_to, seats_at
from partners.row_security import colleagues_with_second_factor
from partners.seats import Seat

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True)
class Colleague:
    seat: Membership
    second_factor: bool


@dataclass(frozen=True)
class Team:
    colleagues: list[Colleague]
    invited: list[Invited]


@dataclass(frozen=True)
class Opening:
    """One thing a role opens. `topic`: only while the vendor shares it."""

    label: str | Promise
    roles: frozenset[Role]
    topic: str = ""


ROLE_NAMES = {
    Role.PARTNER_ADMIN: _("Admin"),
    Role.PARTNER_SELLER: _("Seller"),
    Role.PARTNER_VIEWER: _("Viewer"),
}
EVERYBODY = PARTNER_ROLES
ADMINISTRATORS = frozenset({Role.PARTNER_ADMIN})
OPENINGS = (
    Opening(_("Health as it is shared"), EVERYBODY, "health"),
    Opening(_("Our sales"), EVERYBODY, "sales"),
    Opening(_("Meetings, decisions and actions"), EVERYBODY, "meetings"),
    Opening(_("Add topics, tick our actions"), PARTNER_EDITOR_ROLES, "meetings"),
    Opening(_("Promises made to us"), EVERYBODY, "promises"),
    Opening(_("Shared files"), EVERYBODY, "files"),
    Opening(_("News"), EVERYBODY, "news"),
    Opening(_("Invite colleagues, change roles, end access"), ADMINISTRATORS),
    Opening(_("API tokens for our programs"), ADMINISTRATORS),
)


def team(seat: Seat, *, at: datetime) -> Team:
    """Administrators first, then by name. Four queries, whatever the number of people."""
    strong = _with_second_factor(seat.partner.pk)
    rows = sorted(seats_at(seat.partner.pk), key=lambda one: one.user.role != Role.PARTNER_ADMIN)
    return Team([Colleague(one, one.user_id in strong) for one in rows], invited_to(seat.partner.pk, at=at))


def openings(topics: frozenset[str]) -> list[tuple[Opening, list[bool]]]:
    """Each thing that is there now, with a yes or no per role in the order of `ROLE_NAMES`."""
    there = [one for one in OPENINGS if not one.topic or one.topic in topics]
    return [(one, [role in one.roles for role in ROLE_NAMES]) for one in there]


def _with_second_factor(partner_id: int) -> frozenset[int]:
    if connection.vendor == "postgresql":  # inside the walls only one's own factors can be read
        return colleagues_with_second_factor()
    rows = Authenticator.objects.filter(user__membership__partner_id=partner_id, type__in=STRONG)
    return frozenset(rows.values_list("user_id", flat=True))
