"""The portfolio page: what it says, how it narrows, what it costs."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from health import services
from health.models import HealthState
from health.pages import portfolio as page
from tests.factories import make_partner
from tests.health.book import MONTH_AGO, NOW, YESTERDAY, at_noon, make_book, sell

pytestmark = pytest.mark.django_db
URL = "/app/health/"


@pytest.fixture(autouse=True)
def noon(db):
    with at_noon():
        yield


def test_portfolio_without_scores_says_what_to_do(manager_client):
    response = manager_client.get(URL)

    assert response.status_code == 200
    text = response.content.decode()
    assert "No scores yet" in text
    assert "manage.py import_revenue" in text
    assert {source.key: source.connected for source in response.context["sources"]} == {
        "touchpoints": False,
        "sales": False,
        "deals": False,
        "meetings": False,
        "portal": False,
    }


def test_portfolio_counts_bands_and_shows_who_moved(manager_client, manager):
    quiet, _steady = make_book(manager)

    response = manager_client.get(URL)

    context = response.context
    assert (context["counts"]["B"], context["counts"]["C"], context["total"]) == (1, 1, 2)
    assert ("C", 1, 1) in context["changes"]
    assert ("B", 1, -1) in context["changes"]
    assert [(move.state.partner, move.before, move.state.band) for move in context["down"]] == [(quiet[0], "B", "C")]
    assert context["up"] == []
    assert "Based on sales only." in response.content.decode()
    assert [row.label for row in context["signals"]] == ["Revenue growth", "Deal rhythm", "Depth of trade"]
    assert context["signals"][0].worst[0][0] == quiet[0]


def test_rescues_are_ranked_by_value_at_stake(manager_client):
    small, large = make_partner(name="Small"), make_partner(name="Large")
    sell(small, until=200, amount_minor=10_000)
    sell(large, until=200, amount_minor=900_000)
    services.compute(as_of=YESTERDAY)

    response = manager_client.get(URL)

    rows = [row for _place, row in response.context["ranking"]]
    assert [row.partner for row in rows] == [large, small]
    state = HealthState.objects.get(partner=large)
    assert rows[0].value == sum(
        entry.amount_minor for entry in large.revenue.filter(occurred_at__gt=NOW - timedelta(days=365))
    )
    assert rows[0].at_stake == int(rows[0].value * (100 - state.score) / 100)
    drawing = str(response.context["scatter"])
    assert drawing.count("<circle") == 2
    assert f'href="/app/partners/{large.slug}/health/"' in drawing


def test_large_books_rank_the_most_valuable_alone(manager_client, monkeypatch):
    monkeypatch.setattr(page, "COMPARED", 1)
    small, large = make_partner(name="Small"), make_partner(name="Large")
    sell(small, until=200, amount_minor=10_000)
    sell(large, until=200, amount_minor=900_000)
    make_book(steady=5)
    monkeypatch.setattr(page, "VALUABLE_KEPT", 1)

    rescues = manager_client.get(URL).context["rescues"]

    assert [row.partner for row in rescues.rows] == [large]
    assert (rescues.below, rescues.compared) == (3, 1)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Quiet 0", "Steady 0"}),
        ("?owner=me", {"Quiet 0"}),
        ("?owner=none", {"Steady 0"}),
        ("?tier=gold", {"Steady 0"}),
        ("?stage=growth", {"Quiet 0", "Steady 0"}),
        ("?stage=exit", set()),
        ("?owner=me&tier=gold", set()),
    ],
)
def test_filters_narrow_the_book(manager_client, manager, query, names):
    make_book(manager)

    response = manager_client.get(URL + query)

    filters = response.context["filters"]
    assert {state.partner.name for state in page.states(manager, filters)} == names
    assert response.context["total"] == len(names)
    if not names:
        assert "No scored partner fits these filters" in response.content.decode()


def test_filter_by_a_colleague(manager_client, manager, lead):
    make_book(lead)

    assert manager_client.get(f"{URL}?owner={lead.uid}").context["total"] == 1
    assert manager_client.get(f"{URL}?owner={manager.uid}").context["total"] == 0


def test_unknown_filters_are_named_and_ignored(manager_client):
    make_book()

    response = manager_client.get(f"{URL}?tier=<b>&colour=red&owner=nobody")

    assert response.context["total"] == 2
    assert sorted(response.context["dropped"]) == ["colour=red", "owner=nobody", "tier=<b>"]
    assert "tier=&lt;b&gt;" in response.content.decode()


def test_filtered_change_counts_the_same_partners_then(manager_client, manager):
    make_book(manager)

    changes = manager_client.get(f"{URL}?owner=me").context["changes"]

    assert [row for row in changes if row[1] or row[2]] == [("B", 0, -1), ("C", 1, 1)]


def test_archived_partners_are_left_out(manager_client):
    quiet, _steady = make_book()
    quiet[0].archived_at = clock.now()
    quiet[0].save(update_fields=["archived_at"])

    assert manager_client.get(URL).context["total"] == 1


def test_stale_scores_are_said_with_their_cause(manager_client, manager):
    make_book()
    assert manager_client.get(URL).context["stale"] == ""

    with time_machine.travel(NOW + timedelta(days=2)):
        manager_client.force_login(manager, backend=settings.AUTHENTICATION_BACKENDS[0])
        response = manager_client.get(URL)

    assert response.context["stale"]
    assert "more than a day old" in response.content.decode()


def test_htmx_gets_the_fragment_alone(manager_client):
    make_book()

    response = manager_client.get(URL, HTTP_HX_REQUEST="true")

    assert response.content.decode().lstrip().startswith('<div id="portfolio"')
    assert "HX-Request" in response["Vary"]


def test_open_alerts_name_their_reasons(manager_client):
    make_book(quiet=1)
    services.raise_exception(
        partner_id=HealthState.objects.get(partner__slug="quiet-0").partner_id,
        key="compliance_breach",
        reason="<script>alert(1)</script>",
        actor=manager_client.get(URL).wsgi_request.user,
    )

    response = manager_client.get(URL)

    assert {line.alert.kind for line in response.context["alerts"]} == {"exception", "band"}
    text = response.content.decode()
    assert "Capped: compliance breach" in text
    assert "<script>alert(1)" not in text


def test_queries_do_not_grow_with_the_book(manager_client):
    make_book(quiet=1, steady=5)
    small = _queries(manager_client)
    for number in range(2, 8):
        sell(make_partner(name=f"Quiet {number}"), until=70)
    services.compute(as_of=MONTH_AGO, known_cutoff=clock.now())
    services.compute(as_of=YESTERDAY, known_cutoff=clock.now())

    assert _queries(manager_client) == small
    assert small <= 20


def _queries(client):
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(URL).status_code == 200
    return len(queries)


def test_partner_users_find_no_such_page(member_client):
    assert member_client.get(URL).status_code == 404
    assert reverse("health:portfolio") == URL
