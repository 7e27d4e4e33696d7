from django.urls import path

from enablement.views import files, news

app_name = "enablement"
urlpatterns = [
    path("app/partners/<slug:slug>/files/", files.partner_panel, name="partner_panel"),
    path("app/partners/<slug:slug>/files/new/", files.file_create, name="file_create"),
    path("app/files/<uuid:uid>/", files.file_download, name="file_download"),
    path("app/files/<uuid:uid>/withdraw/", files.file_withdraw, name="file_withdraw"),
    path("app/news/", news.notice_list, name="notice_list"),
    path("app/news/new/", news.notice_create, name="notice_create"),
    path("app/news/<uuid:uid>/", news.notice_detail, name="notice_detail"),
    path("app/news/<uuid:uid>/edit/", news.notice_edit, name="notice_edit"),
    path("app/news/<uuid:uid>/publish/", news.notice_publish, name="notice_publish"),
    path("app/news/<uuid:uid>/withdraw/", news.notice_withdraw, name="notice_withdraw"),
]
