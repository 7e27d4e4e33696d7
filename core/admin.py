"""Inspection of the outbox and of background work."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.models import Heartbeat, Outbox, PeriodRun, SubmissionKey


class ReadOnlyAdmin(admin.ModelAdmin):
    """For rows that only the product writes: everything may be looked at, nothing changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Outbox)
class OutboxAdmin(ReadOnlyAdmin):
    list_display = ("subject", "to", "kind", "status", "due_at", "attempts", "sent_at")
    list_filter = ("status", "kind")
    search_fields = ("subject", "to", "key")
    date_hierarchy = "due_at"


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "beat_at")
    search_fields = ("name",)


@admin.register(PeriodRun)
class PeriodRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "period", "started_at", "finished_at")
    list_filter = ("job",)
    search_fields = ("job", "period")


@admin.register(SubmissionKey)
class SubmissionKeyAdmin(ReadOnlyAdmin):
    list_display = ("key", "created_at")
    search_fields = ("key",)
