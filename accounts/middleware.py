"""The door of the house: everything needs a log-in unless its view says why not; idle sessions end."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.http import urlencode

from accounts.attempts import TooManyAttemptsError
from accounts.gate import too_many
from accounts.services import record
from accounts.sessions import follow_session, is_too_old
from core import clock

Handler = Callable[[HttpRequest], HttpResponse]
TOUCH_SECONDS = 300
REFUSED = frozenset({403, 404})
REFUSAL_SECONDS = 60


class _HouseDoor(LoginRequiredMiddleware):
    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseBase:
        if request.path.startswith("/api/"):
            return None  # type: ignore[return-value]  # the API answers 401 itself
        if request.headers.get("HX-Request"):
            response = HttpResponse(status=401)
            page = request.htmx.current_url_abs_path or request.path  # where the reader was, not the part asked for
            response["HX-Redirect"] = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': page})}"
            return response
        return super().handle_no_permission(request, view_func)


def login_required(get_response: Handler) -> Handler:
    return _IdleDoor(get_response)


class _IdleDoor(_HouseDoor):
    """Ends a session after `SESSION_IDLE_SECONDS` without a request, and after `SESSION_COOKIE_AGE` anyway (P9)."""

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        if request.user.is_authenticated:
            request.known = True
            now = int(clock.now().timestamp())
            seen = request.session.get("seen_at", now)
            if now - seen > settings.SESSION_IDLE_SECONDS or is_too_old(request):
                logout(request)
            elif now - seen > TOUCH_SECONDS or "seen_at" not in request.session:
                request.session["seen_at"] = now
                request.seen_again = now - seen > TOUCH_SECONDS
        return super().process_view(request, view_func, view_args, view_kwargs)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Outside a partner's walls, where the row may be written even when the page was read-only."""
        if getattr(request, "known", False) and not request.user.is_authenticated:
            response["Clear-Site-Data"] = '"storage"'  # logged out: drafts and the like leave this browser with them
        if request.session.accessed:
            follow_session(request, seen=getattr(request, "seen_again", False))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, TooManyAttemptsError):
            return too_many(request, crowded=exception.crowded)
        return None


def user_time_zone(get_response: Handler) -> Handler:
    """Show times in the user's zone and words in the user's language."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            try:
                timezone.activate(zoneinfo.ZoneInfo(request.user.time_zone))
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                timezone.deactivate()
            offered = request.user.language in dict(settings.LANGUAGES)
            translation.activate(request.user.language if offered else settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = translation.get_language()
        try:
            return get_response(request)
        finally:
            timezone.deactivate()

    return handle


def note_refusals(get_response: Handler) -> Handler:
    """Keep in the audit trail who was refused what: once per person, route and minute, outside the portal's wall.

    A foreign row is a 404 like a missing one, so both are kept, and alike: the answer tells neither by its time.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code in REFUSED and (route := _route(request)):
            _note(request, route, response.status_code)
        return response

    return handle


def _route(request: HttpRequest) -> str:
    """The name of the page; empty for an address that no page has. Some refusals come before it is looked up."""
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return ""
    return match.view_name or match.route


def _note(request: HttpRequest, route: str, status: int) -> None:
    user = request.api_login[0] if getattr(request, "api_login", None) else request.user
    person = getattr(user, "colleague", user)  # a colleague who sees as a partner is noted by their own name
    if not person.is_authenticated:
        return
    if cache.add(f"refused:{person.pk}:{route}", 1, REFUSAL_SECONDS):
        seat = getattr(request, "seat", None)
        record(
            "accounts.access_denied",
            None,
            actor=person,
            partner_uid=seat.partner.uid if seat else None,
            route=route,
            method=request.method,
            status=status,
        )
