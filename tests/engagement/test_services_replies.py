"""What the partner says about a meeting, and what we answer: who may, when, once, and who hears of it."""

from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings

from core import clock
from core.errors import DomainError, StaleError
from core.models import Outbox
from engagement.models import AgendaItem, Commitment, Meeting, MeetingReply
from engagement.queries import promises
from engagement.queries.people import PartnerVoice
from engagement.services import (
    accept_date,
    add_agenda_item,
    add_commitment,
    answer_objection,
    answer_summary,
    cancel_meeting,
    confirm_decision,
    decline_date,
    hold_meeting,
    propose_date,
    propose_topic,
    reschedule_meeting,
    send_summary,
    tick_action,
    withdraw_date,
)
from tests.engagement.conftest import NOW, actions, wall
from tests.factories import make_commitment, make_member, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def luca(member, contact):
    return PartnerVoice("Luca Moretti", user=member, contact_id=contact.pk)


@pytest.fixture
def nora(partner):
    return PartnerVoice("Nora Vik", user=make_member(partner=partner))


@pytest.fixture
def held(qbr, manager):
    """Held on its day, with a decision and an action of each side; its summary is sent."""
    with time_machine.travel("2026-12-01T11:00Z", tick=False):
        for text, side, kind in (
            ("Send prices", "ours", "action"),
            ("Name an engineer", "theirs", "action"),
            ("We stay with gold", "ours", "decision"),
        ):
            add_commitment(
                partner_id=qbr.partner_id, meeting_id=qbr.pk, text=text, side=side, kind=kind, actor=manager,
                due_on=date(2026, 12, 10) if kind == "action" else None,
            )  # fmt: skip
        hold_meeting(meeting_id=qbr.pk, actor=manager, attended=[one.pk for one in qbr.attendees.all()])
        send_summary(meeting_id=qbr.pk, actor=manager)
        yield Meeting.objects.get(pk=qbr.pk)


def mails(kind):
    return list(Outbox.objects.filter(kind=f"meeting_{kind}").order_by("id").values_list("to", "subject"))


def told():
    """What was mailed to whoever looks after the partner."""
    return list(Outbox.objects.filter(kind="notification").order_by("id").values_list("to", "subject"))


def propose(qbr, voice, when="2026-12-03T14:00", **options):
    return propose_date(meeting_id=qbr.pk, local_start=wall(when), time_zone="Europe/Paris", voice=voice, **options)


# --- topics ---------------------------------------------------------------------


def test_topic_is_shared_and_says_who_proposed_it(qbr, luca, manager):
    item = propose_topic(meeting_id=qbr.pk, title="  Lead  times ", voice=luca)

    assert (item.title, item.shared, item.proposed_by) == ("Lead times", True, "Luca Moretti")
    assert told() == [
        (manager.email, "Luca Moretti added a topic to QBR with Northwind Partners: Lead times"),
    ]
    assert actions()[-1] == "engagement.topic_proposed"


def test_topic_sent_twice_is_there_once(qbr, luca, nora, manager):
    first = propose_topic(meeting_id=qbr.pk, title="Lead times", voice=luca)

    assert propose_topic(meeting_id=qbr.pk, title="lead times", voice=luca) == first
    with pytest.raises(DomainError, match="on the agenda already"):
        propose_topic(meeting_id=qbr.pk, title="Lead times", voice=nora)
    assert len(told()) == 1


def test_topic_like_an_internal_one_does_not_betray_it(qbr, luca, manager):
    add_agenda_item(meeting_id=qbr.pk, title="Their churn", shared=False, actor=manager)

    assert propose_topic(meeting_id=qbr.pk, title="Their churn", voice=luca).shared is True
    assert AgendaItem.objects.filter(meeting=qbr, title="Their churn").count() == 2


@pytest.mark.parametrize(("moment", "taken"), [("2026-11-30T09:00Z", True), ("2026-11-30T09:01Z", False)])
def test_topics_close_one_day_before(qbr, luca, moment, taken):
    with time_machine.travel(moment, tick=False):
        if taken:
            propose_topic(meeting_id=qbr.pk, title="Late", voice=luca)
        else:
            with pytest.raises(DomainError, match="until one day before"):
                propose_topic(meeting_id=qbr.pk, title="Late", voice=luca)


# --- another date ---------------------------------------------------------------


def test_proposal_waits_and_the_manager_is_told(qbr, luca, manager):
    reply = propose(qbr, luca, text="We have our fair that week.")

    assert (reply.state, reply.kind, str(reply.wall), reply.said_by) == (
        "open", "date", "2026-12-03 14:00:00", "Luca Moretti",
    )  # fmt: skip
    title = "Luca Moretti proposes another date for QBR with Northwind Partners: Thu 3 Dec 2026, 14:00 (Europe/Paris)"
    assert told() == [(manager.email, title)]
    body = Outbox.objects.get(kind="notification").body
    for words in (
        "We have our fair that week.",
        "It is now planned for: Tue 1 Dec 2026, 10:00 (Europe/Paris)",
        "Accept or decline it on the page of the meeting.",
        f"Open it: {settings.BASE_URL}/app/meetings/{qbr.uid}/",
        "Why you get this: You look after Northwind Partners.",
    ):
        assert words in body


