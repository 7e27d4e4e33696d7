"""Root addresses. The manager's side is /app/, the API /api/v1/, the Django admin /admin/."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import password_set
from django.contrib import admin
from django.urls import include, path, re_path

from accounts.policies import public
from accounts.sessions import recent_log_in
from accounts.views import password_by_link
from core.views import csp_report, not_here
from prm import api

admin.site.login = secure_admin_login(admin.site.login)  # throttled and with the second factor, like any log-in

instead_of_the_library = [
    path("email/", not_here, name="account_email"),  # an address is changed by an administrator
    path(
        "confirm-email/<str:key>/", public(because="no such link is ever sent")(not_here), name="account_confirm_email"
    ),
    path("password/set/", recent_log_in(password_set), name="account_set_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        password_by_link,
        name="account_reset_password_from_key",
    ),
]
urlpatterns = [
    path("", include("workspace.urls")),
    path("", include("engagement.urls")),
    path("", include("enablement.urls")),
    path("", include("lifecycle.urls")),
    path("", include("health.urls")),
    path("", include("portal.urls")),
    path("", include("privacy.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include(instead_of_the_library)),
    path("accounts/", include("allauth.urls")),
    path("api/v1/portal/me/", api.me, name="portal_me"),
    path("api/v1/", include((api.router.urls, "api"))),
    path("api/schema/", api.schema, name="schema"),
    path("api/docs/", api.docs, name="api_docs"),
    path("csp-report", public(because="browsers send reports without a session")(csp_report), name="csp_report"),
    path("admin/", admin.site.urls),
]
