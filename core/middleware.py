"""Probes that never touch a session, and the response headers every answer carries (reliability 8.1)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from core.health import readiness

Handler = Callable[[HttpRequest], HttpResponse]
TEXT = "text/plain; charset=utf-8"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


def probes(get_response: Handler) -> Handler:
    """Answer /livez without the database and /readyz with its state, before host checks and sessions."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path == "/livez":
            return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
        if request.path == "/readyz":
            ready = readiness()
            return HttpResponse(
                "ready\n" if ready else "not ready\n",
                status=200 if ready else 503,
                content_type="text/plain; charset=utf-8",
            )
        return get_response(request)

    return handle


def response_headers(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponse:
        response = _refused(request) or get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        user = getattr(request, "user", None)
        if (user is not None and user.is_authenticated) or request.headers.get("Authorization"):
            response.setdefault("Cache-Control", "no-store")
        return response

    return handle


def _refused(request: HttpRequest) -> HttpResponse | None:
    """Methods nobody needs; and a program that sends its token in the clear is told so, not led on quietly."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if settings.SECURE_SSL_REDIRECT and request.path.startswith("/api/") and not request.is_secure():
        return JsonResponse({"detail": "Use https. What you just sent was not encrypted."}, status=403)
    return None
