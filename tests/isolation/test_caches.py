"""P4: numbers and mails of everybody's partners never reach who sees a portfolio only.

That keys of the cache name whose value it is, is a house rule (tools/house_rules.py).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts.models import Role
from core import clock
from core.outbox import put_mail
from health.models import HealthRun
from health.services import compute
from tests.factories import make_partner, make_state, make_user
from tests.isolation.cast import log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def portfolio():
    """A manager who sees one of two partners, and a colleague who sees both."""
    manager = make_user(role=Role.MANAGER, sees_all_partners=False)
    colleague = make_user(role=Role.MANAGER)
    ours, theirs = make_partner(name="Northwind", owner=manager), make_partner(name="Helix", owner=colleague)
    return manager, colleague, ours, theirs


def test_today_counts_only_the_portfolio_after_a_colleague_looked(portfolio):
    manager, colleague, ours, theirs = portfolio
    for partner in (ours, theirs):
        make_state(partner=partner, band="D", score=30)
    cache.clear()
    url = reverse("workspace:today") + "?book=all"

    log_in(colleague).get(url)
    page = log_in(manager).get(url)

    assert page.context["book"].partners == 1
    assert b"Helix" not in page.content


def test_portfolio_page_compares_only_the_portfolio(portfolio):
    """The counts of the run a month ago are of everybody's partners."""
    manager, _colleague, _ours, _theirs = portfolio
    run = compute(as_of=clock.today() - timedelta(days=30))
    compute(as_of=clock.today())
    assert run.summary["bands"]

    page = log_in(manager).get(reverse("health:portfolio"))

    assert page.status_code == 200
    assert HealthRun.objects.filter(whole=True).count() == 2
    before = [now - difference for _code, now, difference in page.context.get("changes", ())]
    assert sum(before) <= 1
    assert page.context["signals"] == []
    assert b'id="signals"' not in page.content


def test_outbox_holds_mails_of_the_portfolio_and_to_oneself(portfolio):
    manager, colleague, ours, theirs = portfolio
    for key, to, uid in (
        ("a", "x@a.test", ours.uid),
        ("b", "x@b.test", theirs.uid),
        ("c", manager.email, None),
        ("d", colleague.email, None),
    ):
        put_mail(key=key, to=to, subject=f"Mail {key}", body="Text", kind="reminder", partner_uid=uid)

    own = log_in(manager).get(reverse("workspace:outbox"))
    everything = log_in(colleague).get(reverse("workspace:outbox"))

    assert sorted(mail.key for mail in own.context["page"]) == ["a", "c"]
    assert own.context["tabs"][0][2] == 2
    assert sorted(mail.key for mail in everything.context["page"]) == ["a", "b", "c", "d"]


def test_a_partner_added_by_a_portfolio_manager_is_theirs(portfolio):
    manager, colleague, _ours, _theirs = portfolio
    client = log_in(manager)
    url = reverse("workspace:partner_create")
    facts = {"name": "Contoso", "tier": "silver", "stage": "recruit", "time_zone": "UTC", "notice_days": 60}

    refused = client.post(url, {**facts, "owner": str(colleague.uid)})
    added = client.post(url, {**facts, "owner": str(manager.uid)}, follow=True)

    assert refused.status_code == 422
    assert added.status_code == 200
    assert b"Contoso" in added.content


def test_api_adds_a_partner_to_the_portfolio(portfolio):
    manager, colleague, _ours, _theirs = portfolio
    client = log_in(manager)

    refused = client.post("/api/v1/partners/", {"name": "X", "owner": colleague.email}, content_type="application/json")
    added = client.post("/api/v1/partners/", {"name": "Contoso"}, content_type="application/json")

    assert refused.status_code == 400
    assert (added.status_code, added.json()["owner"]) == (201, manager.email)
