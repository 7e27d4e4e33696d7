"""Set-up of the cadence and of holidays, and inspection of everything else in this room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin
from engagement.models import (
    ActionLink,
    AgendaItem,
    Attendee,
    CadenceInput,
    CadenceRule,
    CalendarFeed,
    Commitment,
    HolidayOverride,
    Meeting,
    MeetingReply,
    Reminder,
    ReminderDelivery,
    Touchpoint,
)
from engagement.queries.calendars import is_calendar

LONGEST_MONTHS, LONGEST_WEEKS = 24, 104


class CadenceRuleForm(forms.ModelForm):
    class Meta:
        model = CadenceRule
        fields = ["tier", "kind", "every", "unit"]
        help_texts = {
            "every": _("How long after the last one. Health and stage can only shorten it."),
            "kind": _("Transition reviews follow the stage Exit by themselves and need no rule."),
        }

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        every, unit = values.get("every"), values.get("unit")
        longest = LONGEST_WEEKS if unit == CadenceRule.Unit.WEEKS else LONGEST_MONTHS
        if every is not None and not 1 <= every <= longest:
            self.add_error("every", _("Between 1 and {}.").format(longest))
        if values.get("kind") == Meeting.Kind.TRANSITION:
            self.add_error("kind", _("Transition reviews follow the stage Exit; they have no rule of their own."))
        return values


@admin.register(CadenceRule)
class CadenceRuleAdmin(admin.ModelAdmin):
    form = CadenceRuleForm
    list_display = ("tier", "kind", "every", "unit")
    list_filter = ("tier", "kind")
    search_fields = ("tier", "kind")


class HolidayOverrideForm(forms.ModelForm):
    class Meta:
        model = HolidayOverride
        fields = ["calendar", "day", "name", "works"]
        help_texts = {
            "calendar": _("A country (DE), a region (DE-BY), or empty for everybody: a day without any reviews."),
            "works": _("Tick it when the packaged calendar calls a working day a holiday."),
        }

    def clean_calendar(self) -> str:
        name = str(self.cleaned_data["calendar"]).strip().upper()
        if name and not is_calendar(name):
            raise forms.ValidationError(_("There is no holiday calendar “%(name)s”."), params={"name": name})
        return name


@admin.register(HolidayOverride)
class HolidayOverrideAdmin(admin.ModelAdmin):
    form = HolidayOverrideForm
    list_display = ("day", "name", "calendar", "works")
    list_filter = ("calendar", "works")
    search_fields = ("name", "calendar")
    date_hierarchy = "day"


class AttendeeInline(admin.TabularInline):
    model = Attendee
    extra = 0
    can_delete = False
    readonly_fields = ("user", "contact", "attended")

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@admin.register(Meeting)
class MeetingAdmin(admin.ModelAdmin):
    """Title, place and notes may be corrected; when it is, and what became of it, is changed in the application."""

    list_display = ("title", "partner", "kind", "status", "starts_at", "time_zone", "automatic")
    list_filter = ("status", "kind", "automatic")
    search_fields = ("title", "partner__name", "partner__key")
    list_select_related = ("partner",)
    date_hierarchy = "starts_at"
    inlines = (AttendeeInline,)
    fields = (
        "uid", "partner", "kind", "status", "title", "target_on", "local_start", "time_zone", "starts_at", "minutes",
        "place", "notes", "organizer", "automatic", "invited_at", "held_at", "known_held_at", "missed_at", "postponed",
        "closing_reason", "summary_sent_at", "sequence", "version",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name not in {"title", "place", "notes"})

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@admin.register(Touchpoint)
class TouchpointAdmin(ReadOnlyAdmin):
    list_display = ("partner", "kind", "two_way", "occurred_at", "actor", "superseded_at")
    list_filter = ("kind", "two_way", "shared")
    search_fields = ("partner__name", "partner__key", "text")
    list_select_related = ("partner", "actor")
    date_hierarchy = "occurred_at"


@admin.register(Commitment)
class CommitmentAdmin(ReadOnlyAdmin):
    list_display = ("text", "partner", "kind", "side", "owner_name", "due_on", "done_at")
    list_filter = ("kind", "side", ("done_at", admin.EmptyFieldListFilter))
    search_fields = ("text", "partner__name", "owner_name")
    list_select_related = ("partner",)
    date_hierarchy = "due_on"


@admin.register(AgendaItem)
class AgendaItemAdmin(ReadOnlyAdmin):
    list_display = ("title", "meeting", "order", "shared")
    list_filter = ("shared",)
    search_fields = ("title", "meeting__title")
    list_select_related = ("meeting",)


@admin.register(Attendee)
class AttendeeAdmin(ReadOnlyAdmin):
    list_display = ("meeting", "user", "contact", "attended")
    list_filter = ("attended",)
    search_fields = ("meeting__title", "user__name", "contact__name")
    list_select_related = ("meeting", "user", "contact")


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    list_display = ("meeting", "kind", "meeting_on", "due_on", "status", "note")
    list_filter = ("status", "kind")
    search_fields = ("meeting__title", "meeting__partner__name")
    list_select_related = ("meeting",)
    date_hierarchy = "due_on"


@admin.register(ReminderDelivery)
class ReminderDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("key", "user", "contact", "status", "send_after", "outbox_key", "note")
    list_filter = ("status",)
    search_fields = ("key", "outbox_key", "user__name", "contact__name")
    list_select_related = ("user", "contact")


@admin.register(CadenceInput)
class CadenceInputAdmin(ReadOnlyAdmin):
    list_display = ("partner", "stage", "stage_entered_on", "planned_for", "noted_at")
    list_filter = ("stage",)
    search_fields = ("partner__name", "partner__key")
    list_select_related = ("partner",)


@admin.register(MeetingReply)
class MeetingReplyAdmin(ReadOnlyAdmin):
    list_display = ("meeting", "kind", "state", "said_by", "created_at", "answered_by")
    list_filter = ("kind", "state")
    search_fields = ("meeting__title", "partner__name", "said_by")
    list_select_related = ("meeting", "answered_by")
    date_hierarchy = "created_at"


@admin.register(ActionLink)
class ActionLinkAdmin(ReadOnlyAdmin):
    """What could be done from mails, and when it was. The secrets are known to the mails alone."""

    list_display = ("kind", "contact", "meeting", "created_at", "expires_at", "used_at")
    list_filter = ("kind", ("used_at", admin.EmptyFieldListFilter))
    search_fields = ("contact__name", "contact__email", "partner__name")
    list_select_related = ("contact", "meeting")
    exclude = ("digest",)


@admin.register(CalendarFeed)
class CalendarFeedAdmin(admin.ModelAdmin):
    """May be deleted, which switches the address off; its secret is known to nobody but its user."""

    list_display = ("user", "created_at", "last_read_on")
    list_filter = ("last_read_on",)
    search_fields = ("user__name", "user__email")
    list_select_related = ("user",)
    fields = ("user", "created_at", "last_read_on")
    readonly_fields = fields

    def has_add_permission(self, request: Any) -> bool:
        return False
