"""Shapes of the inputs of files and news. What is allowed is decided by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from enablement.models import Notice, SharedFile
from enablement.rules.kinds import KINDS, SPELLED
from enablement.services import Draft
from partners.models import Tier
from partners.visibility import shown_as

ACCEPT = ",".join(f".{one}" for one in (*KINDS, *SPELLED))


class UploadForm(forms.Form):
    purpose = forms.ChoiceField(label=_("What it is for"), choices=SharedFile.Purpose, initial=SharedFile.Purpose.OTHER)
    file = forms.FileField(
        label=_("File"),
        max_length=400,
        allow_empty_file=True,  # said in the service's words
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "PDF, Word, Excel, PowerPoint, CSV, PNG or JPEG; at most {} MB. "
            "Pictures lose the place and device they were taken with."
        ).format(settings.FILE_MAX_BYTES // 1024**2)


class VendorUploadForm(UploadForm):
    """The same for a colleague, who is told what the partner sees of it."""

    shown_to_partner = shown_as("enablement.SharedFile") | {"file": "shared"}


class NoticeForm(forms.Form):
    shown_to_partner = shown_as("enablement.Notice") | {"partners": "internal"}

    kind = forms.ChoiceField(label=_("Kind"), choices=Notice.Kind, initial=Notice.Kind.NEWS)
    decided_on = forms.DateField(
        label=_("Decided on"),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The days from here to the notice are measured."),
    )
    title = forms.CharField(label=_("Title"), max_length=160)
    body = forms.CharField(label=_("What was decided"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 6}))
    impact = forms.CharField(
        label=_("What it changes for the partner"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Bad news needs this and the next."),
    )
    what_follows = forms.CharField(
        label=_("What follows"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Help, dates, whom to ask."),
    )
    audience = forms.ChoiceField(label=_("For"), choices=Notice.Audience, initial=Notice.Audience.ALL)
    tiers = forms.MultipleChoiceField(
        label=_("Tiers"), choices=Tier, required=False, widget=forms.CheckboxSelectMultiple
    )
    partners = forms.TypedMultipleChoiceField(
        label=_("Partners"), coerce=int, required=False, widget=forms.SelectMultiple(attrs={"size": 8})
    )
    needs_acknowledgement = forms.BooleanField(
        label=_("Ask for an acknowledgement"),
        required=False,
        help_text=_("One person of each partner confirms that its people know."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, partners: list[tuple[int, str]], narrow: bool, **kwargs: Any) -> None:
        """`narrow`: somebody who writes only to the partners they own."""
        super().__init__(*args, **kwargs)
        self.fields["partners"].choices = partners
        if narrow:
            self.fields["audience"].choices = [(Notice.Audience.NAMED.value, Notice.Audience.NAMED.label)]
            del self.fields["tiers"]

    def draft(self) -> Draft:
        wish = self.cleaned_data
        return Draft(
            title=wish["title"],
            body=wish["body"],
            decided_on=wish["decided_on"],
            kind=wish["kind"],
            impact=wish["impact"],
            what_follows=wish["what_follows"],
            needs_acknowledgement=wish["needs_acknowledgement"],
            audience=wish["audience"],
            tiers=tuple(wish.get("tiers", ())),
            partner_ids=tuple(wish["partners"]),
        )


class VersionForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
