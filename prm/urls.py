"""Root addresses. The manager's side is /app/, the API /api/v1/, the Django admin /admin/."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from accounts.policies import public
from core.views import csp_report
from prm import api

admin.site.login = secure_admin_login(admin.site.login)  # throttled and with the second factor, like any log-in

urlpatterns = [
    path("", include("workspace.urls")),
    path("", include("engagement.urls")),
    path("", include("lifecycle.urls")),
    path("", include("health.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include((api.router.urls, "api"))),
    path("api/schema/", api.schema, name="schema"),
    path("api/docs/", api.docs, name="api_docs"),
    path("csp-report", public(because="browsers send reports without a session")(csp_report), name="csp_report"),
    path("admin/", admin.site.urls),
]
