from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import Outbox
from engagement.models import AgendaItem, Commitment, Meeting, Touchpoint
from engagement.services import Situation, add_commitment, plan_reviews, reschedule_meeting
from tests.engagement.conftest import NOW, wall
from tests.factories import make_contact, make_meeting, make_partner, make_touch

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def url(name, *args):
    return reverse(f"engagement:{name}", args=args)


def text_of(response):
    return response.content.decode()


# --- touches ---------------------------------------------------------------------


def test_touch_form_is_a_page_and_a_dialog(manager_client, partner):
    page = manager_client.get(url("touch_create", partner.slug))
    dialog = manager_client.get(url("touch_create", partner.slug), **HTMX)

    assert (page.status_code, dialog.status_code) == (200, 200)
    assert "<!doctype html>" in text_of(page)
    assert text_of(dialog).lstrip().startswith('<dialog class="dialog" data-autoshow')
    assert "HX-Request" in dialog["Vary"]


def test_touch_needs_only_its_text(manager_client, partner, manager):
    response = manager_client.post(url("touch_create", partner.slug), {"text": "Called", "kind": "call"})

    assert (response.status_code, response["Location"]) == (302, f"/app/partners/{partner.slug}/")
    assert list(Touchpoint.objects.values_list("text", "actor_id")) == [("Called", manager.pk)]


def test_touch_by_htmx_answers_with_a_toast_that_undoes(manager_client, partner):
    response = manager_client.post(
        url("touch_create", partner.slug), {"text": "Called", "kind": "call", "two_way": "on"}, **HTMX
    )
    touch = Touchpoint.objects.get()
    undo = url("touch_retract", touch.uid)

    assert response.status_code == 200
    assert f'action="{undo}"' in text_of(response)
    assert "prm:refresh" in response["HX-Trigger-After-Settle"]
    removed = manager_client.post(undo, **HTMX)
    assert f'action="{url("touch_restore", touch.uid)}"' in text_of(removed)
    assert Touchpoint.objects.current().count() == 0
    manager_client.post(url("touch_restore", touch.uid), **HTMX)
    assert Touchpoint.objects.current().count() == 1


def test_touch_without_text_keeps_what_was_typed(manager_client, partner):
    for extra in ({}, HTMX):
        response = manager_client.post(url("touch_create", partner.slug), {"text": "", "kind": "mail"}, **extra)
        assert response.status_code == 422
        assert 'aria-invalid="true"' in text_of(response)
        assert '<option value="mail" selected>' in text_of(response)


def test_touch_in_the_future_is_refused_at_its_field(manager_client, partner):
    response = manager_client.post(
        url("touch_create", partner.slug), {"text": "Soon", "kind": "call", "occurred_at": "2026-12-01T10:00"}
    )

    assert response.status_code == 422
    assert response.context["form"].errors["occurred_at"] == [
        "This lies in the future. For a date to come, schedule a meeting."
    ]


def test_touch_form_sent_twice_logs_once(manager_client, partner):
    key = manager_client.get(url("touch_create", partner.slug)).context["form"].fields["submission_key"].initial
    for _time in range(2):
        manager_client.post(
            url("touch_create", partner.slug), {"text": "Called", "kind": "call", "submission_key": key}
        )

    assert Touchpoint.objects.count() == 1


def test_touch_without_partner_asks_for_one(manager_client, partner, other_partner):
    own = manager_client.get(url("touch_create"))
    found = manager_client.get(url("touch_create"), {"q": "helix"}, **HTMX)

    assert url("touch_create", partner.slug) in text_of(own)
    assert url("touch_create", other_partner.slug) not in text_of(own)
    assert url("touch_create", other_partner.slug) in text_of(found)
    assert text_of(found).lstrip().startswith('<div id="choices">')


