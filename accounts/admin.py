"""People and access in the Django admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, AuditEntry, User
from accounts.services import record
from core.admin import ReadOnlyAdmin

admin.site.unregister(Group)  # the role of a user is the only source of rights


class NewUserForm(forms.ModelForm):
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput,
        required=False,
        help_text=_("Leave it empty to let the person set one with “Forgotten password”."),
    )

    class Meta:
        model = User
        fields = ["email", "name", "role", "time_zone", "language"]

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        user.email = user.email.lower()
        user.set_password(self.cleaned_data["password"] or None)
        if commit:
            user.save()
        return user


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "role", "is_active", "last_login", "is_demo")
    list_filter = ("role", "is_active", "is_demo")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "date_joined", "is_demo")
    fields = ("email", "name", "role", "is_active", "time_zone", "language", "daily_digest", *readonly_fields)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            return NewUserForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ("email", "name", "role", "time_zone", "language", "password")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else ()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record(
            "accounts.user_changed" if change else "accounts.user_created",
            obj,
            actor=request.user,
            fields=form.changed_data,
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "scope", "created", "expiry", "last_used_on")
    list_filter = ("scope",)
    search_fields = ("name", "user__email")
    fields = ("name", "user", "scope", "created", "expiry", "last_used_on")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "action", "object_type", "object_uid")
    list_filter = ("action",)
    list_select_related = ("actor",)
    search_fields = ("action", "object_uid", "actor__email", "request_id")
    date_hierarchy = "at"
