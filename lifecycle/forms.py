"""Shape of what the Move… dialog sends."""

from django import forms
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Journey, Stage
from lifecycle.rules import ALLOWED_MOVES, ORDER, REASON_NEEDED
from partners.visibility import shown_as

# One letter per stage, for M, letter, Enter.
LETTERS = {"recruit": "r", "onboarding": "o", "growth": "g", "evaluation": "e", "expansion": "p", "exit": "x"}


class MoveForm(forms.Form):
    """Where to, why, and which version of the journey was looked at."""

    shown_to_partner = shown_as("lifecycle.StageChange")

    stage = forms.ChoiceField(
        label=_("To which stage?"),
        error_messages={
            "required": _("Choose a stage."),
            "invalid_choice": _("This stage cannot be reached from here."),
        },
    )
    reason = forms.CharField(
        label=_("Why"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed for Exit: it is kept for the lessons learned."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: object, journey: Journey, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through to Form as they came
        allowed = [stage for stage in ORDER if stage in ALLOWED_MOVES[journey.stage]]
        self.fields["stage"].choices = [(stage, Stage(stage).label) for stage in allowed]
        self.initial.setdefault("version", journey.version)

    def options(self) -> list[dict[str, object]]:
        """The stages to choose from, each with its letter."""
        chosen = self["stage"].value()
        return [
            {
                "value": value,
                "label": label,
                "letter": LETTERS[value],
                "checked": value == chosen,
                "needs_reason": value in REASON_NEEDED,
            }
            for value, label in self.fields["stage"].choices
        ]
