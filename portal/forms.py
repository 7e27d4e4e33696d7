"""What a partner's people type in the portal."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from partners.models import Channel, Invitation

ROLES = [
    (Role.PARTNER_ADMIN, _("Administrator: everything, and who has access")),
    (Role.PARTNER_SELLER, _("Seller: sees and works along")),
    (Role.PARTNER_VIEWER, _("Viewer: sees, changes nothing")),
]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial=Role.PARTNER_SELLER, widget=forms.RadioSelect)


class InviteForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial=Role.PARTNER_SELLER, widget=forms.RadioSelect)


class ChannelForm(forms.Form):
    channel = forms.ChoiceField(
        label=_("How do you like to be reached?"), choices=[("", _("No preference")), *Channel.choices], required=False
    )


class JoinForm(forms.Form):
    """Who is invited says how they are called, and chooses a password. The address is the invitation's."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A short sentence is easy to remember and hard to guess."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [(zone, zone) for zone in sorted(zoneinfo.available_timezones())]
    )

    def __init__(self, data: Any = None, *, invitation: Invitation) -> None:
        zone = invitation.partner.time_zone
        super().__init__(data, initial={"name": invitation.name, "time_zone": zone})
        self.email = invitation.email
        if data is None:  # what somebody chose stands; on the first look the browser knows better
            self.fields["time_zone"].widget.attrs["data-own-zone"] = ""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if password := values.get("password"):
            person = User(email=self.email, name=values.get("name", ""))
            try:
                password_validation.validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return values
