"""Looking things up, and exchange rates. Facts and imports are read-only: they change through services."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from core.admin import ReadOnlyAdmin
from deals.models import Deal, ExchangeRate, ImportRun, RevenueEntry
from deals.rules import CURRENCIES


@admin.register(RevenueEntry)
class RevenueEntryAdmin(ReadOnlyAdmin):
    list_display = ("external_id", "partner", "kind", "amount_minor", "currency", "occurred_at", "superseded_at")
    list_filter = ("kind", "source", "currency", ("superseded_at", admin.EmptyFieldListFilter))
    search_fields = ("=external_id", "partner__search_name")
    date_hierarchy = "occurred_at"
    list_select_related = ("partner",)
    show_full_result_count = False


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "source", "status", "lines", "shift_days", "created_at", "finished_at")
    list_filter = ("status", "source")
    search_fields = ("file_name", "source")


@admin.register(Deal)
class DealAdmin(admin.ModelAdmin):
    list_display = ("name", "partner", "customer", "status", "joint", "value_minor", "currency", "closed_at")
    list_filter = ("status", "joint", "currency")
    search_fields = ("name", "customer", "partner__search_name")
    list_select_related = ("partner",)
    readonly_fields = (
        "uid",
        "partner",
        "status",
        "opened_on",
        "closed_at",
        "known_closed_at",
        "created_at",
        "updated_at",
    )
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A closed deal stays as past scores have read it."""
        closed = obj is not None and obj.status != Deal.Status.OPEN
        return (*self.readonly_fields, "joint", "value_minor", "currency") if closed else self.readonly_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ExchangeRateForm(forms.ModelForm):
    known_at = forms.SplitDateTimeField(
        label=gettext_lazy("known since"),
        required=False,
        widget=admin.widgets.AdminSplitDateTime,
        help_text=gettext_lazy(
            "Empty: from now on. Scores of past days use a rate only if it was known then; published rates were."
        ),
    )

    class Meta:
        model = ExchangeRate
        fields = ("currency", "valid_on", "rate", "source", "known_at")

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].strip().upper()
        if code not in CURRENCIES:
            raise forms.ValidationError(_("{} is not a currency code such as EUR.").format(code))
        if code == settings.REPORTING_CURRENCY:
            raise forms.ValidationError(_("{} is the reporting currency; its rate is 1.").format(code))
        return code

    def clean_known_at(self) -> Any:
        now = clock.now()
        known_at = self.cleaned_data["known_at"] or now
        if known_at > now:
            raise forms.ValidationError(_("A rate cannot be known in the future."))
        return known_at


@admin.register(ExchangeRate)
class ExchangeRateAdmin(admin.ModelAdmin):
    form = ExchangeRateForm
    list_display = ("currency", "valid_on", "rate", "source", "known_at")
    list_filter = ("currency",)
    search_fields = ("currency", "source")
    date_hierarchy = "valid_on"

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        if "rate" in form.base_fields:
            form.base_fields["rate"].help_text = _("How many {} one unit of the currency is worth.").format(
                settings.REPORTING_CURRENCY
            )
        return form
