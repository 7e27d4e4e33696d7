"""Partner 360: head and overview in the first answer, the other sections and the timeline on demand."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from accounts.act_words import Kind
from accounts.log_page import lines_of, log_context
from accounts.policies import staff_only
from core import clock
from engagement.forms import new_key
from engagement.models import Touchpoint
from engagement.queries import timeline
from partners.models import Partner
from workspace.opened import remember_opened
from workspace.queries import partner_detail as queries
from workspace.views.answers import wants_fragment

TIMELINE = 20


@staff_only
@require_GET
def partner_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """The overview: why this score, three figures, next dates, promises, alerts."""
    partner = _partner(request, slug)
    if wants_fragment(request) and request.htmx.target == "partner-head":
        return render(request, "workspace/_partner_head.html", _head(partner))
    remember_opened(request, partner.pk)
    context = {
        "overview": queries.overview(request.user, partner),
        "today": clock.today(),
        "currency": settings.REPORTING_CURRENCY,
    }
    return _section(request, partner, "overview", context)


@staff_only
@require_GET
def partner_sales(request: HttpRequest, slug: str) -> HttpResponse:
    partner = _partner(request, slug)
    sales = queries.sales(partner, at=clock.now())
    return _section(request, partner, "sales", {"sales": sales, "currency": settings.REPORTING_CURRENCY})


@staff_only
@require_GET
def partner_people(request: HttpRequest, slug: str) -> HttpResponse:
    partner = _partner(request, slug)
    return _section(request, partner, "people", {"people": queries.people(partner, at=clock.now())})


@staff_only
@require_GET
def partner_history(request: HttpRequest, slug: str) -> HttpResponse:
    partner = _partner(request, slug)
    past = queries.past(partner)
    lines = lines_of(past.audit, request.user, None)
    return _section(request, partner, "history", {"past": past, "lines": lines})


@staff_only
@require_GET
def partner_log(request: HttpRequest, slug: str) -> HttpResponse:
    """Every act about one partner, page by page: the history shows the newest of them."""
    partner = _partner(request, slug)
    context = log_context(request, partner_uid=partner.uid, kinds=Kind.choices, topics=None)
    return render(request, "workspace/partner_log.html", {"partner": partner, **context})


@staff_only
@require_GET
def partner_timeline(request: HttpRequest, slug: str) -> HttpResponse:
    """Touches and meetings, newest first: a column of the page, and a page by itself without JavaScript."""
    partner = _partner(request, slug)
    earlier = request.GET.get("all") == "1"
    entries = timeline(partner, 200 if earlier else TIMELINE + 1)
    context = {
        **_head(partner),
        "entries": entries if earlier else entries[:TIMELINE],
        "more": not earlier and len(entries) > TIMELINE,
        "fresh": request.GET.get("fresh") == "1",
        **_composer(),
    }
    if not wants_fragment(request):
        return _section(request, partner, "timeline", context)
    return render(request, "workspace/_partner_timeline.html", context)


def _partner(request: HttpRequest, slug: str) -> Partner:
    partner = queries.partner_with_head(request.user, slug)
    if partner is None:
        raise Http404
    return partner


def _section(request: HttpRequest, partner: Partner, name: str, context: dict[str, Any]) -> HttpResponse:
    """One section: for htmx it and the tabs, else inside the whole page."""
    context |= {"section": name, **_head(partner), **_composer()}
    fragment = wants_fragment(request)
    template = "workspace/_partner_section.html" if fragment else "workspace/partner_detail.html"
    response = render(request, template, {**context, "body": f"workspace/_partner_{name}.html", "oob": fragment})
    patch_vary_headers(response, ["HX-Request"])
    return response


def _head(partner: Partner) -> dict[str, Any]:
    return {
        "partner": partner,
        "state": queries.published(partner),
        "stage": queries.stage_now(partner),
        "contract_days": queries.contract_days(partner, clock.today()),
    }


def _composer() -> dict[str, Any]:
    return {"kinds": Touchpoint.Kind.choices, "submission_key": new_key()}
