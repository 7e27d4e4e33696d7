"""How the vendor sees us, as far as it is shared, and what both sides can do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.policies import partner_only
from engagement.queries.shared import counted_meetings
from health.pages.shared import shared_health
from partners.models import SharingRule
from portal.context import require_topic, topics_of

Topic = SharingRule.Topic


@partner_only
def health(request: HttpRequest) -> HttpResponse:
    """With the meetings one by one behind the share of invitations that were attended."""
    require_topic(request, Topic.HEALTH)
    partner, topics = request.seat.partner, topics_of(request)
    shared = shared_health(partner, with_number=Topic.HEALTH_NUMBER in topics)
    one_by_one = shared is not None and Topic.MEETINGS in topics
    counted = counted_meetings(partner.pk, at=shared.at, known=shared.known) if shared and one_by_one else []
    return render(request, "portal/health.html", {"health": shared, "counted": counted})
