from datetime import UTC, datetime

import pytest

from partners.models import TierChange
from partners.queries import search, tiers_as_of
from tests.factories import make_partner

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
