from datetime import date

import pytest

from accounts.models import AuditEntry
from core.errors import DomainError, StaleError
from partners.models import Partner, Tag, TierChange
from partners.services import (
    NewPartner,
    add_contact,
    add_tag,
    archive_partner,
    assign_owner,
    change_tier,
    create_partner,
    create_partners,
    restore_partner,
    update_partner,
)
from partners.signals import owner_changed, tier_changed
from tests.factories import make_partner, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    """Announcements made during the test: (signal name, partner ids)."""
    calls = []

    def on_tier(partner_ids, **_):
        calls.append(("tier", partner_ids))

    def on_owner(partner_ids, **_):
        calls.append(("owner", partner_ids))

    tier_changed.connect(on_tier)
    owner_changed.connect(on_owner)
    yield calls
    tier_changed.disconnect(on_tier)
    owner_changed.disconnect(on_owner)


def test_create_partner_records_first_tier_and_audit(manager):
    partner = create_partner(name="  Zürich   Söhne ", actor=manager, tier="gold", joined_on=date(2025, 3, 1), key="Z1")

    assert (partner.name, partner.slug, partner.search_name) == ("Zürich Söhne", "zurich-sohne", "zurich sohne z1")
    assert [(c.tier, c.occurred_at.date()) for c in TierChange.objects.filter(partner=partner)] == [
        ("gold", date(2025, 3, 1))
    ]
    assert [a.action for a in AuditEntry.objects.all()] == ["partners.created"]


def test_create_partner_same_name_gets_own_address(manager):
    slugs = [create_partner(name="Acme", actor=manager).slug for _ in range(3)]

    assert slugs == ["acme", "acme-2", "acme-3"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "  "}, "A partner needs a name."),
        ({"name": "New", "key": "taken"}, "There is already a partner with the external key “taken”."),
    ],
)
def test_create_partner_refuses_bad_input(manager, fields, message):
    make_partner(key="taken")

    with pytest.raises(DomainError) as error:
        create_partner(actor=manager, **fields)

    assert error.value.message == message
    assert Partner.objects.count() == 1


def test_create_partners_in_bulk_is_safe_to_repeat(manager):
    rows = [NewPartner(key=str(n), name="Account") for n in range(4)]

    first = create_partners(rows=rows, actor=manager)
    again = create_partners(rows=rows, actor=manager)

    assert {key: p.pk for key, p in first.items()} == {key: p.pk for key, p in again.items()}
    assert sorted(p.slug for p in first.values()) == ["account", "account-2", "account-3", "account-4"]
    assert (Partner.objects.count(), TierChange.objects.count()) == (4, 4)


def test_create_partners_query_count_does_not_grow(manager, django_assert_num_queries):
    for count in (1, 40):
        with django_assert_num_queries(8):
            create_partners(
                rows=[NewPartner(key=f"{count}-{n}", name=f"P{count}-{n}") for n in range(count)], actor=manager
            )


def test_update_partner_refuses_stale_version(manager):
    partner = make_partner(name="Old")
    update_partner(partner_id=partner.pk, actor=manager, version=1, name="New")

    with pytest.raises(StaleError):
        update_partner(partner_id=partner.pk, actor=manager, version=1, name="Lost")

    partner.refresh_from_db()
    assert (partner.name, partner.version, partner.search_name) == ("New", 2, "new")


def test_update_partner_refuses_fields_of_other_doors(manager):
    with pytest.raises(DomainError) as error:
        update_partner(partner_id=make_partner().pk, actor=manager, tier="gold")

    assert error.value.message == "These fields cannot be changed here: tier."


def test_change_tier_keeps_history_and_announces(manager, heard, django_capture_on_commit_callbacks):
    partner = make_partner(tier="silver")

    with django_capture_on_commit_callbacks(execute=True):
        change_tier(partner_id=partner.pk, tier="gold", actor=manager, reason="Grew 40 %")

    assert list(TierChange.objects.filter(partner=partner).order_by("id").values_list("tier", flat=True)) == [
        "silver",
        "gold",
    ]
    assert heard == [("tier", [partner.pk])]
    assert AuditEntry.objects.get(action="partners.tier_changed").data == {"former": "silver", "to": "gold"}


@pytest.mark.parametrize(
    ("tier", "reason", "message"),
    [
        ("silver", "x", "North is already Silver."),
        ("gold", " ", "Say why the tier changes; the reason is kept."),
        ("brass", "x", "There is no tier “brass”."),
    ],
)
def test_change_tier_refuses(manager, tier, reason, message):
    partner = make_partner(name="North", tier="silver")

    with pytest.raises(DomainError) as error:
        change_tier(partner_id=partner.pk, tier=tier, actor=manager, reason=reason)

    assert error.value.message == message


def test_assign_owner_counts_only_changes(manager, lead, heard, django_capture_on_commit_callbacks):
    mine, free = make_partner(owner=manager), make_partner()

    with django_capture_on_commit_callbacks(execute=True):
        changed = assign_owner(partner_ids=[mine.pk, free.pk], owner=manager, actor=lead)

    assert changed == 1
    assert heard == [("owner", [free.pk])]


def test_assign_owner_refuses_a_viewer(lead, viewer):
    with pytest.raises(DomainError):
        assign_owner(partner_ids=[make_partner().pk], owner=viewer, actor=lead)


def test_add_tag_reuses_tag(manager):
    first, second = make_partner(), make_partner()

    assert add_tag(partner_ids=[first.pk], name="EMEA", actor=manager) == 1
    assert add_tag(partner_ids=[first.pk, second.pk], name="EMEA", actor=manager) == 1
    assert Tag.objects.count() == 1


def test_add_contact_refuses_same_address_twice(manager):
    partner = make_partner()
    add_contact(partner_id=partner.pk, name="Ida", email="ida@x.test", actor=manager)

    with pytest.raises(DomainError):
        add_contact(partner_id=partner.pk, name="Ida B", email="IDA@x.test", actor=manager)


def test_archive_and_restore(manager):
    partner = make_partner()

    archive_partner(partner_id=partner.pk, actor=manager)
    assert list(Partner.objects.active()) == []
    restore_partner(partner_id=partner.pk, actor=manager)
    assert list(Partner.objects.active()) == [partner]


def test_visible_to_shows_own_partner_only(manager, viewer, member, stranger, partner, other_partner):
    def seen(user):
        return sorted(Partner.objects.visible_to(user).values_list("name", flat=True))

    assert seen(manager) == seen(viewer) == ["Helix Resellers", "Northwind Partners"]
    assert seen(member) == ["Northwind Partners"]
    assert seen(stranger) == ["Helix Resellers"]


def test_visible_to_disabled_user_sees_nothing(partner):
    assert list(Partner.objects.visible_to(make_user(is_active=False))) == []
