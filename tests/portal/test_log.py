"""The log of one's own firm, for the partner's administrators; and the whole one for managers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.formats import date_format

from accounts.models import AuditEntry, Role
from accounts.services import record
from core import clock
from partners.models import SharingRule
from tests.factories import make_commitment, make_contact, make_meeting, make_member

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.fixture
def boss(partner):
    return make_member(partner=partner, role=Role.PARTNER_ADMIN, name="Bea Boss")


@pytest.fixture
def page(boss):
    client = signed_in(boss)
    return lambda query="": client.get(f"/portal/log/{query}")


def lines(response):
    return re.findall(r'<li><div class="grow"><span class="strong">([^<]+)</span>', response.content.decode())


def test_administrator_reads_own_firm_only(page, partner, other_partner, manager):
    record("partners.tier_changed", partner, actor=manager, partner_uid=partner.uid)
    record("partners.archived", other_partner, actor=manager, partner_uid=other_partner.uid)
    record("workspace.demo_loaded", None, actor=manager)

    answer = page()

    assert lines(answer) == ["Changed the tier", "Logged in"]
    assert f"Ana Ruiz ({settings.ORGANISATION})" in answer.content.decode()
    assert "Archived" not in answer.content.decode()


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def test_line_names_the_thing_as_far_as_the_partner_may_know_it(page, boss, partner, other_partner, manager):
    invited = make_meeting(partner=partner, title="QBR with Northwind", invited_at=clock.now(), status="confirmed")
    plan = make_meeting(partner=partner, title="MARK plan of ours")
    foreign = make_meeting(partner=other_partner, title="MARK foreign", invited_at=clock.now(), status="confirmed")
    gone = make_meeting(partner=partner, title="MARK removed")
    ours = make_commitment(partner=partner, text="Send the price list")
    draft = make_commitment(partner=partner, text="MARK draft", meeting=invited)
    contact = make_contact(partner=partner, name="Mia Berg")
    for action, thing in (
        ("engagement.meeting_moved", invited),
        ("engagement.meeting_scheduled", plan),
        ("engagement.meeting_cancelled", gone),
        ("engagement.attendees_changed", foreign),
        ("engagement.commitment_done", ours),
        ("engagement.commitment_added", draft),
        ("partners.contact_changed", contact),
    ):
        record(action, thing, actor=manager, partner_uid=partner.uid)
    gone.delete()

    text = text_of(page())

    day = date_format(invited.wall.date(), "D j M") if invited.wall.year == clock.today().year else ""
    assert f"Moved a meeting: QBR with Northwind, {day}" in text
    assert "Marked an action as done: Send the price list" in text
    assert "Changed a person: Mia Berg" in text
    assert "Cancelled a meeting (no longer there)" in text
    assert "MARK" not in text
    SharingRule.objects.filter(topic="promises").update(shared=False)
    assert "price list" not in text_of(page())
    SharingRule.objects.filter(topic="meetings").update(shared=False)
    assert "QBR with Northwind" not in text_of(page())


def test_colleagues_read_every_name(partner, manager, manager_client):
    plan = make_meeting(partner=partner, title="A plan of ours")
    record("engagement.meeting_scheduled", plan, actor=manager)

    page = manager_client.get(f"/app/partners/{partner.slug}/log/")

    assert "Scheduled a meeting: A plan of ours" in text_of(page)


def test_names_cost_one_statement_however_many_kinds_of_things(page, partner, manager):
    page()
    with CaptureQueriesContext(connection) as before:
        page()
    for thing in (make_meeting(partner=partner), make_commitment(partner=partner), make_contact(partner=partner)):
        record("engagement.meeting_moved", thing, actor=manager, partner_uid=partner.uid)
    with CaptureQueriesContext(connection) as after:
        page()
    assert len(after) == len(before) + 1


def test_what_the_vendor_thinks_stays_there(page, partner, manager, manager_client):
    for action in ("health.override_set", "engagement.notes_saved", "partners.tagged", "partners.unheard_of"):
        record(action, partner, actor=manager, partner_uid=partner.uid)

    assert lines(page()) == ["Logged in"]
    assert lines(manager_client.get(f"/app/partners/{partner.slug}/log/")) == [
        "partners.unheard_of",
        "Added a tag",
        "Saved internal notes of a meeting",
        "Set the score by hand",
        "Logged in",
    ]


def test_filters_by_person_and_kind(page, boss, partner, manager):
    record("partners.tier_changed", partner, actor=manager, partner_uid=partner.uid)
    record("partners.contact_added", partner, actor=boss, partner_uid=partner.uid)

    assert lines(page(f"?person={manager.uid}")) == ["Changed the tier"]
    assert lines(page("?kind=people")) == ["Added a person"]
    assert lines(page(f"?kind=sales&person={boss.uid}")) == []
    assert "Show everything" in page("?kind=sales").content.decode()
    assert lines(page("?kind=nonsense&person=nonsense&before=nonsense")) == [
        "Added a person",
        "Changed the tier",
        "Logged in",
    ]


def test_pages_by_key_meet_every_row_once_with_ties_and_without_numbers_in_addresses(page, partner, manager):
    at = clock.now() + timedelta(minutes=1)
    AuditEntry.objects.bulk_create(
        AuditEntry(at=at, actor=manager, action="partners.updated", partner_uid=partner.uid) for _ in range(120)
    )
    seen, answer, pages = len(lines(page())), page(), 1
    while found := re.search(r'href="/portal/log/(\?[^"]+)" rel="next"', answer.content.decode()):
        assert not re.search(r"=\d+(&|$)", found[1])
        answer = page(found[1].replace("&amp;", "&"))
        seen, pages = seen + len(lines(answer)), pages + 1

    assert (seen, pages) == (121, 3)


def test_statements_do_not_grow_with_rows(page, partner, manager):
    counted = []
    page()
    for number in (1, 30):
        for _ in range(number):
            record("partners.updated", partner, actor=manager, partner_uid=partner.uid)
        with CaptureQueriesContext(connection) as seen:
            page()
        counted.append(len(seen))
    assert counted[0] == counted[1]
    assert counted[0] <= 12


def test_sellers_and_viewers_are_refused_and_have_no_entry(partner):
    for role in (Role.PARTNER_SELLER, Role.PARTNER_VIEWER):
        client = signed_in(make_member(partner=partner, role=role))
        assert client.get("/portal/log/").status_code == 403
        assert "/portal/log/" not in client.get("/portal/").content.decode()


def test_administrator_finds_the_log_in_the_sections(boss):
    assert 'href="/portal/log/"' in signed_in(boss).get("/portal/").content.decode()
