"""Who finds what in their inbox about meetings and promises, and that the mails stay single."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Notification, Role
from accounts.services import choose_channels
from core import clock
from core.models import Outbox
from engagement import services
from engagement.models import Commitment, Meeting
from engagement.queries.people import PartnerVoice
from engagement.tasks import tell_due_commitments
from partners.models import Membership, Partner, SharingRule
from partners.services import assign_owner
from tests.engagement.conftest import wall
from tests.factories import make_commitment, make_contact, make_member, make_partner, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def seated(partner, contact):
    """The contact logs in."""
    user = make_user(role=Role.PARTNER_SELLER, name="Mia Berg", email=contact.email)
    Membership.objects.create(user=user, partner=partner, contact=contact)
    return user


def told(kind=None):
    rows = Notification.objects.filter(kind=kind) if kind else Notification.objects
    return set(rows.values_list("user_id", flat=True))


def schedule(partner, contact, actor, **fields):
    return services.schedule_meeting(
        partner_id=partner.pk,
        kind="qbr",
        local_start=wall("2026-12-01T10:00"),
        time_zone="Europe/Paris",
        actor=actor,
        contact_ids=[contact.pk],
        **fields,
    )


def test_invitation_tells_who_takes_part_and_the_owner_but_not_who_did_it(
    partner, manager, lead, contact, seated, stranger
):
    mate = make_member(partner=partner)
    meeting = schedule(partner, contact, lead, user_ids=[lead.pk])
    assert told("meeting_invited") == {manager.pk, seated.pk}
    row = Notification.objects.get(user=seated)
    assert row.title == "Meeting: QBR with Northwind Partners, Tue 1 Dec 2026, 10:00 (Europe/Paris)"
    assert (row.partner_uid, row.thread) == (partner.uid, f"meeting:{meeting.uid}")
    assert row.url.startswith("/portal/")
    assert Notification.objects.get(user=manager).url == f"/app/meetings/{meeting.uid}/"
    assert mate.pk not in told()
    assert Outbox.objects.filter(kind__startswith="notification").count() == 0  # each has the invitation's own mail


def test_a_plan_without_invitation_tells_nobody(partner, lead, contact, seated):
    schedule(partner, contact, lead, invite=False)
    assert told() == set()


def test_people_who_left_the_portal_are_not_told(partner, lead, contact, seated):
    seated.membership.ended_at = clock.now()
    seated.membership.save(update_fields=["ended_at"])
    schedule(partner, contact, lead)
    assert seated.pk not in told()


def test_move_cancel_and_summary_are_told_once_each(partner, manager, contact, seated, qbr):
    services.reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-02T10:00"), actor=manager)
    services.reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-02T10:00"), actor=manager)
    services.cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="The sponsor is ill")
    services.cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="The sponsor is ill")
    kinds = list(Notification.objects.filter(user=seated).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["meeting_invited", "meeting_moved", "meeting_cancelled"]
    assert told() == {seated.pk}


def test_summary_tells_the_partners_people_and_colleagues(partner, manager, lead, contact, seated, qbr, time_machine):
    services.add_commitment(
        partner_id=partner.pk, meeting_id=qbr.pk, text="Send it", due_on=clock.today(), actor=manager
    )
    time_machine.move_to("2026-12-01T10:00:00Z", tick=False)
    attended = list(qbr.attendees.values_list("pk", flat=True))
    services.hold_meeting(meeting_id=qbr.pk, actor=manager, attended=attended)
    services.send_summary(meeting_id=qbr.pk, actor=lead)
    services.send_summary(meeting_id=qbr.pk, actor=lead)
    assert told("summary_sent") == {manager.pk, seated.pk}


def test_changed_attendees_only_tell_those_concerned(partner, manager, contact, seated, qbr):
    other = make_contact(partner=partner)
    user = make_user(role=Role.PARTNER_VIEWER)
    Membership.objects.create(user=user, partner=partner, contact=other)
    Notification.objects.all().delete()
    services.set_attendees(meeting_id=qbr.pk, user_ids=[manager.pk], contact_ids=[other.pk], actor=manager)
    assert (told("meeting_invited"), told("meeting_cancelled")) == ({user.pk}, {seated.pk})


def test_due_promises_are_told_once_for_each_date_to_their_side(partner, other_partner, manager, stranger):
    admin = make_member(partner=partner, role=Role.PARTNER_ADMIN)
    viewer = make_member(partner=partner, role=Role.PARTNER_VIEWER)
    soon = clock.today() + timedelta(days=2)
    theirs = make_commitment(partner=partner, due_on=soon, side=Commitment.Side.THEIRS, text="Name an engineer")
    make_commitment(partner=partner, due_on=soon, owner=manager, text="Send the list")
    make_commitment(partner=partner, due_on=soon + timedelta(days=1), side=Commitment.Side.THEIRS, text="Later")
    make_commitment(partner=partner, due_on=soon, side=Commitment.Side.THEIRS, text="Done", done_at=clock.now())

    tell_due_commitments()
    tell_due_commitments()
    rows = Notification.objects.order_by("user_id", "pk").values_list("user_id", "title", "digest_owed")
    assert sorted(rows) == sorted(
        [(manager.pk, "Due Wed 4 Nov: Send the list", False), (admin.pk, "Due Wed 4 Nov: Name an engineer", True)]
    )
    assert {viewer.pk, stranger.pk} & told() == set()
    Commitment.objects.filter(pk=theirs.pk).update(due_on=clock.today())
    tell_due_commitments()
    assert Notification.objects.filter(user=admin).count() == 2


def test_due_promises_stay_unsaid_when_meetings_are_not_shared(partner):
    admin = make_member(partner=partner, role=Role.PARTNER_ADMIN)
    SharingRule.objects.filter(topic="meetings").update(shared=False)
    make_commitment(partner=partner, side=Commitment.Side.THEIRS)
    tell_due_commitments()
    assert admin.pk not in told()


def test_new_owner_is_mailed_and_the_partner_learns_the_name(partner, other_partner, member, stranger, lead, manager):
    ben = make_user(name="Ben Okafor")
    assign_owner(partner_ids=[partner.pk], owner=ben, actor=lead)
    assert told() == {ben.pk, member.pk}
    assert Notification.objects.get(user=member).title == "Your contact is now Ben Okafor"
    assert [row.to for row in Outbox.objects.all()] == [ben.email]
    assign_owner(partner_ids=[partner.pk], owner=manager, actor=manager)
    assign_owner(partner_ids=[partner.pk], owner=ben, actor=lead)  # each change is told
    assert Notification.objects.filter(user=ben).count() == 2
    assert Notification.objects.filter(user=member).count() == 3
    assert manager.pk not in told()


def test_many_partners_at_once_are_one_line_and_few_queries(lead, django_assert_max_num_queries):
    ben = make_user()
    partners = [make_partner() for _ in range(30)]
    members = {make_member(partner=one).pk for one in partners}
    with django_assert_max_num_queries(30 + 20):  # an audit row for each
        assign_owner(partner_ids=[one.pk for one in partners], owner=ben, actor=lead)
    assert Notification.objects.get(user=ben).title == "30 partners are yours now"
    assert told() == members | {ben.pk}


# --- what the partner says ------------------------------------------------------


REPLIES = {
    "topic_proposed": "Mia Berg added a topic to QBR with Northwind Partners: Prices",
    "date_proposed": (
        "Mia Berg proposes another date for QBR with Northwind Partners: Thu 3 Dec 2026, 14:00 (Europe/Paris)"
    ),
    "summary_objected": "Mia Berg objects to the summary: QBR with Northwind Partners",
    "summary_confirmed": "Mia Berg confirmed the summary: QBR with Northwind Partners",
    "action_done": "Mia Berg did what was promised: Name an engineer",
}


@pytest.fixture
def everything_said(partner, contact, seated, qbr, time_machine):
    """One of each, and each said twice."""
    make_commitment(partner=partner, meeting=qbr, side="theirs", text="Name an engineer")
    Notification.objects.all().delete()
    Outbox.objects.all().delete()
    voice = PartnerVoice("Mia Berg", user=seated, contact_id=contact.pk)

    def say():
        for _ in range(2):
            services.propose_topic(meeting_id=qbr.pk, title="Prices", voice=voice)
            services.propose_date(
                meeting_id=qbr.pk, local_start=wall("2026-12-03T14:00"), time_zone="Europe/Paris", voice=voice
            )
        Meeting.objects.filter(pk=qbr.pk).update(
            status="held", held_at=clock.now(), known_held_at=clock.now(), summary_sent_at=clock.now()
        )
        for agreed in (False, False, True, True):
            services.answer_summary(meeting_id=qbr.pk, agreed=agreed, text="" if agreed else "Not so.", voice=voice)
        for done in (True, True, False, True):
            services.tick_action(commitment_uid=Commitment.objects.get().uid, voice=voice, done=done)

    return say


def test_what_the_partner_says_reaches_the_inbox_of_who_looks_after_it(everything_said, manager, seated, lead, qbr):
    everything_said()
    rows = Notification.objects.all()
    assert {row.kind: row.title for row in rows} == REPLIES
    assert (rows.count(), told()) == (5, {manager.pk})
    assert {(row.url, row.thread) for row in rows} == {(f"/app/meetings/{qbr.uid}/", f"meeting:{qbr.uid}")}
    assert {row.reason for row in rows} == {"You look after Northwind Partners."}


def test_each_reply_is_one_mail_and_the_others_none_until_somebody_chooses(everything_said, manager):
    everything_said()
    mails = list(Outbox.objects.order_by("id").values_list("to", "subject"))
    kinds = ("topic_proposed", "date_proposed", "summary_objected")
    assert mails == [(manager.email, REPLIES[kind]) for kind in kinds]


@pytest.mark.parametrize(("channel", "counts"), [("digest", (5, 5, 0)), ("off", (0, 0, 0)), ("mail", (5, 0, 5))])
def test_replies_go_the_way_the_manager_chose(everything_said, manager, channel, counts):
    """Rows in the inbox, owed to a digest, and mailed."""
    choose_channels(user=manager, channels=dict.fromkeys(REPLIES, channel))
    everything_said()
    rows = Notification.objects.filter(user=manager)
    assert (rows.count(), rows.filter(digest_owed=True).count(), Outbox.objects.count()) == counts


def test_reply_reaches_the_organiser_where_nobody_looks_after_the_partner(everything_said, partner, manager, qbr, lead):
    Partner.objects.filter(pk=partner.pk).update(owner=None)
    Meeting.objects.filter(pk=qbr.pk).update(organizer=lead)
    everything_said()
    assert told() == {lead.pk}
    assert {row.reason for row in Notification.objects.all()} == {"You organise this meeting."}


def test_action_without_a_meeting_leads_to_the_partners_page(partner, manager, seated):
    action = make_commitment(partner=partner, side="theirs", text="Name an engineer")
    services.tick_action(commitment_uid=action.uid, voice=PartnerVoice("Mia Berg", user=seated))
    row = Notification.objects.get(kind="action_done")
    assert (row.user, row.url, row.title) == (manager, f"/app/partners/{partner.slug}/", REPLIES["action_done"])


def test_mail_about_a_reply_holds_what_was_said_and_what_to_do(everything_said):
    everything_said()
    body = Outbox.objects.get(subject=REPLIES["summary_objected"]).body
    assert "Not so." in body
    assert "Put it right if needed, and answer on the page of the meeting." in body
