from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from core import clock
from deals.models import Deal, ExchangeRate, ImportRun
from partners.models import Partner
from tests.factories import make_deal, make_revenue

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def admin_pages(admin_user: User) -> Client:
    client = Client()
    client.force_login(admin_user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize("model", ["revenueentry", "importrun"])
def test_admin_shows_facts_and_imports_without_a_way_to_change_them(
    admin_pages: Client, partner: Partner, model: str
) -> None:
    entry = make_revenue(partner=partner, occurred_at=MOMENT, external_id="INV-7")
    run = ImportRun.objects.create(file_name="INV-7.csv", source="erp")
    pk = entry.pk if model == "revenueentry" else run.pk
    page = admin_pages.get(f"/admin/deals/{model}/", {"q": "INV-7"})
    assert page.status_code == 200
    assert b"INV-7" in page.content
    detail = admin_pages.get(f"/admin/deals/{model}/{pk}/change/")
    assert detail.status_code == 200
    assert b'name="_save"' not in detail.content
    assert admin_pages.get(f"/admin/deals/{model}/add/").status_code == 403
    assert admin_pages.post(f"/admin/deals/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403


def test_admin_finds_deals_and_leaves_their_status_alone(admin_pages: Client, partner: Partner) -> None:
    deal = make_deal(partner=partner, name="Roll-out")
    assert b"Roll-out" in admin_pages.get("/admin/deals/deal/", {"q": "roll"}).content
    data = {"name": "Renamed", "customer": "Acme", "value_minor": 5, "currency": "EUR", "status": "won"}
    assert admin_pages.post(f"/admin/deals/deal/{deal.pk}/change/", data).status_code == 302
    changed = Deal.objects.get()
    assert (changed.name, changed.status) == ("Renamed", "open")


def save_rate(client: Client, **changes: str) -> bytes:
    data = {"currency": "gbp", "valid_on": "2026-01-01", "rate": "1.15", "source": "bank", **changes}
    answer = client.post("/admin/deals/exchangerate/add/", data)
    return b"" if answer.status_code == 302 else answer.content


def test_admin_adds_a_rate_known_from_now_on(admin_pages: Client) -> None:
    assert save_rate(admin_pages) == b""
    rate = ExchangeRate.objects.get()
    assert (rate.currency, str(rate.rate)) == ("GBP", "1.15000000")
    assert abs(clock.now() - rate.known_at) < timedelta(minutes=1)


def test_admin_adds_a_rate_that_was_known_before(admin_pages: Client) -> None:
    assert save_rate(admin_pages, known_at_0="2026-01-01", known_at_1="00:00:00") == b""
    assert ExchangeRate.objects.get().known_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"currency": "EUX"}, b"EUX is not a currency code"),
        ({"currency": "EUR"}, b"EUR is the reporting currency"),
        ({"rate": "0"}, b"errorlist"),
        ({"rate": "-1"}, b"errorlist"),
        ({"known_at_0": "2999-01-01", "known_at_1": "00:00:00"}, b"cannot be known in the future"),
    ],
)
def test_admin_refuses_rates_that_cannot_be(admin_pages: Client, changes: dict[str, str], complaint: bytes) -> None:
    assert complaint in save_rate(admin_pages, **changes)
    assert ExchangeRate.objects.count() == 0
