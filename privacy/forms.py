"""What people say about their own data."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AskForm(forms.Form):
    reason = forms.CharField(
        label=_("Anything we should know?"), max_length=500, required=False, widget=forms.Textarea({"rows": 3})
    )


class CloseForm(forms.Form):
    confirmation = forms.CharField(label=_("Type your e-mail address"), max_length=254)


class RefuseForm(forms.Form):
    answer = forms.CharField(label=_("Why the data must stay"), max_length=500, widget=forms.Textarea({"rows": 3}))
