from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from deals.models import ExchangeRate, RevenueEntry
from partners.models import Partner
from tests.factories import make_deal, make_revenue

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def test_revenue_entry_current_id_is_unique_per_source(partner: Partner) -> None:
    make_revenue(partner=partner, occurred_at=MOMENT, external_id="A", superseded_at=MOMENT)
    make_revenue(partner=partner, occurred_at=MOMENT, external_id="A")
    make_revenue(partner=partner, occurred_at=MOMENT, external_id="A", source="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_revenue(partner=partner, occurred_at=MOMENT, external_id="A")
    assert RevenueEntry.objects.count() == 3


@pytest.mark.parametrize(("kind", "minor"), [("sale", -1), ("reversal", 1)])
def test_revenue_entry_sign_follows_its_kind(partner: Partner, kind: str, minor: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_revenue(partner=partner, occurred_at=MOMENT, amount_minor=minor, kind=kind)


def test_revenue_entry_currency_is_three_capitals(partner: Partner) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_revenue(partner=partner, occurred_at=MOMENT, currency="eur")


def test_deal_that_is_closed_has_a_date(partner: Partner) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_deal(partner=partner, status="won")


def test_exchange_rate_is_positive(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ExchangeRate.objects.create(currency="GBP", valid_on=MOMENT.date(), rate=0, known_at=MOMENT)
