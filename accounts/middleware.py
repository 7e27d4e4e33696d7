"""The door of the house: everything needs a log-in unless its view says why not; idle sessions end."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.http import urlencode

from core import clock

Handler = Callable[[HttpRequest], HttpResponse]
TOUCH_SECONDS = 300


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
    """Ends a session after `SESSION_IDLE_SECONDS` without a request (reliability P9)."""

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        if request.user.is_authenticated:
            now = int(clock.now().timestamp())
            seen = request.session.get("seen_at", now)
            if now - seen > settings.SESSION_IDLE_SECONDS:
                logout(request)
            elif now - seen > TOUCH_SECONDS or "seen_at" not in request.session:
                request.session["seen_at"] = now
        return super().process_view(request, view_func, view_args, view_kwargs)


def user_time_zone(get_response: Handler) -> Handler:
    """Show times in the user's zone and words in the user's language."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            try:
                timezone.activate(zoneinfo.ZoneInfo(request.user.time_zone))
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                timezone.deactivate()
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        try:
            return get_response(request)
        finally:
            timezone.deactivate()

    return handle
