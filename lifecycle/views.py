"""Moving a partner to another stage: a page, and the same as a dialog; every page that shows stages listens."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from accounts.policies import editors_only
from core.addresses import own_path
from core.errors import DomainError, StaleError
from lifecycle.forms import MoveForm
from lifecycle.models import Journey
from lifecycle.rules import TYPICAL_DAYS
from lifecycle.services import move_to_stage, undo_move
from partners.models import Partner

REFRESHED = ["stages", "queue", "timeline"]
BOARD = "/app/lifecycle/"


def wants_fragment(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.history_restore_request


@editors_only
def journey_move(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose the next stage; 409 when somebody else moved the partner meanwhile, 422 when it cannot be moved so."""
    journey = _journey_or_404(request, slug)
    former, status = journey.stage, 200
    form = MoveForm(request.POST or None, journey=journey)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wish = form.cleaned_data
            try:
                journey = move_to_stage(
                    partner_id=journey.partner_id,
                    stage=wish["stage"],
                    actor=request.user,
                    reason=wish["reason"],
                    version=wish["version"],
                )
            except DomainError as error:
                journey.refresh_from_db()
                if isinstance(error, StaleError):
                    status = 409
                    form = MoveForm({**request.POST.dict(), "version": journey.version}, journey=journey)
                form.add_error(error.field, error.message)
            else:
                text = _("Moved {partner} to {stage}.").format(
                    partner=journey.partner, stage=journey.get_stage_display()
                )
                return _moved(request, journey, former, text, may_undo=True)
        elif _is_stale(request, journey):
            status = 409
            form = MoveForm({**request.POST.dict(), "version": journey.version}, journey=journey)
            form.add_error(
                None,
                _("{} was moved to {} since you opened this page; your move was not made.").format(
                    journey.partner, journey.get_stage_display()
                ),
            )
    context = {
        "form": form, "journey": journey, "partner": journey.partner, "next": _next(request),
        "limit": TYPICAL_DAYS[journey.stage],
    }  # fmt: skip
    name = "lifecycle/_move_dialog.html" if wants_fragment(request) else "lifecycle/journey_move.html"
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


@editors_only
@require_POST
def journey_undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the last move back, if nobody moved the partner since."""
    journey = _journey_or_404(request, slug)
    former = journey.stage
    version = request.POST.get("version") or request.GET.get("version", "")
    try:
        journey = undo_move(
            partner_id=journey.partner_id,
            version=int(version) if version.isascii() and version.isdigit() else -1,
            actor=request.user,
        )
    except DomainError as error:
        if wants_fragment(request):
            return render(request, "lifecycle/_moved.html", {"text": error.message, "level": "error"}, status=409)
        messages.error(request, error.message)
        return redirect(_next(request))
    text = _("{partner} is back in {stage}.").format(partner=journey.partner, stage=journey.get_stage_display())
    return _moved(request, journey, former, text, may_undo=False)


def _moved(request: HttpRequest, journey: Journey, former: str, text: str, *, may_undo: bool) -> HttpResponse:
    """Say what was done: a toast with Undo and a call to refresh, or back to where one came from."""
    undo = ""
    if may_undo:
        query = urlencode({"version": journey.version, "next": _next(request)})
        undo = f"{reverse('lifecycle:journey_undo', args=[journey.partner.slug])}?{query}"
    if not wants_fragment(request):
        messages.success(request, text)
        target = _next(request)
        if may_undo:
            target += ("&" if "?" in target else "?") + urlencode({"moved": journey.partner.slug})
        return redirect(target)
    on_board = (request.htmx.current_url_abs_path or "").startswith(BOARD)
    context = {"text": text, "level": "success", "undo_url": undo, "journey": journey if on_board else None}
    response = render(request, "lifecycle/_moved.html", context | {"former": former})
    return trigger_client_event(response, "prm:refresh", {"value": REFRESHED}, after="settle")


def _journey_or_404(request: HttpRequest, slug: str) -> Journey:
    partner = get_object_or_404(Partner.objects.visible_to(request.user).active(), slug=slug)
    journey = Journey.objects.visible_to(request.user).filter(partner=partner).select_related("partner").first()
    if journey is None:
        raise Http404
    return journey


def _is_stale(request: HttpRequest, journey: Journey) -> bool:
    sent = request.POST.get("version", "")
    return sent.isascii() and sent.isdigit() and int(sent) != journey.version


def _next(request: HttpRequest) -> str:
    """Where to go on without JavaScript: the page one came from, else the board."""
    target = request.POST.get("next") or request.GET.get("next", "")
    return own_path(target, otherwise=BOARD)
