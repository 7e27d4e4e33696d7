"""Search and palette: what is found, for whom, at what cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from tests.factories import make_contact, make_meeting, make_partner, make_state
from workspace.queries import search

HTMX = {"HX-Request": "true"}
URL = "/app/search/"


def palette(client, text):
    return client.get(URL, {"q": text}, headers=HTMX).content.decode()


def test_three_letters_find_a_known_partner_first(partner, manager_client):
    make_partner(name="The Northern Light")
    page = palette(manager_client, "nor")
    first = page.index('role="option"')
    assert page.index(f"/app/partners/{partner.slug}/") > first
    assert page.index("Northwind Partners") < page.index("The Northern Light")


@pytest.mark.parametrize("text", ["nor", "NOR", "  nor", "wind", "Ñorth"])
def test_letters_are_folded(partner, manager, text):
    assert [one.name for one in search.partners(manager, text)] == ["Northwind Partners"]


def test_a_key_finds_its_partner(manager):
    make_partner(name="Keyed", key="K-17")
    assert [one.name for one in search.partners(manager, "K-17")] == ["Keyed"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "nor%"])
def test_wildcards_are_plain_characters(partner, manager, text):
    assert search.partners(manager, text) == []


def test_six_of_a_group_and_the_way_to_all(manager_client):
    for number in range(9):
        make_partner(name=f"Nordic {number}")
    page = palette(manager_client, "nordic")
    assert page.count('href="/app/partners/partner-') == 6 + 2  # two actions on the first one
    assert "/app/partners/?q=nordic" in page


def test_archived_partners_are_not_found(manager):
    make_partner(name="Gone Ltd", archived_at=clock.now())
    assert search.partners(manager, "gone") == []


def test_people_are_found_by_name_and_address_and_with_at_only_they(partner, manager_client):
    make_contact(partner=partner, name="Lena Berg", email="lena@north.test", title="Buyer")
    make_contact(partner=partner, name="Lena Left", left_on=clock.today())
    assert "Lena Berg" in palette(manager_client, "lena")
    page = palette(manager_client, "@north.test")
    assert "Lena Berg" in page
    assert "Lena Left" not in page
    assert 'id="found-partners"' not in page


def test_meetings_of_found_partners_are_offered(partner, manager_client):
    meeting = make_meeting(partner=partner, starts_at=clock.now() + timedelta(days=5))
    assert f"/app/meetings/{meeting.uid}/" in palette(manager_client, "northwind")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("outb", "/app/settings/outbox/"),
        ("board", "/app/lifecycle/"),
        (">new partner", "/app/partners/new/"),
        ("log touch for nor", "/app/partners/{slug}/touch/"),
        ("schedule qbr with nor", "/app/partners/{slug}/meetings/new/"),
        ("move nor", "/app/lifecycle/{slug}/move/"),
    ],
)
def test_pages_and_actions_are_found(partner, manager_client, text, address):
    assert f'href="{address.format(slug=partner.slug)}"' in palette(manager_client, text)


def test_dark_mode_is_a_button_of_the_appearance_form(manager_client):
    page = palette(manager_client, "dark")
    assert 'form="appearance-form" name="appearance" value="dark"' in page
    assert 'id="appearance-form"' in manager_client.get(URL).content.decode()


def test_before_typing_it_offers_what_was_opened_last(partner, other_partner, manager_client):
    manager_client.get(f"/app/partners/{partner.slug}/")
    manager_client.get(f"/app/partners/{other_partner.slug}/")
    page = palette(manager_client, "")
    assert page.index("Helix Resellers") < page.index("Northwind Partners")
    assert "Log touch for…" in page


def test_nothing_found_offers_to_create_for_those_who_may(manager_client, viewer_client):
    assert 'href="/app/partners/new/?name=Xylo+GmbH"' in palette(manager_client, "Xylo GmbH")
    page = palette(viewer_client, "Xylo GmbH")
    assert "Nothing found" in page
    assert "/app/partners/new/" not in page


def test_viewers_get_no_actions_that_write_and_no_admin(partner, viewer_client, manager_client):
    page = palette(viewer_client, "nor")
    assert "/touch/" not in page
    assert "/move/" not in page
    assert "/admin/" not in palette(manager_client, "admin")


def test_the_page_shows_the_same_without_javascript(partner, manager_client):
    page = manager_client.get(URL, {"q": "nor"}).content.decode()
    assert "<h1" in page
    assert f'href="/app/partners/{partner.slug}/"' in page
    assert "Nothing found" in manager_client.get(URL, {"q": "xylo"}).content.decode()


def test_what_was_typed_is_escaped(manager_client):
    page = palette(manager_client, "<script>x")
    assert "<script>" not in page


def test_the_number_of_queries_is_small_and_constant(manager_client):
    def count():
        with CaptureQueriesContext(connection) as captured:
            palette(manager_client, "nor")
        return len(captured)

    make_state(partner=make_partner(name="Nor 0"))
    palette(manager_client, "nor")
    few = count()
    for number in range(1, 6):
        make_state(partner=make_partner(name=f"Nor {number}"))
    assert count() <= few <= 10


def test_a_large_book_is_searched_by_prefix_only(partner, manager, monkeypatch):
    monkeypatch.setattr(search, "SCANNED_ROWS", 0)
    assert [one.name for one in search.partners(manager, "north")] == ["Northwind Partners"]
    assert search.partners(manager, "wind") == []
    make_contact(partner=partner, name="Lena Berg")
    assert search.people(manager, "lena", asked_for=False) == []
    assert [one.name for one in search.people(manager, "lena", asked_for=True)] == ["Lena Berg"]
