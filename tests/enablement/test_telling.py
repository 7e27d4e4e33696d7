"""Who is told of news and of files, which way, once; and that what is taken back is told no longer."""

import pytest

from accounts.models import Notification, Role
from core.models import Outbox
from enablement.services import check_file, tell_news, tell_recent_news, withdraw_file, withdraw_notice
from enablement.tasks import tell_recent_news as task
from partners.models import Membership, SharingRule
from tests.enablement.conftest import make_file, make_notice, stop_sharing
from tests.enablement.specimens import PDF
from tests.factories import make_member, make_partner

pytestmark = pytest.mark.django_db


def told():
    return set(Notification.objects.values_list("user_id", flat=True))


def mailed():
    return set(Outbox.objects.values_list("to", flat=True))


def publish(**fields):
    notice = make_notice(**fields)
    tell_news(notice_uid=notice.uid)
    return notice


# --- news -----------------------------------------------------------------------


def test_published_news_reaches_the_partners_it_is_for(manager, partner, member, portal_viewer, stranger):
    left = make_member(partner=partner)
    Membership.objects.filter(user=left).update(ended_at="2026-01-01T00:00Z")
    notice = publish(actor=manager, audience="named", partner_ids=[partner.pk])
    assert told() == {member.pk, portal_viewer.pk}
    row = Notification.objects.get(user=member)
    assert (row.kind, row.title, row.reason, row.url, row.partner_uid, row.digest_owed) == (
        "news_published", "News: New price list", "It is for your company.", f"/portal/news/{notice.uid}/",
        partner.uid, True,
    )  # fmt: skip
    assert mailed() == set()


def test_news_for_everybody_is_told_once_to_each_firms_people(manager, member, stranger, django_assert_max_num_queries):
    notice = publish(actor=manager)
    tell_news(notice_uid=notice.uid)
    tell_recent_news()
    assert Notification.objects.count() == 2
    assert told() == {member.pk, stranger.pk}
    for _ in range(30):
        make_member(partner=make_partner())
    with django_assert_max_num_queries(12):
        assert tell_news(notice_uid=notice.uid) == 30


def test_news_to_acknowledge_is_mailed_to_who_may_do_it(manager, portal_admin, portal_viewer):
    publish(actor=manager, needs_acknowledgement=True)
    row = Notification.objects.get(user=portal_admin)
    assert (row.kind, row.title, row.reason) == (
        "news_to_acknowledge", "Please acknowledge: New price list", "Your company is asked to acknowledge it.",
    )  # fmt: skip
    assert mailed() == {portal_admin.email}
    assert Notification.objects.get(user=portal_viewer).digest_owed is True


def test_publishing_tells_by_itself_and_the_periodic_run_what_was_missed(
    manager, member, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        make_notice(actor=manager)
    assert Notification.objects.filter(user=member).count() == 1
    make_notice(actor=manager, title="Lost on the way")
    task()
    assert Notification.objects.filter(user=member).count() == 2


def test_news_that_is_not_shared_is_not_told(manager, member):
    stop_sharing(SharingRule.Topic.NEWS)
    publish(actor=manager)
    assert told() == set()


def test_withdrawn_news_leaves_inboxes_and_digests(manager, member):
    notice = publish(actor=manager)
    withdraw_notice(notice_uid=notice.uid, actor=manager)
    assert tell_news(notice_uid=notice.uid) == 0
    assert told() == set()


# --- files ----------------------------------------------------------------------


def test_file_is_told_to_the_partners_people_once_it_may_be_read(manager, partner, member, portal_viewer, stranger):
    file = make_file(partner=partner, actor=manager, data=PDF, checked=False)
    assert told() == set()

    check_file(file_uid=file.uid)
    check_file(file_uid=file.uid)
    assert told() == {member.pk, portal_viewer.pk}
    row = Notification.objects.get(user=member)
    assert (row.kind, row.title, row.url, row.digest_owed) == (
        "file_shared", "New file: Pack.pdf", "/portal/files/", True,
    )  # fmt: skip


def test_file_of_the_partner_is_told_to_who_looks_after_it(manager, partner, member, manager_client):
    make_file(partner=partner, actor=member, side="theirs", data=PDF)
    row = Notification.objects.get()
    assert (row.user, row.reason) == (manager, "You look after Northwind Partners.")
    assert "Pack.pdf" in manager_client.get(row.url).content.decode()


def test_refused_withdrawn_and_unshared_files_are_not_told(manager, partner, member):
    file = make_file(partner=partner, actor=manager, data=PDF)
    withdraw_file(file_uid=file.uid, actor=manager)
    assert told() == set()
    stop_sharing(SharingRule.Topic.FILES)
    make_file(partner=partner, actor=manager, data=PDF)
    assert told() == set()


def test_nobody_of_another_role_is_told(manager, partner):
    make_member(partner=partner, role=Role.PARTNER_SELLER, is_active=False)
    publish(actor=manager)
    assert told() == set()
