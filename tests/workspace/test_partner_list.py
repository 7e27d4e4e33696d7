"""The partners list: order, pages, filters, columns, notes, and that it costs the same in a larger book."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from health.models import HealthModelVersion, HealthSnapshot, HealthState
from partners.models import Partner, Tag
from tests.factories import make_deal, make_meeting, make_partner, make_revenue, make_touch, make_user
from workspace.listing import COLUMNS, ListState, parse_query
from workspace.queries import partners as queries
from workspace.queries.partners import ids_in_order, page_of

URL = "/app/partners/"
HTMX = {"HX-Request": "true"}


def make_health(partner: Partner, score: str, *, band: str | None = None, **fields: Any) -> HealthState:
    """A published score; `band` is derived from the score unless given ("" = too little data)."""
    number = Decimal(score)
    edges = ((80, "A"), (65, "B"), (50, "C"), (35, "D"), (0, "E"))
    letter = next(letter for edge, letter in edges if number >= edge) if band is None else band
    version, _created = HealthModelVersion.objects.get_or_create(
        name="list-test", defaults={"definition": {}, "digest": "0" * 64}
    )
    now = clock.now()
    common = {"as_of": clock.today(), "known_cutoff": now, "score": number, "coverage": Decimal("0.62")}
    common |= {"breadth": Decimal("0.4"), "confidence": "medium"}
    snapshot = HealthSnapshot.objects.create(
        partner=partner, model=version, stage="growth", model_score=number, raw_band=letter or "E",
        published_band=letter, detail={}, **common,
    )  # fmt: skip
    return HealthState.objects.create(
        partner=partner, snapshot=snapshot, band=letter, band_since=clock.today(), updated_at=now, **common, **fields
    )


def names(user: Any, query: str) -> list[str]:
    return [row["name"] for row in page_of(user, parse_query(query)).rows]


@pytest.fixture
def book(manager):
    """Five partners that differ in everything the list sorts and filters by."""
    now = clock.now()
    alpha = make_partner(name="alpha", tier="gold", stage="growth", owner=manager, since=now - timedelta(days=10))
    bravo = make_partner(name="Bravo", tier="strategic", stage="exit", since=now - timedelta(days=400))
    charlie = make_partner(name="Çharlie", tier="silver", stage="growth", since=now - timedelta(days=90))
    delta = make_partner(name="Delta", tier="registered", stage=None, country="Spain")
    echo = make_partner(name="Echo", tier="gold", stage="recruit", owner=manager, since=now - timedelta(days=1))
    make_health(alpha, "71.25", change_30=Decimal("-3.5"))
    make_health(bravo, "12.0", change_30=Decimal(-20))
    make_health(charlie, "55.5", change_30=None)
    make_health(echo, "90.0", band="", change_30=Decimal(5))
    return {"alpha": alpha, "bravo": bravo, "charlie": charlie, "delta": delta, "echo": echo}


ORDERS = [
    ("", ["alpha", "Bravo", "Çharlie", "Delta", "Echo"]),
    ("sort=-name", ["Echo", "Delta", "Çharlie", "Bravo", "alpha"]),
    ("sort=score", ["Bravo", "Çharlie", "alpha", "Delta", "Echo"]),
    ("sort=-score", ["alpha", "Çharlie", "Bravo", "Delta", "Echo"]),
    ("sort=change", ["Bravo", "alpha", "Çharlie", "Delta", "Echo"]),
    ("sort=tier", ["Bravo", "alpha", "Echo", "Çharlie", "Delta"]),
    ("sort=-tier", ["Delta", "Çharlie", "alpha", "Echo", "Bravo"]),
    ("sort=stage", ["Echo", "Çharlie", "alpha", "Bravo", "Delta"]),
    ("sort=-stage", ["Bravo", "Çharlie", "alpha", "Echo", "Delta"]),
]


@pytest.mark.parametrize(("query", "expected"), ORDERS)
@pytest.mark.parametrize("whole", [1000, 0], ids=["sorted whole", "walked by index"])
def test_order_is_the_same_for_small_and_large_books(book, manager, monkeypatch, query, expected, whole):
    monkeypatch.setattr(queries, "SORTED_WHOLE", whole)
    assert names(manager, query) == expected
    assert [pk for ids in ids_in_order(manager, parse_query(query)) for pk in ids] == [
        row["id"] for row in page_of(manager, parse_query(query)).rows
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("health=risk", ["Bravo"]),
        ("health=watch,B", ["alpha", "Çharlie"]),
        ("health=none", ["Delta", "Echo"]),
        ("stage=growth", ["alpha", "Çharlie"]),
        ("tier=gold&stage=recruit", ["Echo"]),
        ("owner=me", ["alpha", "Echo"]),
        ("owner=none", ["Bravo", "Çharlie", "Delta"]),
        ("country=Spain", ["Delta"]),
        ("q=CHARLIE", ["Çharlie"]),
        ("q=har+char", ["Çharlie"]),
        ("q=%25", []),
    ],
)
def test_filters_narrow(book, manager, query, expected):
    assert names(manager, query) == expected


def test_filter_by_owner_and_tag(book, manager):
    other = make_user(name="Tom Weber")
    Partner.objects.filter(pk=book["delta"].pk).update(owner=other)
    book["bravo"].tags.add(Tag.objects.create(name="oem, special"))
    assert names(manager, f"owner={other.uid},me") == ["alpha", "Delta", "Echo"]
    assert names(manager, "tag=oem,+special&tag=nowhere") == ["Bravo"]


def test_filter_silent_counts_two_way_contacts_only(book, manager):
    now = clock.now()
    make_touch(partner=book["alpha"], occurred_at=now - timedelta(days=59))
    make_touch(partner=book["bravo"], occurred_at=now - timedelta(days=61, hours=1))
    make_touch(partner=book["charlie"], occurred_at=now - timedelta(days=1), two_way=False)
    make_touch(partner=book["delta"], occurred_at=now - timedelta(days=1), superseded_at=now)
    assert names(manager, "silent=60") == ["Bravo", "Çharlie", "Delta", "Echo"]


def test_filter_of_days_has_exact_edges(book, manager):
    today = clock.today()
    Partner.objects.filter(pk=book["alpha"].pk).update(contract_ends_on=today, joined_on=today - timedelta(days=89))
    Partner.objects.filter(pk=book["bravo"].pk).update(
        contract_ends_on=today + timedelta(days=90), joined_on=today - timedelta(days=90)
    )
    Partner.objects.filter(pk=book["charlie"].pk).update(contract_ends_on=today + timedelta(days=91))
    Partner.objects.filter(pk=book["delta"].pk).update(contract_ends_on=today - timedelta(days=1))
    assert names(manager, "ending=90") == ["alpha", "Bravo"]
    assert names(manager, "joined=90") == ["alpha"]


def test_archived_partners_are_listed_apart(book, manager):
    Partner.objects.filter(pk=book["alpha"].pk).update(archived_at=clock.now())
    assert names(manager, "archived=1") == ["alpha"]
    assert "alpha" not in names(manager, "")


@pytest.mark.parametrize("sort", ["name", "-name", "score", "-score", "change", "tier", "-tier", "stage", "-stage"])
def test_pages_by_key_walk_the_whole_list_forwards_and_back(manager, monkeypatch, sort):
    """With pages of three, numbers up to two: everything beyond is reached with Next, and Previous leads back."""
    for module in ("PAGE_SIZE", "NUMBERED_PAGES", "SORTED_WHOLE"):
        monkeypatch.setattr(queries, module, {"PAGE_SIZE": 3, "NUMBERED_PAGES": 2, "SORTED_WHOLE": 6}[module])
    stages = ["recruit", "growth", "exit", None]
    for number in range(17):
        partner = make_partner(
            name=f"P{number % 5}", tier=["gold", "silver", "registered"][number % 3], stage=stages[number % 4]
        )
        if number % 3:
            change = Decimal(number % 2) if number % 4 else None
            make_health(partner, str(40 + number % 4), band="" if number == 7 else None, change_30=change)
    state = ListState(sort=sort)
    expected = [pk for ids in ids_in_order(manager, state) for pk in ids]
    assert sorted(expected) == sorted(Partner.objects.values_list("pk", flat=True))
    pages = [page_of(manager, state.change(page=number)) for number in (1, 2)]
    while pages[-1].has_next:
        last = pages[-1]
        pages.append(page_of(manager, state.change(page=last.number + 1, after=last.rows[-1]["slug"])))
    assert [row["id"] for page in pages for row in page.rows] == expected
    assert [page.number for page in pages] == [1, 2, 3, 4, 5, 6]
    for earlier, later in itertools.pairwise(pages[2:]):
        back = page_of(manager, state.change(page=earlier.number, before=later.rows[0]["slug"]))
        assert [row["id"] for row in back.rows] == [row["id"] for row in earlier.rows]


def test_export_chunks_join_without_gap(book, manager, monkeypatch):
    monkeypatch.setattr(queries, "EXPORT_CHUNK", 2)
    for query, expected in ORDERS:
        ids = [pk for chunk in ids_in_order(manager, parse_query(query)) for pk in chunk]
        by_id = {partner.pk: partner.name for partner in book.values()}
        assert [by_id[pk] for pk in ids] == expected


def test_count_stops_at_the_cap(book, manager, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_CAP", 3)
    page = page_of(manager, ListState())
    assert (page.count, page.capped, len(page.rows)) == (3, True, 5)


def test_list_shows_default_columns(book, manager_client):
    make_meeting(partner=book["alpha"], kind="qbr", starts_at=clock.now() + timedelta(days=3))
    HealthState.objects.filter(partner=book["alpha"]).update(
        why="Deal rhythm -4.1", spark=[["2026-11-07", 60.0], ["2026-11-14", 71.25]]
    )
    html = manager_client.get(URL).content.decode()
    row = html.split('href="/app/partners/' + book["alpha"].slug)[1].split("</tr>")[0]
    for text in (
        "alpha",
        "Healthy 71.2",
        "3.5",
        "From 60.0 to 71.2",
        "Deal rhythm -4.1",
        "Growth",
        "Gold",
        "Ana Ruiz",
        "QBR",
    ):
        assert text in row


def test_score_of_a_partner_with_too_little_data_is_not_shown(book, manager_client):
    html = manager_client.get(URL).content.decode()
    row = html.split("Select Echo")[1].split("</tr>")[0]
    assert "No data" in row
    assert "90.0" not in row


def test_list_escapes_what_people_wrote(manager, manager_client):
    evil = "<script>alert('x')</script>"
    partner = make_partner(name=evil, country=evil, kind=evil, owner=make_user(name=evil))
    partner.tags.add(Tag.objects.create(name="<b>tag</b>"))
    make_health(partner, "50", why=evil)
    html = manager_client.get(URL, {"cols": ",".join(COLUMNS), "q": evil[:8], "nonsense": evil}).content.decode()
    assert "<script>alert" not in html
    assert "<b>tag" not in html


@pytest.mark.parametrize("query", ["", "?sort=score", "?sort=stage&cols=name,health,next,contact,tags,revenue"])
def test_list_needs_the_same_queries_for_5_and_for_60_partners(manager, manager_client, query):
    counts = []
    for number in (5, 55):
        for _number in range(number):
            make_health(make_partner(owner=manager), "61.5")
        manager_client.get(URL + query)
        with CaptureQueriesContext(connection) as seen:
            assert manager_client.get(URL + query).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
    if query != "?sort=stage&cols=name,health,next,contact,tags,revenue":
        assert counts[0] <= 9  # eight of the list and its shell, one of the bell


def test_list_for_htmx_is_the_changing_parts_with_an_announcement(book, manager_client):
    response = manager_client.get(URL, {"tier": "gold"}, headers={**HTMX, "HX-Trigger": "chip-stage"})
    html = response.content.decode()
    assert html.lstrip().startswith('<div id="rows"')
    assert "<html" not in html
    assert 'id="tools" class="tools" hx-swap-oob="true"' in html
    assert '"prm:announce": {"value": "2 partners found."}' in response["HX-Trigger-After-Settle"]
    assert '"prm:focus": {"value": "#filter-open"}' in response["HX-Trigger-After-Settle"]
    assert "HX-Request" in response["Vary"]


def test_list_restored_from_history_is_a_whole_page(book, manager_client):
    html = manager_client.get(URL, headers={**HTMX, "HX-History-Restore-Request": "true"}).content.decode()
    assert "<html" in html


def test_list_says_what_it_ignored(book, manager_client):
    html = manager_client.get(URL, {"region": "XX", "view": "nowhere", "owner": "9b2f6d4e-6a53-4d8b-8a36-0f3d3ff9c001"})
    text = html.content.decode()
    for dropped in ("region=XX", "view=nowhere", "owner=9b2f6d4e"):
        assert f"Filter “{dropped}" in text


def test_list_marks_the_sorted_column(book, manager_client):
    html = manager_client.get(URL, {"sort": "-score"}).content.decode()
    assert html.count("aria-sort=") == 1
    assert 'aria-sort="descending"><a id="sort-health" href="/app/partners/?sort=score"' in html


def test_list_offers_to_remove_each_filter(book, manager_client):
    html = manager_client.get(URL, {"tier": "gold,silver", "stage": "growth", "silent": "60"}).content.decode()
    assert 'id="chip-tier" href="/app/partners/?stage=growth&amp;silent=60"' in html
    assert "No contact for 60 days" in html


def test_empty_lists_say_why(manager, manager_client, viewer_client):
    assert "Add your first partner" in manager_client.get(URL).content.decode()
    assert "Ask a partner manager" in viewer_client.get(URL).content.decode()
    make_partner(name="Only")
    html = manager_client.get(URL, {"tier": "gold", "q": "nobody"}).content.decode()
    assert "No partner fits these filters" in html
    assert "Without Tier: Gold" in html


def test_viewer_sees_no_way_to_change(book, viewer_client):
    html = viewer_client.get(URL).content.decode()
    assert "Select alpha" not in html
    assert "Set owner" not in html


def test_people_of_partners_find_no_list(member_client):
    assert member_client.get(URL).status_code == 404


def test_filter_form_leads_to_the_short_address(book, manager_client):
    sent = {"apply": "1", "view": "at-risk", "health": "", "tier": ["", "gold"], "silent": "", "q": "", "sort": "score"}
    response = manager_client.get(f"{URL}filter/", sent)
    assert response.status_code == 302
    assert response["Location"] == "/app/partners/?view=at-risk&health=&tier=gold"


def test_filter_form_shows_what_is_chosen(book, manager_client):
    html = manager_client.get(f"{URL}filter/", {"tier": "gold", "owner": "me"}).content.decode()
    assert '<option value="me" selected>' in html
    assert html.count("checked") == 1


def test_columns_move_and_apply(book, manager_client):
    sent = {"order": ["health", "tier", "owner"], "shown": ["tier", "health"], "up": "tier"}
    html = manager_client.get(f"{URL}columns/", sent, headers=HTMX).content.decode()
    assert html.index('value="tier"') < html.index('value="health"')
    sent = {"order": ["tier", "health", "owner"], "shown": ["tier", "health"], "apply": "1"}
    response = manager_client.get(f"{URL}columns/", sent)
    assert response["Location"] == "/app/partners/?cols=name,tier,health"
    assert manager_client.get(f"{URL}columns/", sent, headers=HTMX)["HX-Redirect"] == response["Location"]


def test_export_is_what_the_list_shows(book, manager_client):
    book["charlie"].tags.add(Tag.objects.create(name="=cmd"))
    response = manager_client.get(
        f"{URL}export/", {"health": "B,C,E", "sort": "score", "cols": "health,tier,tags,change"}
    )
    text = response.getvalue().decode()
    assert text == (
        '"Partner","Health","Score","Tier","Tags","30-day change"\r\n'
        '"Bravo","Critical","12.0","Strategic","","-20.0"\r\n'
        '"Çharlie","Watch","55.5","Silver","\'=cmd",""\r\n'
        '"alpha","Healthy","71.2","Gold","","-3.5"\r\n'
    )
    today = clock.today().isoformat()
    assert response["Content-Disposition"] == f'attachment; filename="prm-partners-all-{today}.csv"'
    assert response["Cache-Control"] == "no-store"


def test_export_with_bom_and_keys(book, manager_client):
    response = manager_client.get(f"{URL}export/", {"view": "at-risk", "cols": "next,ending", "bom": "1", "keys": "1"})
    assert response.getvalue().decode() == '\ufeff"name","next","next_on","ending"\r\n"Bravo","","",""\r\n'
    assert "prm-partners-at-risk-" in response["Content-Disposition"]


def test_next_meeting_is_an_appointment_or_says_that_it_is_due(book, manager_client):
    at = clock.now() + timedelta(days=9)
    due_on = at.date() + timedelta(days=3)
    make_meeting(partner=book["alpha"], status="confirmed", starts_at=at)
    make_meeting(partner=book["bravo"], kind="check_in", automatic=True, starts_at=at, target_on=due_on)

    html = manager_client.get(URL, {"cols": "next"}).content.decode()

    assert f'QBR <time datetime="{at.date()}' in html
    assert f'Check-in due <time datetime="{due_on}' in html
    text = manager_client.get(f"{URL}export/", {"view": "at-risk", "cols": "next"}).getvalue().decode()
    assert text == f'"Partner","Next meeting","Next meeting on"\r\n"Bravo","Check-in due","{due_on}"\r\n'


def test_export_streams_all_pages(manager, manager_client, django_assert_max_num_queries):
    Partner.objects.bulk_create(
        [Partner(name=f"P {n:04}", slug=f"p-{n}", search_name=f"p {n:04}", tier="gold") for n in range(1203)]
    )
    with django_assert_max_num_queries(28):  # eight of them count the export
        text = manager_client.get(f"{URL}export/", {"cols": "tier"}).getvalue().decode()
    lines = text.split("\r\n")
    assert len(lines) == 1 + 1203 + 1
    assert lines[1203] == '"P 1202","Gold"'


def test_list_and_export_show_the_same_score(book, manager_client: Client):
    html = manager_client.get(URL, {"q": "alpha"}).content.decode()
    text = manager_client.get(f"{URL}export/", {"q": "alpha"}).getvalue().decode()
    assert "Healthy 71.2" in html
    assert '"Healthy","71.2"' in text


def test_moment_of_long_ago_counts_days(manager, manager_client):
    make_partner(name="Old", since=datetime(2020, 1, 1, tzinfo=UTC))
    text = manager_client.get(f"{URL}export/", {"cols": "days"}).getvalue().decode()
    days = (clock.now() - datetime(2020, 1, 1, tzinfo=UTC)).days
    assert text.endswith(f'"Old","{days}"\r\n')


def test_columns_of_deals_and_revenue(book, manager_client):
    alpha, now = book["alpha"], clock.now()
    make_deal(partner=alpha, value_minor=4_200_050)
    make_deal(partner=alpha, value_minor=100)
    make_deal(partner=alpha, value_minor=999, status="lost", closed_at=now)
    make_deal(partner=book["bravo"], value_minor=5_000, currency="USD")
    make_revenue(partner=alpha, occurred_at=now - timedelta(days=300), amount_minor=123_400)
    make_revenue(partner=alpha, occurred_at=now - timedelta(days=366), amount_minor=1)
    sent = {"cols": "deals,revenue", "tier": "gold,strategic", "stage": "growth,exit"}
    text = manager_client.get(f"{URL}export/", sent).getvalue().decode()
    assert text.split("\r\n")[1:3] == ['"alpha","2","42001.50","1234.00"', '"Bravo","1","",""']
    html = manager_client.get(URL, sent).content.decode()
    assert '<td class="num" data-l="Open deals">2, 42,002</td>' in html


def test_stage_order_asks_only_for_stages_that_can_hold_partners(book, manager, monkeypatch):
    monkeypatch.setattr(queries, "SORTED_WHOLE", 0)
    state = parse_query("sort=stage&stage=growth,exit")
    assert [phase.where.children for phase in queries.phases(state)] == [
        [("journey__stage", "growth")],
        [("journey__stage", "exit")],
    ]
    assert [row["name"] for row in page_of(manager, state).rows] == ["Çharlie", "alpha", "Bravo"]
