"""People and access in the Django admin."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, AuditEntry, User
from accounts.services import end_sessions, is_suppressed, record
from core.admin import ReadOnlyAdmin

admin.site.unregister(Group)  # the role of a user is the only source of rights


def not_suppressed(email: str) -> str:
    """The address, unless its owner was erased and must not come back by somebody else's hand."""
    if is_suppressed(email):
        raise forms.ValidationError(_("This person asked to be forgotten and must not be listed again."))
    return email


class NewUserForm(forms.ModelForm):
    """No password: only its owner ever knows it, and sets it through “Forgotten password”."""

    class Meta:
        model = User
        fields = ["email", "name", "role", "sees_all_partners", "time_zone", "language"]

    def clean_email(self) -> str:
        return not_suppressed(self.cleaned_data["email"])

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        user.email = user.email.lower()
        user.set_unusable_password()
        if commit:
            user.save()
        return user


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "role", "is_active", "last_login", "is_demo")
    list_filter = ("role", "is_active", "sees_all_partners", "is_demo")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "date_joined", "is_demo")
    actions = ("log_out_everywhere",)
    fields = (
        "email", "name", "role", "sees_all_partners", "is_active", "time_zone", "language", "daily_digest",
        *readonly_fields,
    )  # fmt: skip

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            return NewUserForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else NewUserForm.Meta.fields

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
        if change and {"role", "is_active"} & set(form.changed_data):
            end_sessions(user=obj, actor=request.user)  # other rights begin with a log-in of their own

    @admin.action(description=_("Log out everywhere"), permissions=["change"])
    def log_out_everywhere(self, request: HttpRequest, people: QuerySet[User]) -> None:
        for user in people:
            end_sessions(user=user, actor=request.user)
        self.message_user(request, _("The chosen people are logged out on every device."), messages.SUCCESS)

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
    list_display = ("at", "actor", "acting_as", "action", "object_type", "object_uid")
    list_filter = ("action",)
    list_select_related = ("actor",)
    search_fields = ("action", "object_uid", "actor__email", "request_id")
    date_hierarchy = "at"
