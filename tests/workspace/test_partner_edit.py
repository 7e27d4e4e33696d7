"""Adding and editing partners and their people: what is stored, what is refused, and what two people at once get."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from core import clock
from core.errors import DomainError
from lifecycle.models import Journey
from partners.models import Contact, Partner, TierChange
from partners.services import create_partner, set_contact_left, update_contact
from tests.factories import make_contact

HTMX = {"HX-Request": "true"}
NEW = {"name": "Blue Fjord AS", "tier": "gold", "stage": "onboarding", "time_zone": "Europe/Oslo", "notice_days": "30"}


def url(partner: Partner, rest: str) -> str:
    return f"/app/partners/{partner.slug}/{rest}"


def facts(partner: Partner, **changes: object) -> dict[str, object]:
    return {
        "name": partner.name,
        "time_zone": partner.time_zone,
        "notice_days": partner.notice_days,
        "version": partner.version,
        **changes,
    }


def test_create_makes_the_partner_with_tier_stage_and_owner(manager, manager_client):
    response = manager_client.post("/app/partners/new/", {**NEW, "owner": str(manager.uid), "joined_on": "2025-03-01"})
    partner = Partner.objects.get()
    assert response["Location"] == f"/app/partners/{partner.slug}/"
    assert (partner.name, partner.tier, partner.owner, partner.notice_days) == ("Blue Fjord AS", "gold", manager, 30)
    assert Journey.objects.get().stage == "onboarding"
    assert TierChange.objects.get().occurred_at.date().isoformat() == "2025-03-01"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "This field is required."),
        ("time_zone", "Mars/Base", "There is no time zone “Mars/Base”."),
        ("country_code", "QQ", "There is no holiday calendar “QQ”."),
        ("stage", "moon", "Select a valid choice."),
        ("notice_days", "-1", "greater than or equal to 0"),
    ],
)
def test_create_refuses_next_to_the_field(manager_client, field, value, message):
    response = manager_client.post("/app/partners/new/", {**NEW, field: value}, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 422
    assert message in html.split(f'id="id_{field}_error"')[1]
    assert Partner.objects.count() == 0


def test_create_with_a_known_key_is_refused_whole(manager, manager_client):
    create_partner(name="First", actor=manager, key="K1")
    response = manager_client.post("/app/partners/new/", {**NEW, "key": "K1"})
    assert response.status_code == 422
    assert "There is already a partner with the external key “K1”." in response.content.decode()
    assert Journey.objects.count() == 0


@pytest.mark.parametrize("name", ["New", "Export", "Views", "Bulk", "Filter", "Columns"])
def test_partner_is_reachable_whatever_its_name(manager, manager_client, name):
    partner = create_partner(name=name, actor=manager)
    html = manager_client.get(f"/app/partners/{partner.slug}/").content.decode()
    assert f'<h1 tabindex="-1">{name}</h1>' in html


def test_edit_saves_facts_and_tells_the_version(partner, manager_client):
    dialog = manager_client.get(url(partner, "edit/"), headers=HTMX).content.decode()
    assert f'name="version" value="{partner.version}"' in dialog
    sent = facts(partner, country="Spain", contract_ends_on="2027-01-31", website="northwind.example")
    response = manager_client.post(url(partner, "edit/"), sent, headers=HTMX)
    assert response["HX-Redirect"] == f"/app/partners/{partner.slug}/"
    partner.refresh_from_db()
    assert (partner.country, partner.contract_ends_on.isoformat(), partner.version) == ("Spain", "2027-01-31", 2)
    assert partner.website == "https://northwind.example"


def test_edit_of_a_changed_partner_is_409_with_both_values_and_a_choice(partner, manager_client):
    sent = facts(partner, country="Spain")
    assert manager_client.post(url(partner, "edit/"), facts(partner, country="Norway")).status_code == 302
    response = manager_client.post(url(partner, "edit/"), sent, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 409
    for words in ("Someone else changed", "<td>Norway</td>", 'value="Spain"', "Keep mine", "Take theirs"):
        assert words in html
    assert 'name="version" value="2"' in html
    assert Partner.objects.get().country == "Norway"
    assert manager_client.post(url(partner, "edit/"), {**sent, "version": "2"}).status_code == 302
    assert Partner.objects.get().country == "Spain"


def test_tier_needs_a_reason(partner, manager_client):
    response = manager_client.post(url(partner, "tier/"), {"tier": "silver", "reason": " "})
    assert response.status_code == 422
    same = manager_client.post(url(partner, "tier/"), {"tier": "gold", "reason": "as before"})
    assert "Northwind Partners is already Gold." in same.content.decode()
    assert manager_client.post(url(partner, "tier/"), {"tier": "silver", "reason": "Targets missed"}).status_code == 302
    assert Partner.objects.get().tier == "silver"


def test_owner_changes_and_may_be_nobody(partner, lead, viewer, manager_client):
    assert manager_client.post(url(partner, "owner/"), {"owner": str(lead.uid)}).status_code == 302
    assert Partner.objects.get().owner == lead
    assert manager_client.post(url(partner, "owner/"), {"owner": str(viewer.uid)}).status_code == 422
    assert manager_client.post(url(partner, "owner/"), {"owner": ""}).status_code == 302
    assert Partner.objects.get().owner is None


def test_archive_and_restore(partner, manager_client):
    page = manager_client.post(url(partner, "archive/"), follow=True).content.decode()
    assert "Archived since" in page
    assert Partner.objects.get().archived_at is not None
    manager_client.post(url(partner, "restore/"))
    assert Partner.objects.get().archived_at is None


@pytest.mark.parametrize("rest", ["archive/", "restore/"])
def test_archive_is_never_a_get(partner, manager_client, rest):
    assert manager_client.get(url(partner, rest)).status_code == 405


# --- people -------------------------------------------------------------------------------


def test_contact_is_added_edited_and_marked_as_left(partner, manager_client):
    sent = {"name": "Sofia Costa", "role": "champion", "email": "sofia@northwind.example"}
    assert manager_client.post(url(partner, "people/new/"), sent)["Location"] == url(partner, "people/")
    contact = Contact.objects.get()
    manager_client.post(url(partner, f"people/{contact.uid}/"), {**sent, "title": "Head of sales", "role": "sponsor"})
    contact.refresh_from_db()
    assert (contact.title, contact.role) == ("Head of sales", "sponsor")
    manager_client.post(url(partner, f"people/{contact.uid}/left/"), {"left_on": clock.today().isoformat()})
    html = manager_client.get(url(partner, "people/")).content.decode()
    assert "No longer there" in html
    assert "Nobody known here yet" in html
    manager_client.post(url(partner, f"people/{contact.uid}/back/"))
    contact.refresh_from_db()
    assert contact.left_on is None
    acts = AuditEntry.objects.filter(action__startswith="partners.contact").order_by("id")
    assert list(acts.values_list("action", flat=True)) == [
        "partners.contact_added",
        "partners.contact_changed",
        "partners.contact_left",
        "partners.contact_back",
    ]


def test_contact_with_a_taken_address_is_refused(partner, manager_client):
    make_contact(partner=partner, email="a@x.example")
    other = make_contact(partner=partner, email="b@x.example")
    sent = {"name": other.name, "role": "other", "email": "A@X.example"}
    response = manager_client.post(url(partner, f"people/{other.uid}/"), sent, headers=HTMX)
    assert response.status_code == 422
    assert "There is already a person with the address A@X.example at this partner." in response.content.decode()


def test_contact_of_another_partner_is_missing(partner, other_partner, manager_client):
    contact = make_contact(partner=other_partner)
    assert manager_client.get(url(partner, f"people/{contact.uid}/")).status_code == 404


def test_contact_cannot_leave_in_the_future(partner, manager):
    contact = make_contact(partner=partner)
    with pytest.raises(DomainError) as refused:
        set_contact_left(contact_id=contact.pk, left_on=clock.today() + timedelta(days=1), actor=manager)
    assert refused.value.field == "left_on"


def test_update_contact_refuses_other_fields_and_an_empty_name(partner, manager):
    contact = make_contact(partner=partner)
    with pytest.raises(DomainError) as refused:
        update_contact(contact_id=contact.pk, actor=manager, partner_id=5)
    assert refused.value.message == "These fields cannot be changed here: partner_id."
    with pytest.raises(DomainError) as refused:
        update_contact(contact_id=contact.pk, actor=manager, name="  ")
    assert refused.value.field == "name"


def test_update_contact_without_a_change_leaves_no_trace(partner, manager):
    contact = make_contact(partner=partner, name="Same")
    update_contact(contact_id=contact.pk, actor=manager, name="Same")
    assert AuditEntry.objects.count() == 0
