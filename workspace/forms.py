"""Shapes of input of the pages about partners."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import EDITOR_ROLES, PARTNER_ROLES, Role, User
from core.errors import DomainError
from engagement.queries.calendars import is_calendar
from lifecycle.models import Stage
from partners.models import Channel, Contact, Partner, Tag, Tier
from partners.visibility import shown_as
from workspace.list_page import GROUP_NAMES
from workspace.models import SavedView


def add_refusal(form: forms.Form, error: DomainError) -> None:
    """Show what a service refused next to the field it names, else above the form."""
    form.add_error(error.field if error.field in form.fields else None, error.message)


def editors() -> Any:
    """Colleagues who may own partners."""
    return User.objects.filter(is_active=True, role__in=EDITOR_ROLES).order_by("name", "email")


class OwnerField(forms.ModelChoiceField):
    """A colleague who may own partners, by public id; empty: nobody."""

    def __init__(self, **options: Any) -> None:
        options = {
            "queryset": User.objects.none(),
            "required": False,
            "label": _("Owner"),
            "empty_label": _("Nobody"),
            **options,
        }
        super().__init__(to_field_name="uid", **options)


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PartnerForm(forms.Form):
    """The descriptive facts of a partner. With `partner` it edits; its `version` tells whether someone else did too."""

    shown_to_partner = shown_as("partners.Partner")

    name = forms.CharField(label=_("Name"), max_length=160)
    kind = forms.CharField(label=_("Type"), max_length=40, required=False)
    country = forms.CharField(label=_("Country"), max_length=60, required=False)
    country_code = forms.CharField(
        label=_("Holiday calendar"), max_length=10, required=False, help_text=_("ISO code such as DE or US-CA.")
    )
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=60, initial="UTC", help_text=_("For example Europe/Madrid.")
    )
    website = forms.URLField(
        label=_("Website"),
        max_length=200,
        required=False,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url"}),  # a browser would refuse the address without its scheme
    )
    joined_on = forms.DateField(label=_("Partner since"), required=False, widget=DateInput())
    contract_ends_on = forms.DateField(label=_("Contract ends"), required=False, widget=DateInput())
    notice_days = forms.IntegerField(label=_("Notice period, days"), min_value=0, max_value=1000, initial=60)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_country_code(self) -> str:
        code = self.cleaned_data["country_code"].strip().upper()
        if code and not is_calendar(code):
            raise forms.ValidationError(_("There is no holiday calendar “%(code)s”."), params={"code": code})
        return code

    def clean_time_zone(self) -> str:
        name = self.cleaned_data["time_zone"].strip()
        if name not in zoneinfo.available_timezones():
            raise forms.ValidationError(_("There is no time zone “%(name)s”."), params={"name": name})
        return name

    @classmethod
    def of(cls, partner: Partner, data: Any = None) -> PartnerForm:
        shown = [name for name in cls.base_fields if name != "version"]
        values = {name: getattr(partner, name) for name in shown}
        return cls(data, initial={**values, "version": partner.version})

    def differences(self, partner: Partner) -> list[tuple[str, Any]]:
        """(label, stored value) of each field whose stored value is not the one sent."""
        return [
            (str(self.fields[name].label), getattr(partner, name))
            for name, value in self.facts.items()
            if getattr(partner, name) != value
        ]

    @property
    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class NewPartnerForm(PartnerForm):
    tier = forms.ChoiceField(label=_("Tier"), choices=Tier.choices, initial=Tier.REGISTERED)
    stage = forms.ChoiceField(label=_("Stage"), choices=Stage.choices, initial=Stage.RECRUIT)
    owner = OwnerField()
    key = forms.CharField(
        label=_("External key"),
        max_length=120,
        required=False,
        help_text=_("Its id in the system that sales are imported from."),
    )
    field_order = ("name", "tier", "stage", "owner", "kind", "country")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = editors()
        if user.sees_own_partners_only:  # they add to their portfolio: nothing they could not open again
            self.fields["owner"].queryset = editors().filter(pk=user.pk)
            self.fields["owner"].required = True
            self.fields["owner"].initial = user.uid
        del self.fields["version"]


class TierForm(forms.Form):
    shown_to_partner = shown_as("partners.TierChange")

    tier = forms.ChoiceField(label=_("New tier"), choices=Tier.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class OwnerForm(forms.Form):
    shown_to_partner = shown_as("partners.Partner")

    owner = OwnerField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = editors()


class TagForm(forms.Form):
    tag = forms.CharField(label=_("Tag"), max_length=40, widget=forms.TextInput(attrs={"list": "known-tags"}))


class ContactForm(forms.Form):
    shown_to_partner = shown_as("partners.Contact")

    name = forms.CharField(label=_("Name"), max_length=120)
    role = forms.ChoiceField(label=_("Function"), choices=Contact.Role.choices, initial=Contact.Role.OTHER)
    title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    channel = forms.ChoiceField(
        label=_("Preferred channel"), choices=[("", _("Not said")), *Channel.choices], required=False
    )
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=60, required=False, help_text=_("Empty: that of the partner.")
    )

    def clean_time_zone(self) -> str:
        name = self.cleaned_data["time_zone"].strip()
        if name and name not in zoneinfo.available_timezones():
            raise forms.ValidationError(_("There is no time zone “%(name)s”."), params={"name": name})
        return name

    @classmethod
    def of(cls, contact: Contact, data: Any = None) -> ContactForm:
        return cls(data, initial={name: getattr(contact, name) for name in cls.base_fields})


PORTAL_ROLES = [(role.value, role.label) for role in Role if role in PARTNER_ROLES]


class PortalRoleForm(forms.Form):
    """What an invited person may do in the portal, or a person who has access."""

    role = forms.ChoiceField(label=_("Role in the portal"), choices=PORTAL_ROLES, initial=Role.PARTNER_SELLER)


class MoveSeatForm(PortalRoleForm):
    """To which partner a person moves; only those the mover may see are there."""

    partner = forms.ModelChoiceField(label=_("Works for"), queryset=Partner.objects.none(), to_field_name="uid")
    field_order = ("partner", "role")

    def __init__(self, data: Any = None, *, partners: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["partner"].queryset = partners


class SeeAsForm(forms.Form):
    reason = forms.CharField(
        label=_("Why do you look?"), min_length=5, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class LeftForm(forms.Form):
    left_on = forms.DateField(label=_("Left on"), widget=DateInput())


class ViewForm(forms.Form):
    name = forms.CharField(label=_("Name of the view"), max_length=60)
    audience = forms.ChoiceField(label=_("For"), choices=SavedView.Audience.choices, initial=SavedView.Audience.ME)
    pinned = forms.BooleanField(label=_("Show it first"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.may_edit:
            self.fields["audience"].choices = [(SavedView.Audience.ME.value, SavedView.Audience.ME.label)]


class FilterForm(forms.Form):
    """The filters of the list. Only drawn, never validated: its answer is an address, read by `workspace.listing`."""

    use_required_attribute = False

    health = forms.MultipleChoiceField(
        label=_("Health"), choices=list(GROUP_NAMES.items()), widget=forms.CheckboxSelectMultiple
    )
    stage = forms.MultipleChoiceField(label=_("Stage"), choices=Stage.choices, widget=forms.CheckboxSelectMultiple)
    tier = forms.MultipleChoiceField(label=_("Tier"), choices=Tier.choices, widget=forms.CheckboxSelectMultiple)
    owner = forms.MultipleChoiceField(label=_("Owner"), widget=forms.SelectMultiple(attrs={"size": 5}))
    tag = forms.MultipleChoiceField(label=_("Tag"), widget=forms.SelectMultiple(attrs={"size": 5}))
    country = forms.MultipleChoiceField(label=_("Country"), widget=forms.SelectMultiple(attrs={"size": 5}))
    silent = forms.IntegerField(label=_("No contact for, days"), min_value=1, max_value=3650)
    ending = forms.IntegerField(label=_("Contract ends within, days"), min_value=1, max_value=3650)
    joined = forms.IntegerField(label=_("Partner for less than, days"), min_value=1, max_value=3650)

    def __init__(self, *args: Any, countries: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(person.uid), str(person)) for person in editors()]
        self.fields["owner"].choices = [("me", _("Me")), ("none", _("Nobody")), *people]
        self.fields["tag"].choices = [(tag.name, tag.name) for tag in Tag.objects.order_by("name")[:500]]
        self.fields["country"].choices = [(country, country) for country in countries]


class SnoozeForm(forms.Form):
    """Until when an item of Today is put aside."""

    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
