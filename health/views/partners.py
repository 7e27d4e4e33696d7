"""One partner's score with its reasons, and what people may say about it: overrides and exceptions."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from accounts.policies import editors_only, leads_only, staff_only
from core.errors import DomainError
from health import queries, services
from health.forms import ExceptionForm, OverrideForm
from health.models import ExceptionFlag
from health.pages import partner as page
from partners.models import Partner


@staff_only
def partner_health(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole page, or to htmx the panel alone (the partner page shows it as a section)."""
    partner = _partner(request, slug)
    whole = not request.htmx or request.htmx.history_restore_request
    name = "health/partner_health.html" if whole else "health/_partner_health.html"
    response = render(request, name, _context(request, partner))
    patch_vary_headers(response, ["HX-Request"])
    return response


@leads_only
def override_create(request: HttpRequest, slug: str) -> HttpResponse:
    partner = _partner(request, slug)
    form = OverrideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_override(partner_id=partner.pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field, error.message)
        else:
            return _changed(request, partner, _("The score of {} is set by hand.").format(partner))
    return _asked(request, partner, form, "override")


@leads_only
@require_POST
def override_end(request: HttpRequest, slug: str) -> HttpResponse:
    partner = _partner(request, slug)
    try:
        services.end_override(partner_id=partner.pk, actor=request.user)
    except DomainError as error:
        return _changed(request, partner, error.message, level="error")
    return _changed(request, partner, _("The model's score of {} is shown again.").format(partner))


@editors_only
def exception_create(request: HttpRequest, slug: str) -> HttpResponse:
    partner = _partner(request, slug)
    form = ExceptionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.raise_exception(partner_id=partner.pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field, error.message)
        else:
            return _changed(request, partner, _("The exception is raised; it caps the score."))
    return _asked(request, partner, form, "exception")


@editors_only
@require_POST
def exception_clear(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    partner = _partner(request, slug)
    flag = ExceptionFlag.objects.visible_to(request.user).filter(partner=partner, uid=uid).first()
    if flag is None:
        raise Http404
    try:
        services.clear_exception(flag_id=flag.pk, actor=request.user)
    except DomainError as error:
        return _changed(request, partner, error.message, level="error")
    return _changed(request, partner, _("The exception is cleared."))


def _partner(request: HttpRequest, slug: str) -> Partner:
    partners = Partner.objects.visible_to(request.user).select_related("owner", "journey", "health")
    return get_object_or_404(partners, slug=slug)


def _context(request: HttpRequest, partner: Partner) -> dict[str, Any]:
    as_of, note = page.read_day(request.GET.get("as_of", ""))
    snapshot = queries.latest_snapshot(partner, as_of=as_of)
    flags, overrides = page.exceptions(partner), page.overrides(partner)
    context: dict[str, Any] = {
        "partner": partner,
        "as_of": as_of,
        "note": note,
        "flags": flags,
        "override": page.in_force(overrides),
        "overrides": overrides,
        "alerts": page.alerts(partner),
        "newest": partner.health.as_of if hasattr(partner, "health") else None,
        "exact": request.GET.get("exact") == "1",
    }
    if snapshot:
        shown = snapshot.as_of if as_of and snapshot.as_of != context["newest"] else None
        context |= {
            "snapshot": snapshot,
            "stage": page.stage_of(snapshot),
            "page": page.explained(snapshot),
            "picture": page.picture(partner, flags=flags, overrides=overrides, shown=shown),
        }
    return context


def _asked(request: HttpRequest, partner: Partner, form: Form, what: str) -> HttpResponse:
    """The form as a page, or to htmx as a dialog; 422 when it was refused."""
    name = f"health/_{what}_form.html" if request.htmx else f"health/{what}_form.html"
    response = render(request, name, {"form": form, "partner": partner}, status=422 if form.errors else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _changed(request: HttpRequest, partner: Partner, text: str, *, level: str = "success") -> HttpResponse:
    """After a change: the page anew, or to htmx the panel and a toast beside the emptied dialog."""
    if not request.htmx:
        messages.add_message(request, messages.ERROR if level == "error" else messages.SUCCESS, text)
        return redirect("health:partner_health", slug=partner.slug)
    fresh = _partner(request, partner.slug)
    context = _context(request, fresh) | {"text": text, "level": level, "oob": True}
    response = render(request, "health/_partner_health_changed.html", context)
    return trigger_client_event(response, "prm:focus", {"value": "#partner-health-title"}, after="settle")
