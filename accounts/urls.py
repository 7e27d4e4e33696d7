from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("app/settings/profile/", views.profile_edit, name="profile_edit"),
    path("app/settings/appearance/", views.appearance_set, name="appearance_set"),
    path("app/settings/tokens/", views.token_list, name="token_list"),
    path("app/settings/tokens/<uuid:uid>/revoke/", views.token_revoke, name="token_revoke"),
]
