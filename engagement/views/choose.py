"""Which partner? The step before a form that is opened away from a partner's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from engagement.views.answers import shown
from partners.models import Partner
from partners.queries import search

LIMIT = 20


def partner_choose(request: HttpRequest, name: str, title: str) -> HttpResponse:
    """Partners whose name matches `q`, or one's own, each linking to the route `name` of that partner."""
    text = request.GET.get("q", "").strip()[:80]
    if text:
        found = search(request.user, text, LIMIT)
    else:
        found = list(Partner.objects.visible_to(request.user).active().owned_by(request.user).order_by("name")[:LIMIT])
    choices = [{"partner": one, "url": reverse(name, args=[one.slug])} for one in found]
    context = {"title": title, "choices": choices, "q": text, "action": request.path}
    return shown(request, "engagement/partner_choose.html", "engagement/_partner_choices.html", context)
