"""Probes that never touch a session, and the response headers every answer carries (reliability 8.1)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core.health import readiness

Handler = Callable[[HttpRequest], HttpResponse]
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


def probes(get_response: Handler) -> Handler:
    """Answer /livez without the database and /readyz with its state, before host checks and sessions."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path == "/livez":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            ready = readiness()
            return HttpResponse(
                "ready\n" if ready else "not ready\n", status=200 if ready else 503, content_type="text/plain"
            )
        return get_response(request)

    return handle


def response_headers(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")
        return response

    return handle
