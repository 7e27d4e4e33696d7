"""What a partner sees is decided field by field (ux.md 2.5): the table is complete, and the manager's forms show it."""

from __future__ import annotations

import pytest
from django.apps import apps

from enablement import forms as enablement_forms
from engagement import forms as engagement_forms
from health import forms as health_forms
from lifecycle import forms as lifecycle_forms
from partners.row_security import ALL_ROWS, has_partner_path
from partners.visibility import VISIBILITY, shown_as
from tests.factories import make_meeting
from tools.house_rules import ROOMS
from workspace import forms as workspace_forms

OURS = {
    model._meta.label: model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label in ROOMS
    and (has_partner_path(model) or getattr(model, "portal_rows", ALL_ROWS) != ALL_ROWS)
    and not model._meta.label.startswith("accounts.User_")
}
# Forms with which a manager writes about a partner, and their fields that are no fields of it.
FORMS = {
    workspace_forms.PartnerForm: {"version"},
    workspace_forms.TierForm: set(),
    workspace_forms.OwnerForm: set(),
    workspace_forms.ContactForm: set(),
    engagement_forms.TouchForm: {"submission_key"},
    engagement_forms.MeetingForm: {"meeting_uid", "submission_key"},
    engagement_forms.MoveForm: set(),
    engagement_forms.PeopleForm: set(),
    engagement_forms.CancelForm: {"version"},
    engagement_forms.AgendaForm: set(),
    engagement_forms.ItemNotesForm: set(),
    engagement_forms.NotesForm: set(),
    engagement_forms.CommitmentForm: {"submission_key"},
    lifecycle_forms.MoveForm: {"stage", "version"},
    enablement_forms.NoticeForm: set(),
    enablement_forms.VendorUploadForm: set(),
    health_forms.OverrideForm: set(),
    health_forms.ExceptionForm: set(),
}


def test_every_model_of_a_partner_stands_in_the_table():
    assert set(OURS) == set(VISIBILITY)


@pytest.mark.parametrize("label", sorted(OURS))
def test_every_field_is_decided_once(label):
    shown = VISIBILITY[label]
    decided = [*shown.shared, *shown.by_row, *shown.internal]
    assert sorted(decided) == sorted(field.name for field in OURS[label]._meta.concrete_fields)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.__module__}.{form.__name__}")
def test_every_field_of_a_manager_form_says_whether_it_is_shared(form):
    assert set(form.base_fields) - set(form.shown_to_partner) - FORMS[form] == set()


def test_marks_follow_the_table():
    assert shown_as("engagement.Meeting")["notes"] == "internal"
    assert shown_as("engagement.Meeting")["place"] == "shared"
    assert shown_as("engagement.AgendaItem")["title"] == "by_row"
    assert shown_as("engagement.AgendaItem")["shared"] == "mark"


@pytest.mark.django_db
def test_agenda_says_once_whether_a_topic_is_shared(partner, manager_client):
    meeting = make_meeting(partner=partner)
    page = manager_client.get(f"/app/meetings/{meeting.uid}/").content.decode()
    form = page[page.index('id="agenda"') : page.index("Add topic")]
    assert "Shared if ticked" in form
    assert "Internal" not in form


@pytest.mark.django_db
def test_form_shows_the_mark_beside_the_field(partner, manager_client):
    page = manager_client.get(f"/app/partners/{partner.slug}/edit/").content.decode()
    label = page[page.index('for="id_website"') :]
    assert "Shared</span>" in label[: label.index("</label>")]
    label = page[page.index('for="id_kind"') :]
    assert "Internal</span>" in label[: label.index("</label>")]