def test_refused_retraction_says_why(manager_client, partner, lead):
    touch = make_touch(partner=partner, actor=lead)
    response = manager_client.post(url("touch_retract", touch.uid), **HTMX)

    assert (response.status_code, response["HX-Reswap"]) == (422, "none")
    assert "Only Tom Weber or a lead can remove this." in text_of(response)


# --- who may --------------------------------------------------------------------


def test_viewer_reads_and_does_not_write(viewer_client, qbr, partner):
    assert viewer_client.get(url("meeting_list")).status_code == 200
    detail = viewer_client.get(url("meeting_detail", qbr.uid))
    assert detail.status_code == 200
    assert "<form" not in text_of(detail).split("<main")[1].split("</main>")[0]
    for name in ("meeting_move", "meeting_cancel", "meeting_hold", "agenda_add", "commitment_add", "notes_save"):
        assert viewer_client.post(url(name, qbr.uid)).status_code == 403
    assert viewer_client.post(url("touch_create", partner.slug), {"text": "x"}).status_code == 403
    assert Touchpoint.objects.count() == 0


def test_partner_users_find_nothing_here(member_client, qbr, partner):
    for path in (url("meeting_list"), url("meeting_detail", qbr.uid), url("partner_panel", partner.slug)):
        assert member_client.get(path).status_code == 404


def test_unknown_meeting_is_not_found(manager_client):
    assert manager_client.get("/app/meetings/00000000-0000-4000-8000-000000000000/").status_code == 404


# --- list ------------------------------------------------------------------------


def test_list_has_a_tab_for_each_state(manager_client, partner, qbr):
    plan = make_meeting(partner=partner, kind="check_in", automatic=True, title="Planned one")
    over = make_meeting(
        partner=partner, kind="executive", status="confirmed", title="Forgotten", starts_at=NOW - timedelta(days=2)
    )
    held = make_meeting(partner=partner, status="held", held_at=NOW, title="Done", starts_at=NOW - timedelta(days=9))

    def uids(**query):
        return [row["meeting"].pk for row in manager_client.get(url("meeting_list"), query).context["rows"]]

    assert uids() == [qbr.pk]
    assert uids(when="to_schedule") == [plan.pk]
    assert uids(when="to_close") == [over.pk]
    assert uids(when="past") == [held.pk]
    assert uids(when="past", kind="executive") == []
    assert uids(owner="me") == [qbr.pk]
    assert uids(owner="none") == []


def test_list_fragment_is_the_rows_alone(manager_client, qbr):
    response = manager_client.get(url("meeting_list"), **HTMX)

    assert text_of(response).lstrip().startswith('<div id="rows">')
    assert "Tue 1 Dec 2026, 10:00" in text_of(response)
    assert "Tue 1 Dec 2026, 09:00" in text_of(response)  # the manager's own clock, UTC


def test_list_names_filters_it_does_not_know(manager_client):
    response = manager_client.get(url("meeting_list"), {"when": "never", "colour": "red"})

    assert response.context["state"].ignored == ("colour=red", "when=never")
    assert "Filter “colour=red” is not known and was ignored." in text_of(response)


def test_list_asks_the_same_number_of_questions_for_one_and_five(manager_client, manager):
    def queries():
        with CaptureQueriesContext(connection) as counted:
            manager_client.get(url("meeting_list"), {"when": "to_schedule"})
        return len(counted)

    make_meeting(partner=make_partner(owner=manager))
    manager_client.get(url("meeting_list"))
    one = queries()
    for _row in range(4):
        make_meeting(partner=make_partner(owner=manager))
    assert queries() == one


@pytest.mark.parametrize("when", ["upcoming", "to_schedule", "to_close", "past"])
def test_each_empty_tab_says_what_will_be_there(manager_client, when):
    response = manager_client.get(url("meeting_list"), {"when": when})

    assert 'class="empty"' in text_of(response)


# --- schedule ---------------------------------------------------------------------


