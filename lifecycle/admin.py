"""Journeys and their history, to look at; moving is done in the app."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from lifecycle.models import Journey, StageChange


@admin.register(Journey)
class JourneyAdmin(ReadOnlyAdmin):
    list_display = ("partner", "stage", "entered_at")
    list_filter = ("stage",)
    list_select_related = ("partner",)
    search_fields = ("partner__search_name",)


@admin.register(StageChange)
class StageChangeAdmin(ReadOnlyAdmin):
    list_display = ("partner", "from_stage", "to_stage", "occurred_at", "actor", "days_in_former")
    list_filter = ("to_stage", "from_stage")
    list_select_related = ("partner", "actor")
    search_fields = ("partner__search_name", "reason")
    date_hierarchy = "occurred_at"
