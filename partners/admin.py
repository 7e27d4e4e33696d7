"""Partners, people and tags in the Django admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.services import record
from core.admin import ReadOnlyAdmin
from partners.models import Contact, Membership, Partner, Tag, TierChange
from partners.rules import normalise


@admin.register(Partner)
class PartnerAdmin(admin.ModelAdmin):
    list_display = ("name", "tier", "owner", "country", "joined_on", "archived_at", "open_in_app")
    list_filter = ("tier", "is_demo", "archived_at")
    list_select_related = ("owner",)
    search_fields = ("search_name", "key", "slug")
    autocomplete_fields = ("owner", "tags")
    readonly_fields = ("uid", "slug", "tier", "archived_at", "is_demo", "version", "created_at", "updated_at")
    fields = (
        "name", "kind", "key", "owner", "country", "country_code", "time_zone", "website", "tags",
        "joined_on", "contract_ends_on", "notice_days", *readonly_fields,
    )  # fmt: skip

    @admin.display(description=_("in the app"))
    def open_in_app(self, partner: Partner) -> str:
        return format_html('<a href="/app/partners/{}/">{}</a>', partner.slug, _("Open"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a partner starts with a tier and a journey: /app/partners/new/

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # archive it in the app

    def save_model(self, request: HttpRequest, obj: Partner, form: Any, change: bool) -> None:
        obj.search_name = normalise(f"{obj.name} {obj.key}")
        obj.version += 1
        super().save_model(request, obj, form, change)
        record("partners.updated", obj, actor=request.user, partner_uid=obj.uid, fields=form.changed_data)


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    list_display = ("name", "partner", "email", "role", "left_on")
    list_filter = ("role",)
    list_select_related = ("partner",)
    search_fields = ("name", "email", "partner__search_name")
    autocomplete_fields = ("partner",)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ("user", "partner", "created_at")
    list_select_related = ("user", "partner")
    search_fields = ("user__email", "partner__search_name")
    autocomplete_fields = ("user", "partner")


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    search_fields = ("name",)


@admin.register(TierChange)
class TierChangeAdmin(ReadOnlyAdmin):
    list_display = ("partner", "tier", "occurred_at", "actor", "reason")
    list_filter = ("tier",)
    list_select_related = ("partner", "actor")
    search_fields = ("partner__search_name", "reason")
