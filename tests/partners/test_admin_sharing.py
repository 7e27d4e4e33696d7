"""Administrators decide in the admin which topics partners see, and who is limited to a portfolio."""

from __future__ import annotations

import pytest
from django.conf import settings

from accounts.models import AuditEntry, Role
from partners.models import Partner, SharingRule
from tests.factories import make_contact, make_meeting, make_partner, make_user

pytestmark = pytest.mark.django_db


def test_topic_is_switched_off_and_the_page_is_gone(client, admin_user, member_client):
    client.force_login(admin_user, backend=settings.AUTHENTICATION_BACKENDS[0])
    rules = list(SharingRule.objects.order_by("id"))
    form = {"form-TOTAL_FORMS": len(rules), "form-INITIAL_FORMS": len(rules), "_save": "Save"}
    for number, rule in enumerate(rules):
        form[f"form-{number}-id"] = rule.pk
        if rule.shared and rule.topic != "sales":
            form[f"form-{number}-shared"] = "on"
    assert client.post("/admin/partners/sharingrule/", form).status_code == 302

    assert not SharingRule.objects.get(topic="sales").shared
    assert AuditEntry.objects.filter(action="partners.sharing_changed").count() == 1
    assert member_client.get("/portal/sales/").status_code == 404


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.MANAGER, ["Mine"]), (Role.VIEWER, ["Mine"]), (Role.LEAD, ["Mine", "Other"])]
)
def test_portfolio_limits_managers_and_viewers_but_no_lead(role, sees):
    person = make_user(role=role, sees_all_partners=False)
    for partner in (make_partner(name="Mine", owner=person), make_partner(name="Other")):
        make_contact(partner=partner)
        make_meeting(partner=partner)

    assert list(Partner.objects.visible_to(person).values_list("name", flat=True).order_by("name")) == sees
    for model in ("contacts", "meetings"):
        rows = getattr(Partner, model).rel.related_model.objects.visible_to(person)
        assert sorted(row.partner.name for row in rows) == sees
