"""Partner 360: what it shows, that it agrees with the health page, its cost, and its empty states."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from engagement.models import Commitment
from health.models import Alert
from health.queries import explanation
from health.services import compute
from partners.models import Partner
from tests.factories import make_contact, make_deal, make_meeting, make_partner, make_revenue, make_touch

HTMX = {"HX-Request": "true"}
SECTIONS = ("", "sales/", "people/", "history/", "timeline/")


def url(partner: Partner, rest: str = "") -> str:
    return f"/app/partners/{partner.slug}/{rest}"


@pytest.fixture
def scored(partner, manager) -> Partner:
    """A partner with two years of monthly sales that stopped 100 days ago, some contacts, and a computed score."""
    now = clock.now()
    for days in range(100, 700, 30):
        make_revenue(partner=partner, occurred_at=now - timedelta(days=days), amount_minor=250_000)
    for days in (5, 20, 200):
        make_touch(partner=partner, occurred_at=now - timedelta(days=days), actor=manager, text=f"Talk {days}")
    compute(as_of=clock.today(), reason="manual")
    return Partner.objects.get(pk=partner.pk)


def test_overview_agrees_with_the_explanation(scored, manager_client):
    given = explanation(scored)
    html = manager_client.get(url(scored)).content.decode()
    shown = given["displayed"]["score"]
    assert f"Watch {shown}" in html or f"Healthy {shown}" in html or f"At risk {shown}" in html
    table = html.split('<table class="ctb">')[1].split("</table>")[0]
    points = [text.replace("−", "-") for text in re.findall(r'<td class="num">([^<]*)</td>', table)]
    assert round(sum(float(text) for text in points[:-1]), 1) == float(points[-1]) == float(shown)
    assert len(points) == 1 + sum(len(group["signals"]) for group in given["groups"]) + len(given["adjustments"]) + 1


def test_overview_shows_what_would_help_and_what_it_is_based_on(scored, manager_client):
    given = explanation(scored)
    html = manager_client.get(url(scored)).content.decode()
    assert [one["sentence"] for one in given["helps"] if one["sentence"] not in html] == []
    assert given["basis"] in html
    assert "breadth" in html


def test_overview_figures_are_those_of_the_score(scored, manager_client):
    html = manager_client.get(url(scored)).content.decode()
    figures = re.findall(r'<div class="stat-value">(.*?)</div><div class="stat-note">(.*?)</div>', html)
    assert figures[0] == ("7,500", "180 days before: 15,000")
    assert figures[1] == ("2", "as the score counted them")
    assert figures[2][1] == "none planned"


def test_overview_shows_next_meeting_promises_and_alerts(scored, manager_client):
    today = clock.today()
    make_meeting(partner=scored, kind="qbr", starts_at=clock.now() + timedelta(days=9))
    Commitment.objects.create(partner=scored, text="Send the price list", side="ours", due_on=today - timedelta(days=3))
    Commitment.objects.create(partner=scored, text="Long done", done_at=clock.now())
    Alert.objects.create(
        partner=scored, kind="drop", opened_on=today, notified_on=today, seen_on=today, data={"points": "12.50"}
    )
    html = manager_client.get(url(scored)).content.decode()
    assert "QBR, planned" in html
    assert re.search(r'Send the price list .*?class="small late"', html, re.DOTALL)
    assert "Long done" not in html
    assert "Lost 12.5 points in two weeks" in html


def test_head_shows_stage_with_days_and_typical_length(manager, manager_client):
    partner = make_partner(
        name="Slow", stage="onboarding", since=clock.now() - timedelta(days=95), owner=manager, tier="gold"
    )
    html = manager_client.get(url(partner)).content.decode()
    assert '<span class="tag tag-warn">' in html
    assert "95 days in this stage</span>" in html or "95 days in this stage, typical 90" in html
    assert "Gold" in html
    assert "Ana Ruiz" in html


def test_partner_without_score_says_why(manager_client):
    waiting = make_partner(name="Waiting")
    unborn = make_partner(name="Unborn", stage=None)
    assert "The score is computed tonight" in manager_client.get(url(waiting)).content.decode()
    assert "has not begun its journey" in manager_client.get(url(unborn)).content.decode()


@pytest.mark.parametrize("section", SECTIONS)
def test_sections_of_an_empty_partner_are_whole_pages(manager_client, section):
    partner = make_partner(name="Empty", stage=None)
    response = manager_client.get(url(partner, section))
    assert response.status_code == 200
    assert response.content.decode().count("<h1") == 1


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("sales/", "No sales yet"),
        ("people/", "Nobody known here yet"),
        ("history/", "Nobody changed anything here yet."),
        ("timeline/", "No touch yet"),
    ],
)
def test_sections_have_an_empty_state(manager_client, section, words):
    assert words in manager_client.get(url(make_partner(stage=None), section)).content.decode()


@pytest.mark.parametrize("section", SECTIONS[:-1])
def test_sections_for_htmx_are_the_section_and_the_tabs(scored, manager_client, section):
    html = manager_client.get(url(scored, section), headers=HTMX).content.decode()
    assert "<html" not in html
    assert html.count('aria-current="page"') == 1
    assert '<nav id="partner-tabs" aria-label="Sections" hx-swap-oob="true">' in html


def test_head_alone_is_sent_when_it_asks(scored, manager_client):
    html = manager_client.get(url(scored), headers={**HTMX, "HX-Target": "partner-head"}).content.decode()
    assert html.lstrip().startswith('<div id="partner-head"')
    assert "Why this score" not in html


def test_sales_show_months_entries_and_open_deals(scored, manager_client):
    make_deal(partner=scored, name="Big one", value_minor=4_200_000)
    make_deal(partner=scored, name="Lost one", status="lost", closed_at=clock.now())
    make_revenue(partner=scored, occurred_at=clock.now() - timedelta(days=1), amount_minor=-5_000, currency="EUR")
    html = manager_client.get(url(scored, "sales/")).content.decode()
    assert html.count("<rect") == 12
    assert "−€50.00" in html
    assert "Big one" in html
    assert "€42,000.00" in html
    assert "Lost one" not in html


def test_timeline_lists_touches_and_meetings_and_loads_earlier(partner, manager, manager_client):
    now = clock.now()
    contact = make_contact(partner=partner, name="Sofia Costa")
    for number in range(24):
        touch = make_touch(
            partner=partner, occurred_at=now - timedelta(days=number + 1), actor=manager, text=f"<b>{number}</b>"
        )
        touch.contacts.add(contact)
    make_meeting(partner=partner, title="Old QBR", starts_at=now - timedelta(hours=1), status="missed", missed_at=now)
    short = manager_client.get(url(partner, "timeline/"), headers=HTMX).content.decode()
    assert "Old QBR" in short
    assert "&lt;b&gt;18&lt;/b&gt;" in short
    assert "&lt;b&gt;19&lt;/b&gt;" not in short
    assert "Load earlier" in short
    assert "Sofia Costa" in short
    whole = manager_client.get(url(partner, "timeline/") + "?all=1", headers=HTMX).content.decode()
    assert "&lt;b&gt;23&lt;/b&gt;" in whole
    assert "Load earlier" not in whole


def test_timeline_after_a_touch_brings_an_empty_composer(partner, manager_client):
    fresh = manager_client.get(url(partner, "timeline/") + "?fresh=1", headers=HTMX).content.decode()
    assert 'id="composer"' in fresh
    assert 'hx-swap-oob="true"' in fresh
    assert 'id="composer"' not in manager_client.get(url(partner, "timeline/"), headers=HTMX).content.decode()


def test_composer_logs_a_touch(partner, manager_client):
    html = manager_client.get(url(partner)).content.decode()
    key = re.search(r'name="submission_key" value="([^"]+)"', html)[1]
    sent = {"text": "Called about the renewal", "kind": "call", "two_way": "on", "submission_key": key}
    for _press in (1, 2):
        assert manager_client.post(f"/app/partners/{partner.slug}/touch/", sent).status_code == 302
    assert list(partner.touchpoints.values_list("text", "kind", "two_way")) == [
        ("Called about the renewal", "call", True)
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_foreign_and_missing_partners_give_the_same_404(partner, other_partner, member_client, section):
    foreign = member_client.get(url(other_partner, section))
    own = member_client.get(url(partner, section))
    missing = member_client.get(f"/app/partners/nobody/{section}")
    assert (foreign.status_code, own.status_code, missing.status_code) == (404, 404, 404)
    assert foreign.content == missing.content


def test_missing_partner_is_a_404_for_staff(manager_client):
    assert manager_client.get("/app/partners/nobody/").status_code == 404


def test_viewer_reads_and_cannot_write(scored, viewer_client):
    html = viewer_client.get(url(scored)).content.decode()
    assert "Why this score" in html
    for words in ("Schedule QBR", "Move…", "What happened?", "Archive"):
        assert words not in html
    for rest in ("edit/", "tier/", "owner/", "people/new/"):
        assert viewer_client.get(url(scored, rest)).status_code == 403


def test_overview_needs_at_most_12_queries_however_much_there_is(scored, manager_client):
    manager_client.get(url(scored))
    counts = []
    for _round in (1, 2):
        with CaptureQueriesContext(connection) as seen:
            manager_client.get(url(scored))
        counts.append(len(seen))
        for number in range(12):
            make_touch(partner=scored, occurred_at=clock.now() - timedelta(days=number))
            Commitment.objects.create(partner=scored, text=f"Promise {number}")
            make_meeting(partner=scored)
            make_contact(partner=scored)
    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_history_tells_moves_tiers_and_acts(partner, manager, manager_client):
    manager_client.post(url(partner, "tier/"), {"tier": "strategic", "reason": "Won the framework contract"})
    html = manager_client.get(url(partner, "history/")).content.decode()
    assert "Won the framework contract" in html
    assert "Changed the tier" in html
    assert "Growth" in html