def test_schedule_form_is_filled_from_the_cadence(manager_client, partner, contact, manager):
    plan_reviews(situations={partner.pk: Situation("growth", date(2026, 9, 14))})
    form = manager_client.get(url("meeting_create", partner.slug), **HTMX).context["form"]

    assert (form.initial["day"], form.initial["starts"].hour) == (date(2026, 12, 14), 10)
    assert (form.initial["contacts"], form.initial["users"]) == ([contact.pk], [manager.pk])
    assert form.initial["meeting_uid"] == Meeting.objects.get(kind="qbr").uid


def sent_as_filled(response, **changes):
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    values["day"], values["starts"] = values["day"].isoformat(), values["starts"].strftime("%H:%M")
    return {**values, **changes}


def test_sending_the_form_as_it_is_invites(manager_client, partner, contact):
    plan_reviews(situations={partner.pk: Situation("growth", date(2026, 9, 14))})
    form = manager_client.get(url("meeting_create", partner.slug), {"kind": "qbr"}, **HTMX)
    response = manager_client.post(url("meeting_create", partner.slug), sent_as_filled(form), **HTMX)

    assert response.status_code == 200
    assert "Invited to QBR with Northwind Partners." in text_of(response)
    meeting = Meeting.objects.get(kind="qbr")
    assert (meeting.status, meeting.wall) == ("confirmed", wall("2026-12-14T10:00"))
    assert Outbox.objects.filter(kind="meeting_invitation", to=contact.email).count() == 1


def test_date_is_saved_without_inviting_on_demand(manager_client, partner, contact):
    form = manager_client.get(url("meeting_create", partner.slug))
    manager_client.post(url("meeting_create", partner.slug), sent_as_filled(form, invite="0"))

    assert (Meeting.objects.get().status, Outbox.objects.count()) == ("planned", 0)


def test_scheduling_the_same_plan_twice_is_a_conflict(manager_client, partner, contact, lead):
    plan_reviews(situations={partner.pk: Situation("growth", date(2026, 9, 14))})
    form = manager_client.get(url("meeting_create", partner.slug))
    values = sent_as_filled(form)
    assert manager_client.post(url("meeting_create", partner.slug), values).status_code == 302
    again = manager_client.post(url("meeting_create", partner.slug), {**values, "submission_key": "another"})

    assert again.status_code == 409
    assert "This meeting is already invited." in text_of(again)


def test_schedule_in_the_past_is_refused_at_its_field(manager_client, partner, contact):
    form = manager_client.get(url("meeting_create", partner.slug))
    response = manager_client.post(url("meeting_create", partner.slug), sent_as_filled(form, day="2026-10-01"), **HTMX)

    assert response.status_code == 422
    assert response.context["form"].errors["starts"] == ["This is in the past. To record what took place, log a touch."]


def test_partner_without_people_can_only_save_the_date(manager_client, partner):
    response = manager_client.get(url("meeting_create", partner.slug))
    assert "nobody can be invited" in text_of(response)

    saved = manager_client.post(url("meeting_create", partner.slug), sent_as_filled(response))
    assert saved.status_code == 302
    assert Meeting.objects.get().status == "planned"


def test_schedule_without_partner_asks_for_one(manager_client, partner):
    assert url("meeting_create", partner.slug) in text_of(manager_client.get(url("meeting_create")))


# --- one meeting ------------------------------------------------------------------


def test_detail_shows_both_zones_readiness_and_agenda(manager_client, qbr, partner):
    type(partner).objects.update(time_zone="America/New_York")
    text = text_of(manager_client.get(url("meeting_detail", qbr.uid)))

    for part in (
        "Tue 1 Dec 2026, 10:00",
        "Tue 1 Dec 2026, 04:00",
        "5 of 5 parts ready",
        "Pipeline and joint plan",
        "Mia Berg",
    ):
        assert part in text
    assert text.count('aria-current="step"') == 1


