"""Where we stand, what waits for us, what the vendor owes us."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from accounts.policies import partner_only
from core import clock
from deals.bars import month_bars
from enablement.queries import latest_news, newest_files
from engagement.queries.shared import meetings_at_hand, promises
from health.pages.shared import shared_health
from partners.models import SharingRule
from portal.context import topics_of
from portal.queries.home import shared_notes, waiting_for
from portal.queries.meetings import meeting_lines

Topic = SharingRule.Topic
MONTHS = 12
SHOWN = 5


@partner_only
def home(request: HttpRequest) -> HttpResponse:
    """What matters now is in the first answer; the rest arrives as a part of its own, so that the page is light."""
    partner, topics, now = request.seat.partner, topics_of(request), clock.now()
    at_hand = meetings_at_hand(request.user, at=now) if Topic.MEETINGS in topics else None
    waiting = waiting_for(request.user, partner, topics, at_hand, at=now)
    health = shared_health(partner, with_number=Topic.HEALTH_NUMBER in topics) if Topic.HEALTH in topics else None
    context = {
        "waiting": waiting[:SHOWN],
        "number": len(waiting),
        "more": waiting[SHOWN:],
        "health": health,
        "next": meeting_lines(at_hand.ahead[:1] if at_hand else [], partner, request.user, at=now),
    }
    return render(request, "portal/home.html", context)


@partner_only
def home_rest(request: HttpRequest) -> HttpResponse:
    """Promises, sales, news, files and shared notes: to htmx the part alone, else a page."""
    partner, topics, now = request.seat.partner, topics_of(request), clock.now()
    months = month_bars(partner, MONTHS, now) if Topic.SALES in topics else []
    known = [month.revenue.net_minor for month in months if month.revenue.net_minor is not None]
    context = {
        "promises": promises([partner.pk], at=now).get(partner.pk) if Topic.PROMISES in topics else None,
        "months": months if known else [],
        "total": sum(known),
        "currency": settings.REPORTING_CURRENCY,
        "news": latest_news([partner.pk], at=now).get(partner.pk, []) if Topic.NEWS in topics else [],
        "files": newest_files([partner.pk]).get(partner.pk, []) if Topic.FILES in topics else [],
        "notes": shared_notes(request.user),
    }
    whole = not request.htmx or request.htmx.history_restore_request
    response = render(request, "portal/home_rest.html" if whole else "portal/_home_rest.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
