"""Counts in the sidebar: only where something waits for the person who looks."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from accounts.models import User
from accounts.second_step import lacks_second_step
from core import clock
from engagement.models import Meeting
from health.models import HealthState

KEEP_SECONDS = 60
TODAY_COUNT = "today_count"  # in the session: how many items stood on Today when it was last looked at


def nav_counts(request: HttpRequest) -> dict[str, Any]:
    """`nav_counts` for full pages of vendor staff; fragments do not draw the sidebar."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_vendor or request.headers.get("HX-Request"):
        return {}
    if lacks_second_step(request):
        return {}
    key = f"nav:{user.pk}"
    counts = cache.get(key)
    if counts is None:
        counts = _count(user)
        cache.set(key, counts, KEEP_SECONDS)
    return {"nav_counts": {**counts, "today": request.session.get(TODAY_COUNT)}}


def _count(user: User) -> dict[str, int]:
    at_risk = HealthState.objects.visible_to(user).filter(band__in=["D", "E"], partner__owner=user)
    soon = Meeting.objects.visible_to(user).filter(
        status__in=[Meeting.Status.PLANNED, Meeting.Status.CONFIRMED],
        starts_at__range=(clock.now(), clock.now() + timedelta(days=7)),
        partner__owner=user,
    )
    return {"health": at_risk.count(), "meetings": soon.count()}
