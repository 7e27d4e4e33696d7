from datetime import date

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from engagement.models import CadenceRule, HolidayOverride, Meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(admin_user):
    client = Client()
    client.force_login(admin_user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


MODELS = list(apps.get_app_config("engagement").get_models())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_is_found_by_search(client, qbr, model):
    if model._meta.auto_created:
        return
    site = admin.site.get_model_admin(model)
    response = client.get(reverse(f"admin:engagement_{model._meta.model_name}_changelist"), {"q": "north"})

    assert response.status_code == 200
    assert site.search_fields
    assert site.list_filter
    assert len(site.list_display) <= 7


def test_status_of_a_meeting_cannot_be_edited(client, qbr):
    path = reverse("admin:engagement_meeting_change", args=[qbr.pk])
    page = client.get(path)
    assert page.status_code == 200
    assert 'name="status"' not in page.content.decode()
    inline = {f"attendees-{name}": "2" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    ids = {f"attendees-{number}-id": one.pk for number, one in enumerate(qbr.attendees.order_by("pk"))}
    meeting = {f"attendees-{number}-meeting": qbr.pk for number in range(2)}
    client.post(path, {"title": "Corrected", "place": "", "notes": "", "status": "held", **inline, **ids, **meeting})

    assert Meeting.objects.values_list("title", "status").get() == ("Corrected", "confirmed")


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"every": 0}, "every", "Between 1 and 24."),
        ({"every": 200, "unit": "weeks"}, "every", "Between 1 and 104."),
        (
            {"kind": "transition"},
            "kind",
            "Transition reviews follow the stage Exit; they have no rule of their own.",
        ),
        ({"tier": "gold"}, None, "Constraint “cadence_once” is violated."),
    ],
)
def test_cadence_rule_is_checked(client, changes, field, message):
    values = {"tier": "silver", "kind": "executive", "every": 12, "unit": "months", **changes}
    response = client.post(reverse("admin:engagement_cadencerule_add"), values)
    errors = response.context["adminform"].form.errors

    assert (message if field else "already exists") in str(errors)
    assert CadenceRule.objects.filter(tier="silver", kind="executive").count() == 0


def test_cadence_rule_is_edited(client):
    rule = CadenceRule.objects.get(tier="gold", kind="qbr")
    path = reverse("admin:engagement_cadencerule_change", args=[rule.pk])
    response = client.post(path, {"tier": "gold", "kind": "qbr", "every": 4, "unit": "months"})

    assert response.status_code == 302
    assert CadenceRule.objects.get(pk=rule.pk).every == 4


def test_holiday_needs_a_known_calendar(client):
    path = reverse("admin:engagement_holidayoverride_add")
    refused = client.post(path, {"calendar": "XX", "day": "2026-12-24", "name": "Eve"})
    assert "There is no holiday calendar “XX”." in str(refused.context["adminform"].form.errors)

    client.post(path, {"calendar": "de-by", "day": "2026-12-24", "name": "Eve"})
    assert list(HolidayOverride.objects.values_list("calendar", "day")) == [("DE-BY", date(2026, 12, 24))]


def test_written_rows_are_only_looked_at(client, qbr):
    assert client.get(reverse("admin:engagement_reminder_add")).status_code == 403
    assert client.get(reverse("admin:engagement_meeting_add")).status_code == 403
