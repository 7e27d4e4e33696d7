"""The bell in the header, and what one's own account asks for."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest

from accounts.queries import inbox_path, unread_count
from accounts.second_step import is_asked_of, lacks_second_step


def bell(request: HttpRequest) -> dict[str, Any]:
    """How much is unread, counted when the header asks; nothing for observers, whose inbox is not the partner's."""
    user = getattr(request, "user", None)
    seat = getattr(request, "seat", None)
    if user is None or not user.is_authenticated or request.headers.get("HX-Request"):
        return {}
    if seat.observer is not None if seat else not user.is_vendor:
        return {}
    if lacks_second_step(request):
        return {"second_step_is_asked": True}
    return {
        "inbox_path": inbox_path(user),
        "unread": cache(lambda: unread_count(user)),
        "second_step_is_asked": is_asked_of(user),
    }
