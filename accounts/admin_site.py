"""The Django admin, every write of which is one row of the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.services import record

RECORD_THEMSELVES = frozenset({"accounts.User", "partners.Partner", "health.HealthModelVersion"})


class Audited(admin.ModelAdmin):
    """Mixed into every registered admin: names of fields are kept, never their values."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record("accounts.admin_added", obj, actor=request.user)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record("accounts.admin_changed", obj, actor=request.user, fields=_fields(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Model]) -> Any:
        for obj in queryset:
            record("accounts.admin_removed", obj, actor=request.user)
        return super().log_deletions(request, queryset)


class AuditedAdminSite(admin.AdminSite):
    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        for model in models:
            chosen = admin_class or admin.ModelAdmin
            if model._meta.label not in RECORD_THEMSELVES:
                chosen = type(chosen.__name__, (Audited, chosen), {"__module__": chosen.__module__})
            super().register(model, chosen, **options)


def _fields(message: Any) -> list[str]:
    """The names of changed fields in Django's own message, a list of {"changed": {"fields": […]}}."""
    if not isinstance(message, list):
        return []
    return [name for part in message for act in part.values() for name in act.get("fields", [])]