def test_second_proposal_is_told_of_the_first(qbr, luca, nora):
    first = propose(qbr, luca)

    assert propose(qbr, luca) == first
    with pytest.raises(StaleError, match="Luca Moretti has already proposed Thu 3 Dec 2026, 14:00"):
        propose(qbr, nora, "2026-12-04T10:00")
    withdraw_date(reply_uid=first.uid, voice=luca)
    assert propose(qbr, nora, "2026-12-04T10:00").is_open


@pytest.mark.parametrize(
    ("when", "field"),
    [
        ("2026-11-01T10:00", "day"),
        ("0001-01-01T00:00", "day"),
        ("9999-12-31T23:59", "day"),
        ("2026-12-01T10:00", "starts"),
        ("2027-03-28T02:30", "starts"),
    ],
    ids=["past", "first", "last", "same", "skipped"],
)
def test_proposal_must_be_another_time_ahead(qbr, luca, when, field):
    with pytest.raises(DomainError) as refused:
        propose(qbr, luca, when)
    assert refused.value.field == field


def test_proposal_needs_an_invited_meeting_that_has_not_begun(qbr, luca):
    with time_machine.travel("2026-12-01T09:00Z", tick=False), pytest.raises(DomainError, match="no longer"):
        propose(qbr, luca)
    Meeting.objects.filter(pk=qbr.pk).update(status="planned")
    with pytest.raises(DomainError, match="no longer"):
        propose(qbr, luca)


def test_accepting_moves_the_meeting_and_tells_everybody(qbr, luca, manager, contact):
    reply = propose(qbr, luca)
    accept_date(reply_uid=reply.uid, actor=manager)
    qbr.refresh_from_db()
    reply.refresh_from_db()

    assert (qbr.wall, qbr.time_zone) == (wall("2026-12-03T14:00"), "Europe/Paris")
    assert (reply.state, reply.answered_by, reply.answered_at) == ("accepted", manager, NOW)
    assert {to for to, _subject in mails("moved")} == {manager.email, contact.email}
    assert mails("answer") == [(luca.user.email, "Your date is accepted: QBR with Northwind Partners")]
    assert f"/portal/meetings/{qbr.uid}/" in Outbox.objects.get(kind="meeting_answer").body


def test_declining_needs_a_reason_that_the_proposer_reads(qbr, luca, manager):
    reply = propose(qbr, luca)
    with pytest.raises(DomainError) as refused:
        decline_date(reply_uid=reply.uid, actor=manager, reason=" no ")
    assert refused.value.field == "answer"

    decline_date(reply_uid=reply.uid, actor=manager, reason="Our board meets that day.")

    qbr.refresh_from_db()
    assert qbr.wall == wall("2026-12-01T10:00")
    assert "Our board meets that day." in Outbox.objects.get(kind="meeting_answer").body


def test_second_colleague_is_told_who_answered(qbr, luca, manager, lead):
    reply = propose(qbr, luca)
    accept_date(reply_uid=reply.uid, actor=manager)

    for act in (
        lambda: accept_date(reply_uid=reply.uid, actor=lead),
        lambda: decline_date(reply_uid=reply.uid, actor=lead, reason="No room that day"),
    ):
        with pytest.raises(StaleError, match="Ana Ruiz answered this already: accepted"):
            act()
    with pytest.raises(StaleError, match="Ana Ruiz answered this already"):
        withdraw_date(reply_uid=reply.uid, voice=luca)


def test_moving_or_cancelling_ends_the_proposal(qbr, luca, manager):
    reply = propose(qbr, luca)
    reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-01T10:00"), place="Room 4", actor=manager)
    assert MeetingReply.objects.get().is_open
    reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-12-02T10:00"), actor=manager)
    with pytest.raises(StaleError, match="no longer waits for an answer: withdrawn"):
        accept_date(reply_uid=reply.uid, actor=manager)

    propose(qbr, luca)
    cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="The fair is that week")
    assert MeetingReply.objects.waiting().count() == 0


def test_answer_to_a_person_who_left_is_not_mailed(qbr, luca, manager):
    reply = propose(qbr, luca)
    luca.user.membership.ended_at = clock.now()
    luca.user.membership.save()
    decline_date(reply_uid=reply.uid, actor=manager, reason="Our board meets that day.")

    assert mails("answer") == []


# --- summary --------------------------------------------------------------------


