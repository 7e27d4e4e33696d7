"""The API: who may, what it refuses, that it pages by key and repeats safely."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.services import create_token
from core import clock
from deals.models import RevenueEntry
from engagement.models import Touchpoint
from partners.models import Partner
from tests.factories import make_contact, make_meeting, make_partner, make_revenue, make_touch

pytestmark = pytest.mark.django_db
LISTS = ["partners", "contacts", "revenue", "touchpoints", "meetings", "health"]


@pytest.fixture
def api(manager):
    _token, secret = create_token(user=manager, name="test", scope="write", days=1)
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")


@pytest.fixture
def reader(manager):
    _token, secret = create_token(user=manager, name="test", scope="read", days=1)
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")


@pytest.mark.parametrize("name", LISTS)
def test_list_refuses_unknown_parameters(api, name):
    response = api.get(f"/api/v1/{name}/", {"password__startswith": "a"})

    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "password__startswith"


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", ["0", "101", "-1", "x", "1e2"])
def test_list_refuses_page_sizes(api, name, size):
    assert api.get(f"/api/v1/{name}/", {"page_size": size}).status_code == 400


def test_pages_follow_the_key(api):
    for number in range(5):
        make_partner(name=f"P{number}")

    first = api.get("/api/v1/partners/", {"page_size": 2}).json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()

    assert [row["name"] for page in (first, second, third) for row in page["results"]] == [f"P{n}" for n in range(5)]
    assert third["next"] is None


@pytest.mark.parametrize("name", ["partners", "contacts", "revenue", "touchpoints", "meetings"])
def test_query_count_is_constant(api, name):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert api.get(f"/api/v1/{name}/").status_code == 200
        return len(queries)

    def add():
        partner = make_partner()
        make_contact(partner=partner)
        make_revenue(partner=partner, occurred_at=clock.now())
        make_touch(partner=partner, text="x")
        make_meeting(partner=partner)

    add()
    count()
    few = count()
    for _ in range(5):
        add()

    assert count() == few


def test_read_token_cannot_write(reader, partner):
    body = {"partner": str(partner.uid), "text": "Called"}

    assert reader.post("/api/v1/touchpoints/", body).status_code == 403
    assert Touchpoint.objects.count() == 0


def test_revenue_is_recorded_once_and_corrected(api, partner):
    body = {
        "partner": str(partner.uid),
        "external_id": "INV-1",
        "amount_minor": 12_345,
        "currency": "EUR",
        "occurred_at": "2026-03-01T09:00:00Z",
    }

    answers = [api.post("/api/v1/revenue/", {**body, "amount_minor": amount}) for amount in (12_345, 12_345, 20_000)]

    assert [(answer.status_code, answer.json()["outcome"]) for answer in answers] == [
        (201, "created"),
        (200, "same"),
        (200, "updated"),
    ]
    assert list(RevenueEntry.objects.current().values_list("amount_minor", flat=True)) == [20_000]
    assert RevenueEntry.objects.count() == 2


def test_write_refuses_unknown_fields(api, partner):
    body = {"partner": str(partner.uid), "text": "Called", "actor": "someone", "is_demo": True}

    response = api.post("/api/v1/touchpoints/", body)

    assert response.status_code == 400
    assert sorted(error["attr"] for error in response.json()["errors"]) == ["actor", "is_demo"]


def test_rule_becomes_a_409_with_its_message(api, partner):
    body = {"partner": str(partner.uid), "text": "x", "occurred_at": "2999-01-01T00:00:00Z"}

    response = api.post("/api/v1/touchpoints/", body)

    assert response.status_code == 409
    assert response.json()["errors"][0]["detail"] == "This lies in the future. For a date to come, schedule a meeting."


def test_idempotency_key_returns_the_first_touch(api, partner):
    body = {"partner": str(partner.uid), "text": "Called"}

    first, again = (api.post("/api/v1/touchpoints/", body, HTTP_IDEMPOTENCY_KEY="k1") for _ in range(2))

    assert first.json() == again.json()
    assert Touchpoint.objects.count() == 1


def test_partner_is_created_with_journey(api):
    response = api.post("/api/v1/partners/", {"name": "Fresh", "tier": "gold", "stage": "onboarding"})

    partner = Partner.objects.get(name="Fresh")
    assert response.status_code == 201
    assert (response.json()["stage"], partner.journey.stage) == ("onboarding", "onboarding")


def test_stale_version_is_a_conflict(api, partner):
    url = f"/api/v1/partners/{partner.uid}/"

    assert api.patch(url, {"version": 1, "name": "One"}).status_code == 200
    assert api.patch(url, {"version": 1, "name": "Two"}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [b'{"a": 1, "a": 2}', b'{"a": NaN}', b"[" * 100_000, b"\xff\xfe", b"\xef\xbb\xbf{}x", b'{"text": "\\u0000"}'],
    ids=["duplicate", "nan", "deep", "not-utf8", "bom", "nul"],
)
def test_bad_json_is_a_400(api, body):
    assert api.post("/api/v1/touchpoints/", data=body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("uid", ["1", "x" * 36, "00000000-0000-4000-8000-000000000000"])
def test_missing_is_a_404(api, uid):
    assert api.get(f"/api/v1/partners/{uid}/").status_code == 404


def test_swagger_page_and_schema_open_for_a_manager(manager_client):
    assert manager_client.get("/api/docs/").status_code == 200
    schema = manager_client.get("/api/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json")
    assert schema.json()["openapi"] == "3.1.0"
