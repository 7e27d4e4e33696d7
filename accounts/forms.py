"""Forms about one's own account."""

import zoneinfo
from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm as HouseResetPasswordForm
from allauth.core import context
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, NotificationPreference, User
from accounts.queries import choices
from accounts.sessions import device_of


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [(zone, zone) for zone in sorted(zoneinfo.available_timezones())]
    )

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["name", "time_zone", "language", "shortcuts", "daily_digest"]


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What is it for?"), max_length=80)
    scope = forms.ChoiceField(label=_("May"), choices=ApiToken.Scope, initial=ApiToken.Scope.READ)
    days = forms.IntegerField(label=_("Valid for, days"), min_value=1, max_value=365, initial=90)


class PreferencesForm(forms.Form):
    """One row of channels for each kind of notification, and how often a digest comes."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channels = dict(NotificationPreference.Channel.choices)
        self.kinds = choices(user)
        for one in self.kinds:
            self.fields[one.kind] = forms.ChoiceField(
                label=one.label,
                choices=NotificationPreference.Channel.choices,
                initial=one.channel,
                widget=forms.RadioSelect,
                help_text=_("Default: {}").format(channels[one.default]),
            )
        self.fields["rhythm"] = forms.ChoiceField(
            label=_("When the digest comes"),
            choices=User._meta.get_field("digest_rhythm").choices,
            initial=user.digest_rhythm,
            help_text=_("On your own clock. Nothing new, no mail."),
        )

    @property
    def rows(self) -> list[forms.BoundField]:
        return [self[one.kind] for one in self.kinds]

    @property
    def channels(self) -> dict[str, str]:
        return {one.kind: self.cleaned_data[one.kind] for one in self.kinds}


class UndoForm(forms.Form):
    """What was just done, carried in the address: the instant of a marking, or the mute that was made."""

    read = forms.CharField(required=False, max_length=40)
    muted = forms.UUIDField(required=False)

    def clean_read(self) -> datetime | None:
        text = self.cleaned_data["read"]
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise forms.ValidationError(_("This is not an instant.")) from error
        if at.tzinfo is None:
            raise forms.ValidationError(_("This is not an instant."))
        return at


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey opens the account by itself unless its owner wants it for the second step only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of this device")
        self.initial["name"] = device_of(context.request) or self.initial["name"]
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = _("Log in with this passkey alone")
        self.fields["passwordless"].help_text = _("Untick it to use it only as a second step after the password.")


class CompanyForm(forms.Form):
    email = forms.EmailField(
        label=_("Your e-mail address at work"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class ResetPasswordForm(HouseResetPasswordForm):
    """Sends a link only to who may have a password; what the page says and how long it takes is the same for all."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        adapter = get_adapter()
        self.users = [user for user in self.users if adapter.own_ways_are_open(context.request, user)]
        return email
