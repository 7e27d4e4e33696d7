"""Links in mails: one thing, once, by one person; looking changes nothing; dead links look alike; guessing waits."""

import io
import logging
import re
from contextlib import redirect_stdout
from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from structlog.stdlib import ProcessorFormatter

from accounts.models import AuditEntry
from core import clock
from core.logs import without_secrets
from core.models import Outbox
from core.outbox import sweep
from engagement.models import ActionLink, Commitment, Meeting, MeetingReply
from engagement.queries.people import PartnerVoice
from engagement.services import (
    add_commitment,
    cancel_meeting,
    hold_meeting,
    propose_date,
    queue_due_reminders,
    send_summary,
)
from partners.services import archive_partner, set_contact_left
from tests.engagement.conftest import wall
from tests.factories import make_member

pytestmark = pytest.mark.django_db
ADDRESS = re.compile(r"http\S+/act/[\w-]+/")


@pytest.fixture
def held(qbr, manager):
    with time_machine.travel("2026-12-01T11:00Z", tick=False):
        for text, side in (("Send prices", "ours"), ("Name an engineer", "theirs"), ("Done before", "theirs")):
            add_commitment(
                partner_id=qbr.partner_id, meeting_id=qbr.pk, text=text, side=side, actor=manager,
                due_on=date(2026, 12, 10),
            )  # fmt: skip
        Commitment.objects.filter(text="Done before").update(done_at=clock.now())
        hold_meeting(meeting_id=qbr.pk, actor=manager, attended=[one.pk for one in qbr.attendees.all()])
        send_summary(meeting_id=qbr.pk, actor=manager)
        yield Meeting.objects.get(pk=qbr.pk)


def addresses(kind, to):
    """The links of a mail: word before it -> path."""
    body = Outbox.objects.get(kind=f"meeting_{kind}", to=to).body
    found = re.findall(r"([^\n:]+): (http\S+/act/[\w-]+/)", body)
    return {words.strip(): address.removeprefix(settings.BASE_URL) for words, address in found}


def summary_path(held, contact, words="Confirm this summary"):
    return addresses("summary", contact.email)[words]


def body_of(response):
    return response.content.decode()


def test_summary_carries_links_for_people_of_the_partner_only(held, contact, manager):
    assert list(addresses("summary", contact.email)) == [
        "Confirm this summary",
        "This is not what we agreed",
        "Mark as done",
    ]
    assert addresses("summary", manager.email) == {}


def test_invitation_and_reminder_let_propose_another_date(qbr, contact, manager):
    assert list(addresses("invitation", contact.email)) == ["Propose another date"]
    assert addresses("invitation", manager.email) == {}
    with time_machine.travel("2026-11-30T12:00Z", tick=False):
        queue_due_reminders()
    reminders = Outbox.objects.filter(kind="meeting_reminder", to=contact.email)
    assert reminders
    assert all(len(ADDRESS.findall(mail.body)) == 1 for mail in reminders)


def test_a_mail_that_is_owed_already_makes_no_second_link(held, manager):
    before = ActionLink.objects.count()
    send_summary(meeting_id=held.pk, actor=manager)
    assert ActionLink.objects.count() == before


def test_links_start_with_the_configured_address_and_only_digests_are_kept(held, contact):
    mail = Outbox.objects.get(kind="meeting_summary", to=contact.email)
    found = ADDRESS.findall(mail.body)
    digests = set(ActionLink.objects.values_list("digest", flat=True))

    assert len(found) == 3
    assert all(address.startswith(f"{settings.BASE_URL}/act/") for address in found)
    secrets = [address.rstrip("/").rsplit("/", 1)[1] for address in found]
    assert all(len(secret) == 43 for secret in secrets)  # 256 bits
    assert not digests & set(secrets)
    assert {len(digest) for digest in digests} == {64}


def test_looking_changes_nothing(held, contact):
    client = Client()
    before = (MeetingReply.objects.count(), AuditEntry.objects.count())
    for path in addresses("summary", contact.email).values():
        for look in (client.get, client.head):
            assert look(path).status_code == 200

    assert (MeetingReply.objects.count(), AuditEntry.objects.count()) == before
    assert not ActionLink.objects.filter(used_at__isnull=False).exists()


