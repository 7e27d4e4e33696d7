"""The portal over the API: shared fields of one's own firm, nothing else, and one thing that can be changed."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Role
from accounts.services import create_token
from core import clock
from engagement.models import AgendaItem, Commitment
from partners.models import SharingRule
from tests.factories import make_commitment, make_meeting, make_member, make_revenue, make_touch

pytestmark = pytest.mark.django_db
LISTS = ["sales", "meetings", "commitments"]
NEVER = "marker-that-no-partner-may-read"


def api_of(user, scope="read") -> APIClient:
    _token, secret = create_token(user=user, name="test", scope=scope, days=1)
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")


@pytest.fixture
def head(partner):
    return make_member(partner=partner, role=Role.PARTNER_ADMIN)


@pytest.fixture
def api(head):
    return api_of(head, "write")


def fill(partner, owner):
    """Everything there is of one partner, with a marker in each field that is the vendor's own."""
    meeting = make_meeting(
        partner=partner, title=f"Review of {partner.name}", status="held", held_at=clock.now(), notes=NEVER,
        organizer=owner, starts_at=clock.now(),
        why=[{"code": NEVER}], missed_why={"code": NEVER}, closing_reason=NEVER,
    )  # fmt: skip
    AgendaItem.objects.create(meeting=meeting, title=f"Prices for {partner.name}", notes=NEVER)
    AgendaItem.objects.create(meeting=meeting, title=f"{NEVER} inside", shared=False, order=2)
    make_meeting(partner=partner, title=f"{NEVER} planned", automatic=True)
    make_commitment(partner=partner, meeting=meeting, text=f"List of {partner.name}", owner=owner)
    make_commitment(partner=partner, meeting=meeting, text=f"Engineer of {partner.name}", side="theirs")
    make_commitment(partner=partner, meeting=meeting, text=f"Decided with {partner.name}", kind="decision", due_on=None)
    make_revenue(partner=partner, occurred_at=clock.now(), external_id=f"INV {partner.name}")
    make_touch(partner=partner, text=NEVER)
    return meeting


@pytest.fixture
def twins(partner, other_partner, manager):
    return fill(partner, manager), fill(other_partner, manager)


def test_nothing_of_the_vendors_own_and_nothing_of_another_firm(api, twins, partner, other_partner):
    answers = {name: api.get(f"/api/v1/portal/{name}/") for name in [*LISTS, "me"]}
    answers["one"] = api.get(f"/api/v1/portal/meetings/{twins[0].uid}/")

    for name, answer in answers.items():
        text = json.dumps(answer.json())
        assert answer.status_code == 200
        assert partner.name in text, name
        assert NEVER not in text, name
        assert other_partner.name not in text, name


def test_shapes_hold_the_shared_fields_and_no_others(api, twins):
    rows = {name: api.get(f"/api/v1/portal/{name}/").json()["results"][0] for name in LISTS}
    agreed = {"uid", "kind", "side", "text", "who", "due_on", "done_at"}

    assert set(rows["sales"]) == {"external_id", "kind", "amount_minor", "currency", "occurred_at"}
    assert set(rows["meetings"]) == {
        "uid", "kind", "status", "title", "starts_at", "ends_at", "time_zone", "place", "topics", "agreed"
    }  # fmt: skip
    assert [set(one) for one in rows["meetings"]["topics"]] == [{"uid", "title"}]
    assert {frozenset(one) for one in rows["meetings"]["agreed"]} == {frozenset(agreed)}
    assert set(rows["commitments"]) == agreed | {"meeting"}


def test_sides_are_named_from_the_outside(api, twins):
    rows = api.get("/api/v1/portal/commitments/", {"kind": "action"}).json()["results"]

    assert [(one["side"], one["who"]) for one in rows] == [("vendor", "Ana Ruiz"), ("partner", "")]


def test_foreign_meeting_is_as_missing(api, twins):
    foreign = api.get(f"/api/v1/portal/meetings/{twins[1].uid}/")
    missing = api.get("/api/v1/portal/meetings/00000000-0000-4000-8000-000000000000/")

    assert (foreign.status_code, foreign.content) == (404, missing.content)


@pytest.mark.parametrize(("topic", "gone"), [("sales", ["sales"]), ("meetings", ["meetings", "commitments"])])
def test_what_is_not_shared_is_not_there(api, twins, topic, gone):
    SharingRule.objects.filter(topic=topic).update(shared=False)

    assert [name for name in LISTS if api.get(f"/api/v1/portal/{name}/").status_code == 404] == gone
    assert topic not in api.get("/api/v1/portal/me/").json()["topics"]


def test_promises_are_told_only_while_they_are_shared(api, twins):
    SharingRule.objects.filter(topic="promises").update(shared=False)

    commitments = api.get("/api/v1/portal/commitments/").json()["results"]
    meeting = api.get(f"/api/v1/portal/meetings/{twins[0].uid}/").json()
    for rows in (commitments, meeting["agreed"]):
        assert sorted((one["kind"], one["side"]) for one in rows) == [("action", "partner"), ("decision", "vendor")]


def test_own_action_is_ticked_once_and_stays_ticked(api, twins):
    action = Commitment.objects.get(text="Engineer of Northwind Partners")
    url = f"/api/v1/portal/commitments/{action.uid}/done/"

    first, again = api.post(url).json(), api.post(url).json()

    assert first["done_at"] == again["done_at"] is not None


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("List of Northwind Partners", 409),
        ("Decided with Northwind Partners", 409),
        ("Engineer of Helix Resellers", 404),
    ],
)
def test_other_commitments_cannot_be_ticked(api, twins, text, status):
    one = Commitment.objects.get(text=text)

    assert api.post(f"/api/v1/portal/commitments/{one.uid}/done/").status_code == status
    one.refresh_from_db()
    assert one.done_at is None


def test_writing_needs_the_scope_and_the_role(twins, head, partner):
    action = Commitment.objects.get(text="Engineer of Northwind Partners")
    url = f"/api/v1/portal/commitments/{action.uid}/done/"
    seller = make_member(partner=partner, role=Role.PARTNER_SELLER)
    writing = api_of(seller, "write")
    seller.role = Role.PARTNER_VIEWER
    seller.save(update_fields=["role"])

    assert api_of(head, "read").post(url).status_code == 403
    assert writing.get("/api/v1/portal/me/").status_code == 200
    assert writing.post(url).status_code == 403


def test_each_side_has_its_own_api(api, manager):
    vendor = api_of(manager, "write")

    assert {api.get(f"/api/v1/{name}/").status_code for name in ("partners", "contacts", "revenue", "meetings")} == {
        403
    }
    assert {vendor.get(f"/api/v1/portal/{name}/").status_code for name in [*LISTS, "me"]} == {403}


@pytest.mark.parametrize("name", [*LISTS, "me"])
def test_unknown_parameters_are_refused(api, name):
    response = api.get(f"/api/v1/portal/{name}/", {"partner": "1"})

    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "partner"


@pytest.mark.parametrize("name", LISTS)
def test_lists_cost_the_same_with_1_and_5_rows(api, partner, manager, name):
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert api.get(f"/api/v1/portal/{name}/").status_code == 200
        return len(seen)

    fill(partner, manager)
    count()
    first = count()
    for number in range(4):
        meeting = make_meeting(partner=partner, status="held", held_at=clock.now())
        AgendaItem.objects.create(meeting=meeting, title="x")
        make_commitment(partner=partner, meeting=meeting, side="theirs", text=f"c{number}")
        make_revenue(partner=partner, occurred_at=clock.now())

    assert count() == first
