"""Shapes of the inputs of touches and meetings. What is allowed is decided by the services."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.models import AgendaItem, Attendee, Commitment, Meeting, Touchpoint
from partners.models import Contact
from partners.visibility import shown_as

ZONED_TIME = "%Y-%m-%dT%H:%M"
SHOWN_OF_MEETING = {
    **shown_as("engagement.Meeting"),
    **dict.fromkeys(["day", "starts"], shown_as("engagement.Meeting")["local_start"]),
    **dict.fromkeys(["contacts", "users"], shown_as("engagement.Attendee")["contact"]),
}


def new_key() -> str:
    """A one-time id for a form (reliability R46)."""
    return uuid.uuid4().hex


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **fields: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **fields)


class PeopleField(forms.TypedMultipleChoiceField):
    """Check boxes of people by id."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **fields: Any) -> None:
        super().__init__(coerce=int, required=False, **fields)


class TouchForm(forms.Form):
    shown_to_partner = shown_as("engagement.Touchpoint") | {"contacts": "internal"}

    text = forms.CharField(
        label=_("What happened?"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3, "autofocus": True})
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Touchpoint.Kind, initial=Touchpoint.Kind.CALL)
    occurred_at = forms.DateTimeField(
        label=_("When"),
        required=False,
        input_formats=[ZONED_TIME],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=ZONED_TIME),
        help_text=_("Empty means now."),
    )
    contacts = PeopleField(label=_("With"))
    two_way = forms.BooleanField(label=_("Both sides took part"), required=False, initial=True)
    shared = forms.BooleanField(label=_("The partner may see this"), required=False)
    submission_key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, contacts: list[Contact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contacts"].choices = [(one.pk, one.name) for one in contacts]
        self.fields["submission_key"].initial = new_key()
        if not contacts:
            del self.fields["contacts"]


class WhenForm(forms.Form):
    """Day and hour on the wall of a zone."""

    day = DayField(label=_("Day"))
    starts = forms.TimeField(
        label=_("Starts"), input_formats=["%H:%M"], widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    minutes = forms.IntegerField(label=_("Minutes"), min_value=15, max_value=480, initial=60)
    place = forms.CharField(label=_("Place or link"), max_length=300, required=False)

    def __init__(self, *args: Any, zones: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]

    @property
    def local_start(self) -> datetime:
        at: time = self.cleaned_data["starts"]
        return datetime.combine(self.cleaned_data["day"], at)


class MeetingForm(WhenForm):
    shown_to_partner = SHOWN_OF_MEETING

    contacts = PeopleField(label=_("From the partner"))
    users = PeopleField(label=_("From us"))
    title = forms.CharField(label=_("Title"), max_length=160, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=Meeting.Kind)
    meeting_uid = forms.UUIDField(widget=forms.HiddenInput, required=False)
    submission_key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    field_order = ("kind", "day", "starts", "time_zone", "minutes", "place", "contacts", "users", "title")

    def __init__(
        self, *args: Any, contacts: list[tuple[int, str]], users: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contacts"].choices = contacts
        self.fields["users"].choices = users
        self.fields["submission_key"].initial = new_key()
        if not contacts:
            del self.fields["contacts"]


class MoveForm(WhenForm):
    shown_to_partner = SHOWN_OF_MEETING

    version = forms.IntegerField(widget=forms.HiddenInput)


class PeopleForm(forms.Form):
    shown_to_partner = SHOWN_OF_MEETING

    contacts = PeopleField(label=_("From the partner"))
    users = PeopleField(label=_("From us"))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, contacts: list[tuple[int, str]], users: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contacts"].choices = contacts
        self.fields["users"].choices = users


class CancelForm(forms.Form):
    shown_to_partner = {"reason": shown_as("engagement.Meeting")["closing_reason"]}

    reason = forms.CharField(label=_("Why?"), max_length=300, help_text=_("Invited people read this."))
    version = forms.IntegerField(widget=forms.HiddenInput)


class HoldForm(forms.Form):
    """Who came. An unticked person was invited and did not come."""

    attended = PeopleField(label=_("Who took part?"))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, attendees: list[Attendee], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["attended"].choices = [(one.pk, str(one)) for one in attendees]


class ProposalForm(forms.Form):
    """Another date, as a person of the partner proposes it."""

    day = DayField(label=_("Day"))
    starts = forms.TimeField(
        label=_("Starts"), input_formats=["%H:%M"], widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    text = forms.CharField(
        label=_("A word about it"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, zones: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]

    @property
    def local_start(self) -> datetime:
        return datetime.combine(self.cleaned_data["day"], self.cleaned_data["starts"])


class ObjectionForm(forms.Form):
    text = forms.CharField(
        label=_("What was agreed differently?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("A word about it"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class AnswerForm(forms.Form):
    """Our answer to a reply. The partner reads it."""

    answer = forms.CharField(
        label=_("Your answer"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The partner reads this."),
    )


class TopicForm(forms.Form):
    title = forms.CharField(label=_("Topic"), max_length=200)


class AgendaForm(forms.ModelForm):
    shown_to_partner = shown_as("engagement.AgendaItem")

    class Meta:
        model = AgendaItem
        fields = ["title", "shared"]
        labels = {"title": _("Topic"), "shared": _("Share this topic with the partner")}


class ItemNotesForm(forms.Form):
    shown_to_partner = shown_as("engagement.AgendaItem")

    notes = forms.CharField(label=_("Notes"), max_length=8000, required=False, strip=False, widget=forms.Textarea)
    version = forms.IntegerField(widget=forms.HiddenInput)


class NotesForm(ItemNotesForm):
    shown_to_partner = shown_as("engagement.Meeting")

    notes = forms.CharField(
        label=_("Internal notes"), max_length=20_000, required=False, strip=False, widget=forms.Textarea
    )


class CommitmentForm(forms.Form):
    shown_to_partner = shown_as("engagement.Commitment")

    text = forms.CharField(label=_("What was agreed?"), max_length=500)
    kind = forms.ChoiceField(label=_("This is"), choices=Commitment.Kind, initial=Commitment.Kind.ACTION)
    side = forms.ChoiceField(label=_("Whose"), choices=Commitment.Side, initial=Commitment.Side.OURS)
    owner_name = forms.CharField(label=_("Who"), max_length=120, required=False)
    due_on = DayField(label=_("Due"), required=False)
    submission_key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["submission_key"].initial = new_key()
