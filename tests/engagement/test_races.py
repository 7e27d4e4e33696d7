"""Two processes at once: threads with their own connections on PostgreSQL, one after the other on SQLite, whose writers
wait for each other anyway. The outcome must be the same."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection

from core.errors import StaleError
from core.models import Outbox
from engagement.models import CadenceRule, Meeting, MeetingReply, ReminderDelivery, Touchpoint
from engagement.queries.people import PartnerVoice
from engagement.services import (
    DeadLinkError,
    Situation,
    accept_date,
    log_touch,
    note_situations,
    plan_reviews,
    propose_date,
    queue_due_reminders,
    schedule_meeting,
    use_link,
)
from tests.engagement.conftest import wall
from tests.factories import make_contact, make_partner, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def at_once(call: Callable[[], Any], times: int = 2) -> list[Any]:
    """What each call returned, or the error it raised."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(call())
        except (OperationalError, AssertionError) as error:
            results.append(error)

    if connection.vendor == "postgresql":
        start = threading.Barrier(times)

        def work() -> None:
            start.wait()
            try:
                run()
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _one in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        for _one in range(times):
            run()
    return results


@pytest.fixture
def book():
    """Thirty gold partners of two managers; the rules again, since a test before may have emptied the tables."""
    for kind, every in (("qbr", 3), ("check_in", 1), ("executive", 12)):
        CadenceRule.objects.get_or_create(tier="gold", kind=kind, defaults={"every": every, "unit": "months"})
    owners = [make_user(), make_user()]
    return [make_partner(tier="gold", owner=owners[number % 2]) for number in range(30)]


def test_two_planners_plan_each_review_once(book):
    note_situations({one.pk: Situation("growth", date(2026, 9, 14)) for one in book})
    results = at_once(plan_reviews)

    assert [one for one in results if isinstance(one, Exception)] == []
    assert Meeting.objects.filter(kind="qbr").count() == 30
    assert Meeting.objects.count() == 90
    assert sum(one.planned for one in results) == 90


def test_two_sweepers_queue_each_reminder_once(book, still_clock):
    for partner in book:
        contact = make_contact(partner=partner)
        schedule_meeting(
            partner_id=partner.pk,
            kind="qbr",
            local_start=wall("2026-12-01T10:00"),
            time_zone="UTC",
            actor=partner.owner,
            user_ids=[partner.owner.pk],
            contact_ids=[contact.pk],
        )
    Outbox.objects.all().delete()
    still_clock.move_to(datetime(2026, 11, 10, 9, 5, tzinfo=UTC))
    results = at_once(queue_due_reminders) + at_once(queue_due_reminders)

    assert [one for one in results if isinstance(one, Exception)] == []
    assert Outbox.objects.filter(kind="meeting_reminder").count() == 30
    assert Outbox.objects.filter(kind="reminder_digest").count() == 2
    assert sum(results) == 32
    assert set(ReminderDelivery.objects.values_list("status", "note")) == {("queued", "")}
    assert ReminderDelivery.objects.count() == 60


def test_same_form_sent_twelve_times_logs_one_touch(book):
    partner = book[0]

    def call():
        return log_touch(partner_id=partner.pk, actor=partner.owner, text="Once", submission_key="one-form").pk

    results = at_once(call, times=12)
    assert len(set(results)) == 1
    assert Touchpoint.objects.count() == 1


def test_two_answers_to_one_proposal_one_wins_and_the_other_is_told():
    meeting, managers = _invited_meeting()
    voice = PartnerVoice("Luca Moretti")
    reply = propose_date(meeting_id=meeting.pk, local_start=wall("2026-12-03T10:00"), time_zone="UTC", voice=voice)
    colleagues = iter(managers)

    def accept():
        try:
            return accept_date(reply_uid=reply.uid, actor=next(colleagues)).state
        except StaleError as error:
            return error.message

    results = at_once(accept)

    told = [one for one in results if one != "accepted"]
    assert results.count("accepted") == 1
    assert len(told) == 1
    assert told[0].endswith("answered this already: accepted.")
    assert Meeting.objects.values_list("sequence", flat=True).get(pk=meeting.pk) == 1


def test_two_people_propose_at_once_and_one_waits():
    meeting, _managers = _invited_meeting()
    wishes = iter([("Luca", "2026-12-03T10:00"), ("Nora", "2026-12-04T10:00")])

    def propose():
        name, when = next(wishes)
        try:
            return propose_date(
                meeting_id=meeting.pk, local_start=wall(when), time_zone="UTC", voice=PartnerVoice(name)
            ).state
        except StaleError as error:
            return error.message

    results = at_once(propose)

    assert results.count("open") == 1
    assert sum("has already proposed" in one for one in results) == 1
    assert MeetingReply.objects.waiting().count() == 1


def test_a_link_pressed_twice_at_once_works_once():
    meeting, _managers = _invited_meeting()
    body = Outbox.objects.get(kind="meeting_invitation", to="mia@northwind.test").body
    secret = re.search(r"/act/([\w-]+)/", body)[1]

    def press():
        try:
            use_link(secret=secret, local_start=wall("2026-12-03T10:00"), time_zone="UTC")
        except DeadLinkError:
            return "dead"
        return "used"

    assert sorted(at_once(press)) == ["dead", "used"]
    assert MeetingReply.objects.filter(meeting=meeting).count() == 1


def _invited_meeting():
    managers = [make_user(name="Ana Ruiz"), make_user(name="Ben Okafor")]
    partner = make_partner(owner=managers[0])
    contact = make_contact(partner=partner, email="mia@northwind.test")
    meeting = schedule_meeting(
        partner_id=partner.pk, kind="qbr", local_start=wall("2026-12-01T10:00"), time_zone="Europe/Paris",
        actor=managers[0], user_ids=[managers[0].pk], contact_ids=[contact.pk],
    )  # fmt: skip
    return meeting, managers
