from typing import Any

from django.urls import URLPattern, path

from accounts import views
from accounts.policies import partner_only, staff_only


def both_sides(route: str, view: Any, name: str) -> list[URLPattern]:
    """The same page about one's own inbox for the vendor's staff and for a partner's people, in the shell of each."""
    return [
        path(f"app/{route}", staff_only(view), name=name),
        path(f"portal/{route}", partner_only(view), name=f"portal_{name}"),
    ]


app_name = "accounts"
urlpatterns = [
    path("app/settings/profile/", views.profile_edit, name="profile_edit"),
    path("app/settings/appearance/", views.appearance_set, name="appearance_set"),
    path("app/settings/sessions/", views.session_list, name="session_list"),
    path("app/settings/sessions/end-others/", views.sessions_end_others, name="sessions_end_others"),
    path("app/settings/sessions/<uuid:uid>/end/", views.session_end, name="session_end"),
    path("app/settings/tokens/", views.token_list, name="token_list"),
    path("app/settings/tokens/<uuid:uid>/revoke/", views.token_revoke, name="token_revoke"),
    *both_sides("inbox/", views.inbox, "inbox"),
    *both_sides("inbox/read/", views.inbox_read, "inbox_read"),
    *both_sides("inbox/unread/", views.inbox_unread, "inbox_unread"),
    *both_sides("inbox/<uuid:uid>/open/", views.inbox_open, "inbox_open"),
    *both_sides("inbox/<uuid:uid>/mute/", views.inbox_mute, "inbox_mute"),
    *both_sides("inbox/mutes/<uuid:uid>/end/", views.mute_end, "mute_end"),
    *both_sides("notifications/", views.preferences, "preferences"),
    path("notifications/<str:token>/", views.preferences_by_link, name="preferences_by_link"),
    path("notifications/<str:token>/stop/", views.mails_stop, name="mails_stop"),
]
