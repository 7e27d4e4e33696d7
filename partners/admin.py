"""Partners, people and tags in the Django admin."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.admin import not_suppressed
from accounts.services import record
from core import clock
from core.admin import ReadOnlyAdmin
from core.outbound import OutboundError, fetch, may_be_asked
from partners.models import (
    Contact,
    ExternalIdentity,
    IdentityProvider,
    Invitation,
    Membership,
    Partner,
    SharingRule,
    Tag,
    TierChange,
    VerifiedDomain,
)
from partners.rules import PUBLIC_MAIL, as_domain, normalise
from partners.sso.claims import SsoRefusedError
from partners.sso.oidc import sealed
from partners.sso.saml import read_metadata


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
        return format_html('<a href="/app/partners/{}/">{}</a>', partner.slug, pgettext("button", "Open"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a partner starts with a tier and a journey: /app/partners/new/

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # archive it in the app

    def save_model(self, request: HttpRequest, obj: Partner, form: Any, change: bool) -> None:
        obj.search_name = normalise(f"{obj.name} {obj.key}")
        obj.version += 1
        super().save_model(request, obj, form, change)
        record("partners.updated", obj, actor=request.user, partner_uid=obj.uid, fields=form.changed_data)


class ContactForm(forms.ModelForm):
    def clean_email(self) -> str:
        return not_suppressed(self.cleaned_data["email"])


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    form = ContactForm
    list_display = ("name", "partner", "email", "role", "left_on")
    list_filter = ("role",)
    list_select_related = ("partner",)
    search_fields = ("name", "email", "partner__search_name")
    autocomplete_fields = ("partner",)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """For looking: who joins, moves and leaves is decided on the partner's people page, which keeps the rules."""

    list_display = ("user", "partner", "created_at", "ended_at")
    list_filter = ("ended_at",)
    list_select_related = ("user", "partner")
    search_fields = ("user__email", "partner__search_name")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "partner", "role", "invited_by", "sent_at", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role",)
    list_select_related = ("partner", "invited_by")
    search_fields = ("email", "name", "partner__search_name")
    exclude = ("digest",)


