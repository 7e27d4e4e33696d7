from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail

from core import clock, outbox
from core.models import Outbox
from core.tasks import heartbeat, sweep_outbox

pytestmark = pytest.mark.django_db


def put(key="k1", **fields):
    return outbox.put_mail(
        key=key, to="ana@vendor.test", subject="Review\non Friday", body="Hello", kind="reminder", **fields
    )


@pytest.fixture
def mail_server(settings):
    settings.MAIL_CONFIGURED = True


def test_put_mail_same_key_is_owed_once():
    assert (put(), put()) == (True, False)
    assert Outbox.objects.get().subject == "Review on Friday"


def test_sweep_sends_once(mail_server):
    put(attachments=[{"name": "review.ics", "type": "text/calendar; method=REQUEST", "text": "BEGIN:VCALENDAR"}])

    assert (outbox.sweep(), outbox.sweep()) == (1, 0)
    assert len(mail.outbox) == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == f"<{Outbox.objects.get().uid}@prm>"
    assert "BEGIN:VCALENDAR" in mail.outbox[0].message().as_string()


def test_link_that_opens_an_account_is_not_kept_once_it_was_sent(mail_server):
    put("k1")
    outbox.put_mail(key="k2", to="new@partner.test", subject="Welcome", body="Open /join/s/", kind=outbox.ACCOUNT_MAIL)

    outbox.sweep()

    assert [message.body for message in mail.outbox] == ["Hello", "Open /join/s/"]
    assert list(Outbox.objects.order_by("key").values_list("body", flat=True)) == ["Hello", "Open /join/…"]


def test_sweep_sends_the_headers_of_the_row_but_never_another_message_id(mail_server):
    put(headers={"List-Unsubscribe": "<https://prm.test/x>", "Message-ID": "<forged@prm>"})
    outbox.sweep()

    message = mail.outbox[0].message()
    assert message["List-Unsubscribe"] == "<https://prm.test/x>"
    assert message["Message-ID"] == f"<{Outbox.objects.get().uid}@prm>"


def test_sweep_without_mail_server_keeps_the_mail():
    put()
    sweep_outbox()

    assert Outbox.objects.get().status == Outbox.Status.KEPT
    assert mail.outbox == []


def test_sweep_never_sends_demo_mail(mail_server):
    put(is_demo=True)
    outbox.sweep()

    assert (Outbox.objects.get().status, mail.outbox) == (Outbox.Status.KEPT, [])


def test_sweep_leaves_future_and_claimed_rows(mail_server):
    put("later", due_at=clock.now() + timedelta(hours=1))
    put("claimed")
    assert len(outbox.claim(10)) == 1

    assert outbox.sweep() == 0


def test_claim_of_a_dead_sender_is_free_after_the_lease(mail_server, time_machine):
    put()
    outbox.claim(10)
    time_machine.move_to(clock.now() + timedelta(seconds=61))

    assert outbox.sweep() == 1


def test_sweep_postpones_and_gives_up_after_five(mail_server, monkeypatch, time_machine):
    def refuse(self, fail_silently=False):
        raise SMTPServerDisconnected("no answer")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    put()
    put("other", due_at=clock.now() + timedelta(days=2))
    for _ in range(5):
        outbox.sweep()
        time_machine.move_to(clock.now() + timedelta(hours=1))

    row = Outbox.objects.get(key="k1")
    assert (row.status, row.attempts) == (Outbox.Status.FAILED, 5)
    outbox.retry(row)
    assert Outbox.objects.get(key="k1").status == Outbox.Status.DUE


def test_heartbeat_is_one_row():
    from core.health import background_is_late
    from core.models import Heartbeat

    heartbeat()
    heartbeat()
    assert Heartbeat.objects.count() == 1
    assert background_is_late() is False
    Heartbeat.objects.update(beat_at=clock.now() - timedelta(minutes=4))
    assert background_is_late() is True
