"""The inbox and its settings, at /app/ and at /portal/."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.models import Mute, Notification, NotificationPreference
from accounts.rules import DEFAULTS, kinds_for
from core import clock
from core.errors import DomainError
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SIDES = ["manager", "member"]


@pytest.fixture
def side(request, manager, member, manager_client, member_client):
    """A person, their client, and where their inbox is."""
    return {
        "manager": (manager, manager_client, "/app/"),
        "member": (member, member_client, "/portal/"),
    }[request.param]


def tell(user, partner, number=1, **fields):
    for one in range(number):
        services.notify(
            users=[user],
            kind=fields.get("kind", "meeting_moved"),
            title=f"Moved: Review {one}",
            url=fields.get("url", "/app/meetings/" if user.is_vendor else "/portal/settings/"),
            reason="You take part in this meeting.",
            key=f"{fields.get('key', 'k')}{one}",
            partner_uid=partner.uid,
            thread="meeting:1",
        )


def unread(user):
    return Notification.objects.filter(user=user).unread().count()


@pytest.mark.parametrize("side", SIDES, indirect=True)
def test_inbox_shows_reason_unread_word_and_day(side, partner):
    user, client, root = side
    tell(user, partner)
    page = client.get(f"{root}inbox/").content.decode()
    assert "Moved: Review 0" in page
    assert "You take part in this meeting." in page
    assert "Unread:" in page
    assert "Notifications, 1 unread" in page
    assert ("note-partner" in page) is user.is_vendor


@pytest.mark.parametrize("side", SIDES, indirect=True)
def test_inbox_empty_says_what_will_come(side):
    _user, client, root = side
    assert "Nothing yet" in client.get(f"{root}inbox/").content.decode()
    assert "Nothing unread" in client.get(f"{root}inbox/?show=unread").content.decode()


@pytest.mark.parametrize("side", SIDES, indirect=True)
def test_get_changes_nothing_post_opens(side, partner):
    user, client, root = side
    tell(user, partner)
    row = Notification.objects.get()
    client.get(f"{root}inbox/")
    assert client.get(f"{root}inbox/{row.uid}/open/").status_code == 405
    assert unread(user) == 1
    response = client.post(f"{root}inbox/{row.uid}/open/")
    assert (response.status_code, response["Location"], unread(user)) == (302, row.url, 0)


@pytest.mark.parametrize("side", SIDES, indirect=True)
def test_mark_all_and_undo(side, partner):
    user, client, root = side
    tell(user, partner, 3)
    back = client.post(f"{root}inbox/read/")["Location"]
    assert unread(user) == 0
    page = client.get(back).content.decode()
    instant = re.search(r'name="read" value="([^"]+)"', page).group(1)
    client.post(f"{root}inbox/unread/", {"read": instant})
    assert unread(user) == 3


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-01", "9" * 60, "\x00"])
def test_undo_of_nonsense_changes_nothing(manager, manager_client, partner, text):
    tell(manager, partner)
    services.mark_all_read(user=manager)
    assert manager_client.post("/app/inbox/unread/", {"read": text}).status_code == 302
    assert manager_client.get("/app/inbox/", {"read": text, "muted": text, "page": text}).status_code == 200
    assert unread(manager) == 0


@pytest.mark.parametrize("side", SIDES, indirect=True)
@pytest.mark.parametrize("scope", ["thread", "kind"])
def test_mute_and_undo(side, partner, scope):
    user, client, root = side
    tell(user, partner)
    row = Notification.objects.get()
    back = client.post(f"{root}inbox/{row.uid}/mute/", {"scope": scope})["Location"]
    assert (unread(user), Mute.objects.get().scope) == (0, scope)
    page = client.get(back).content.decode()
    end = re.search(rf'action="({root}inbox/mutes/[^"]+)"', page).group(1)
    assert Mute.objects.get().label in client.get(f"{root}notifications/").content.decode()
    assert client.post(end).status_code == 302
    assert (unread(user), Mute.objects.count()) == (1, 0)


def test_foreign_notifications_are_as_missing_as_none(member_client, stranger, other_partner, manager, partner):
    tell(stranger, other_partner, key="theirs")
    tell(manager, partner, key="colleague")
    assert member_client.get("/portal/inbox/").content.decode().count("Moved:") == 0
    for row in Notification.objects.all():
        missing = member_client.post(f"/portal/inbox/{'0' * 8}-0000-4000-8000-{'0' * 12}/open/")
        foreign = member_client.post(f"/portal/inbox/{row.uid}/open/")
        assert foreign.status_code == missing.status_code == 404
        assert strip(foreign) == strip(missing)
    for row in Notification.objects.all():
        assert member_client.post(f"/portal/inbox/{row.uid}/mute/", {"scope": "kind"})["Location"] == "/portal/inbox/"
    assert Notification.objects.unread().count() == 2
    assert Mute.objects.count() == 0


def strip(response):
    return re.sub(rb'csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"', b"", response.content)


def test_foreign_mute_is_not_ended(manager, member_client, partner):
    tell(manager, partner)
    silence = services.mute(user=manager, uid=Notification.objects.get().uid, scope="kind")
    member_client.post(f"/portal/inbox/mutes/{silence.uid}/end/")
    assert Mute.objects.count() == 1


def test_ended_access_reads_nothing(member, member_client, partner):
    tell(member, partner)
    row = Notification.objects.get()
    member.membership.ended_at = clock.now()
    member.membership.save(update_fields=["ended_at"])
    assert member_client.get("/portal/inbox/").status_code == 403
    assert member_client.post(f"/portal/inbox/{row.uid}/open/").status_code == 403
    assert unread(member) == 1


def test_manager_who_lost_a_partner_reads_nothing_of_it(partner, other_partner):
    limited = make_user(sees_all_partners=False)
    partner.owner = limited
    partner.save(update_fields=["owner"])
    tell(limited, partner)
    client = Client()
    client.force_login(limited, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Moved: Review" in client.get("/app/inbox/").content.decode()
    partner.owner = None
    partner.save(update_fields=["owner"])
    page = client.get("/app/inbox/").content.decode()
    assert "Moved: Review" not in page
    assert partner.name not in page
    assert "unread" not in page.split("</header>")[0]


@pytest.mark.parametrize("side", SIDES, indirect=True)
def test_inbox_costs_the_same_for_one_and_for_many(side, partner):
    user, client, root = side

    def cost():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"{root}inbox/").status_code == 200
        wall = ("SAVEPOINT", "RELEASE", "SELECT set_config")  # the transaction of a portal request
        return sum(not query["sql"].startswith(wall) for query in seen.captured_queries)

    tell(user, partner)
    client.get(f"{root}inbox/")  # what is kept in the cache for a while is there
    few = cost()
    tell(user, partner, 40, key="more")
    assert cost() == few <= (20 if user.is_vendor else 12)


def test_bell_costs_one_query_on_full_pages_and_none_on_fragments(manager, manager_client, partner):
    def counting(**headers):
        with CaptureQueriesContext(connection) as seen:
            manager_client.get("/app/settings/", headers=headers)
        return sum("accounts_notification" in query["sql"] for query in seen.captured_queries)

    assert counting() == 1
    with CaptureQueriesContext(connection) as seen:
        manager_client.get(f"/app/partners/{partner.slug}/timeline/", headers={"HX-Request": "true"})
    assert not any("accounts_notification" in query["sql"] for query in seen.captured_queries)


def test_inbox_groups_days_on_the_readers_clock(manager, manager_client, partner, time_machine):
    manager.time_zone = "Pacific/Kiritimati"
    manager.save(update_fields=["time_zone"])
    for hour in (9, 11):  # before and after midnight there
        time_machine.move_to(datetime(2026, 11, 24, hour, tzinfo=UTC), tick=False)
        tell(manager, partner, key=f"h{hour}")
    time_machine.move_to(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False)
    services.mark_all_read(user=manager)
    client = Client()
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/app/inbox/").content.decode()
    assert re.findall(r'day-head note-day">([^<]+)<', page) == [
        "Wednesday, 25 November 2026",
        "Tuesday, 24 November 2026",
    ]


@pytest.mark.parametrize("side", SIDES, indirect=True)
def test_preferences_are_chosen_and_shown_with_their_defaults(side):
    user, client, root = side
    url = f"{root}notifications/"
    page = client.get(url).content.decode()
    assert "Default: In the app" in page
    assert "Default: Digest" in page
    form = dict.fromkeys(DEFAULTS, "app") | {"summary_sent": "off", "rhythm": "weekly"}
    assert client.post(url, form).status_code == 302
    user.refresh_from_db()
    assert user.digest_rhythm == "weekly"
    assert NotificationPreference.objects.get(user=user, kind="summary_sent").channel == "off"
    assert client.post(url, form | {"summary_sent": "pigeon"}).status_code == 422


@pytest.mark.parametrize("side", SIDES, indirect=True)
def test_each_side_chooses_only_what_it_can_get(side):
    user, client, root = side
    page = client.get(f"{root}notifications/").content.decode()
    assert ("A partner proposed another date" in page) is user.is_vendor
    assert "Invited to a meeting" in page
    for one in set(DEFAULTS) - set(kinds_for(user.role)):
        with pytest.raises(DomainError):
            services.choose_channels(user=user, channels={one: "mail"})


def test_old_notifications_stay_on_later_pages(manager, manager_client, partner, time_machine):
    tell(manager, partner, 51)
    time_machine.move_to(clock.now() + timedelta(minutes=1))
    assert manager_client.get("/app/inbox/?page=2").content.decode().count("Moved: Review") == 2  # button and its menu
