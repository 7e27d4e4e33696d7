"""Telling people: once, in their language, the way they chose, and never those who may not hear of it."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy

from accounts import services
from accounts.models import Mute, Notification, NotificationPreference, Role
from accounts.queries import unread_count
from accounts.tasks import send_digests
from core import outbox
from core.errors import DomainError
from core.models import Outbox
from tests.factories import make_member, make_partner, make_user

pytestmark = pytest.mark.django_db

KIND = "meeting_moved"


def tell(users, *, key="k1", kind=KIND, partner=None, **fields):
    return services.notify(
        users=users,
        kind=kind,
        title=fields.pop("title", "Moved: Review"),
        url=fields.pop("url", "/portal/" if partner else "/app/"),
        reason="You take part in this meeting.",
        key=key,
        partner_uid=partner.uid if partner else None,
        **fields,
    )


def prefer(user, channel, kind=KIND):
    services.choose_channels(user=user, channels={kind: channel})


def told(user):
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("key", flat=True))


def test_notify_tells_once_under_one_key(manager, lead):
    assert [tell([manager, lead]), tell([manager, manager]), tell([manager], key="k2")] == [2, 0, 1]
    assert (told(manager), told(lead)) == (["k1", "k2"], ["k1"])


def test_notify_same_person_twice_in_one_call_is_told_once(manager):
    assert tell([manager, manager]) == 1


def test_notify_speaks_the_receivers_language(manager, lead):
    manager.language = "de"
    manager.save(update_fields=["language"])
    tell([manager, lead], title=gettext_lazy("Yes"))
    assert list(Notification.objects.order_by("user_id").values_list("title", flat=True)) == ["Ja", "Yes"]


@pytest.mark.parametrize("url", ["https://evil.test/", "//evil.test", "javascript:alert(1)"])
def test_notify_leads_to_this_site_only(manager, url):
    with pytest.raises(ValueError, match="on this site"):
        tell([manager], url=url)
    row = Notification(user=manager, url=url, key="k", kind=KIND, created_at=datetime.now(UTC))
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_notify_leaves_out_who_may_not_hear_of_the_partner(partner, member, stranger, manager, other_partner):
    limited = make_user(role=Role.MANAGER, sees_all_partners=False)
    left = make_member(partner=partner)
    left.membership.ended_at = datetime.now(UTC)
    left.membership.save(update_fields=["ended_at"])
    disabled = make_member(partner=partner, is_active=False)

    assert tell([member, stranger, manager, limited, left, disabled], partner=partner) == 2
    assert set(Notification.objects.values_list("user_id", flat=True)) == {member.pk, manager.pk}


def test_notify_inside_a_transaction_that_fails_tells_nobody(manager):
    prefer(manager, "mail")
    with transaction.atomic():
        tell([manager])
        transaction.set_rollback(True)
    assert (told(manager), Outbox.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("channel", "rows", "mails", "owed"),
    [("app", 1, 0, 0), ("mail", 1, 1, 0), ("digest", 1, 0, 1), ("off", 0, 0, 0)],
)
def test_notify_goes_the_way_that_was_chosen(manager, channel, rows, mails, owed):
    prefer(manager, channel)
    tell([manager])
    tell([manager])
    assert (
        Notification.objects.count(),
        Outbox.objects.count(),
        Notification.objects.filter(digest_owed=True).count(),
    ) == (rows, mails, owed)


def test_choice_equal_to_the_default_is_not_kept(manager):
    prefer(manager, "digest")
    prefer(manager, "mail")
    assert NotificationPreference.objects.get().channel == "mail"
    prefer(manager, "app")
    assert NotificationPreference.objects.count() == 0
    with pytest.raises(DomainError):
        prefer(manager, "pigeon")


def test_mail_has_reason_one_main_link_and_the_headers_of_rfc_8058(manager, settings):
    settings.MAIL_CONFIGURED = True
    prefer(manager, "mail")
    tell([manager])
    outbox.sweep()

    sent = mail.outbox[0]
    stop = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stop.startswith(f"{settings.BASE_URL}/notifications/")
    assert stop.endswith("/stop/")
    assert "Why you get this: You take part in this meeting." in sent.body
    assert sent.body.count("http") == 2  # the thing itself, and the preferences
    assert stop.removesuffix("stop/") in sent.body


def test_service_mails_carry_no_such_headers(partner, member, settings, client):
    client.post("/accounts/password/reset/", {"email": member.email})
    assert [row.headers for row in Outbox.objects.all()] == [{}]


@pytest.mark.parametrize(
    ("scope", "same", "other"),
    [
        ("thread", {"thread": "meeting:1"}, {"thread": "meeting:2"}),
        ("kind", {"kind": KIND}, {"kind": "summary_sent"}),
    ],
)
def test_mute_files_as_read_and_sends_no_mail(manager, scope, same, other):
    prefer(manager, "mail")
    prefer(manager, "mail", kind="summary_sent")
    tell([manager], thread="meeting:1")
    row = Notification.objects.get()
    services.mute(user=manager, uid=row.uid, scope=scope)
    tell([manager], key="same", **same)
    tell([manager], key="other", **other)

    unread = list(Notification.objects.unread().values_list("key", flat=True))
    mails = list(Outbox.objects.order_by("pk").values_list("key", flat=True))
    assert unread == ["other"]
    assert [key.split(":")[-1] for key in mails] == ["k1", "other"]


def test_mute_of_a_partner_leaves_the_others(manager, partner, other_partner):
    tell([manager], partner=partner)
    row = Notification.objects.get()
    silence = services.mute(user=manager, uid=row.uid, scope="partner")
    tell([manager], key="k2", partner=partner)
    tell([manager], key="k3", partner=other_partner)
    assert list(Notification.objects.unread().values_list("key", flat=True)) == ["k3"]
    assert silence.label == partner.name


def test_mute_ends_by_itself_or_when_taken_back(manager, time_machine):
    time_machine.move_to("2026-11-02T08:00:00Z", tick=False)
    tell([manager])
    silence = services.mute(user=manager, uid=Notification.objects.get().uid, scope="kind")
    time_machine.shift(timedelta(days=31))
    tell([manager], key="k2")
    assert unread_count(manager) == 1
    assert services.end_mute(user=manager, uid=silence.uid) is True
    assert Mute.objects.count() == 0


def test_mute_of_a_foreign_or_mute_less_notification_is_refused(manager, lead):
    tell([lead])
    row = Notification.objects.get()
    for user, scope in ((manager, "kind"), (lead, "thread"), (lead, "partner"), (lead, "everything")):
        with pytest.raises(DomainError):
            services.mute(user=user, uid=row.uid, scope=scope)


def test_reading_and_its_undo(manager):
    tell([manager])
    tell([manager], key="k2")
    first = Notification.objects.get(key="k1")
    services.mark_read(user=manager, uid=first.uid)
    marked = services.mark_all_read(user=manager)
    assert unread_count(manager) == 0
    assert services.mark_unread(user=manager, read_at=marked) == 1
    assert list(Notification.objects.unread().values_list("key", flat=True)) == ["k2"]


def test_ended_and_moved_people_read_nothing_of_before(partner, other_partner, member):
    tell([member], partner=partner)
    assert unread_count(member) == 1
    seat = member.membership
    seat.partner = other_partner
    seat.save(update_fields=["partner"])
    member.__dict__.pop("portal_partner_id", None)
    assert unread_count(member) == 0


def test_notify_costs_the_same_for_one_and_for_many(partner):
    def cost(number):
        people = [make_member(partner=partner) for _ in range(number)]
        with CaptureQueriesContext(connection) as seen:
            tell(people, key=str(uuid.uuid4()), partner=partner)
        return len(seen)

    assert cost(1) == cost(12) <= 10


# --- digests --------------------------------------------------------------------


@pytest.fixture
def berlin(partner):
    user = make_member(partner=partner, role=Role.PARTNER_ADMIN, name="Ingrid Dahl", time_zone="Europe/Berlin")
    prefer(user, "digest")
    return user


def mails():
    return list(Outbox.objects.order_by("pk").values_list("key", flat=True))


def test_digest_goes_out_once_per_local_day(berlin, partner, time_machine):
    time_machine.move_to("2026-10-24T12:00:00Z", tick=False)
    tell([berlin], partner=partner)
    send_digests()
    assert mails() == []
    time_machine.move_to("2026-10-25T06:29:00Z", tick=False)  # 07:29, the clocks went back that night
    send_digests()
    assert mails() == []
    time_machine.move_to("2026-10-25T06:30:00Z", tick=False)
    send_digests()
    send_digests()
    tell([berlin], key="k2", partner=partner)  # after the hour: tomorrow's
    time_machine.move_to("2026-10-25T22:59:00Z", tick=False)
    send_digests()
    assert mails() == [f"notifications:digest:{berlin.pk}:2026-10-25"]
    time_machine.move_to("2026-10-26T06:30:00Z", tick=False)
    send_digests()
    assert mails()[1:] == [f"notifications:digest:{berlin.pk}:2026-10-26"]
    assert Outbox.objects.first().partner_uid == partner.uid


@pytest.mark.parametrize(
    ("zone", "written", "early", "due", "day"),
    [
        ("Pacific/Kiritimati", "2026-11-24T12:00", "2026-11-24T17:29", "2026-11-24T17:30", "2026-11-25"),
        ("Etc/GMT+12", "2026-11-24T12:00", "2026-11-24T19:29", "2026-11-24T19:30", "2026-11-24"),
        ("Europe/Berlin", "2026-03-28T12:00", "2026-03-29T05:29", "2026-03-29T05:30", "2026-03-29"),
    ],
)
def test_digest_keeps_to_the_readers_clock(manager, time_machine, zone, written, early, due, day):
    manager.time_zone = zone
    manager.save(update_fields=["time_zone"])
    prefer(manager, "digest")
    time_machine.move_to(f"{written}:00Z", tick=False)
    tell([manager])
    time_machine.move_to(f"{early}:00Z", tick=False)
    assert services.send_digests() == 0
    time_machine.move_to(f"{due}:00Z", tick=False)
    assert services.send_digests() == 1
    assert mails() == [f"notifications:digest:{manager.pk}:{day}"]


def test_digest_is_not_repeated_when_the_clock_or_the_zone_jumps_back(manager, time_machine):
    prefer(manager, "digest")
    time_machine.move_to("2026-11-24T12:00:00Z", tick=False)
    tell([manager])
    time_machine.move_to("2026-11-25T08:00:00Z", tick=False)
    assert services.send_digests() == 1
    tell([manager], key="k2")
    type(manager).objects.filter(pk=manager.pk).update(time_zone="Etc/GMT+12")
    time_machine.move_to("2026-11-25T20:00:00Z", tick=False)  # 08:00 of the same local day, again
    assert services.send_digests() == 0
    assert Notification.objects.filter(digest_owed=True).count() == 1  # waits for the next day
    time_machine.move_to("2026-11-26T20:00:00Z", tick=False)
    assert services.send_digests() == 1


def test_digest_weekly_waits_for_monday(manager, time_machine):
    services.choose_channels(user=manager, channels={KIND: "digest"}, rhythm="weekly")
    time_machine.move_to("2026-11-24T12:00:00Z", tick=False)  # Tuesday
    tell([manager])
    time_machine.move_to("2026-11-29T12:00:00Z", tick=False)
    assert services.send_digests() == 0
    time_machine.move_to("2026-11-30T07:30:00Z", tick=False)
    assert services.send_digests() == 1


def test_digest_says_nothing_when_there_is_nothing_left_to_say(manager, lead, partner, member, time_machine):
    people = [manager, lead, member, make_user(role=Role.LEAD)]
    for one in people:
        prefer(one, "digest")
    time_machine.move_to("2026-11-24T12:00:00Z", tick=False)
    tell(people, partner=partner)
    services.mark_all_read(user=manager)
    prefer(lead, "off")
    member.membership.ended_at = datetime.now(UTC)
    member.membership.save(update_fields=["ended_at"])
    type(lead).objects.filter(pk=people[3].pk).update(is_active=False)
    time_machine.move_to("2026-11-25T12:00:00Z", tick=False)

    assert services.send_digests() == 0
    assert (mails(), Notification.objects.filter(digest_owed=True).count()) == ([], 0)


def test_digest_groups_by_partner_and_names_the_reasons(manager, partner, other_partner, time_machine):
    prefer(manager, "digest")
    time_machine.move_to("2026-11-24T12:00:00Z", tick=False)
    tell([manager], partner=partner)
    tell([manager], key="k2", partner=other_partner, title="Moved: Other")
    time_machine.move_to("2026-11-25T12:00:00Z", tick=False)
    services.send_digests()

    row = Outbox.objects.get()
    assert row.subject == "2 new notifications"
    assert row.body.index("Helix Resellers") < row.body.index("Moved: Other") < row.body.index("Northwind Partners")
    assert row.body.count("http") == 2
    assert row.partner_uid is None
    assert row.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_digest_two_workers_at_once_send_once(time_machine):
    manager = make_user()
    prefer(manager, "digest")
    time_machine.move_to("2026-11-24T12:00:00Z", tick=False)
    for number in range(5):
        tell([manager], key=f"k{number}")
    time_machine.move_to("2026-11-25T12:00:00Z", tick=False)
    gate, sent = threading.Barrier(4), []

    def work():
        gate.wait()
        try:
            sent.append(services.send_digests())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sum(sent), len(sent), Outbox.objects.count()) == (1, 4, 1)
    assert Outbox.objects.get().subject == "5 new notifications"


def test_digest_sweep_costs_one_query_when_nothing_is_due(manager, time_machine):
    prefer(manager, "digest")
    time_machine.move_to("2026-11-25T12:00:00Z", tick=False)
    tell([manager])
    with CaptureQueriesContext(connection) as seen:
        services.send_digests()
    assert len(seen) == 1


def test_archived_partner_has_nobody_to_tell(partner, member):
    partner.archived_at = datetime.now(UTC)
    partner.save(update_fields=["archived_at"])
    assert tell([member], partner=partner) == 0


def test_who_is_reachable_is_who_may_see(partner, other_partner, manager, viewer, member, stranger):
    """The batch says the same as `visible_to`, person by person."""
    from partners.models import Partner
    from partners.queries import PartnersReach

    limited = make_user(role=Role.MANAGER, sees_all_partners=False)
    mine = make_partner(owner=limited)
    people = [manager, viewer, member, stranger, limited]
    firms = [partner, other_partner, mine]
    for one in people:
        one.__dict__.pop("portal_partner_id", None)
    expected = {
        (one.pk, firm.uid)
        for one in people
        for firm in firms
        if Partner.objects.visible_to(one).filter(pk=firm.pk).exists()
    }
    assert PartnersReach().reachable([(one, firm.uid) for one in people for firm in firms]) == expected


@pytest.mark.parametrize(("made_up", "sent"), [([True], False), ([True, False], True), ([False], True)])
def test_digest_about_demo_partners_alone_is_not_sent(manager, time_machine, made_up, sent):
    time_machine.move_to(datetime(2026, 11, 16, 5, 0, tzinfo=UTC), tick=False)
    prefer(manager, "digest")
    for number, is_demo in enumerate(made_up):
        tell([manager], key=f"k{number}", partner=make_partner(owner=manager, is_demo=is_demo), url="/app/")

    time_machine.move_to(datetime(2026, 11, 17, 12, 0, tzinfo=UTC), tick=False)
    assert services.send_digests() == 1

    assert Outbox.objects.get(kind="notification_digest").is_demo is not sent


def test_mail_about_a_demo_partner_is_not_sent(manager):
    prefer(manager, "mail")
    tell([manager], partner=make_partner(owner=manager, is_demo=True), url="/app/")
    assert Outbox.objects.get(kind="notification").is_demo is True
