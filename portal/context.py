"""What the portal's pages share: the topics in force, and what stands around every page."""

from __future__ import annotations

import math
from typing import Any

from django.http import Http404, HttpRequest
from django.utils.functional import SimpleLazyObject

from core import clock
from portal.queries.shell import sections_for, shared_topics


def topics_of(request: HttpRequest) -> frozenset[str]:
    """The topics the vendor shares with partners, read once per request."""
    if not hasattr(request, "portal_topics"):
        request.portal_topics = shared_topics()
    found: frozenset[str] = request.portal_topics
    return found


def require_topic(request: HttpRequest, topic: str) -> None:
    """A page about a topic that is not shared is as missing as one that does not exist."""
    if topic not in topics_of(request):
        raise Http404


def portal(request: HttpRequest) -> dict[str, Any]:
    """Nothing on the vendor's pages; what costs a query is read when a template asks for it, fragments do not."""
    seat = getattr(request, "seat", None)
    if seat is None:
        return {}
    return {
        "seat": seat,
        "contact_person": seat.partner.owner,
        "minutes_left": math.ceil((seat.until - clock.now()).total_seconds() / 60) if seat.until else 0,
        "topics": SimpleLazyObject(lambda: topics_of(request)),
        "sections": SimpleLazyObject(lambda: sections_for(seat, topics_of(request))),
    }
