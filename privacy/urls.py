from django.urls import path

from privacy import views

app_name = "privacy"
urlpatterns = [
    path("portal/my-data/", views.my_data, name="my_data"),
    path("portal/my-data/download/", views.my_data_download, name="my_data_download"),
    path("portal/my-data/ask/", views.my_data_ask, name="my_data_ask"),
    path("portal/my-data/close/", views.my_data_close, name="my_data_close"),
    path("app/settings/privacy/", views.overview, name="overview"),
    path("app/settings/privacy/<uuid:uid>/erase/", views.request_erase, name="request_erase"),
    path("app/settings/privacy/<uuid:uid>/refuse/", views.request_refuse, name="request_refuse"),
]