def test_summary_is_confirmed_once_per_person(held, luca, nora):
    first = answer_summary(meeting_id=held.pk, agreed=True, voice=luca)

    assert answer_summary(meeting_id=held.pk, agreed=True, voice=luca) == first
    answer_summary(meeting_id=held.pk, agreed=True, voice=nora)
    assert list(MeetingReply.objects.order_by("id").values_list("kind", "state", "said_by")) == [
        ("agreed", "accepted", "Luca Moretti"),
        ("agreed", "accepted", "Nora Vik"),
    ]


def test_objection_needs_words_and_reaches_the_manager(held, luca, manager):
    with pytest.raises(DomainError) as refused:
        answer_summary(meeting_id=held.pk, agreed=False, text="  ", voice=luca)
    assert refused.value.field == "text"

    reply = answer_summary(meeting_id=held.pk, agreed=False, text="Prices by Friday, not Monday.", voice=luca)
    assert told() == [(manager.email, "Luca Moretti objects to the summary: QBR with Northwind Partners")]
    assert "Prices by Friday, not Monday." in Outbox.objects.get(kind="notification").body
    answer_objection(reply_uid=reply.uid, actor=manager, answer="You are right, changed.")
    reply.refresh_from_db()
    assert (reply.state, reply.answer) == ("answered", "You are right, changed.")
    assert mails("answer") == [(luca.user.email, "About the summary: QBR with Northwind Partners")]


def test_confirming_after_an_objection_ends_it(held, luca, manager):
    objection = answer_summary(meeting_id=held.pk, agreed=False, text="Not Monday.", voice=luca)
    answer_summary(meeting_id=held.pk, agreed=True, voice=luca)
    objection.refresh_from_db()

    assert objection.state == "withdrawn"
    with pytest.raises(StaleError):
        answer_objection(reply_uid=objection.uid, actor=manager, answer="You are right.")


def test_there_is_nothing_to_confirm_before_the_summary(qbr, luca):
    with pytest.raises(DomainError, match="no summary to confirm yet"):
        answer_summary(meeting_id=qbr.pk, agreed=True, voice=luca)


def test_each_kind_takes_its_own_answer(held, luca, manager):
    reply = answer_summary(meeting_id=held.pk, agreed=False, text="Not Monday.", voice=luca)
    with pytest.raises(DomainError, match="needs another answer"):
        accept_date(reply_uid=reply.uid, actor=manager)


# --- actions and decisions ------------------------------------------------------


def test_partner_ticks_and_unticks_its_own_actions_only(held, luca):
    theirs, ours = (Commitment.objects.get(text=text) for text in ("Name an engineer", "Send prices"))
    tick_action(commitment_uid=theirs.uid, voice=luca)
    theirs.refresh_from_db()
    assert (theirs.done_at, theirs.done_by) == (clock.now(), "Luca Moretti")
    tick_action(commitment_uid=theirs.uid, voice=luca, done=False)
    theirs.refresh_from_db()
    assert (theirs.done_at, theirs.done_by) == (None, "")
    with pytest.raises(DomainError, match="your own side"):
        tick_action(commitment_uid=ours.uid, voice=luca)


def test_decision_is_confirmed_by_the_first(held, luca, nora):
    decision = Commitment.objects.get(kind="decision")
    confirm_decision(commitment_uid=decision.uid, voice=luca)
    confirm_decision(commitment_uid=decision.uid, voice=nora)
    decision.refresh_from_db()

    assert decision.confirmed_by == "Luca Moretti"
    with pytest.raises(DomainError, match="an action, not a decision"):
        confirm_decision(commitment_uid=Commitment.objects.get(text="Send prices").uid, voice=luca)


# --- promises -------------------------------------------------------------------


def test_promises_are_kept_missed_or_open(partner, other_partner, django_assert_num_queries):
    today = clock.today()
    at = clock.now()

    def promise(text, due, done=None, **more):
        make_commitment(
            partner=partner, text=text, due_on=today + timedelta(days=due),
            done_at=at + timedelta(days=done) if done is not None else None, **more,
        )  # fmt: skip

    promise("kept on the day", -5, -5)
    promise("kept early", 3, -1)
    promise("done late", -9, -8)
    promise("never done", -1)
    promise("due today", 0)
    promise("still open", 4)
    promise("theirs", -3, side="theirs")
    promise("too old", -400)
    silent = make_partner()
    with django_assert_num_queries(1):
        found = promises([partner.pk, other_partner.pk, silent.pk], at=at)

    assert set(found) == {partner.pk}
    mine = found[partner.pk]
    assert (mine.kept, mine.missed, mine.open) == (2, 2, 2)
    assert [(row.text, row.outcome) for row in mine.rows] == [
        ("still open", "open"),
        ("kept early", "kept"),
        ("due today", "open"),
        ("never done", "missed"),
        ("kept on the day", "kept"),
        ("done late", "missed"),
    ]


def test_promises_of_an_open_meeting_are_drafts(qbr, partner):
    make_commitment(partner=partner, meeting=qbr)
    assert promises([partner.pk], at=clock.now()) == {}