def test_detail_asks_the_same_number_of_questions_for_one_and_five(manager_client, qbr, partner, manager):
    def queries():
        with CaptureQueriesContext(connection) as counted:
            manager_client.get(url("meeting_detail", qbr.uid))
        return len(counted)

    def add(number):
        qbr.attendees.create(contact=make_contact(partner=partner))
        AgendaItem.objects.create(meeting=qbr, title=f"Topic {number}")
        for meeting in (qbr.pk, None):
            add_commitment(
                partner_id=partner.pk, meeting_id=meeting, text="Do", actor=manager, due_on=date(2026, 12, 20)
            )

    add(0)
    manager_client.get(url("meeting_detail", qbr.uid))
    one = queries()
    for number in range(4):
        add(number)
    assert queries() == one


def test_move_by_dialog_goes_back_to_the_meeting(manager_client, qbr):
    dialog = manager_client.get(url("meeting_move", qbr.uid), **HTMX)
    response = manager_client.post(
        url("meeting_move", qbr.uid), sent_as_filled(dialog, day="2026-11-30", starts="15:00"), **HTMX
    )

    assert (response.status_code, response["HX-Redirect"]) == (200, url("meeting_detail", qbr.uid))
    assert Meeting.objects.get().wall == wall("2026-11-30T15:00")


def test_stale_move_is_a_conflict_that_a_second_press_resolves(manager_client, qbr, lead):
    values = sent_as_filled(manager_client.get(url("meeting_move", qbr.uid)), day="2026-12-03")
    reschedule_meeting(meeting_id=qbr.pk, local_start=wall("2026-11-30T15:00"), actor=lead)
    refused = manager_client.post(url("meeting_move", qbr.uid), values, **HTMX)

    assert refused.status_code == 409
    assert "Tom Weber moved it to Mon 30 Nov 2026, 15:00 (Europe/Paris) since you opened it." in text_of(refused)
    again = manager_client.post(
        url("meeting_move", qbr.uid), {**values, "version": refused.context["form"]["version"].value()}, **HTMX
    )
    assert again.status_code == 200
    assert Meeting.objects.get().wall == wall("2026-12-03T10:00")


def test_cancel_needs_its_reason_and_then_says_so(manager_client, qbr):
    refused = manager_client.post(url("meeting_cancel", qbr.uid), {"reason": "no", "version": qbr.version}, **HTMX)
    assert refused.status_code == 422
    assert "Say in a few words why; invited people read it." in text_of(refused)

    done = manager_client.post(url("meeting_cancel", qbr.uid), {"reason": "Budget round", "version": qbr.version})
    assert done.status_code == 302
    assert "Budget round" in text_of(manager_client.get(url("meeting_detail", qbr.uid)))


def test_people_are_changed_by_their_form(manager_client, qbr, partner, manager):
    new = make_contact(partner=partner, name="Ole Hansen")
    response = manager_client.post(
        url("meeting_people", qbr.uid), {"users": [manager.pk], "contacts": [new.pk], "version": qbr.version}
    )

    assert response.status_code == 302
    assert set(qbr.attendees.values_list("contact_id", flat=True)) == {None, new.pk}


def test_agenda_is_added_to_moved_and_shortened(manager_client, qbr):
    added = manager_client.post(url("agenda_add", qbr.uid), {"title": "Ideas", "shared": "on"}, **HTMX)
    assert (added.status_code, 'id="agenda"' in text_of(added)) == (200, True)
    item = AgendaItem.objects.get(title="Ideas")
    manager_client.post(url("agenda_move", item.uid), {"to": "up"}, **HTMX)
    assert [one.title for one in qbr.agenda.all()][-2] == "Ideas"
    manager_client.post(url("agenda_remove", item.uid))
    assert AgendaItem.objects.filter(title="Ideas").count() == 0
    empty = manager_client.post(url("agenda_add", qbr.uid), {"title": " "}, **HTMX)
    assert (empty.status_code, 'aria-invalid="true"' in text_of(empty)) == (422, True)


