"""The Today page: what it shows, with and without htmx; marks; first steps; the root address."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.cache import cache

from core import clock
from deals.models import ImportRun
from partners.models import Partner
from tests.factories import make_alert, make_meeting, make_partner, make_state
from workspace.models import QueueMark

HTMX = {"HX-Request": "true"}


@pytest.fixture
def falling(partner) -> Partner:
    make_state(partner=partner, band="D", score=41.2, why="Silent for 74 days")
    make_alert(partner=partner)
    return partner


def mark(partner: Partner, place: int = 1) -> str:
    return f"health:{partner.pk}@{place}"


def test_who_is_at_risk_and_why_is_answered_without_a_click(falling, manager_client):
    page = manager_client.get("/app/").content.decode()

    assert "Northwind Partners fell from Watch to At risk" in page
    assert "Silent for 74 days." in page
    assert "Deal rhythm" in page
    assert "−12.1" in page
    assert "1 partner at risk" in page
    assert "Why this order" in page


def test_an_empty_queue_names_the_next_meeting(partner, manager_client):
    make_state(partner=partner)
    make_meeting(partner=partner, starts_at=clock.now() + timedelta(days=60))
    page = manager_client.get("/app/").content.decode()
    assert "Nothing needs you today" in page
    assert "Next: QBR with Northwind Partners," in page


def test_what_the_cadence_only_asks_for_is_no_appointment(partner, manager_client):
    make_state(partner=partner)
    at = clock.now() + timedelta(days=60)
    make_meeting(partner=partner, starts_at=at, target_on=at.date() - timedelta(days=7), automatic=True)
    page = manager_client.get("/app/").content.decode()
    assert f'QBR · due <time datetime="{at.date() - timedelta(days=7)}' in page
    assert "To schedule" in page


def test_the_fragment_is_the_queue_alone(falling, manager_client):
    response = manager_client.get("/app/", headers=HTMX)
    assert response.content.decode().lstrip().startswith('<section class="card" id="queue"')
    assert "HX-Request" in response["Vary"]


def test_done_answers_with_the_rest_a_toast_and_the_next_focus(falling, manager, manager_client):
    second = make_partner(name="Alder", owner=manager, tier="registered")
    make_alert(partner=second)

    response = manager_client.post("/app/queue/", {"done": mark(falling)}, headers=HTMX)

    page = response.content.decode()
    assert 'id="item-1"' in page
    assert "Alder fell from" in page
    assert "Northwind Partners fell from" not in page
    assert 'hx-swap-oob="beforeend"' in page
    assert f"/app/queue/undo/?key=health%3A{falling.pk}" in page
    events = json.loads(response["HX-Trigger-After-Settle"])
    assert events["prm:focus"] == {"value": "#item-1"}
    assert QueueMark.objects.get().done_at is not None


def test_the_last_item_done_moves_the_focus_to_the_heading(falling, manager_client):
    response = manager_client.post("/app/queue/", {"done": mark(falling)}, headers=HTMX)
    assert json.loads(response["HX-Trigger-After-Settle"])["prm:focus"] == {"value": "#queue-title"}


def test_undo_brings_the_item_back_and_refreshes_the_queue(falling, manager_client):
    manager_client.post("/app/queue/", {"done": mark(falling)}, headers=HTMX)

    response = manager_client.post(f"/app/queue/undo/?key=health:{falling.pk}", headers=HTMX)

    assert json.loads(response["HX-Trigger-After-Settle"])["prm:refresh"] == {"value": ["queue"]}
    assert QueueMark.objects.count() == 0
    assert "fell from" in manager_client.get("/app/").content.decode()


@pytest.mark.parametrize("button", ["tomorrow", "week", "done"])
def test_buttons_work_without_javascript(falling, manager_client, button):
    response = manager_client.post("/app/queue/", {button: mark(falling), "back": "?scope=mine&kind=health"})
    assert (response.status_code, response["Location"]) == (302, "/app/?scope=mine&kind=health")
    assert "fell from" not in manager_client.get("/app/").content.decode()


def test_what_is_put_aside_is_listed_and_comes_back(falling, manager_client):
    manager_client.post("/app/queue/", {"tomorrow": mark(falling)})
    page = manager_client.get("/app/queue/aside/").content.decode()
    assert "Northwind Partners" in page
    assert "snoozed until" in page

    assert manager_client.post("/app/queue/undo/", {"key": f"health:{falling.pk}"})["Location"] == "/app/queue/aside/"
    assert "Nothing is put aside" in manager_client.get("/app/queue/aside/").content.decode()


def test_a_day_is_picked_in_a_dialog_and_a_past_one_refused(falling, manager_client):
    dialog = manager_client.get(f"/app/queue/snooze/?item={mark(falling)}", headers=HTMX)
    assert dialog.content.decode().startswith("<dialog")

    past = {"date": mark(falling), "until": clock.today().isoformat()}
    refused = manager_client.post("/app/queue/", past, headers=HTMX)
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#dialog")
    assert "Choose a day after today." in refused.content.decode()

    until = clock.today() + timedelta(days=12)
    done = manager_client.post("/app/queue/", {**past, "until": until.isoformat()}, headers=HTMX)
    assert done.status_code == 200
    assert "prm:close" in json.loads(done["HX-Trigger-After-Settle"])
    assert QueueMark.objects.get().snoozed_until == until


def test_a_day_is_picked_on_a_page_too(falling, manager_client):
    assert manager_client.get(f"/app/queue/snooze/?item={mark(falling)}").status_code == 200
    refused = manager_client.post("/app/queue/", {"date": mark(falling), "until": "tomorrow"})
    assert refused.status_code == 422
    assert "<h1" in refused.content.decode()


@pytest.mark.parametrize("data", [{}, {"done": "nonsense"}, {"done": "health:1 or 1@1"}])
def test_a_mark_on_nothing_is_refused(manager_client, partner, data):
    assert manager_client.post("/app/queue/", data, headers=HTMX).status_code == 422
    assert QueueMark.objects.count() == 0


def test_marking_is_a_post(manager_client):
    assert manager_client.get("/app/queue/").status_code == 405


@pytest.mark.parametrize(("query", "expected"), [("", 1), ("?scope=all", 2), ("?scope=mine", 1), ("?scope=odd", 1)])
def test_scope_is_in_the_address(falling, other_partner, manager_client, query, expected):
    make_alert(partner=other_partner)
    assert manager_client.get(f"/app/{query}").content.decode().count("data-item") == expected


def test_who_owns_nobody_sees_everybody(falling, lead_client):
    assert "Northwind Partners fell" in lead_client.get("/app/").content.decode()


@pytest.mark.parametrize("group", ["partner", "kind", "due"])
def test_groups_have_headings(falling, manager_client, group):
    make_meeting(partner=falling, starts_at=clock.now() + timedelta(days=3))
    page = manager_client.get(f"/app/?group={group}").content.decode()
    headings = {
        "partner": ["Northwind Partners"],
        "kind": ["Health", "Meeting"],
        "due": ["This week", "Without a date"],
    }
    assert page.count('class="day-head"') == (1 if group == "partner" else 2)
    assert headings[group][0].split()[-1] in page


def test_twenty_five_are_shown_and_more_on_demand(manager, manager_client):
    for number in range(30):
        make_alert(partner=make_partner(name=f"P{number}", owner=manager))
    page = manager_client.get("/app/").content.decode()
    assert page.count("data-item") == 25
    assert "Show 5 more" in page
    assert manager_client.get("/app/?n=75").content.decode().count("data-item") == 30


def test_kinds_are_counted_as_links(falling, manager_client):
    make_meeting(partner=falling, starts_at=clock.now() + timedelta(days=3))
    page = manager_client.get("/app/?kind=meeting").content.decode()
    assert page.count("data-item") == 1
    assert 'href="/app/?kind=health"' in page


def test_first_steps_replace_the_queue_until_there_are_partners(manager, manager_client):
    page = manager_client.get("/app/").content.decode()
    assert "Add your partners" in page
    assert 'id="queue"' not in page

    make_partner(owner=manager)
    page = manager_client.get("/app/").content.decode()
    assert 'id="queue"' in page
    assert "First steps" in page


def test_first_steps_can_be_hidden_and_shown(partner, manager_client):
    manager_client.post("/app/first-steps/hide/")
    assert "First steps" not in manager_client.get("/app/").content.decode()
    manager_client.post("/app/first-steps/show/")
    assert "First steps" in manager_client.get("/app/").content.decode()


def test_banners_tell_of_demo_rows_and_moved_dates(manager, manager_client):
    make_partner(owner=manager, is_demo=True)
    ImportRun.objects.create(
        file_name="sales.csv", map_name="m", source="s", status="done", shift_days=5460, dates_moved=True
    )
    page = manager_client.get("/app/").content.decode()
    assert "Demo data: these partners" in page
    assert "sales.csv were moved by 5460 days" in page


def test_text_of_people_is_escaped(manager, manager_client):
    make_alert(partner=make_partner(name="<b>Bold & Co</b>", owner=manager))
    page = manager_client.get("/app/").content.decode()
    assert "<b>Bold" not in page
    assert "&lt;b&gt;Bold &amp; Co&lt;/b&gt;" in page


def test_viewers_put_aside_too_but_get_no_writing_button(falling, viewer_client):
    page = viewer_client.get("/app/?scope=all").content.decode()
    assert "/touch/" not in page.split('id="queue"')[1].split("</section>")[0]
    assert viewer_client.post("/app/queue/", {"done": mark(falling)}).status_code == 302


def test_the_sidebar_counts_what_was_left_on_today(falling, manager_client):
    manager_client.get("/app/")
    cache.clear()
    assert '<span class="count" id="count-today">1</span>' in manager_client.get("/app/settings/").content.decode()


def test_root_leads_staff_to_today(manager_client):
    assert manager_client.get("/")["Location"] == "/app/"


def test_root_leads_a_partner_user_to_the_portal(member_client):
    answer = member_client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/portal/")


def test_root_tells_who_has_no_company_so(member, member_client):
    member.membership.delete()
    assert "not connected to a company" in member_client.get("/").content.decode()
