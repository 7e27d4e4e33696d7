"""Set-up and inspection of health: drafts of models are edited here, scores are only looked at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from core.admin import ReadOnlyAdmin
from health import services
from health.forms import valid_definition, version_name
from health.models import (
    Alert,
    Applicability,
    BacktestRun,
    ExceptionFlag,
    HealthChunk,
    HealthModelVersion,
    HealthRequest,
    HealthRun,
    HealthSnapshot,
    HealthState,
    Override,
    RhythmFit,
)
from health.pages.definition import as_text


class DefinitionField(forms.CharField):
    """A definition as JSON text; `clean` gives the checked one, or one error per problem."""

    widget = forms.Textarea(attrs={"rows": 30, "cols": 110, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        return valid_definition(super().clean(value))

    def prepare_value(self, value: Any) -> Any:
        return as_text(value) if isinstance(value, dict) else value


class VersionForm(forms.ModelForm):
    definition = DefinitionField(
        label=_("definition"),
        strip=False,
        help_text=_('JSON. Fractions as text ("0.25"), so that nothing is rounded. Weights of each stage sum to 100.'),
    )

    class Meta:
        model = HealthModelVersion
        fields = ["name", "note", "definition"]

    def clean_name(self) -> str:
        return version_name(self.cleaned_data["name"])


@admin.register(HealthModelVersion)
class HealthModelVersionAdmin(admin.ModelAdmin):
    """Drafts may be edited, published versions only looked at. Publishing is done on the dry-run page of the app."""

    form = VersionForm
    list_display = ("name", "status", "published_at", "published_by", "created_at", "dry_run_link")
    list_filter = ("status",)
    list_select_related = ("published_by",)
    search_fields = ("name", "note", "digest")
    date_hierarchy = "created_at"
    readonly_fields = ("status", "digest", "published_at", "published_by", "created_at", "dry_run_link")
    fields = ("name", "note", "definition", *readonly_fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and obj.is_published:
            return ("name", "note", "definition_text", *self.readonly_fields)
        return self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and obj.is_published:
            return self.get_readonly_fields(request, obj)
        return self.fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and not obj.is_published

    def save_model(self, request: HttpRequest, obj: HealthModelVersion, form: Any, change: bool) -> None:
        saved = services.save_draft(
            name=obj.name,
            definition=form.cleaned_data["definition"],
            note=obj.note,
            actor=request.user,
            version_id=obj.pk if change else None,
        )
        obj.pk, obj.digest, obj.definition, obj.created_at = saved.pk, saved.digest, saved.definition, saved.created_at

    @admin.display(description=_("definition"))
    def definition_text(self, version: HealthModelVersion) -> str:
        return format_html("<pre>{}</pre>", as_text(version.definition))

    @admin.display(description=_("in the app"))
    def dry_run_link(self, version: HealthModelVersion) -> str:
        if version.pk is None:
            return ""
        active = version.status == HealthModelVersion.Status.ACTIVE
        route, text = (
            ("model_detail", pgettext("button", "Open")) if active else ("model_dry_run", _("Dry run and publish"))
        )
        return format_html('<a href="{}">{}</a>', reverse(f"health:{route}", args=[version.name]), text)


class OfPartnerAdmin(ReadOnlyAdmin):
    """Rows about one partner: found by the partner's name, opened in the app."""

    list_select_related: Any = ("partner",)
    search_fields: Any = ("partner__search_name", "partner__slug")

    @admin.display(description=_("in the app"))
    def open_in_app(self, row: Any) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("health:partner_health", args=[row.partner.slug]), pgettext("button", "Open")
        )


@admin.register(HealthState)
class HealthStateAdmin(OfPartnerAdmin):
    list_display = ("partner", "score", "band", "confidence", "change_30", "as_of", "open_in_app")
    list_filter = ("band", "confidence")
    date_hierarchy = "as_of"


@admin.register(HealthSnapshot)
class HealthSnapshotAdmin(OfPartnerAdmin):
    list_display = ("partner", "as_of", "score", "published_band", "confidence", "run_reason", "model")
    list_filter = ("run_reason", "published_band", "confidence", "model")
    list_select_related = ("partner", "model")
    date_hierarchy = "as_of"
    show_full_result_count = False


@admin.register(Alert)
class AlertAdmin(OfPartnerAdmin):
    list_display = ("partner", "kind", "severity", "opened_on", "notified_on", "closed_on", "open_in_app")
    list_filter = ("kind", ("closed_on", admin.EmptyFieldListFilter))
    date_hierarchy = "opened_on"


@admin.register(ExceptionFlag)
class ExceptionFlagAdmin(OfPartnerAdmin):
    list_display = ("partner", "key", "raised_at", "raised_by", "cleared_at", "open_in_app")
    list_filter = ("key", ("cleared_at", admin.EmptyFieldListFilter))
    list_select_related = ("partner", "raised_by")
    search_fields = (*OfPartnerAdmin.search_fields, "reason")
    date_hierarchy = "raised_at"


@admin.register(Override)
class OverrideAdmin(OfPartnerAdmin):
    list_display = ("partner", "target", "actor", "starts_at", "ends_on", "ended_at", "open_in_app")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    list_select_related = ("partner", "actor")
    search_fields = (*OfPartnerAdmin.search_fields, "reason")
    date_hierarchy = "starts_at"


@admin.register(Applicability)
class ApplicabilityAdmin(OfPartnerAdmin):
    list_display = ("partner", "signal", "starts_at", "ended_at", "actor", "open_in_app")
    list_filter = ("signal", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("partner", "actor")
    search_fields = (*OfPartnerAdmin.search_fields, "signal", "reason")
    date_hierarchy = "starts_at"


@admin.register(HealthRequest)
class HealthRequestAdmin(OfPartnerAdmin):
    list_display = ("partner", "due_at", "requested_at", "open_in_app")
    date_hierarchy = "due_at"


@admin.register(HealthRun)
class HealthRunAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "model", "reason", "whole", "known_cutoff", "started_at", "finished_at")
    list_filter = ("reason", "whole", ("finished_at", admin.EmptyFieldListFilter), "model")
    list_select_related = ("model",)
    search_fields = ("model__name",)
    date_hierarchy = "as_of"


@admin.register(HealthChunk)
class HealthChunkAdmin(ReadOnlyAdmin):
    list_display = ("run", "number", "claimed_until", "done_at")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    list_select_related = ("run",)
    search_fields = ("=run__id",)


@admin.register(RhythmFit)
class RhythmFitAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "model", "partners", "fitted", "known_cutoff")
    list_filter = ("fitted", "model")
    list_select_related = ("model",)
    search_fields = ("model__name",)
    date_hierarchy = "as_of"


@admin.register(BacktestRun)
class BacktestRunAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "model")
    list_filter = ("model",)
    list_select_related = ("model",)
    search_fields = ("model__name",)
    date_hierarchy = "created_at"