def test_empty_agenda_offers_the_template(manager_client, partner):
    meeting = make_meeting(partner=partner)
    assert "Use the template “QBR”" in text_of(manager_client.get(url("meeting_detail", meeting.uid)))

    manager_client.post(url("agenda_fill", meeting.uid), **HTMX)
    assert meeting.agenda.count() == 7


def test_notes_save_themselves_and_carry_the_next_version(manager_client, qbr):
    item = qbr.agenda.first()
    saved = manager_client.post(url("item_notes_save", item.uid), {"notes": "Fine", "version": 1}, **HTMX)
    notes = manager_client.post(url("notes_save", qbr.uid), {"notes": "Nervous", "version": 1}, **HTMX)

    assert f'id="version-{item.uid}" value="2"' in text_of(saved)
    assert 'id="version-notes" value="2"' in text_of(notes)
    assert "Saved 08:30" in text_of(saved)
    item.refresh_from_db()
    assert item.notes == "Fine"


def test_notes_of_two_people_are_both_shown(manager_client, qbr, lead):
    item = qbr.agenda.first()
    AgendaItem.objects.filter(pk=item.pk).update(notes="Theirs", version=2)
    Meeting.objects.filter(pk=qbr.pk).update(notes="Theirs too", notes_version=2)

    refused = manager_client.post(url("item_notes_save", item.uid), {"notes": "Mine", "version": 1}, **HTMX)
    assert (refused.status_code, refused["HX-Retarget"]) == (409, f"#item-{item.uid}")
    assert "Theirs" in text_of(refused)
    assert "Mine</textarea>" in text_of(refused)
    assert f'id="version-{item.uid}" value="2"' in text_of(refused)
    refused = manager_client.post(url("notes_save", qbr.uid), {"notes": "Mine", "version": 1}, **HTMX)
    assert (refused.status_code, refused["HX-Retarget"], "Theirs too" in text_of(refused)) == (409, "#notes", True)
    page = manager_client.post(url("item_notes_save", item.uid), {"notes": "Mine", "version": 1})
    assert (page.status_code, "<!doctype html>" in text_of(page), "Theirs" in text_of(page)) == (409, True, True)


def test_commitment_is_written_ticked_and_reopened(manager_client, qbr):
    refused = manager_client.post(
        url("commitment_add", qbr.uid), {"text": "Call", "kind": "action", "side": "ours"}, **HTMX
    )
    assert refused.status_code == 422
    assert "An action needs a date" in text_of(refused)
    manager_client.post(
        url("commitment_add", qbr.uid),
        {"text": "Call", "kind": "action", "side": "ours", "due_on": "2026-12-20"},
        **HTMX,
    )
    one = Commitment.objects.get()
    ticked = manager_client.post(url("commitment_done", one.uid), {"done": "1"}, **HTMX)
    assert text_of(ticked).lstrip().startswith(f'<li id="commitment-{one.uid}"')
    assert 'aria-pressed="true"' in text_of(ticked)
    manager_client.post(url("commitment_done", one.uid), {"done": "0"})
    assert Commitment.objects.get().done_at is None
    manager_client.post(url("commitment_remove", one.uid), **HTMX)
    assert Commitment.objects.count() == 0


