"""The lifecycle board: counts, order of cards, filters, table, and the columns that come back after a move."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from tests.factories import make_partner, make_state
from workspace.queries.board import BoardFilter, columns

HTMX = {"HX-Request": "true"}
URL = "/app/lifecycle/"


def board(user, **where):
    return {column.stage: column for column in columns(user, BoardFilter(**where), now=clock.now())}


def since(days):
    return clock.now() - timedelta(days=days, hours=1)


def test_columns_count_partners_median_and_those_over_the_limit(manager):
    for days in (10, 50, 100):
        make_partner(stage="onboarding", since=since(days))
    make_partner(stage="onboarding", since=since(400), archived_at=clock.now())

    column = board(manager)["onboarding"]

    assert (column.count, column.median, column.over, column.limit) == (3, 50, 1, 90)
    assert [card.days for card in column.cards] == [100, 50, 10]
    assert [card.over for card in column.cards] == [10, 0, 0]


def test_every_stage_has_its_column_in_order(manager):
    assert list(board(manager)) == ["recruit", "onboarding", "growth", "evaluation", "expansion", "exit"]


def test_the_limit_of_the_header_is_the_limit_of_the_cards(manager):
    make_partner(stage="recruit", since=since(60))
    make_partner(stage="recruit", since=since(61))
    column = board(manager)["recruit"]
    assert (column.over, [card.over for card in column.cards]) == (1, [1, 0])


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ({"owner": "me"}, ["Mine"]),
        ({"owner": "none"}, ["Nobody's"]),
        ({"tier": "gold"}, ["Mine"]),
        ({"band": "risk"}, ["Mine"]),
        ({"band": "D"}, ["Mine"]),
        ({"band": "none"}, ["Nobody's"]),
        ({"band": "healthy"}, []),
    ],
)
def test_filters_narrow_counts_and_cards(manager, where, names):
    make_state(partner=make_partner(name="Mine", owner=manager, tier="gold"), band="D", score=40)
    make_partner(name="Nobody's")
    column = board(manager, **where)["growth"]
    assert ([card.name for card in column.cards], column.count) == (names, len(names))


def test_unknown_filter_values_are_dropped():
    assert BoardFilter.from_params({"owner": "x", "tier": "iron", "band": "Z"}) == BoardFilter()


def test_board_shows_cards_with_move_for_editors_only(partner, manager_client, viewer_client):
    assert f'hx-get="/app/lifecycle/{partner.slug}/move/"' in manager_client.get(URL).content.decode()
    page = viewer_client.get(URL).content.decode()
    assert partner.name in page
    assert "/move/" not in page


def test_twenty_cards_and_more_on_demand(manager, manager_client):
    partners = [make_partner(name=f"P{n:02}", slug=f"p{n:02}", since=since(900 - n)) for n in range(25)]
    page = manager_client.get(URL).content.decode()
    assert page.count("<article") == 20
    assert "Show 5 more" in page

    response = manager_client.get(f"{URL}?growth=40&columns=growth", headers=HTMX)
    assert response.content.decode().count("<article") == 25
    assert 'hx-swap-oob="true"' in response.content.decode()
    assert json.loads(response["HX-Trigger-After-Settle"])["prm:focus"] == {"value": f"#card-{partners[20].slug}"}
    assert manager_client.get(f"{URL}?growth=40").content.decode().count("<article") == 25


def test_after_a_move_both_columns_come_back_with_focus_on_the_card(partner, manager_client):
    response = manager_client.get(f"{URL}?columns=recruit&columns=growth&focus={partner.slug}", headers=HTMX)
    page = response.content.decode()
    assert (page.count("<section"), page.count("<article")) == (2, 1)
    assert json.loads(response["HX-Trigger-After-Settle"])["prm:focus"] == {"value": f"#card-{partner.slug}"}


def test_a_card_that_is_filtered_out_leaves_the_focus_on_the_heading(partner, manager_client):
    address = f"{URL}?columns=recruit&columns=growth&focus={partner.slug}&tier=silver"
    response = manager_client.get(address, headers=HTMX)
    assert json.loads(response["HX-Trigger-After-Settle"])["prm:focus"] == {"value": "#head-growth"}


def test_table_shows_one_stage_with_the_same_filters(partner, manager_client):
    make_partner(name="Slow Starter", stage="onboarding", since=since(120))
    page = manager_client.get(f"{URL}?layout=table").content.decode()
    assert "Slow Starter" in page
    assert partner.name not in page
    assert partner.name in manager_client.get(f"{URL}?layout=table&stage=growth").content.decode()
    assert "No one here" in manager_client.get(f"{URL}?layout=table&stage=growth&tier=silver").content.decode()


def test_an_empty_board_says_how_to_begin(manager_client):
    assert "No partner is on the way yet" in manager_client.get(URL).content.decode()


def test_without_javascript_a_move_can_be_undone_from_the_board(partner, manager_client):
    manager_client.post(f"/app/lifecycle/{partner.slug}/move/", {"stage": "evaluation", "version": 1})
    page = manager_client.get(f"{URL}?moved={partner.slug}").content.decode()
    assert f'action="/app/lifecycle/{partner.slug}/undo/"' in page
    assert "is now in Evaluation" in page


def test_number_of_queries_does_not_grow(manager, manager_client):
    def count():
        with CaptureQueriesContext(connection) as captured:
            manager_client.get(URL)
        return len(captured)

    for stage in ("recruit", "onboarding", "growth", "evaluation", "expansion", "exit"):
        make_state(partner=make_partner(stage=stage, owner=manager))
    manager_client.get(URL)
    few = count()
    for stage in ("recruit", "onboarding", "growth", "evaluation", "expansion", "exit"):
        for _number in range(5):
            make_state(partner=make_partner(stage=stage, owner=manager))
    assert count() == few
