"""What works from a mail without a log-in: choosing, and stopping with one click (RFC 8058)."""

from __future__ import annotations

import pytest
from django.core import signing
from django.test import Client

from accounts import services
from accounts.models import AuditEntry, NotificationPreference
from accounts.queries import TOKEN_SALT, Habits, preference_token
from accounts.rules import DEFAULTS
from core import clock
from core.models import Outbox

pytestmark = pytest.mark.django_db
KIND = "meeting_moved"


@pytest.fixture
def chosen(member, partner):
    """A member who wants moved meetings by mail and due promises in a digest."""
    services.choose_channels(user=member, channels={KIND: "mail", "commitment_due": "digest"})
    return member


def stop_url(user, about=KIND):
    return f"/notifications/{preference_token(user, about)}/stop/"


def channel(user, kind=KIND):
    return Habits.of({user.pk}).channel(user, kind)


def test_address_in_the_header_is_the_one_that_stops(chosen, partner, client):
    services.notify(
        users=[chosen],
        kind=KIND,
        title="Moved",
        url="/portal/",
        reason="You take part.",
        key="k",
        partner_uid=partner.uid,
    )
    header = Outbox.objects.get().headers["List-Unsubscribe"].strip("<>")
    path = header.removeprefix("http://127.0.0.1:8000")
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert channel(chosen) == "app"


@pytest.mark.parametrize("method", ["get", "head"])
def test_fetching_the_link_changes_nothing(chosen, client, method):
    response = getattr(client, method)(stop_url(chosen))
    assert (response.status_code, channel(chosen)) == (200, "mail")


def test_one_post_without_cookies_or_token_stops_this_kind_only(chosen):
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(stop_url(chosen), {"List-Unsubscribe": "One-Click"})
    assert (response.status_code, response.cookies.get("sessionid")) == (200, None)
    assert (channel(chosen), channel(chosen, "commitment_due")) == ("app", "digest")
    assert strict.post(stop_url(chosen), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert AuditEntry.objects.filter(action="accounts.notifications_chosen", actor=chosen).count() == 2


def test_one_click_works_as_multipart_and_url_encoded(chosen):
    for content in ("application/x-www-form-urlencoded", None):
        services.choose_channels(user=chosen, channels={KIND: "mail"})
        kwargs = (
            {"data": "List-Unsubscribe=One-Click", "content_type": content}
            if content
            else {"data": {"List-Unsubscribe": "One-Click"}}
        )
        assert Client(enforce_csrf_checks=True).post(stop_url(chosen), **kwargs).status_code == 200
        assert channel(chosen) == "app"


def test_another_post_stops_nothing(chosen, client):
    assert client.post(stop_url(chosen), {"x": "y"}).status_code == 200
    assert channel(chosen) == "mail"


def test_stopping_the_digest_keeps_single_mails(chosen, client):
    client.post(stop_url(chosen, "digest"), {"List-Unsubscribe": "One-Click"})
    assert (channel(chosen), channel(chosen, "commitment_due")) == ("mail", "app")


def test_preferences_without_log_in_show_nothing_of_person_or_partner(chosen, partner, client):
    url = f"/notifications/{preference_token(chosen, KIND)}/"
    page = client.get(url)
    body = page.content.decode()
    for secret in (partner.name, chosen.name, chosen.email, partner.slug, str(partner.uid)):
        assert secret not in body
    assert page["Cache-Control"].count("no-store") == 1
    form = dict.fromkeys(DEFAULTS, "app") | {KIND: "off", "rhythm": "daily"}
    assert "Your choices are saved." in client.post(url, form).content.decode()
    assert NotificationPreference.objects.get(user=chosen, kind=KIND).channel == "off"
    assert client.post(url, form | {"rhythm": "hourly"}).status_code == 422


def test_preferences_by_link_need_the_form_token():
    """The one-click address is open to any POST; this one changes everything, so it keeps the CSRF check."""
    assert Client(enforce_csrf_checks=True).post("/notifications/x/", {}).status_code == 403


@pytest.mark.parametrize("spoil", ["tail", "salt", "kind", "uid", "shape", "empty-uid"])
def test_forged_tokens_open_nothing(chosen, client, spoil):
    good = preference_token(chosen, KIND)
    token = {
        "tail": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "salt": signing.dumps([chosen.uid.hex, KIND], salt="another"),
        "kind": signing.dumps([chosen.uid.hex, "everything"], salt=TOKEN_SALT),
        "uid": signing.dumps(["0" * 32, KIND], salt=TOKEN_SALT),
        "shape": signing.dumps({"a": 1}, salt=TOKEN_SALT),
        "empty-uid": signing.dumps(["", KIND], salt=TOKEN_SALT),
    }[spoil]
    assert client.get(f"/notifications/{token}/").status_code == 404
    assert client.post(f"/notifications/{token}/stop/", {"List-Unsubscribe": "One-Click"}).status_code == 404
    assert channel(chosen) == "mail"


def test_disabled_people_have_no_links(chosen, client):
    type(chosen).objects.filter(pk=chosen.pk).update(is_active=False)
    assert client.get(stop_url(chosen)).status_code == 404


def test_guessing_is_stopped_after_twenty_and_a_hit_is_no_exception(chosen, client, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    codes = [client.get(f"/notifications/guess{number}/").status_code for number in range(22)]
    assert codes == [404] * 20 + [429] * 2
    assert client.get(stop_url(chosen)).status_code == 429
    assert client.post(stop_url(chosen), {"List-Unsubscribe": "One-Click"}).status_code == 429
    assert channel(chosen) == "mail"
    time_machine.shift(61)
    assert client.get(stop_url(chosen)).status_code == 200


def test_guesses_are_counted_by_network(client):
    def guess(address):
        return client.get("/notifications/guess/", REMOTE_ADDR=address).status_code

    assert {guess(f"2001:db8:0:1::{number}") for number in range(1, 21)} == {404}
    assert [guess("2001:db8:0:1::ffff"), guess("2001:db8:0:2::1"), guess("192.0.2.1")] == [429, 404, 404]


def test_right_links_do_not_count_as_guesses(chosen, client):
    assert {client.get(stop_url(chosen)).status_code for _ in range(30)} == {200}


def test_somebody_else_who_is_logged_in_is_told_so(chosen, manager_client, member_client):
    assert manager_client.get(stop_url(chosen)).status_code == 403
    assert manager_client.post(stop_url(chosen), {"List-Unsubscribe": "One-Click"}).status_code == 403
    assert channel(chosen) == "mail"
    assert member_client.post(stop_url(chosen), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert channel(chosen) == "app"


def test_the_token_stays_out_of_the_logs():
    from core.logs import without_query

    event = without_query(None, "", {"request": "GET /notifications/secret-token/stop/"})
    assert event["request"] == "GET /notifications/…"
    assert without_query(None, "", {"event": "Not Found: /notifications/x/"})["event"] == "Not Found: /notifications/…"
    assert without_query(None, "", {"request": "GET /app/notifications/"})["request"] == "GET /app/notifications/"
