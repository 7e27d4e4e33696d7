"""Meetings and decisions at the partner's side: what is shown and never shown, who may answer, and strangers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from core import clock
from engagement.models import AgendaItem, Attendee, Commitment, Meeting, MeetingReply
from engagement.queries import summaries_to_confirm
from engagement.queries.people import PartnerVoice
from engagement.services import (
    accept_date,
    add_agenda_item,
    add_commitment,
    answer_summary,
    hold_meeting,
    log_touch,
    propose_date,
    propose_topic,
    save_notes,
    schedule_meeting,
    send_summary,
)
from partners.middleware import SEE_AS
from partners.models import SharingRule
from partners.services import archive_partner
from tests.factories import make_commitment, make_contact, make_meeting, make_member, make_partner

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
LIST = "/portal/meetings/"
MOST_QUERIES = 12 + (connection.vendor == "postgresql")  # there a test pays for resetting the role


@pytest.fixture(autouse=True)
def still_clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def client_of(user):
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.fixture
def luca(partner):
    return make_member(partner=partner, name="Luca Moretti", time_zone="America/New_York")


@pytest.fixture
def client(luca):
    return client_of(luca)


@pytest.fixture
def watcher(partner):
    """A viewer of the partner: reads only."""
    return client_of(make_member(partner=partner, role=Role.PARTNER_VIEWER))


@pytest.fixture
def other_client(stranger):
    return client_of(stranger)


@pytest.fixture
def qbr(partner, manager):
    contact = make_contact(partner=partner, name="Mia Berg", email="mia@northwind.test")
    meeting = schedule_meeting(
        partner_id=partner.pk, kind="qbr", local_start=datetime(2026, 12, 1, 10), time_zone="Europe/Paris",  # noqa: DTZ001  wall time
        actor=manager, place="https://meet.test/qbr", user_ids=[manager.pk], contact_ids=[contact.pk],
    )  # fmt: skip
    add_agenda_item(meeting_id=meeting.pk, title="MARK internal topic", shared=False, actor=manager)
    save_notes(meeting_id=meeting.pk, notes="MARK internal notes", actor=manager)
    Meeting.objects.filter(pk=meeting.pk).update(
        why=[{"code": "cadence", "template": "MARK why", "values": {}}],
        missed_why={"code": "postponed", "template": "MARK missed why", "values": {}},
    )
    meeting.refresh_from_db()
    return meeting


def starting(meeting, instant):
    """As if the meeting had been invited for this instant: sessions would not outlive a month on the clock."""
    Meeting.objects.filter(pk=meeting.pk).update(local_start=instant, time_zone="UTC", starts_at=instant)


@pytest.fixture
def held(qbr, manager):
    add_commitment(
        partner_id=qbr.partner_id, meeting_id=qbr.pk, text="Name an engineer", side="theirs", actor=manager,
        due_on=date(2026, 12, 10),
    )  # fmt: skip
    add_commitment(
        partner_id=qbr.partner_id, meeting_id=qbr.pk, text="We stay with gold", kind="decision", actor=manager
    )
    AgendaItem.objects.filter(meeting=qbr).update(notes="MARK notes of a topic")
    AgendaItem.objects.filter(meeting=qbr, shared=True).update(notes="Shared notes")
    starting(qbr, NOW - timedelta(hours=1))
    hold_meeting(meeting_id=qbr.pk, actor=manager, attended=[one.pk for one in qbr.attendees.all()])
    qbr.refresh_from_db()
    return qbr


@pytest.fixture
def summed_up(held, manager):
    send_summary(meeting_id=held.pk, actor=manager)
    held.refresh_from_db()
    return held


def url(name, *args):
    return reverse(f"portal:{name}", args=args)


def detail(meeting):
    return url("meeting_detail", meeting.uid)


def text_of(response):
    return response.content.decode()


# --- what is shown ----------------------------------------------------------------


def test_list_shows_what_is_next_open_and_past(client, partner, qbr):
    make_meeting(partner=partner, title="Last review", status="held", held_at=NOW, starts_at=NOW - timedelta(days=30))
    make_commitment(partner=partner, text="Send prices", due_on=date(2026, 10, 30))
    make_commitment(partner=partner, text="Name an engineer", due_on=date(2026, 11, 6), side="theirs")
    make_commitment(partner=partner, text="Train two people", due_on=date(2026, 10, 1), side="theirs")
    html = text_of(client.get(LIST))

    assert "QBR with Northwind Partners" in html
    assert "Last review" in html
    groups = [
        (group.title, [(one.row.text, one.due) for one in group.lines]) for group in client.get(LIST).context["groups"]
    ]
    assert groups == [
        ("On your side", [("Train two people", "32 days late"), ("Name an engineer", "due in 4 days")]),
        (f"On the side of {settings.ORGANISATION}", [("Send prices", "3 days late")]),
    ]
    assert "In the last twelve months: 0 kept, 1 missed, 0 open." in html


def test_list_is_in_words_when_empty(client):
    html = text_of(client.get(LIST))
    assert "No meeting is planned." in html
    assert "Nothing is open on either side." in html
    assert "No meeting has taken place yet." in html


def test_plans_nobody_was_invited_to_are_not_there(client, partner):
    plan = make_meeting(partner=partner, automatic=True, title="MARK plan")
    gone = make_meeting(partner=partner, status="cancelled", title="MARK withdrawn")
    missed = make_meeting(
        partner=partner, status="missed", missed_at=NOW, title="MARK missed", starts_at=NOW - timedelta(days=3)
    )

    assert "MARK" not in text_of(client.get(LIST))
    assert {client.get(detail(one)).status_code for one in (plan, gone, missed)} == {404}


def test_detail_shows_times_place_people_and_shared_topics(client, qbr):
    html = text_of(client.get(detail(qbr)))

    assert "Tue 1 Dec 2026, 10:00" in html
    assert "Tue 1 Dec 2026, 04:00" in html
    assert "America/New_York" in html
    for shown in ("https://meet.test/qbr", "Mia Berg", "Ana Ruiz", "Pipeline and joint plan"):
        assert shown in html


@pytest.mark.parametrize("state", ["ahead", "held", "summed_up"])
def test_internal_words_are_never_shown(client, qbr, partner, manager, request, state):
    log_touch(partner_id=partner.pk, actor=manager, text="MARK internal touch")
    if state != "ahead":
        request.getfixturevalue(state)
    pages = [client.get(LIST), client.get(detail(qbr)), client.get(url("meeting_ics", qbr.uid))]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert [page for page in pages if "MARK" in text_of(page)] == []


def test_notes_of_shared_topics_come_with_the_summary(client, held, manager):
    assert "Shared notes" not in text_of(client.get(detail(held)))
    send_summary(meeting_id=held.pk, actor=manager)
    assert "Shared notes" in text_of(client.get(detail(held)))


def test_what_is_written_down_before_the_end_is_a_draft(client, qbr, manager):
    make_commitment(partner=qbr.partner, meeting=qbr, text="MARK draft")
    assert "MARK" not in text_of(client.get(detail(qbr))) + text_of(client.get(LIST))


def test_calendar_file_leads_to_nothing_of_ours(client, qbr):
    response = client.get(url("meeting_ics", qbr.uid))
    assert response["Content-Type"].startswith("text/calendar")
    assert "SUMMARY:QBR with Northwind Partners" in text_of(response)
    assert "/app/" not in text_of(response)


def test_older_meetings_are_a_page_further(client, partner):
    for number in range(25):
        make_meeting(
            partner=partner, status="held", held_at=NOW, title=f"Held {number:02}",
            starts_at=NOW - timedelta(days=3 + number),
        )  # fmt: skip
    first, second = client.get(LIST), client.get(LIST, {"from": "20"})

    assert (len(first.context["behind"]), len(second.context["behind"])) == (20, 5)
    assert 'href="?from=20"' in text_of(first)
    assert 'href="?from=0"' in text_of(second)
    assert client.get(LIST, {"from": "' OR 1"}).status_code == 200


def test_nothing_is_here_when_meetings_are_not_shared(client, qbr):
    SharingRule.objects.filter(topic="meetings").update(shared=False)
    assert client.get(LIST).status_code == 404
    assert client.get(detail(qbr)).status_code == 404
    assert client.post(url("topic_add", qbr.uid), {"title": "Lead times"}).status_code == 404
    assert LIST not in text_of(client.get("/portal/"))


def test_promises_are_left_out_when_not_shared(client, partner, qbr):
    make_commitment(partner=partner, text="Send prices", due_on=date(2026, 10, 30))
    SharingRule.objects.filter(topic="promises").update(shared=False)
    assert "In the last twelve months" not in text_of(client.get(LIST))


# --- what they do -----------------------------------------------------------------


def test_topic_is_added_and_shown_to_the_manager_with_its_name(client, manager_client, qbr):
    response = client.post(url("topic_add", qbr.uid), {"title": "Lead times"})

    assert (response.status_code, response["Location"]) == (302, f"{detail(qbr)}#agenda")
    assert "Your topic is on the agenda." in text_of(client.get(detail(qbr)))
    assert "proposed by Luca Moretti, Northwind Partners" in text_of(
        manager_client.get(reverse("engagement:meeting_detail", args=[qbr.uid]))
    )


@pytest.mark.parametrize("title", ["", "x" * 201])
def test_topic_refused_keeps_what_was_typed(client, qbr, title):
    response = client.post(url("topic_add", qbr.uid), {"title": title})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in text_of(response)


def test_topics_close_one_day_before(client, qbr):
    starting(qbr, NOW + timedelta(hours=24, minutes=-1))
    assert "Add topic" not in text_of(client.get(detail(qbr)))
    response = client.post(url("topic_add", qbr.uid), {"title": "Late"})
    assert response.status_code == 422
    assert not AgendaItem.objects.filter(title="Late").exists()


def test_date_is_proposed_seen_and_taken_back(client, manager_client, qbr):
    wish = {"day": "2026-12-03", "starts": "09:00", "time_zone": "America/New_York", "text": "Our fair"}
    assert client.get(url("date_propose", qbr.uid)).status_code == 200
    assert client.post(url("date_propose", qbr.uid), {**wish, "day": "2026-01-03"}).status_code == 422
    response = client.post(url("date_propose", qbr.uid), wish)
    reply = MeetingReply.objects.get()
    page = text_of(client.get(detail(qbr)))
    theirs = text_of(manager_client.get(reverse("engagement:meeting_detail", args=[qbr.uid])))

    assert response.status_code == 302
    assert "Thu 3 Dec 2026, 09:00" in page
    assert "Thu 3 Dec 2026, 09:00" in theirs
    assert "Our fair" in theirs
    assert url("date_propose", qbr.uid) not in page
    assert client.post(url("date_withdraw", reply.uid)).status_code == 302
    assert MeetingReply.objects.get().state == "withdrawn"


def test_second_proposal_gets_409_with_what_was_typed(client, partner, qbr):
    nora = make_member(partner=partner, name="Nora Vik")
    wish = {"day": "2026-12-03", "starts": "09:00", "time_zone": "UTC"}
    assert client_of(nora).post(url("date_propose", qbr.uid), wish).status_code == 302
    page = text_of(client.get(url("date_propose", qbr.uid)))
    assert "Nora Vik has already proposed Thu 3 Dec 2026, 09:00 (UTC)" in page
    assert 'name="day"' not in page
    response = client.post(url("date_propose", qbr.uid), {**wish, "day": "2026-12-04"})

    assert response.status_code == 409
    assert "Nora Vik has already proposed Thu 3 Dec 2026, 09:00 (UTC)" in text_of(response)
    assert 'value="2026-12-04"' in text_of(response)


def test_proposal_answered_meanwhile_cannot_be_taken_back(client, luca, manager, qbr):
    reply = propose_date(
        meeting_id=qbr.pk, local_start=datetime(2026, 12, 3, 9), time_zone="UTC",  # noqa: DTZ001  wall time
        voice=PartnerVoice("Luca Moretti", user=luca),
    )  # fmt: skip
    accept_date(reply_uid=reply.uid, actor=manager)
    response = client.post(url("date_withdraw", reply.uid))

    assert response.status_code == 409
    assert "Ana Ruiz answered this already: accepted." in text_of(response)


def test_summary_is_confirmed(client, summed_up):
    assert "1 summary to confirm" in text_of(client.get(LIST))
    assert client.post(url("summary_confirm", summed_up.uid)).status_code == 302

    page = text_of(client.get(detail(summed_up)))
    assert "The summary is confirmed." in page
    assert "summary_confirm" not in page
    assert "Confirm this summary" not in page
    assert "1 summary to confirm" not in text_of(client.get(LIST))


def test_summary_is_objected_to_and_answered(client, manager_client, summed_up):
    empty = client.post(url("summary_object", summed_up.uid), {"text": " "})
    assert (empty.status_code, 'aria-invalid="true"' in text_of(empty)) == (422, True)
    client.post(url("summary_object", summed_up.uid), {"text": "Friday, not Monday."})
    reply = MeetingReply.objects.get()
    answer = reverse("engagement:reply_answer", args=[reply.uid])

    assert manager_client.post(answer, {"answer": "no"}).status_code == 422
    assert manager_client.post(answer, {"answer": "You are right, changed."}).status_code == 302
    assert manager_client.post(answer, {"answer": "Answered twice."}).status_code == 409
    page = text_of(client.get(detail(summed_up)))
    assert "Friday, not Monday." in page
    assert "You are right, changed." in page


def test_there_is_no_summary_to_confirm_before_it_was_sent(client, held):
    response = client.post(url("summary_confirm", held.uid))
    assert response.status_code == 422
    assert "There is no summary to confirm yet." in text_of(response)


def test_manager_accepts_or_declines_a_date(client, manager_client, qbr):
    client.post(url("date_propose", qbr.uid), {"day": "2026-12-03", "starts": "09:00", "time_zone": "UTC"})
    first = MeetingReply.objects.get()
    decline = reverse("engagement:reply_decline", args=[first.uid])
    assert manager_client.post(decline, {"answer": ""}).status_code == 422
    assert manager_client.post(decline, {"answer": "Board meeting that day."}).status_code == 302
    assert "Board meeting that day." in text_of(client.get(detail(qbr)))
    client.post(url("date_propose", qbr.uid), {"day": "2026-12-04", "starts": "09:00", "time_zone": "UTC"})
    second = MeetingReply.objects.exclude(pk=first.pk).get()

    accept = reverse("engagement:reply_accept", args=[second.uid])
    assert manager_client.post(accept).status_code == 302
    assert manager_client.post(accept, HTTP_HX_REQUEST="true").status_code == 409
    assert Meeting.objects.get(pk=qbr.pk).starts_at == datetime(2026, 12, 4, 9, tzinfo=UTC)


def test_action_of_our_side_is_ticked_and_unticked(client, partner, qbr):
    mine = make_commitment(partner=partner, side="theirs", text="Name an engineer")
    path = url("action_done", mine.uid)
    assert client.post(path, {"back": "list"})["Location"] == LIST
    mine.refresh_from_db()
    assert (mine.done_at, mine.done_by) == (NOW, "Luca Moretti")
    client.post(path, {"done": "0", "back": "list"})
    mine.refresh_from_db()
    assert mine.done_at is None


def test_action_of_the_vendor_cannot_be_ticked(client, held):
    theirs = make_commitment(partner=held.partner, meeting=held, text="Send prices")
    response = client.post(url("action_done", theirs.uid))
    assert response.status_code == 422
    assert "Only actions of your own side can be ticked here." in text_of(response)
    theirs.refresh_from_db()
    assert theirs.done_at is None


def test_decision_is_confirmed(client, manager_client, held):
    decision = Commitment.objects.get(kind="decision")
    assert client.post(url("decision_confirm", decision.uid)).status_code == 302
    assert client.post(url("decision_confirm", Commitment.objects.get(kind="action").uid)).status_code == 422
    assert "confirmed by Luca Moretti" in text_of(
        manager_client.get(reverse("engagement:meeting_detail", args=[held.uid]))
    )


# --- who may -----------------------------------------------------------------------


def writes(meeting, action, decision, reply):
    return [
        url("topic_add", meeting.uid),
        url("date_propose", meeting.uid),
        url("summary_confirm", meeting.uid),
        url("summary_object", meeting.uid),
        url("date_withdraw", reply.uid),
        url("action_done", action.uid),
        url("decision_confirm", decision.uid),
    ]


@pytest.fixture
def everything(summed_up, luca):
    action, decision = Commitment.objects.get(kind="action"), Commitment.objects.get(kind="decision")
    reply = MeetingReply.objects.create(
        partner=summed_up.partner, meeting=summed_up, kind="date", said_by="Luca Moretti", user=luca,
        local_start=NOW, time_zone="UTC", starts_at=NOW,
    )  # fmt: skip
    return summed_up, action, decision, reply


def test_viewers_read_and_do_not_write(watcher, everything):
    meeting = everything[0]
    for page in (LIST, detail(meeting)):
        response = watcher.get(page)
        assert response.status_code == 200
        assert "<form" not in text_of(response).split("<main")[1].split("</main>")[0]
    assert {watcher.post(path, {"title": "x", "text": "x"}).status_code for path in writes(*everything)} == {403}
    assert (MeetingReply.objects.count(), Commitment.objects.filter(done_at__isnull=False).count()) == (1, 0)


def test_colleague_who_sees_as_the_partner_reads_and_changes_nothing(lead, partner, everything):
    observer = client_of(lead)
    session = observer.session
    session[SEE_AS] = {"partner": partner.pk, "until": NOW.timestamp() + 600}
    session.save()
    for page in (LIST, detail(everything[0])):
        response = observer.get(page)
        assert response.status_code == 200
        assert "<form" not in text_of(response).split("<main")[1].split("</main>")[0]
    assert {observer.post(path, {"title": "x", "text": "x"}).status_code for path in writes(*everything)} == {403}
    assert MeetingReply.objects.count() == 1


def test_strangers_find_what_does_not_exist(other_client, everything):
    meeting = everything[0]
    missing = "00000000-0000-4000-8000-000000000000"
    for path in (detail(meeting), url("meeting_ics", meeting.uid), url("date_propose", meeting.uid)):
        foreign, absent = other_client.get(path), other_client.get(path.replace(str(meeting.uid), missing))
        assert (foreign.status_code, foreign.content) == (404, absent.content)
    assert {other_client.post(path, {"title": "x", "text": "x"}).status_code for path in writes(*everything)} == {404}
    assert meeting.title not in text_of(other_client.get(LIST))
    assert MeetingReply.objects.count() == 1


def test_writing_needs_post(client, everything):
    meeting, _action, _decision, _reply = everything
    for path in writes(*everything):
        if path != url("date_propose", meeting.uid):
            assert client.get(path).status_code == 405


def test_person_whose_access_ended_gets_403(client, luca, qbr):
    luca.membership.ended_at = clock.now()
    luca.membership.save()
    assert {client.get(path).status_code for path in (LIST, detail(qbr))} == {403}


def test_another_person_cannot_confirm_for_the_first(partner, summed_up, luca):
    """Each speaks for themselves: a colleague's confirmation is a second one."""
    answer_summary(meeting_id=summed_up.pk, agreed=True, voice=PartnerVoice("Luca Moretti", user=luca))
    nora = make_member(partner=partner, name="Nora Vik")
    client_of(nora).post(url("summary_confirm", summed_up.uid))
    assert list(MeetingReply.objects.order_by("id").values_list("said_by", flat=True)) == ["Luca Moretti", "Nora Vik"]