def test_page_has_one_button_and_passes_its_address_to_nobody(held, contact):
    response = Client().get(summary_path(held, contact))

    assert body_of(response).count("<button") == 1
    assert "You answer as Mia Berg, Northwind Partners." in body_of(response)
    assert "Send prices" in body_of(response)
    assert {name: response[name] for name in ("Referrer-Policy", "Cache-Control", "X-Robots-Tag")} == {
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }


def test_confirming_works_once_in_the_name_of_the_person(held, contact, partner):
    path = summary_path(held, contact)
    client = Client(enforce_csrf_checks=True)  # browsers send no origin from a page without referrer
    first = client.post(path, {"text": "Thanks"})
    again = client.post(path, {"text": "Thanks"})

    assert (first.status_code, again.status_code) == (200, 404)
    assert "The summary is confirmed." in body_of(first)
    assert list(MeetingReply.objects.values_list("kind", "said_by", "contact", "user", "text")) == [
        ("agreed", "Mia Berg", contact.pk, None, "Thanks")
    ]
    entry = AuditEntry.objects.get(action="engagement.link_used")
    assert (entry.actor, entry.partner_uid, entry.data["contact"]) == (None, partner.uid, str(contact.uid))
    boss = Client()
    boss.force_login(make_member(partner=partner, role="partner_admin"), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert body_of(boss.get("/portal/log/")).count("Mia Berg · ") == 2


def test_objecting_needs_words_and_keeps_the_link_until_then(held, contact):
    path = summary_path(held, contact, "This is not what we agreed")
    client = Client()
    empty = client.post(path, {"text": " "})
    assert empty.status_code == 422
    assert 'aria-invalid="true"' in body_of(empty)
    sent = client.post(path, {"text": "Friday, not Monday."})

    assert sent.status_code == 200
    assert list(MeetingReply.objects.values_list("kind", "state", "text")) == [
        ("objection", "open", "Friday, not Monday.")
    ]


def test_action_is_ticked_from_the_mail(held, contact):
    assert Client().post(summary_path(held, contact, "Mark as done")).status_code == 200

    action = Commitment.objects.get(text="Name an engineer")
    assert (bool(action.done_at), action.done_by) == (True, "Mia Berg")


def test_another_date_is_proposed_from_the_invitation(qbr, contact):
    path = addresses("invitation", contact.email)["Propose another date"]
    client = Client()
    wish = {"day": "2026-12-03", "starts": "14:00", "time_zone": "Europe/Paris", "text": "Fair"}
    assert client.post(path, {**wish, "day": "2026-10-03"}).status_code == 422
    assert client.post(path, {**wish, "time_zone": "Mars/Base"}).status_code == 422
    assert client.post(path, wish).status_code == 200

    assert str(MeetingReply.objects.get().wall) == "2026-12-03 14:00:00"


def test_second_proposal_from_a_mail_is_told_of_the_first_and_keeps_its_link(qbr, contact, member, partner):
    propose_date(
        meeting_id=qbr.pk, local_start=wall("2026-12-04T10:00"), time_zone="UTC",
        voice=PartnerVoice("Luca Moretti", user=member),
    )  # fmt: skip
    path = addresses("invitation", contact.email)["Propose another date"]
    response = Client().post(path, {"day": "2026-12-03", "starts": "14:00", "time_zone": "Europe/Paris"})

    assert response.status_code == 409
    assert "Luca Moretti has already proposed Fri 4 Dec 2026, 10:00" in body_of(response)
    assert Client().get(path).status_code == 200


# --- when it dies ----------------------------------------------------------------


def test_dead_links_look_alike(held, contact, manager, partner):
    """Used, expired, unknown, of a person who left, of an archived partner: status and body are the same."""
    client = Client()
    confirm, objects, done = addresses("summary", contact.email).values()
    client.post(confirm)
    answers = [client.get(confirm), client.get("/act/nobody-has-this-secret/"), client.post("/act/x/")]
    with time_machine.travel("2027-01-15T08:00Z", tick=False):
        answers.append(client.get(objects))
    set_contact_left(contact_id=contact.pk, left_on=date(2026, 12, 1), actor=manager)
    answers += [client.get(done), client.post(done)]
    set_contact_left(contact_id=contact.pk, left_on=None, actor=manager)
    assert client.get(done).status_code == 200
    archive_partner(partner_id=partner.pk, actor=manager)
    answers.append(client.post(done))

    assert {(one.status_code, re.sub(r"[?&]v=\w+", "", body_of(one))) for one in answers} == {
        (404, body_of(answers[0]))
    }
    assert not Commitment.objects.get(text="Name an engineer").done_at


def test_link_dies_when_the_meeting_or_action_changed_its_state(qbr, contact, manager):
    path = addresses("invitation", contact.email)["Propose another date"]
    assert Client().get(path).status_code == 200
    with time_machine.travel(qbr.starts_at, tick=False):
        assert Client().get(path).status_code == 404
    cancel_meeting(meeting_id=qbr.pk, actor=manager, reason="The fair is that week")
    assert Client().get(path).status_code == 404


def test_done_link_dies_when_the_action_is_done(held, contact):
    path = summary_path(held, contact, "Mark as done")
    Commitment.objects.filter(text="Name an engineer").update(done_at=clock.now())
    assert Client().post(path).status_code == 404


def test_contact_moved_to_another_partner_cannot_act(held, contact, other_partner):
    path = summary_path(held, contact)
    contact.partner = other_partner
    contact.save(update_fields=["partner"])
    assert Client().post(path).status_code == 404


def test_person_of_another_partner_who_is_logged_in_gets_no_further_on_postgres(held, contact, stranger):
    """The link is a bearer's; yet behind the wall of another partner it is not even there."""
    client = Client()
    client.force_login(stranger, backend=settings.AUTHENTICATION_BACKENDS[0])
    expected = 404 if connection.vendor == "postgresql" else 200
    assert client.post(summary_path(held, contact)).status_code == expected


def test_person_of_the_same_partner_who_is_logged_in_acts_as_the_addressee(held, contact, partner):
    client = Client()
    client.force_login(make_member(partner=partner), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.post(summary_path(held, contact)).status_code == 200
    assert MeetingReply.objects.get().said_by == "Mia Berg"


# --- guessing and leaking ---------------------------------------------------------


def test_twenty_wrong_links_a_minute_then_the_address_waits(held, contact):
    path, client = summary_path(held, contact), Client()
    assert {client.get(f"/act/wrong-{number}/").status_code for number in range(20)} == {404}

    waiting = client.get(path)
    assert (waiting.status_code, waiting["Retry-After"]) == (429, "60")
    assert client.post(path).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").get(path).status_code == 200
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=False):
        assert client.get(path).status_code == 200


def test_calendar_addresses_share_the_throttle():
    client = Client()
    answers = [client.get(reverse("engagement:calendar_feed", args=[f"wrong-{n}"])).status_code for n in range(21)]
    assert answers == [404] * 20 + [429]


def test_secrets_stay_out_of_the_logs(held, contact, caplog):
    path = summary_path(held, contact)
    secret = path.strip("/").split("/")[1]
    printed = io.StringIO()
    with caplog.at_level(logging.DEBUG), redirect_stdout(printed):
        client = Client()
        client.get(path)
        client.post(path)
        client.get(path)

    line = next(one.formatter for one in logging.getLogger().handlers if isinstance(one.formatter, ProcessorFormatter))
    written = "\n".join(line.format(record) for record in caplog.records) + printed.getvalue()
    assert "GET /act/" in written
    assert secret not in written
    assert without_secrets(f"GET {path}") == "GET /act/…"


def test_sent_mail_keeps_no_secret(held, contact, settings):
    settings.MAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sweep()
    mail = Outbox.objects.get(kind="meeting_summary", to=contact.email)

    assert mail.status == "sent"
    assert "Confirm this summary: http://127.0.0.1:8000/act/…" in mail.body
    assert not ADDRESS.search(mail.body)


def test_outbox_page_hides_the_links_from_colleagues(held, contact, lead_client, admin_user):
    mail = Outbox.objects.get(kind="meeting_summary", to=contact.email)
    page = reverse("workspace:outbox_detail", args=[mail.uid])
    assert not ADDRESS.search(body_of(lead_client.get(page)))
    assert "/act/…" in body_of(lead_client.get(page))
