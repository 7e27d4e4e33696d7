"""Sessions ended: one's own elsewhere, or those of somebody whose standing changed."""

from importlib import import_module

from django.conf import settings
from django.db import transaction

from accounts.models import User, UserSession
from accounts.services.audit import record


@transaction.atomic
def end_sessions(*, user: User, actor: User | None, but: str = "", only: str = "") -> int:
    """End a person's sessions, all but one, or only one (both by uid), and return how many ended."""
    rows = UserSession.objects.filter(user_id=user.pk)
    if only:
        rows = rows.filter(uid=only)
    if but:
        rows = rows.exclude(uid=but)
    keys = list(rows.values_list("session_key", flat=True))
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for key in keys:
        store(session_key=key).delete()
    rows.delete()
    if keys:
        record("accounts.sessions_ended", user, actor=actor, count=len(keys))
    return len(keys)