# --- what it costs ------------------------------------------------------------------


def test_number_of_queries_does_not_grow(client, partner, manager, qbr, luca):
    voice = PartnerVoice("Luca Moretti", user=luca)

    def fill(number):
        for _one in range(number):
            make_meeting(
                partner=partner, status="held", held_at=NOW, summary_sent_at=NOW, starts_at=NOW - timedelta(days=9)
            )
            make_meeting(partner=partner, status="confirmed", invited_at=NOW)
            make_commitment(partner=partner, owner=manager)
            make_commitment(partner=partner, side="theirs")
            propose_topic(meeting_id=qbr.pk, title=f"Topic {AgendaItem.objects.count()}", voice=voice)
            Attendee.objects.create(meeting=qbr, contact=make_contact(partner=partner))
            MeetingReply.objects.create(
                partner=partner, meeting=qbr, kind="date", state="declined", said_by="x", local_start=NOW,
                time_zone="UTC", starts_at=NOW, answered_by=manager, answer="No",
            )  # fmt: skip

    def cost(path):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        return len([one for one in seen.captured_queries if "SAVEPOINT" not in one["sql"]])

    fill(1)
    client.get(LIST)  # the session is noted as seen once
    few = [cost(path) for path in (LIST, detail(qbr))]
    fill(5)
    many = [cost(path) for path in (LIST, detail(qbr))]

    assert few == many
    assert max(many) <= MOST_QUERIES, many


