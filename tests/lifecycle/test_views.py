"""Move…: the dialog and the page, refusals, undo."""

from __future__ import annotations

import json

import pytest

from lifecycle.models import Journey, StageChange

HTMX = {"HX-Request": "true"}
ON_BOARD = {**HTMX, "HX-Current-URL": "http://testserver/app/lifecycle/?owner=me"}


@pytest.fixture
def url(partner) -> str:
    return f"/app/lifecycle/{partner.slug}/move/"


def test_the_dialog_offers_only_allowed_stages_with_their_letters(url, manager_client):
    page = manager_client.get(url, headers=HTMX).content.decode()
    assert page.startswith("<dialog")
    assert 'value="evaluation" data-key="e"' in page
    assert 'value="exit" data-key="x"' in page
    assert 'value="onboarding"' not in page
    assert "<h1" in manager_client.get(url).content.decode()


def test_a_move_answers_with_undo_and_names_both_columns_of_the_board(url, partner, manager_client):
    response = manager_client.post(url, {"stage": "evaluation", "version": 1}, headers=ON_BOARD)

    page = response.content.decode()
    assert "Moved Northwind Partners to Evaluation." in page
    assert f"/app/lifecycle/{partner.slug}/undo/?version=2" in page
    assert 'name="columns" value="growth"' in page
    assert 'name="columns" value="evaluation"' in page
    assert json.loads(response["HX-Trigger-After-Settle"])["prm:refresh"] == {"value": ["stages", "queue", "timeline"]}
    assert Journey.objects.get(partner=partner).stage == "evaluation"


def test_a_move_on_another_page_names_no_columns(url, manager_client):
    response = manager_client.post(url, {"stage": "evaluation", "version": 1}, headers=HTMX)

    assert "Moved Northwind Partners to Evaluation." in response.content.decode()
    assert 'id="moved"' not in response.content.decode()


def test_a_move_without_javascript_goes_back_where_it_came_from(url, partner, manager_client):
    response = manager_client.post(url, {"stage": "evaluation", "version": 1, "next": "/app/?scope=mine"})
    assert response["Location"] == f"/app/?scope=mine&moved={partner.slug}"


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", ""])
def test_a_foreign_return_address_is_not_followed(url, partner, manager_client, target):
    response = manager_client.post(url, {"stage": "evaluation", "version": 1, "next": target})
    assert response["Location"] == f"/app/lifecycle/?moved={partner.slug}"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"stage": "exit", "reason": "short"}, "Say in a few words why"),
        ({"stage": ""}, "Choose a stage."),
        ({"stage": "recruit"}, "This stage cannot be reached from here."),
        ({"stage": "moon"}, "This stage cannot be reached from here."),
    ],
)
def test_an_unacceptable_move_is_a_422_with_the_input_kept(url, partner, manager_client, data, words):
    response = manager_client.post(url, {"version": 1, **data}, headers=HTMX)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert Journey.objects.get(partner=partner).stage == "growth"


def test_exit_with_a_reason_is_kept_for_the_lessons(url, partner, manager_client):
    reason = "They were bought by a competitor."
    assert manager_client.post(url, {"stage": "exit", "version": 1, "reason": reason}, headers=HTMX).status_code == 200
    assert StageChange.objects.get(partner=partner, to_stage="exit").reason == reason


@pytest.mark.parametrize("stage", ["evaluation", "exit"])
def test_a_move_on_a_stale_version_is_a_409_with_the_new_one(url, partner, manager_client, stage):
    manager_client.post(url, {"stage": "evaluation", "version": 1}, headers=HTMX)
    response = manager_client.post(url, {"stage": stage, "version": 1, "reason": "A long enough reason"}, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 409
    assert "was moved to Evaluation since you opened this page" in page
    assert 'name="version" value="2"' in page
    assert 'value="expansion"' in page


def test_undo_takes_the_move_back_once(url, partner, manager_client):
    manager_client.post(url, {"stage": "evaluation", "version": 1}, headers=HTMX)
    undo = f"/app/lifecycle/{partner.slug}/undo/"

    response = manager_client.post(f"{undo}?version=2", headers=HTMX)
    assert "Northwind Partners is back in Growth." in response.content.decode()
    assert Journey.objects.get(partner=partner).stage == "growth"

    again = manager_client.post(f"{undo}?version=2", headers=HTMX)
    assert again.status_code == 409
    assert "nothing left to undo" in again.content.decode()


@pytest.mark.parametrize("version", ["", "x", "99"])
def test_undo_of_something_else_changes_nothing(partner, manager_client, version):
    manager_client.post(f"/app/lifecycle/{partner.slug}/undo/", {"version": version})
    assert Journey.objects.get(partner=partner).version == 1


def test_viewers_partners_and_strangers_cannot_move(url, partner, viewer_client, member_client):
    assert viewer_client.post(url, {"stage": "evaluation", "version": 1}).status_code == 403
    assert member_client.post(url, {"stage": "evaluation", "version": 1}).status_code == 404
    assert Journey.objects.get(partner=partner).stage == "growth"


def test_a_partner_without_journey_or_name_is_not_found(manager_client, partner):
    Journey.objects.all().delete()
    assert manager_client.get(f"/app/lifecycle/{partner.slug}/move/").status_code == 404
    assert manager_client.get("/app/lifecycle/nobody/move/").status_code == 404
