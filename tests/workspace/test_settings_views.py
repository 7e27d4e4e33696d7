"""Settings and the outbox: what is listed, searched and shown, and who may try again."""

from __future__ import annotations

import pytest

from accounts.models import AuditCheck, AuditEntry
from core import clock
from core.models import Outbox
from tests.factories import make_partner

URL = "/app/settings/outbox/"


def make_mail(**fields):
    number = Outbox.objects.count()
    return Outbox.objects.create(
        **{
            "key": f"k{number}",
            "kind": "test",
            "to": f"person{number}@partner.test",
            "subject": f"Subject {number}",
            "body": "Hello",
            "due_at": clock.now(),
            **fields,
        }
    )


def test_settings_lead_to_everything(manager_client):
    page = manager_client.get("/app/settings/").content.decode()
    for address in ("/app/settings/profile/", "/app/settings/outbox/", "/app/settings/tokens/", "/app/health/models/"):
        assert f'href="{address}"' in page
    assert "/admin/" not in page
    assert "manage.py demo load" in page


def test_settings_tell_how_to_remove_demo_rows_and_of_failed_mails(lead_client):
    make_partner(is_demo=True)
    make_mail(status="failed")
    page = lead_client.get("/app/settings/").content.decode()
    assert "manage.py demo clear" in page
    assert "1 failed" in page


def test_outbox_lists_newest_first_with_counts_by_state(manager_client):
    make_mail()
    make_mail(status="kept", sent_at=clock.now())
    page = manager_client.get(URL).content.decode()
    assert page.index("Subject 1") < page.index("Subject 0")
    assert 'Kept, no mail server <span class="n">1</span>' in page
    assert "No mail server is set" in page


def test_outbox_can_be_filtered_and_searched(manager_client):
    make_mail()
    make_mail(status="failed", error="SMTPException: no", to="ana@north.test")
    assert "Subject 0" not in manager_client.get(URL, {"status": "failed"}).content.decode()
    assert "Subject 1" in manager_client.get(URL, {"q": "NORTH"}).content.decode()
    page = manager_client.get(URL, {"q": "nobody"}, headers={"HX-Request": "true"}).content.decode()
    assert page.startswith('<div id="rows">')
    assert "No mail matches" in page


def test_an_empty_outbox_says_what_will_stand_there(manager_client):
    assert "No mail yet" in manager_client.get(URL).content.decode()


def test_a_mail_is_shown_with_its_text_escaped(manager_client, partner):
    mail = make_mail(body="<script>alert(1)</script>\n\nSecond", subject="A <b>", partner_uid=partner.uid)
    page = manager_client.get(f"{URL}{mail.uid}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "A &lt;b&gt;" in page
    assert partner.name in page
    assert "/retry/" not in page


@pytest.mark.parametrize("status", ["failed", "kept"])
def test_leads_try_a_mail_again_and_it_is_recorded(lead_client, lead, status):
    mail = make_mail(status=status, attempts=5, error="no")
    assert f"{URL}{mail.uid}/retry/" in lead_client.get(f"{URL}{mail.uid}/").content.decode()

    lead_client.post(f"{URL}{mail.uid}/retry/")

    mail.refresh_from_db()
    assert (mail.status, mail.attempts, mail.error) == ("due", 0, "")
    assert AuditEntry.objects.get(action="core.outbox_retried").actor == lead


@pytest.mark.parametrize("fields", [{"status": "sent"}, {"status": "cancelled"}, {"status": "failed", "is_demo": True}])
def test_sent_and_demo_mails_are_not_tried_again(lead_client, fields):
    mail = make_mail(**fields)
    lead_client.post(f"{URL}{mail.uid}/retry/")
    mail.refresh_from_db()
    assert mail.status == fields["status"]


def test_managers_may_look_but_not_retry(manager_client):
    mail = make_mail(status="failed")
    assert manager_client.post(f"{URL}{mail.uid}/retry/").status_code == 403
    mail.refresh_from_db()
    assert mail.status == "failed"


def test_partner_users_see_no_outbox(member_client):
    mail = make_mail()
    assert member_client.get(URL).status_code == 404
    assert member_client.get(f"{URL}{mail.uid}/").status_code == 404


def test_broken_audit_trail_is_red_in_the_settings(lead_client):
    AuditCheck.objects.create(at=clock.now(), rows=4, head_id=4, broken_id=5, fault="changed", milliseconds=1)
    page = lead_client.get("/app/settings/").content.decode()
    assert ("tag-bad" in page, "broken at entry 5" in page, "Changed after it was sealed" in page) == (True, True, True)

    AuditCheck.objects.create(at=clock.now(), rows=9, head_id=9, milliseconds=1)
    page = lead_client.get("/app/settings/").content.decode()
    assert ("9 entries intact" in page, "broken at entry" in page) == (True, False)
