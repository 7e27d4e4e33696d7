"""Addresses of the health room."""

from django.urls import path

from health.views import models, partners, portfolio

app_name = "health"
urlpatterns = [
    path("app/health/", portfolio.portfolio, name="portfolio"),
    path("app/health/models/", models.model_list, name="model_list"),
    path("app/health/models/new/", models.model_create, name="model_create"),
    path("app/health/models/<str:name>/", models.model_detail, name="model_detail"),
    path("app/health/models/<str:name>/definition.json", models.model_download, name="model_download"),
    path("app/health/models/<str:name>/edit/", models.model_edit, name="model_edit"),
    path("app/health/models/<str:name>/dry-run/", models.model_dry_run, name="model_dry_run"),
    path("app/health/models/<str:name>/publish/", models.model_publish, name="model_publish"),
    path("app/partners/<slug:slug>/health/", partners.partner_health, name="partner_health"),
    path("app/partners/<slug:slug>/health/override/", partners.override_create, name="override_create"),
    path("app/partners/<slug:slug>/health/override/end/", partners.override_end, name="override_end"),
    path("app/partners/<slug:slug>/health/exceptions/new/", partners.exception_create, name="exception_create"),
    path(
        "app/partners/<slug:slug>/health/exceptions/<uuid:uid>/clear/",
        partners.exception_clear,
        name="exception_clear",
    ),
]