@admin.register(SharingRule)
class SharingRuleAdmin(admin.ModelAdmin):
    """One row per topic, made by the migration: an administrator switches, nothing is added or removed."""

    list_display = ("topic", "shared")
    list_display_links = None
    list_editable = ("shared",)
    ordering = ("id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SharingRule, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record("partners.sharing_changed", obj, actor=request.user, topic=obj.topic, shared=obj.shared)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    search_fields = ("name",)


@admin.register(TierChange)
class TierChangeAdmin(ReadOnlyAdmin):
    list_display = ("partner", "tier", "occurred_at", "actor", "reason")
    list_filter = ("tier",)
    list_select_related = ("partner", "actor")
    search_fields = ("partner__search_name", "reason")


class LongInput(forms.TextInput):
    """Wide enough to read an address in."""

    def __init__(self) -> None:
        super().__init__(attrs={"class": "vLargeTextField"})


class ProviderForm(forms.ModelForm):
    """The secret goes in and never comes out; SAML metadata is pasted, or fetched from an address once."""

    secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=_("OpenID Connect. It is stored sealed and not shown again; leave it empty to keep it."),
    )
    metadata_url = forms.CharField(
        label=_("Fetch the metadata from"),
        required=False,
        max_length=500,
        widget=LongInput(),
        help_text=_("SAML. Read once, now; https only. Or paste the metadata below."),
    )

    class Meta:
        model = IdentityProvider
        fields = ["partner", "kind", "name", "issuer", "client_id", "metadata", "enabled", "sso_only"]
        widgets = {"issuer": LongInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "issuer" in self.fields:
            self.fields["issuer"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind") or self.instance.kind
        if kind == IdentityProvider.Kind.OIDC:
            self._clean_oidc(cleaned)
        elif kind == IdentityProvider.Kind.SAML:
            self._clean_saml(cleaned)
        if cleaned.get("sso_only") and not cleaned.get("enabled"):
            self.add_error("sso_only", _("Enable it first; otherwise nobody of this partner could log in."))
        return cleaned

    def _clean_oidc(self, cleaned: dict[str, Any]) -> None:
        issuer = cleaned.get("issuer", "")
        if not may_be_asked(issuer) or "?" in issuer or "#" in issuer:
            self.add_error("issuer", _("Give the issuer's address: https, without user, query or fragment."))
        if not cleaned.get("client_id"):
            self.add_error("client_id", _("OpenID Connect needs a client id."))

    def _clean_saml(self, cleaned: dict[str, Any]) -> None:
        try:
            if cleaned.get("metadata_url"):
                cleaned["metadata"] = fetch(cleaned["metadata_url"]).body.decode()
            cleaned["issuer"] = read_metadata(cleaned.get("metadata", "")).entity_id
        except OutboundError as error:
            self.add_error("metadata_url", str(error))
        except (SsoRefusedError, UnicodeDecodeError):
            self.add_error(
                "metadata", _("This is not the metadata of one SAML 2.0 identity provider with a strong key.")
            )

    def save(self, commit: bool = True) -> IdentityProvider:
        if self.cleaned_data["secret"]:
            self.instance.sealed_secret = sealed(self.cleaned_data["secret"])
        provider: IdentityProvider = super().save(commit=commit)
        return provider


@admin.register(IdentityProvider)
class IdentityProviderAdmin(admin.ModelAdmin):
    form = ProviderForm
    list_display = ("name", "partner", "kind", "enabled", "sso_only")
    list_filter = ("kind", "enabled", "sso_only")
    list_select_related = ("partner",)
    search_fields = ("name", "issuer", "partner__search_name")
    autocomplete_fields = ("partner",)
    fields = (
        "partner", "kind", "name", "issuer", "client_id", "secret", "metadata_url", "metadata", "enabled", "sso_only",
        "addresses",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose provider it is stays as it was: its identities belong to that partner's people."""
        return ("partner", "kind", "addresses") if obj else ("addresses",)

    @admin.display(description=_("for the partner's IT"))
    def addresses(self, provider: IdentityProvider) -> str:
        if provider.pk is None:
            return _("Shown after saving.")
        routes = ("sso_start", "sso_callback") if provider.kind == "oidc" else ("sso_start", "sso_acs", "sso_metadata")
        lines = [(settings.BASE_URL + reverse(f"portal:{route}", kwargs={"uid": provider.uid}),) for route in routes]
        return format_html_join(mark_safe("<br>"), "<code>{}</code>", lines)

    def save_model(self, request: HttpRequest, obj: IdentityProvider, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record(
            "partners.provider_saved", obj, actor=request.user, partner_uid=obj.partner.uid, fields=form.changed_data
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # switch it off: its identities are history


class DomainForm(forms.ModelForm):
    checked = forms.BooleanField(
        label=_("I have checked that this domain belongs to the partner"),
        required=False,
        help_text=_("By a record in its DNS, its contract or a call to a known number, not by a mail from it."),
    )

    class Meta:
        model = VerifiedDomain
        fields = ["partner", "domain"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checked"].initial = self.instance.verified_at is not None

    def clean_domain(self) -> str:
        domain = as_domain(self.cleaned_data["domain"])
        if not domain or domain in PUBLIC_MAIL:
            raise forms.ValidationError(_("Give a domain of one company, as after the @ of its addresses."))
        return domain


@admin.register(VerifiedDomain)
class VerifiedDomainAdmin(admin.ModelAdmin):
    form = DomainForm
    list_display = ("domain", "partner", "verified_at", "verified_by")
    list_select_related = ("partner", "verified_by")
    search_fields = ("domain", "partner__search_name")
    autocomplete_fields = ("partner",)
    fields = ("partner", "domain", "checked", "verified_at", "verified_by")
    readonly_fields = ("verified_at", "verified_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("partner", "domain", *self.readonly_fields) if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: VerifiedDomain, form: Any, change: bool) -> None:
        checked = form.cleaned_data["checked"]
        if checked != (obj.verified_at is not None):
            obj.verified_at = clock.now() if checked else None
            obj.verified_by = request.user if checked else None
        super().save_model(request, obj, form, change)
        record("partners.domain_saved", obj, actor=request.user, partner_uid=obj.partner.uid, verified=checked)


@admin.register(ExternalIdentity)
class ExternalIdentityAdmin(ReadOnlyAdmin):
    """Deleting one lets its owner link anew, after a change of the subject at the company."""

    list_display = ("user", "provider", "created_at", "last_used_at")
    list_select_related = ("user", "provider")
    search_fields = ("user__email", "provider__name")
    fields = ("user", "provider", "subject", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True
