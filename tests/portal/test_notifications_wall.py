"""The database's own wall around what people are told: one's own rows, of one's own partner, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from accounts.models import Mute, Notification, NotificationPreference
from accounts.services import choose_channels, mute, notify
from core import clock
from core.models import Outbox
from engagement.queries.people import PartnerVoice
from engagement.services import propose_topic, tick_action
from partners.row_security import as_partner
from tests.factories import make_commitment, make_meeting, make_member

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has row-level security"),
]


def inside(partner, user):
    return as_partner(
        partner_id=partner.pk if partner else None, partner_uid=partner.uid if partner else None, user_id=user.pk
    )


def tell(users, partner, key="k"):
    return notify(
        users=users, kind="meeting_moved", title="Moved", url="/portal/", reason="So.", key=key, partner_uid=partner.uid
    )


@pytest.fixture
def everybody(partner, other_partner, member, stranger, manager):
    colleague = make_member(partner=partner)
    tell([member, colleague, manager], partner)
    tell([stranger, manager], other_partner, "theirs")
    for user in (member, colleague, manager):
        choose_channels(user=user, channels={"summary_sent": "off"})
        mute(user=user, uid=Notification.objects.filter(user=user, key="k").get().uid, scope="partner")
    return colleague


def test_a_person_reads_only_their_own(everybody, member, partner):
    with inside(partner, member):
        assert list(Notification.objects.values_list("user_id", flat=True)) == [member.pk]


def test_ended_and_moved_people_read_nothing(everybody, member, other_partner):
    for where in (None, other_partner):
        with inside(where, member):
            assert Notification.objects.count() == 0


def test_foreign_rows_cannot_be_changed_or_removed(everybody, member, partner):
    with inside(partner, member):
        others = Notification.objects.exclude(user_id=member.pk)
        assert (others.update(title="gone"), others.delete()[0]) == (0, 0)
        assert Mute.objects.exclude(user_id=member.pk).delete()[0] == 0
        assert NotificationPreference.objects.exclude(user_id=member.pk).update(channel="off") == 0
    assert Notification.objects.filter(title="Moved").count() == 5
    assert Mute.objects.count() == 3


def test_what_is_known_of_others_ends_at_the_partner(everybody, member, stranger, partner, manager):
    choose_channels(user=stranger, channels={"summary_sent": "off"})
    mute(user=manager, uid=Notification.objects.get(user=manager, key="theirs").uid, scope="partner")
    with inside(partner, member):
        assert not NotificationPreference.objects.filter(user_id=stranger.pk).exists()
        assert set(Mute.objects.values_list("partner_uid", flat=True)) == {partner.uid}


def test_a_portal_request_tells_colleagues_and_the_vendor_as_they_chose(partner, member, manager, everybody):
    choose_channels(user=manager, channels={"meeting_moved": "mail"})
    Mute.objects.filter(user=manager).delete()
    with inside(partner, member):
        assert tell([everybody, manager, member], partner, "new") == 3
        assert list(Notification.objects.filter(key="new").values_list("user_id", flat=True)) == [member.pk]
    assert Notification.objects.filter(key="new").count() == 3
    assert Notification.objects.get(user=everybody, key="new").read_at is not None  # muted
    assert Outbox.objects.filter(key=f"notification:{manager.pk}:new").count() == 1
    with inside(partner, member):
        tell([everybody, manager, member], partner, "new")
    assert Notification.objects.filter(key="new").count() == 3


def test_a_portal_request_tells_nobody_of_another_partner(partner, other_partner, member, stranger):
    with inside(partner, member):
        assert tell([stranger], other_partner, "new") == 0
        assert tell([stranger], partner, "new") == 0
    with pytest.raises(DatabaseError), transaction.atomic(), inside(partner, member):
        Notification.objects.bulk_create(
            [
                Notification(
                    user=member, partner_uid=other_partner.uid, kind="meeting_moved", title="x", url="/", key="x",
                    created_at="2026-01-01T00:00Z",
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip


def test_a_portal_request_tells_the_manager_what_the_partner_said(partner, member, manager):
    meeting = make_meeting(partner=partner, status="confirmed", starts_at=clock.now() + timedelta(days=9))
    voice = PartnerVoice("Luca Moretti", user=member)
    action = make_commitment(partner=partner, meeting=meeting, side="theirs")
    with inside(partner, member):
        propose_topic(meeting_id=meeting.pk, title="Prices", voice=voice)
        tick_action(commitment_uid=action.uid, voice=voice)
        assert Notification.objects.count() == 0
    rows = Notification.objects.order_by("pk").values_list("user_id", "kind")
    assert list(rows) == [(manager.pk, "topic_proposed"), (manager.pk, "action_done")]
    assert list(Outbox.objects.values_list("to", flat=True)) == [manager.email]
