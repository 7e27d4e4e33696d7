"""The schedule removes what is over, exactly at its edge, once a day, and says so."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from accounts.models import ApiToken, AttemptSlot, AuditEntry, Mute, Notification, UserSession
from core import clock
from core.models import Outbox, SubmissionKey
from core.outbox import put_mail
from engagement.models import ActionLink, Reminder, ReminderDelivery
from partners.models import IdentityProvider, SpentAssertion
from privacy import services
from privacy.models import RetentionRun
from privacy.schedule import SCHEDULE
from privacy.tasks import keep_schedule
from tests.factories import make_contact, make_meeting
from workspace.models import QueueMark

pytestmark = pytest.mark.django_db
RULES = {rule.key: rule for rule in SCHEDULE}


def aged(rows, *, days, field="created_at"):
    rows.update(**{field: clock.now() - timedelta(days=days, seconds=1)})


@pytest.fixture
def old_mail():
    put_mail(key="k", to="a@b.test", subject="S", body="text", kind="x", attachments=[{"name": "a", "text": "b"}])
    Outbox.objects.update(status="sent")
    return Outbox.objects.get()


def test_dry_run_counts_and_removes_nothing(capsys, old_mail):
    aged(Outbox.objects, days=90)
    call_command("retention", "--dry-run")

    out = capsys.readouterr().out
    assert "       1 mail_texts (emptied after 90 days)" in out
    assert "Nothing was removed" in out
    assert Outbox.objects.get().body == "text"
    assert RetentionRun.objects.get().dry_run is True


def test_text_of_a_mail_goes_after_90_days_and_the_row_after_400(old_mail):
    aged(Outbox.objects, days=89)
    services.run_schedule(dry_run=False)
    assert Outbox.objects.get().body == "text"

    aged(Outbox.objects, days=90)
    run = services.run_schedule(dry_run=False)
    mail = Outbox.objects.get()
    assert (mail.body, mail.attachments, mail.subject, run.counts["mail_texts"]) == ("", [], "S", 1)
    assert services.run_schedule(dry_run=False).counts["mail_texts"] == 0

    aged(Outbox.objects, days=400)
    services.run_schedule(dry_run=False)
    assert Outbox.objects.count() == 0


def test_mail_that_is_still_owed_stays(old_mail):
    Outbox.objects.update(status="due")
    aged(Outbox.objects, days=500)

    services.run_schedule(dry_run=False)

    assert Outbox.objects.get().body == "text"


def test_token_goes_a_month_after_its_end_and_one_without_end_stays(manager):
    over = ApiToken.objects.create(user=manager, name="over", expiry=timedelta(days=1))[0]
    ApiToken.objects.create(user=manager, name="forever", expiry=None)
    ApiToken.objects.filter(pk=over.pk).update(expiry=clock.now() - timedelta(days=31))

    services.run_schedule(dry_run=False)

    assert list(ApiToken.objects.values_list("name", flat=True)) == ["forever"]


def test_ended_session_goes(client, manager, time_machine):
    client.force_login(manager, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert services.run_schedule(dry_run=False).counts["sessions"] == 0

    time_machine.move_to(clock.now() + timedelta(hours=13))
    assert services.run_schedule(dry_run=False).counts["sessions"] == 1


def test_many_rows_go_in_batches(monkeypatch):
    monkeypatch.setattr("privacy.services.retention.BATCH", 7)
    SubmissionKey.objects.bulk_create(SubmissionKey(key=str(uuid.uuid4())) for _ in range(30))
    aged(SubmissionKey.objects, days=30)

    assert services.run_schedule(dry_run=False).counts["submission_keys"] == 30
    assert SubmissionKey.objects.count() == 0


def test_nightly_run_happens_once_a_day_and_is_kept(time_machine):
    keep_schedule()
    keep_schedule()
    assert RetentionRun.objects.count() == 1

    time_machine.move_to(clock.now() + timedelta(days=1))
    keep_schedule()
    assert RetentionRun.objects.count() == 2
    assert AuditEntry.objects.filter(action="privacy.retention_run").count() == 2


def test_administrator_sees_what_is_due_and_what_the_last_run_did(admin_user, old_mail):
    services.run_schedule(dry_run=False)
    aged(Outbox.objects, days=90)
    client = Client()
    client.force_login(admin_user, backend=settings.AUTHENTICATION_BACKENDS[0])

    answer = client.get("/app/settings/privacy/")

    rows = {rule.key: (due, removed) for rule, due, removed in answer.context["rules"]}
    assert rows["mail_texts"] == (1, 0)
    assert set(rows) == set(RULES)


# --- each rule at its edge --------------------------------------------------------


@pytest.fixture
def one_of_each(manager, partner):
    """A row for each rule that tells somebody, opens something or silences; key of the rule -> (its rows, its time)."""
    now = clock.now()
    person = make_contact(partner=partner)
    meeting = make_meeting(partner=partner)
    ActionLink.objects.create(
        partner=partner, contact=person, meeting=meeting, kind="confirm", digest="d", created_at=now, expires_at=now
    )
    for key, read_at in (("read", now), ("unread", None)):
        Notification.objects.create(
            user=manager, kind="meeting_moved", title="t", reason="r", url="/", key=key, created_at=now, read_at=read_at
        )
    Mute.objects.create(user=manager, scope="kind", value="meeting_moved", until=now, created_at=now)
    UserSession.objects.create(user=manager, session_key="k", started_at=now, seen_at=now)
    AttemptSlot.objects.create(key="k", number=0, taken_at=now)
    provider = IdentityProvider.objects.create(partner=partner, kind="saml", name="Own", issuer="https://idp.test/")
    SpentAssertion.objects.create(provider=provider, digest="d", expires_at=now)
    reminder = Reminder.objects.create(
        meeting=meeting, kind="k", offset=1, meeting_on=now, due_on=now, due_at=now, status="queued"
    )
    ReminderDelivery.objects.create(reminder=reminder, key="k", user=manager, send_after=now)
    QueueMark.objects.create(user=manager, key="k", snoozed_until=now.date())
    return {
        "action_links": ActionLink.objects.all(),
        "notifications_read": Notification.objects.filter(key="read"),
        "notifications_unread": Notification.objects.filter(key="unread"),
        "mutes": Mute.objects.all(),
        "listed_sessions": UserSession.objects.all(),
        "attempts": AttemptSlot.objects.all(),
        "spent_assertions": SpentAssertion.objects.all(),
        "reminders": Reminder.objects.all(),
        "queue_snoozes": QueueMark.objects.all(),
    }


def test_each_rule_removes_its_rows_after_its_days_and_not_before(one_of_each):
    for key, rows in one_of_each.items():
        rule = RULES[key]
        aged(rows, days=rule.days - 1, field=rule.after)
        assert (services.run_schedule(dry_run=False).counts[key], rows.count()) == (0, 1), key
        aged(rows, days=rule.days + 1, field=rule.after)
        assert (services.run_schedule(dry_run=False).counts[key], rows.count()) == (1, 0), key
    assert ReminderDelivery.objects.count() == 0


def test_what_still_works_has_no_age(one_of_each, manager):
    """A mute without an end, a reminder that waits: however old."""
    Mute.objects.update(until=None)
    Reminder.objects.update(status="planned", due_at=clock.now() - timedelta(days=900))
    services.run_schedule(dry_run=False)
    assert (Mute.objects.count(), Reminder.objects.count()) == (1, 1)
