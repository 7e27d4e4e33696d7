"""What each address answers to each kind of actor, as data. An address that is not covered here fails the build.

Own addresses carry their policy on the view (accounts/policies.py). Those of allauth, Django's admin and the API stand
in the tables below, by name.
"""

from __future__ import annotations

from django.contrib import admin
from django.test import RequestFactory

from accounts.models import User
from tests.isolation.cast import VENDOR
from tests.isolation.routes import Route

IN = "in"  # anything but a refusal: what exactly is the business of the page's own tests
LOGIN = "login"
SAFE = ("GET", "HEAD")
PARTNER = ("partner_admin", "partner_seller", "partner_viewer")
TOKENS = ("read_token", "write_token", "dead_token", "partner_token")

# policy -> kind -> answer; kinds that are not named are let in.
_STAFF = {"nobody": LOGIN, **dict.fromkeys((*PARTNER, "ended"), 404)}
_SEATED = {"nobody": LOGIN, "ended": 403, **dict.fromkeys(VENDOR, 404)}
POLICIES: dict[str, dict[str, object]] = {
    "public": {},
    "signed_in": {"nobody": LOGIN},
    "staff": _STAFF,
    "editor": {**_STAFF, "viewer": 403},
    "lead": {**_STAFF, "viewer": 403, "manager": 403},
    "partner": _SEATED,
    "partner_editor": {**_SEATED, "partner_viewer": 403},
    "partner_admin": {**_SEATED, "partner_viewer": 403, "partner_seller": 403},
    "admin": {**_STAFF, "viewer": 403, "manager": 403, "lead": 403},
    # Django's admin: its own log-in page for everybody but administrators
    "django_admin": {"nobody": LOGIN, **dict.fromkeys((*PARTNER, "ended", *VENDOR[:3]), LOGIN)},
    # allauth's pages about one's own account
    "account": {"nobody": LOGIN},
}
# The API: a vendor role reads, an editing role writes, a token within its scope. 401 asks for a log-in.
API_READ = {"nobody": 401, "dead_token": 401, **dict.fromkeys((*PARTNER, "ended", "partner_token"), 403)}
API_WRITE = {**API_READ, "viewer": 403, "read_token": 403}
# The partner's part of it: its people, by session or token, within their role.
_VENDOR_403 = dict.fromkeys((*VENDOR, "read_token", "write_token", "ended"), 403)
PORTAL_API_READ = {"nobody": 401, "dead_token": 401, **_VENDOR_403}
PORTAL_API_WRITE = {**PORTAL_API_READ, "partner_viewer": 403, "partner_token": 403}

ACCOUNT = {
    "account_login": "public",
    "account_logout": "public",
    "account_inactive": "public",
    "account_signup": "public",
    "account_email_verification_sent": "public",
    "account_reset_password": "public",
    "account_confirm_login_code": "public",
    "account_confirm_email": "public",
    "account_reset_password_from_key_done": "public",
    "account_reset_password_from_key": "public",
    "account_reset_password_done": "public",
    "mfa_authenticate": "public",
    "mfa_login_webauthn": "public",
    "mfa_list_webauthn": "account",
    "mfa_add_webauthn": "account",
    "mfa_edit_webauthn": "account",
    "mfa_remove_webauthn": "account",
    "mfa_reauthenticate_webauthn": "account",
    "account_reauthenticate": "account",
    "account_email": "account",
    "account_change_password": "account",
    "account_set_password": "account",
    "mfa_index": "account",
    "mfa_reauthenticate": "account",
    "mfa_activate_totp": "account",
    "mfa_deactivate_totp": "account",
    "mfa_view_recovery_codes": "account",
    "mfa_generate_recovery_codes": "account",
    "mfa_download_recovery_codes": "account",
}
ADMIN = {"admin:login": "public", "admin:logout": "public"}
API = {
    "api:partner-list": "api",
    "api:partner-detail": "api",
    "api:contact-list": "api",
    "api:contact-detail": "api",
    "api:revenue-list": "api",
    "api:touchpoint-list": "api",
    "api:touchpoint-detail": "api",
    "api:meeting-list": "api",
    "api:meeting-detail": "api",
    "api:health-list": "api",
    "api:partner-health-explanation": "api",
    "portal_me": "portal_api",
    "api:portal-sale-list": "portal_api",
    "api:portal-meeting-list": "portal_api",
    "api:portal-meeting-detail": "portal_api",
    "api:portal-commitment-list": "portal_api",
    "api:portal-commitment-done": "portal_api",
    "schema": "public",  # the contract, without anybody's data
}

# Addresses of one's own rows that answer a foreign row like a missing one, but kindly instead of with a 404: what was
# taken back in another tab is no error.
KIND_TO_MISSING = {"inbox_mute", "mute_end"}
PERSONAL = {"privacy:my_data", "privacy:my_data_download"}


def is_closed_in_admin(route: Route, administrator: User) -> bool:
    """Whether Django's admin refuses even administrators there: what the product writes is not added by hand."""
    request = RequestFactory().get("/admin/")
    request.user = administrator
    for model, page in admin.site._registry.items():
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
        if route.name.startswith(stem):
            act = route.name.removeprefix(stem)
            return act in ("add", "change", "delete") and not getattr(page, f"has_{act}_permission")(request)
    return route.name == "admin:autocomplete"  # it wants to know which field asks


def policy_of(route: Route) -> str:
    """The policy's name, empty when nobody decided."""
    if route.area == "account":
        return ACCOUNT.get(route.name, "")
    if route.area == "api":
        return API.get(route.name, "")
    if route.area == "admin":
        return ADMIN.get(route.name, "django_admin")  # Django guards the whole site at one door
    return getattr(route.view, "policy", "")


def expected(route: Route, kind: str, method: str) -> object:
    """What `kind` gets for `method`: IN, LOGIN or a status."""
    policy = policy_of(route)
    if policy == "api":
        return (API_READ if method in (*SAFE, "OPTIONS") else API_WRITE).get(kind, IN)
    if policy == "portal_api":
        return (PORTAL_API_READ if method in (*SAFE, "OPTIONS") else PORTAL_API_WRITE).get(kind, IN)
    if kind in TOKENS:
        kind = "nobody"  # a token opens nothing but the API
    if kind == "observer" and (method not in SAFE or route.name in PERSONAL):
        return 403  # who sees as a partner changes nothing, and is not the person whose data it is
    return POLICIES[policy].get(kind, IN)