def test_hold_is_offered_on_the_day_and_asks_for_a_commitment(manager_client, qbr, manager, still_clock):
    assert "Close as held" not in text_of(manager_client.get(url("meeting_detail", qbr.uid)))
    still_clock.move_to(datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
    client = Client()
    client.force_login(manager, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    assert "Close as held" in text_of(client.get(url("meeting_detail", qbr.uid)))
    values = {"attended": [one.pk for one in qbr.attendees.all()], "version": qbr.version}
    refused = client.post(url("meeting_hold", qbr.uid), values, **HTMX)
    assert refused.status_code == 422
    assert "A review ends with at least one commitment that has a date." in text_of(refused)

    add_commitment(partner_id=qbr.partner_id, meeting_id=qbr.pk, text="Call", actor=manager, due_on=date(2026, 12, 20))
    assert client.post(url("meeting_hold", qbr.uid), values).status_code == 302
    assert "Send summary" in text_of(client.get(url("meeting_detail", qbr.uid)))
    sent = client.post(url("summary_send", qbr.uid), follow=True)
    assert "Sent the summary to 2 people." in text_of(sent)
    again = client.post(url("summary_send", qbr.uid), follow=True)
    assert "Everybody has the summary already." in text_of(again)


def test_missed_is_refused_before_it_begins_and_told_afterwards(manager_client, qbr, manager, still_clock):
    early = manager_client.post(url("meeting_missed", qbr.uid), **HTMX)
    assert (early.status_code, early["HX-Reswap"]) == (422, "none")
    assert "It has not begun yet; move or cancel it instead." in text_of(early)

    still_clock.move_to(datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
    client = Client()
    client.force_login(manager, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    done = client.post(url("meeting_missed", qbr.uid), follow=True)
    assert "The partner did not come." in text_of(done)


def test_summary_of_an_open_meeting_is_refused(manager_client, qbr):
    response = manager_client.post(url("summary_send", qbr.uid), follow=True)

    assert "Close the meeting as held first; then its summary can be sent." in text_of(response)


def test_calendar_file_downloads(manager_client, qbr):
    response = manager_client.get(url("meeting_ics", qbr.uid))

    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert b"SUMMARY:QBR with Northwind Partners" in response.content


def test_partner_panel_is_a_page_and_a_section(manager_client, qbr, partner):
    assert "<!doctype html>" in text_of(manager_client.get(url("partner_panel", partner.slug)))
    section = text_of(manager_client.get(url("partner_panel", partner.slug), **HTMX))
    assert section.lstrip().startswith('<section class="card" id="section"')
    assert url("meeting_detail", qbr.uid) in section


# --- calendar feed ---------------------------------------------------------------


def address_of(client):
    return client.post(url("calendar_settings")).context["address"].removeprefix("http://127.0.0.1:8000")


def test_feed_is_read_without_log_in_and_holds_ones_own_meetings(manager_client, qbr, manager, other_partner):
    make_meeting(partner=other_partner, title="Somebody else's")
    add_commitment(partner_id=qbr.partner_id, meeting_id=qbr.pk, text="Call", actor=manager, due_on=date(2026, 12, 20))
    response = Client().get(address_of(manager_client))

    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    body = text_of(response)
    assert "SUMMARY:QBR with Northwind Partners" in body
    assert "SUMMARY:Due: Call (Northwind Partners)" in body
    assert "Somebody else" not in body
    assert "mia@northwind.test" not in body


def test_feed_answers_not_modified(manager_client, qbr):
    address = address_of(manager_client)
    mark = Client().get(address)["ETag"]

    assert Client().get(address, HTTP_IF_NONE_MATCH=mark).status_code == 304


def test_new_address_ends_the_old_one_and_switching_off_ends_it_all(manager_client):
    first, second = address_of(manager_client), address_of(manager_client)
    assert [Client().get(one).status_code for one in (first, second)] == [404, 200]

    manager_client.post(url("calendar_revoke"))
    assert Client().get(second).status_code == 404
    assert "You have no address yet." in text_of(manager_client.get(url("calendar_settings")))


def test_secret_is_never_stored(manager_client, manager):
    address = address_of(manager_client)

    assert manager.calendar_feed.digest not in address
    assert address not in text_of(manager_client.get(url("calendar_settings")))


def test_feed_of_a_person_who_left_is_gone(manager_client, manager):
    address = address_of(manager_client)
    type(manager).objects.update(is_active=False)

    assert Client().get(address).status_code == 404
