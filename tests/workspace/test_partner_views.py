"""Saved views: named, edited, saved over, shared, removed; and work on several partners at once."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry
from core.errors import DomainError
from partners.models import Partner
from tests.factories import make_partner, make_user
from workspace.models import SavedView
from workspace.services import views as services

URL = "/app/partners/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def view(manager) -> SavedView:
    return services.save_view(owner=manager, name="Gold at risk", query="?health=risk&tier=gold&sort=score")


def test_save_view_keeps_only_what_the_list_knows(manager):
    view = services.save_view(owner=manager, name="  My   gold ", query="?tier=gold&page=7&region=XX&silent=no")
    assert (view.name, view.query) == ("My gold", "tier=gold")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (" ", "A view has a name of 1 to 60 characters."),
        ("x" * 61, "A view has a name of 1 to 60 characters."),
        ("at RISK", "“at RISK” is a view that everybody has; choose another name."),
        ("Gold at risk", "You already have a view named “Gold at risk”."),
    ],
)
def test_save_view_refuses_names(manager, view, name, message):
    with pytest.raises(DomainError) as refused:
        services.save_view(owner=manager, name=name, query="")
    assert (refused.value.message, refused.value.field) == (message, "name")
    assert SavedView.objects.count() == 1


def test_two_people_may_use_the_same_name(manager, lead, view):
    assert services.save_view(owner=lead, name="Gold at risk", query="").pk != view.pk


def test_save_view_refuses_to_share_for_a_viewer(viewer):
    with pytest.raises(DomainError) as refused:
        services.save_view(owner=viewer, name="My own", query="", audience="all")
    assert refused.value.message == "Your role may keep views for yourself only."


def test_only_its_owner_changes_a_view(lead, view):
    for act in (
        lambda: services.overwrite_view(view_id=view.pk, owner=lead, query=""),
        lambda: services.change_view(view_id=view.pk, owner=lead, name="x", audience="me", pinned=False),
        lambda: services.delete_view(view_id=view.pk, owner=lead),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.message == "This view belongs to somebody else; save it as a new one of your own."
    view.refresh_from_db()
    assert (view.name, view.query) == ("Gold at risk", "health=risk&tier=gold&sort=score")


def test_view_opens_as_a_tab_and_shows_edits(manager_client, view):
    html = manager_client.get(URL, {"view": str(view.uid)}).content.decode()
    assert f'<a href="/app/partners/?view={view.uid}" aria-current="page">Gold at risk</a>' in html
    assert "Edited" not in html
    edited = manager_client.get(URL, {"view": str(view.uid), "tier": ""}).content.decode()
    for words in ("Edited", "Save as new", "Discard", f"views/{view.uid}/overwrite/"):
        assert words in edited


def test_view_of_somebody_else_offers_save_as_new_only(lead_client, view):
    view.audience = "all"
    view.save(update_fields=["audience"])
    html = lead_client.get(URL, {"view": str(view.uid), "tier": ""}).content.decode()
    assert "Edited" in html
    assert "overwrite" not in html


def test_private_view_of_somebody_else_is_not_known(lead_client, view):
    html = lead_client.get(URL, {"view": str(view.uid)}).content.decode()
    assert "Gold at risk" not in html
    assert "is not known and was ignored" in html


def test_view_is_created_from_the_address(manager, manager_client):
    dialog = manager_client.get(f"{URL}views/new/?tier=gold&silent=60", headers=HTMX).content.decode()
    assert '<input type="hidden" name="query" value="tier=gold&amp;silent=60">' in dialog
    sent = {"query": "tier=gold&silent=60", "name": "Quiet gold", "audience": "me", "pinned": "on"}
    response = manager_client.post(f"{URL}views/new/", sent)
    view = SavedView.objects.get()
    assert response["Location"] == f"/app/partners/?view={view.uid}"
    assert (view.owner, view.query, view.pinned) == (manager, "tier=gold&silent=60", True)


def test_view_form_with_a_taken_name_is_422_and_keeps_the_input(manager_client, view):
    sent = {"query": "tier=gold", "name": "Gold at risk", "audience": "me"}
    response = manager_client.post(f"{URL}views/new/", sent, headers=HTMX)
    assert response.status_code == 422
    assert "You already have a view named" in response.content.decode()
    assert 'value="tier=gold"' in response.content.decode()


def test_view_is_saved_over_renamed_and_removed(manager_client, view):
    base = f"{URL}views/{view.uid}/"
    assert manager_client.post(f"{base}overwrite/", {"query": "?stage=exit"}).status_code == 302
    response = manager_client.post(base, {"name": "Leaving", "audience": "all"}, headers=HTMX)
    assert response["HX-Redirect"] == f"/app/partners/?view={view.uid}"
    view.refresh_from_db()
    assert (view.name, view.query, view.audience) == ("Leaving", "stage=exit", "all")
    assert manager_client.post(f"{base}delete/")["Location"] == URL
    assert SavedView.objects.count() == 0


def test_foreign_view_is_as_missing_as_none(lead_client, view):
    gone = lead_client.get(f"{URL}views/00000000-0000-4000-8000-000000000000/")
    foreign = lead_client.get(f"{URL}views/{view.uid}/")
    assert (gone.status_code, foreign.status_code) == (404, 404)
    assert gone.content == foreign.content


# --- bulk ---------------------------------------------------------------------------------


@pytest.fixture
def three(db) -> list[Partner]:
    return [make_partner(name=name, tier="gold") for name in ("Alpha", "Bravo", "Charlie")]


def post_bulk(client, partners, **fields):
    sent = {"partner": [str(partner.uid) for partner in partners], "query": "?tier=gold", **fields}
    return client.post(f"{URL}bulk/", sent, headers=fields.pop("headers", {}))


def test_bulk_asks_first_and_names_the_count(manager_client, three):
    html = post_bulk(manager_client, three[:2], act="owner").content.decode()
    assert "Set owner of 2 partners" in html
    assert "at once" not in html
    assert Partner.objects.filter(owner__isnull=False).count() == 0


def test_bulk_sets_the_owner_and_says_how_many_changed(manager, manager_client, three):
    Partner.objects.filter(pk=three[0].pk).update(owner=manager)
    response = post_bulk(manager_client, three, act="owner", confirmed="1", owner=str(manager.uid))
    assert response["Location"] == "/app/partners/?tier=gold"
    assert set(Partner.objects.values_list("owner", flat=True)) == {manager.pk}
    page = manager_client.get(response["Location"]).content.decode()
    assert "2 partners changed. 1 was so already." in page
    assert AuditEntry.objects.filter(action="partners.owner_changed").count() == 2


def test_bulk_of_the_whole_view_uses_its_filter(manager_client, three):
    other = make_partner(name="Silver", tier="silver")
    fields = {"act": "tag", "confirmed": "1", "tag": " emea ", "scope": "view", "query": "?tier=gold"}
    response = manager_client.post(f"{URL}bulk/", fields, headers=HTMX)
    html = response.content.decode()
    assert "3 partners changed." in html
    assert 'id="rows" class="dim" hx-swap-oob="true"' in html
    assert [list(partner.tags.values_list("name", flat=True)) for partner in three] == [["emea"]] * 3
    assert list(other.tags.all()) == []


def test_bulk_above_fifty_warns_with_the_count(manager_client):
    for number in range(51):
        make_partner(name=f"P{number}", tier="gold")
    html = manager_client.post(f"{URL}bulk/", {"act": "owner", "scope": "view", "query": ""}).content.decode()
    assert "This changes 51 partners at once." in html


def test_bulk_refuses_a_viewer_as_owner(manager_client, viewer, three):
    response = post_bulk(manager_client, three, act="owner", confirmed="1", owner=str(viewer.uid), headers=HTMX)
    assert response.status_code == 422
    assert Partner.objects.filter(owner__isnull=False).count() == 0


def test_bulk_without_selection_says_so(manager_client, three):
    html = post_bulk(manager_client, [], act="tag").content.decode()
    assert "No partner is selected any more" in html


def test_bulk_is_not_for_viewers(viewer_client, three):
    assert post_bulk(viewer_client, three, act="tag").status_code == 403


def test_bulk_takes_only_a_limited_number(manager_client, three, monkeypatch):
    monkeypatch.setattr("workspace.views.partners.BULK_LIMIT", 2)
    fields = {"act": "tag", "confirmed": "1", "tag": "x", "scope": "view", "query": ""}
    html = manager_client.post(f"{URL}bulk/", fields).content.decode()
    assert "This view holds more than 2 partners." in html
    assert three[0].tags.count() == 0


def test_bulk_ignores_ids_that_are_none(manager_client, three):
    make_user()
    response = manager_client.post(f"{URL}bulk/", {"act": "tag", "partner": ["nonsense", str(three[0].uid)]})
    assert response.status_code == 200
    assert "Tag 1 partner" in response.content.decode()
