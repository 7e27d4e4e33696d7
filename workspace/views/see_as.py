"""See as partner: a colleague's half hour of looking at the portal, read-only, with a reason (R37)."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.policies import editors_only, staff_only
from core.errors import DomainError
from partners import services
from partners.middleware import SEE_AS
from partners.models import Partner
from workspace.forms import SeeAsForm, add_refusal
from workspace.views.partner_edit import go_on, partner_or_404, shown


@editors_only
@require_http_methods(["GET", "POST"])
def see_as(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the reason and begin. A look that still runs, at this partner or another, ends with it."""
    partner = partner_or_404(request, slug)
    form = SeeAsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            until = services.start_look(partner_id=partner.pk, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            add_refusal(form, error)
        else:
            if former := request.session.get(SEE_AS):
                services.end_look(partner_id=former["partner"], actor=request.user, how="replaced")
            request.session[SEE_AS] = {"partner": partner.pk, "until": int(until.timestamp())}
            return go_on(request, reverse("portal:home"))
    context = {
        "form": form,
        "title": _("See the portal as {}").format(partner),
        "save": _("See as partner"),
        "hint": _(
            "You see the pages as an administrator of {} does, for 30 minutes. Nothing can be changed. Who looked, "
            "when and why is kept, and the partner can see that somebody of {} looked."
        ).format(partner, settings.ORGANISATION),
        "back": reverse("workspace:partner_detail", args=[partner.slug]),
    }
    return shown(request, context)


@staff_only
@require_POST
def see_as_leave(request: HttpRequest) -> HttpResponse:
    """Outside the portal's addresses, where an observer's POST would be refused."""
    marked = request.session.pop(SEE_AS, None)
    if marked is None:
        return redirect("workspace:partner_list")
    partner = services.end_look(partner_id=marked["partner"], actor=request.user, how="left")
    if partner is None or not Partner.objects.visible_to(request.user).filter(pk=partner.pk).exists():
        return redirect("workspace:partner_list")
    messages.success(request, _("You no longer see the portal as {}.").format(partner))
    return redirect("workspace:partner_detail", partner.slug)
