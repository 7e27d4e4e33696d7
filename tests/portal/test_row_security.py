"""The database's own wall (reliability P2): complete by the catalogue, and tried with plain SQL."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from engagement.models import Attendee, Commitment, Meeting
from partners import row_security
from partners.models import Contact, Membership, Partner
from partners.row_security import as_partner, closed_tables, has_partner_path, walls
from tests.factories import make_commitment, make_contact, make_meeting, make_member, make_partner

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has row-level security"),
]


def inside(partner, user=None):
    return as_partner(partner_id=partner.pk, partner_uid=partner.uid, user_id=user.pk if user else None)


def rows(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@pytest.fixture
def twins(db):
    pair = [make_partner(name="Northwind"), make_partner(name="Helix")]
    for partner in pair:
        member = make_member(partner=partner)
        meeting = make_meeting(partner=partner)
        contact = make_contact(partner=partner)
        Attendee.objects.create(meeting=meeting, contact=contact)
        make_commitment(partner=partner, meeting=meeting)
        partner.member = member
    return pair


def test_every_table_with_a_path_to_a_partner_is_walled_and_forced():
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    expected = {model._meta.db_table for model in models if has_partner_path(model)}
    forced = {
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
        )
    }

    assert len(expected) > 30
    assert expected - forced == set()


def test_portal_role_owns_nothing_and_bypasses_nothing():
    assert rows("SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = 'prm_portal'") == [
        (False, False, False)
    ]
    assert rows("SELECT relname FROM pg_class WHERE relowner = 'prm_portal'::regrole") == []


def test_tenant_columns_are_compared_without_a_cast():
    wrong = [
        (table, text)
        for table, text in rows(
            "SELECT tablename, coalesce(qual, with_check) FROM pg_policies WHERE policyname LIKE 'portal_%%'"
        )
        if "partner_id)::" in text.replace("prm.partner_id", "") or "id)::text" in text
    ]
    assert wrong == []


def test_without_context_there_are_no_rows(twins):
    with as_partner(partner_id=None, partner_uid=None, user_id=None):
        assert [model.objects.count() for model in (Partner, Contact, Meeting, Attendee, Commitment, Membership)] == [
            0
        ] * 6


def test_with_context_only_own_rows_are_there(twins):
    ours, theirs = twins
    with inside(ours, ours.member):
        assert list(Partner.objects.values_list("pk", flat=True)) == [ours.pk]
        for wall in walls():
            if wall.rows == row_security.ALL_ROWS:
                continue
            rows(f'SELECT count(*) FROM "{wall.table}"')
        assert Attendee.objects.count() == 1
        assert not Contact.objects.filter(partner_id=theirs.pk).exists()


def test_foreign_rows_cannot_be_changed_or_made(twins):
    ours, theirs = twins
    stranger, their_meeting, our_meeting = theirs.contacts.get(), theirs.meetings.get(), ours.meetings.get()
    with inside(ours, ours.member):
        assert Contact.objects.filter(pk=stranger.pk).update(name="gone") == 0
        assert Contact.objects.filter(pk=stranger.pk).delete()[0] == 0
    for act in (
        lambda: Contact.objects.create(partner_id=theirs.pk, name="planted"),
        lambda: Contact.objects.filter(partner_id=ours.pk).update(partner_id=theirs.pk),
        lambda: Commitment.objects.create(partner_id=ours.pk, meeting_id=their_meeting.pk, text="crossed"),
        lambda: Attendee.objects.create(meeting_id=our_meeting.pk, contact_id=stranger.pk),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), inside(ours, ours.member):
            act()
    stranger.refresh_from_db()
    assert stranger.name != "gone"


def test_tables_without_a_path_are_closed(twins):
    ours, _theirs = twins
    assert "deals_importrun" in closed_tables()
    for table in ("deals_importrun", "core_heartbeat", "django_migrations"):
        with pytest.raises(DatabaseError), transaction.atomic(), inside(ours):
            rows(f"SELECT * FROM {table}")


@pytest.mark.django_db(transaction=True)
def test_context_is_gone_after_commit_on_the_same_connection():
    partner = make_partner()
    with inside(partner):
        assert rows("SELECT current_user, current_setting('prm.partner_id')") == [("prm_portal", str(partner.pk))]
    assert rows("SELECT current_user <> 'prm_portal', current_setting('prm.partner_id', true)") == [(True, "")]


def test_a_page_of_the_portal_runs_inside_the_wall(member_client):
    with CaptureQueriesContext(connection) as seen:
        assert member_client.get("/portal/").status_code == 200
    assert any("prm.partner_id" in query["sql"] for query in seen.captured_queries)
