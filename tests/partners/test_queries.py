from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from core import clock
from partners.models import Invitation, Membership, Partner, PortalDay, TierChange
from partners.queries import PortalUse, portal_use, search, source_delivery, tiers_as_of
from tests.factories import make_invitation, make_member, make_partner

pytestmark = pytest.mark.django_db
JAN, MAR, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 3, 5))


def test_tiers_as_of_sees_neither_future_nor_unknown():
    partner = make_partner(tier="silver", since=JAN)
    TierChange.objects.create(partner=partner, tier="gold", occurred_at=MAR, known_at=MAY)

    assert tiers_as_of([partner.pk], at=MAY, known=MAY) == {partner.pk: "silver"}
    assert tiers_as_of([partner.pk], at=MAY, known=datetime(2026, 5, 2, tzinfo=UTC)) == {partner.pk: "gold"}
    assert tiers_as_of([partner.pk], at=JAN, known=JAN) == {}


def test_search_puts_prefix_first_and_folds_accents(manager):
    inner, prefix = make_partner(name="Big Zürich"), make_partner(name="Zürich AG")

    assert search(manager, "zuri", 5) == [prefix, inner]
    assert search(manager, "  ", 5) == []


def test_search_hides_foreign_partner(stranger, partner, other_partner):
    assert search(stranger, "north", 5) == []
    assert search(stranger, "helix", 5) == [other_partner]


def member(partner: Partner, *, since: datetime = JAN, **fields) -> User:
    user = make_member(partner=partner, **fields)
    Membership.objects.filter(user=user).update(created_at=since)
    return user


def came(user: User, partner: Partner, at: datetime, *, known: datetime | None = None) -> None:
    PortalDay.objects.create(partner=partner, user=user, day=clock.day_of(at), known_at=known or at)


def test_use_counts_people_and_days_of_thirty_days(partner):
    one, two = member(partner), member(partner)
    member(partner)
    for back in (1, 2, 30, 31):
        came(one, partner, MAY - timedelta(days=back))
    came(two, partner, MAY - timedelta(days=2))

    assert portal_use([partner.pk], at=MAY, known=MAY) == {partner.pk: PortalUse(active=2, invited=3, days=3)}


def test_use_sees_neither_later_nor_unknown_nor_foreign(partner, other_partner):
    one = member(partner)
    came(one, partner, MAY)
    came(one, partner, MAY - timedelta(days=3), known=MAY)
    foreign = member(other_partner)
    came(foreign, other_partner, MAY - timedelta(days=1))
    came(foreign, partner, MAY - timedelta(days=1))  # before moving to the other firm

    assert portal_use([partner.pk], at=MAY, known=MAY) == {partner.pk: PortalUse(0, 1, 0)}
    assert portal_use([partner.pk], at=JAN, known=JAN) == {}


def test_use_leaves_out_who_lost_the_seat(partner):
    gone, disabled, moved = member(partner), member(partner, is_active=False), member(partner)
    Membership.objects.filter(user=gone).update(ended_at=MAR)
    Membership.objects.filter(user=moved).update(ended_at=MAY)
    for user in (gone, disabled, moved):
        came(user, partner, MAR - timedelta(days=1))

    assert portal_use([partner.pk], at=MAY, known=MAY) == {partner.pk: PortalUse(0, 1, 0)}
    assert portal_use([partner.pk], at=MAR, known=MAR) == {partner.pk: PortalUse(2, 2, 1)}


def test_open_invitations_count_as_invited(partner, manager):
    for fields in ({}, {"accepted_at": MAR}, {"revoked_at": MAR}, {"accepted_at": MAY}):
        invitation, _secret = make_invitation(partner=partner, by=manager, **fields)
        Invitation.objects.filter(pk=invitation.pk).update(created_at=JAN, expires_at=MAY + timedelta(days=1))

    assert portal_use([partner.pk], at=MAY, known=MAY) == {partner.pk: PortalUse(0, 2, 0)}
    Invitation.objects.update(expires_at=MAY)
    assert portal_use([partner.pk], at=MAY, known=MAY) == {}


def test_portal_delivers_from_the_first_visit(partner):
    assert source_delivery(at=MAY, known=MAY) == {"portal": False}
    came(member(partner), partner, MAR)
    assert source_delivery(at=MAY, known=MAY) == {"portal": True}
    assert source_delivery(at=MAY, known=MAR) == {"portal": False}
