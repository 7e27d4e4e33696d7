"""One page with one button behind a link in a mail. Opening it changes nothing: mail scanners open links too."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.policies import public
from core import clock
from core.errors import DomainError
from core.guesses import WINDOW_SECONDS, guesses_too_often, note_wrong_guess
from engagement import services
from engagement.forms import CommentForm, ObjectionForm, ProposalForm
from engagement.models import ActionLink
from engagement.queries.links import open_link
from engagement.queries.people import contact_addressee
from engagement.queries.times import zoned_times
from engagement.views.answers import refuse, status_of
from partners.row_security import as_partner

FORMS: dict[str, type[forms.Form]] = {
    ActionLink.Kind.CONFIRM: CommentForm,
    ActionLink.Kind.OBJECT: ObjectionForm,
    ActionLink.Kind.DONE: forms.Form,
}


# Without the cross-site check: the page forbids referrers, with which browsers send no origin, and no session is used;
# who could forge the request would have to know the secret.
@csrf_exempt
@public(because="a link in a mail; its address holds 256 random bits, of which only the digest is kept, and works once")
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, secret: str) -> HttpResponse:
    if guesses_too_often(request):
        response = render(request, "engagement/act_wait.html", status=429)
        response["Retry-After"] = str(WINDOW_SECONDS)
        return _unseen(response)
    link = open_link(secret, at=clock.now())
    if link is None:
        return _gone(request)
    form = _form(request, link)
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        try:
            with _wall(request, link):
                services.use_link(secret=secret, **_wish(form))
        except services.DeadLinkError:
            return _gone(request)
        except DomainError as error:
            status = refuse(form, error)
        else:
            return _unseen(render(request, "engagement/act_done.html", {"link": link}))
    return _unseen(render(request, "engagement/act.html", _context(link, form), status=status))


def _form(request: HttpRequest, link: ActionLink) -> forms.Form:
    data = request.POST if request.method == "POST" else None
    if link.kind == ActionLink.Kind.DATE:
        zones = dict.fromkeys([contact_addressee(link.contact, link.partner).zone, link.meeting.time_zone])
        return ProposalForm(data, zones=list(zones))
    return FORMS[link.kind](data)


def _wish(form: forms.Form) -> dict[str, Any]:
    wish = {"text": form.cleaned_data.get("text", "")}
    if isinstance(form, ProposalForm):
        wish |= {"local_start": form.local_start, "time_zone": form.cleaned_data["time_zone"]}
    return wish


def _context(link: ActionLink, form: forms.Form) -> dict[str, Any]:
    reader = contact_addressee(link.contact, link.partner)
    context = {"link": link, "form": form, "meeting": link.meeting, "times": zoned_times(link.meeting, reader.zone)}
    if link.kind in {ActionLink.Kind.CONFIRM, ActionLink.Kind.OBJECT}:
        context["agreed"] = link.meeting.commitments.order_by("-kind", "due_on", "id")
    return context


def _wall(request: Any, link: ActionLink) -> AbstractContextManager[None]:
    """The database sees a partner's person at work; one who is logged in is behind the wall already."""
    if request.seat is not None:
        return nullcontext()
    return as_partner(partner_id=link.partner_id, partner_uid=link.partner.uid, user_id=None)


def _gone(request: HttpRequest) -> HttpResponse:
    """The same answer for a link that was used, has run out, was withdrawn or never was."""
    note_wrong_guess(request)
    return _unseen(render(request, "engagement/act_gone.html", status=404))


def _unseen(response: HttpResponse) -> HttpResponse:
    """The address is a secret: kept by no cache, passed on to no other page, found by no search."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
