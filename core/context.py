"""What the page shell needs on every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core.health import background_is_late


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "organisation": settings.ORGANISATION,
        "shell": "base.html" if signed_in and user.is_vendor else "portal/base.html",
        "appearance": user.appearance if signed_in else "system",
        "shortcuts_on": user.shortcuts if signed_in else False,
        "background_late": signed_in
        and user.is_vendor
        and not request.headers.get("HX-Request")
        and background_is_late(),
    }
