"""Forms about one's own account."""

import zoneinfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, User


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