# --- the calendar feed ---------------------------------------------------------------


def feed_of(client):
    response = client.post(reverse("engagement:calendar_settings"))
    assert response.status_code == 200
    return response.context["address"].removeprefix(settings.BASE_URL)


def test_feed_of_a_partner_holds_shared_meetings_and_own_actions(client, partner, other_partner, qbr, manager):
    make_meeting(partner=partner, automatic=True, title="MARK plan")
    make_meeting(partner=other_partner, status="confirmed", invited_at=NOW, title="MARK foreign")
    make_commitment(partner=partner, side="theirs", text="Name an engineer")
    make_commitment(partner=partner, side="ours", text="MARK ours")
    make_commitment(partner=other_partner, side="theirs", text="MARK foreign action")
    response = Client().get(feed_of(client))

    assert response.status_code == 200
    assert "SUMMARY:QBR with Northwind Partners" in text_of(response)
    assert "Due: Name an engineer" in text_of(response)
    assert "MARK" not in text_of(response)
    assert "/app/" not in text_of(response)


@pytest.mark.parametrize("way", ["left", "disabled", "archived", "renewed", "revoked"])
def test_feed_dies_when_access_ends(client, luca, manager, partner, way):
    path = feed_of(client)
    assert Client().get(path).status_code == 200
    if way == "left":
        luca.membership.ended_at = clock.now()
        luca.membership.save()
    elif way == "disabled":
        luca.is_active = False
        luca.save()
    elif way == "archived":
        archive_partner(partner_id=partner.pk, actor=manager)
    elif way == "renewed":
        assert feed_of(client) != path
    else:
        client.post(reverse("engagement:calendar_revoke"))
    assert Client().get(path).status_code == 404


