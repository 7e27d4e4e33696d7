"""Shapes of what people send to the health pages. The rules stand in the services."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import clock
from health.definitions import validate_definition
from health.models import ExceptionFlag
from health.pages.definition import LONGEST, NotJsonError, read_json
from partners.visibility import shown_as

LONGEST_OVERRIDE_DAYS = 90
VERSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*", re.ASCII)


class OverrideForm(forms.Form):
    shown_to_partner = shown_as("health.Override")

    target = forms.DecimalField(
        label=_("Score"), min_value=Decimal(0), max_value=Decimal(100), max_digits=5, decimal_places=2
    )
    reason = forms.CharField(
        label=_("Reason"),
        min_length=20,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("At least 20 characters: what do you know that the data do not show?"),
    )
    ends_on = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = clock.today()
        last = today + timedelta(days=LONGEST_OVERRIDE_DAYS)
        self.fields["ends_on"].widget.attrs.update(min=today.isoformat(), max=last.isoformat())
        self.fields["ends_on"].help_text = gettext(
            "At most {} days from today; then the model's score returns."
        ).format(LONGEST_OVERRIDE_DAYS)


class ExceptionForm(forms.Form):
    shown_to_partner = shown_as("health.ExceptionFlag")

    key = forms.ChoiceField(label=_("What happened"), choices=ExceptionFlag.Key.choices)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One or two sentences a colleague will understand in a year."),
    )


class DraftForm(forms.Form):
    """A draft of a model. The definition comes as text or as a file; a file wins."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Letters, digits, dot, plus, dash, underscore."))
    note = forms.CharField(
        label=_("What changed and why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    definition = forms.CharField(
        label=_("Definition (JSON)"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "class": "mono", "spellcheck": "false"}),
        help_text=_('Fractions as text ("0.25"), so that nothing is rounded.'),
    )
    file = forms.FileField(
        label=_("Or a file"), required=False, widget=forms.FileInput(attrs={"accept": ".json,application/json"})
    )

    def clean_name(self) -> str:
        return version_name(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        text, file = data.get("definition") or "", data.get("file")
        if file is not None:
            if file.size > LONGEST:
                self.add_error("file", gettext("The file is larger than {} bytes.").format(LONGEST))
                return data
            try:
                text = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", gettext("The file is not UTF-8 text."))
                return data
        field = "definition" if file is None else "file"
        try:
            data["parsed"] = valid_definition(text)
        except ValidationError as error:
            self.add_error(field, error)
        return data


def version_name(text: str) -> str:
    """A name that can stand in an address. ValidationError otherwise."""
    if not VERSION_NAME.fullmatch(text) or text == "new":
        raise ValidationError(gettext("Use letters, digits, dot, plus, dash and underscore; “new” is taken."))
    return text


def valid_definition(text: str) -> dict[str, Any]:
    """The definition in a text, checked. ValidationError with one sentence per problem."""
    try:
        found = read_json(text)
    except NotJsonError as error:
        raise ValidationError(str(error)) from error
    problems = validate_definition(found, gettext)
    if problems:
        raise ValidationError(problems[:20])
    return dict(found)
