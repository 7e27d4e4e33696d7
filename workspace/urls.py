from django.urls import path

from workspace.views import board, home, partners, saved_views, search, settings, today

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
    path("", home.home, name="home"),
    path("app/", today.today, name="today"),
    path("app/queue/", today.queue_mark, name="queue_mark"),
    path("app/queue/undo/", today.queue_unmark, name="queue_unmark"),
    path("app/queue/aside/", today.today_aside, name="today_aside"),
    path("app/first-steps/hide/", today.checklist_hide, name="checklist_hide"),
    path("app/first-steps/show/", settings.checklist_show, name="checklist_show"),
    path("app/lifecycle/", board.lifecycle_board, name="lifecycle_board"),
    path("app/search/", search.search, name="search"),
    path("app/settings/", settings.settings_index, name="settings"),
    path("app/settings/outbox/", settings.outbox, name="outbox"),
    path("app/settings/outbox/<uuid:uid>/", settings.outbox_detail, name="outbox_detail"),
    path("app/settings/outbox/<uuid:uid>/retry/", settings.outbox_retry, name="outbox_retry"),
]