def test_calendar_page_is_of_the_readers_own_side(client, manager_client):
    page = text_of(client.get(reverse("engagement:calendar_settings")))
    assert 'class="page portal page-narrow"' in page
    assert "the open actions of your side" in page
    assert "/app/partners/" not in page
    assert "what you have promised" in text_of(manager_client.get(reverse("engagement:calendar_settings")))


def test_own_partner_only(partner):
    """The stranger of every list: a twin partner full of the same rows."""
    twin = make_partner(name="MARK twin")
    for one in (partner, twin):
        make_meeting(partner=one, status="confirmed", invited_at=NOW, title=f"{one.name} meets")
        make_commitment(partner=one, text=f"{one.name} promised", due_on=date(2026, 10, 1))
        make_meeting(
            partner=one, status="held", held_at=NOW, summary_sent_at=NOW, title=f"{one.name} met",
            starts_at=NOW - timedelta(days=4),
        )  # fmt: skip
    html = text_of(client_of(make_member(partner=partner)).get(LIST))
    assert "MARK" not in html
    assert html.count("Northwind Partners met") == 2


def test_home_can_ask_which_summaries_wait(client, luca, summed_up):
    assert summaries_to_confirm(luca, at=NOW) == [summed_up]
    client.post(url("summary_confirm", summed_up.uid))
    assert summaries_to_confirm(luca, at=NOW) == []


@pytest.mark.parametrize(
    ("began", "next_ones", "past_ones"),
    [(0.5, ["Talk"], []), (2, [], ["Talk"]), (23, [], ["Talk"]), (25, [], ["Talk"])],
)
def test_meeting_moves_from_next_to_past_when_it_ends(client, partner, began, next_ones, past_ones):
    make_meeting(
        partner=partner, title="Talk", status="confirmed", invited_at=NOW, starts_at=NOW - timedelta(hours=began)
    )
    context = client.get(LIST).context
    assert [one.meeting.title for one in context["ahead"]] == next_ones
    assert [(one.meeting.title, one.state) for one in context["behind"]] == [
        (one, "Not closed yet") for one in past_ones
    ]
