from django.urls import path

from workspace.views import partners, saved_views

app_name = "workspace"
urlpatterns = [
    path("app/partners/", partners.partner_list, name="partner_list"),
    path("app/partners/new/", partners.partner_list, name="partner_create"),
    path("app/partners/filter/", partners.partner_filter, name="partner_filter"),
    path("app/partners/columns/", partners.partner_columns, name="partner_columns"),
    path("app/partners/export/", partners.partner_export, name="partner_export"),
    path("app/partners/bulk/", partners.partner_bulk, name="partner_bulk"),
    path("app/partners/views/new/", saved_views.view_create, name="view_create"),
    path("app/partners/views/<uuid:uid>/", saved_views.view_edit, name="view_edit"),
    path("app/partners/views/<uuid:uid>/overwrite/", saved_views.view_overwrite, name="view_overwrite"),
    path("app/partners/views/<uuid:uid>/delete/", saved_views.view_delete, name="view_delete"),
]
