"""Health over the API: the list with its filters, and the explanation."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.services import create_token
from core import clock
from health import queries, services
from health.models import HealthState
from tests.factories import make_member, make_partner
from tests.health.book import MONTH_AGO, YESTERDAY, at_noon, make_book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon(db):
    with at_noon():
        yield


@pytest.fixture
def api(viewer):
    _token, secret = create_token(user=viewer, name="test", scope="read", days=1)
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")


def test_list_shows_published_scores_as_text(api):
    quiet, _steady = make_book()
    state = HealthState.objects.get(partner=quiet[0])

    row = api.get("/api/v1/health/", {"partner": str(quiet[0].uid)}).json()["results"][0]

    assert row == {
        "partner": str(quiet[0].uid),
        "slug": "quiet-0",
        "name": "Quiet 0",
        "score": str(state.score),
        "band": "C",
        "band_since": (YESTERDAY - timedelta(days=1)).isoformat(),
        "confidence": "low",
        "coverage": str(state.coverage),
        "breadth": str(state.breadth),
        "change_30": str(state.change_30),
        "change_90": None,
        "why": state.why,
        "as_of": YESTERDAY.isoformat(),
        "updated_at": state.updated_at.isoformat().replace("+00:00", "Z"),
    }


def test_filters_choose_rows(api):
    _quiet, steady = make_book()
    late = make_partner(name="Just begun", stage="recruit")
    services.compute(as_of=clock.today(), partner_ids=[late.pk])
    before = HealthState.objects.get(partner=late).updated_at

    def names(**filters):
        return [row["name"] for row in api.get("/api/v1/health/", filters).json()["results"]]

    assert names() == ["Quiet 0", "Steady 0", "Just begun"]
    assert names(band="C") == ["Quiet 0"]
    assert names(band="none") == ["Just begun"]
    assert names(updated_since=before.isoformat()) == ["Just begun"]
    assert names(partner=str(steady[0].uid), band="C") == []


@pytest.mark.parametrize(
    "query", [{"band": "F"}, {"band": ""}, {"updated_since": "yesterday"}, {"score": "31"}, {"page_size": "0"}]
)
def test_list_refuses_what_it_does_not_know(api, query):
    response = api.get("/api/v1/health/", query)

    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == next(iter(query))


def test_list_takes_the_same_queries_for_more_rows(api):
    make_book(quiet=1, steady=1)

    def count():
        with CaptureQueriesContext(connection) as found:
            assert api.get("/api/v1/health/").status_code == 200
        return len(found)

    count()
    few = count()
    for number in range(5):
        late = make_partner(name=f"Late {number}")
        services.compute(as_of=clock.today(), partner_ids=[late.pk])
    assert count() == few


def test_explanation_is_the_contract(api):
    quiet, _steady = make_book()

    body = api.get(f"/api/v1/partners/{quiet[0].uid}/health/").json()

    assert body == queries.explanation(quiet[0])
    total = Decimal(body["baseline"])
    for group in body["groups"]:
        for signal in group["signals"]:
            total += sum(Decimal(measure["c"]) for measure in signal["measures"])
    assert total + sum(Decimal(one["contribution"]) for one in body["adjustments"]) == Decimal(body["score"])


def test_explanation_of_a_past_day(api):
    quiet, _steady = make_book()
    url = f"/api/v1/partners/{quiet[0].uid}/health/"

    assert api.get(url, {"as_of": MONTH_AGO.isoformat()}).json()["as_of"] == MONTH_AGO.isoformat()
    assert api.get(url, {"as_of": (MONTH_AGO - timedelta(days=1)).isoformat()}).status_code == 404


@pytest.mark.parametrize("day", ["2026-02-30", "today", "2031-01-01", "20260601", "\x00"])
def test_explanation_refuses_odd_days(api, day):
    quiet, _steady = make_book()

    response = api.get(f"/api/v1/partners/{quiet[0].uid}/health/", {"as_of": day})

    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "as_of"


def test_explanation_refuses_unknown_parameters(api):
    quiet, _steady = make_book()

    assert api.get(f"/api/v1/partners/{quiet[0].uid}/health/", {"model": "x"}).status_code == 400


def test_explanation_of_nobody_and_of_the_unscored_is_missing(api):
    partner = make_partner()

    assert api.get(f"/api/v1/partners/{partner.uid}/health/").status_code == 404
    assert api.get("/api/v1/partners/00000000-0000-4000-8000-000000000000/health/").status_code == 404
    assert api.get(f"/api/v1/partners/{'-' * 36}/health/").status_code == 404


def test_partner_users_are_refused(api):
    quiet, _steady = make_book()
    member = make_member(partner=quiet[0])
    client = APIClient()
    assert client.get(f"/api/v1/partners/{quiet[0].uid}/health/").status_code == 401
    client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert client.get("/api/v1/health/").status_code == 403
    assert client.get(f"/api/v1/partners/{quiet[0].uid}/health/").status_code == 403
