"""What a session knows about itself: since when it lasts and which row lists it for its owner."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.signals import authentication_step_completed
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import User, UserSession
from core import clock

# In the session: uid and key of its row, "at" when it began, "proved" when its owner last proved it, "way" by which it
# began: the uid of a company's log-in, empty for a password or passkey.
OWN = "log_in"
RECENT = timedelta(minutes=15)
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def current_session(request: HttpRequest | None) -> str:
    """The uid of the row that lists this session; empty outside one."""
    session = getattr(request, "session", None)
    return str(session[OWN]["uid"]) if session is not None and OWN in session else ""


def way_of(request: HttpRequest) -> str:
    """The uid of the company's log-in that began this session; empty for a password or passkey."""
    return str(request.session.get(OWN, {}).get("way", ""))


def logged_in_recently(request: HttpRequest) -> bool:
    """Logged in, or confirmed it, less than a quarter of an hour ago."""
    proved = request.session.get(OWN, {}).get("proved", 0)
    return bool(clock.now().timestamp() - proved < RECENT.total_seconds())


def is_too_old(request: HttpRequest) -> bool:
    """Longer than a session may last, whatever happened in it."""
    started = request.session.get(OWN, {}).get("at")
    return started is not None and clock.now().timestamp() - started > settings.SESSION_COOKIE_AGE


def list_session(request: HttpRequest, user: User) -> None:
    """Give the session of a log-in its row."""
    if request.session.session_key is None:
        request.session.create()
    now = clock.now()
    oldest = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    UserSession.objects.filter(user=user, started_at__lt=oldest).delete()
    row, _created = UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={"user": user, "device": device_of(request), "started_at": now, "seen_at": now},
    )
    request.session[OWN] = {
        "uid": str(row.uid),
        "key": row.session_key,
        "at": int(now.timestamp()),
        "proved": int(now.timestamp()),
        "way": _began_by(request, user),
    }


def _began_by(request: HttpRequest, user: User) -> str:
    """The company's log-in that let the person in just now, or before the second factor was asked for."""
    records = get_authentication_records(request, user)
    before = [row["provider"] for row in records if row["method"] == "sso"]
    return getattr(request, "came_through_provider", "") or (before[-1] if before else "")


def follow_session(request: HttpRequest, *, seen: bool) -> None:
    """Keep the row with its session: its key changes with a password or a confirmation, and it was seen just now."""
    own = request.session.get(OWN)
    key = request.session.session_key
    if not own or not key or not (seen or key != own["key"]):
        return
    changes: dict[str, Any] = {"session_key": key} | ({"seen_at": clock.now()} if seen else {})
    UserSession.objects.filter(uid=own["uid"]).update(**changes)
    if key != own["key"]:
        request.session[OWN] = {**own, "key": key}


def open_sessions(user_id: int, *, at: datetime) -> list[UserSession]:
    """A person's sessions that still open something, the last used first."""
    rows = list(UserSession.objects.filter(user_id=user_id).order_by("-seen_at", "-pk"))
    keys = [row.session_key for row in rows]
    alive = set(Session.objects.filter(session_key__in=keys, expire_date__gt=at).values_list("session_key", flat=True))
    return [row for row in rows if row.session_key in alive]


def recent_log_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A change made here asks to confirm a log-in of more than a quarter of an hour ago (P9)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and request.user.is_authenticated and not logged_in_recently(request):
            if get_reauthentication_flows(request.user):
                raise ReauthenticationRequired
            raise PermissionDenied(_("This needs a log-in of less than 15 minutes ago: log out and in again."))
        return view(request, *args, **kwargs)

    return guarded


def connect() -> None:
    authentication_step_completed.connect(_proved_again, dispatch_uid="accounts.sessions.proved_again")
    user_logged_in.connect(_begun, dispatch_uid="accounts.sessions.begun")
    user_logged_out.connect(_ended, dispatch_uid="accounts.sessions.ended")


def _begun(*, request: HttpRequest, user: User, **_more: Any) -> None:
    list_session(request, user)


def _proved_again(*, request: HttpRequest, reauthenticated: bool = False, **_more: Any) -> None:
    """More rights from here on, so a new id: an id that somebody planted or saw before gains nothing."""
    own = request.session.get(OWN)
    if reauthenticated and own:
        request.session.cycle_key()
        request.session[OWN] = {**own, "proved": int(clock.now().timestamp())}


def _ended(*, request: HttpRequest, **_more: Any) -> None:
    if uid := current_session(request):
        UserSession.objects.filter(uid=uid).delete()


def device_of(request: HttpRequest) -> str:
    """ "Firefox, Linux": what people recognise, and nothing that tells two such browsers apart."""
    text = request.META.get("HTTP_USER_AGENT", "")
    names = [next((name for mark, name in rows if re.search(mark, text)), "") for rows in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in names if name)
