"""Inspection of files and news: both are written on their own pages, where the rules stand."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from enablement.models import Notice, NoticeReceipt, SharedFile


@admin.register(SharedFile)
class SharedFileAdmin(ReadOnlyAdmin):
    list_display = ("name", "partner", "side", "purpose", "status", "size", "created_at", "withdrawn_at")
    list_filter = ("status", "side", "purpose")
    search_fields = ("name", "partner__name")
    list_select_related = ("partner",)
    date_hierarchy = "created_at"


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("title", "kind", "audience", "decided_on", "published_at", "withdrawn_at")
    list_filter = ("kind", "audience", "needs_acknowledgement")
    search_fields = ("title",)


@admin.register(NoticeReceipt)
class NoticeReceiptAdmin(ReadOnlyAdmin):
    list_display = ("notice", "partner", "user", "seen_at", "acknowledged_at")
    search_fields = ("notice__title", "partner__name")
    list_select_related = ("notice", "partner", "user")
