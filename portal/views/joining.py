"""The page behind an invitation: what it offers, and the one button that accepts it."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.policies import public
from core import clock
from core.errors import DomainError
from core.guesses import guesses_too_often, note_wrong_guess
from partners import services
from partners.models import Invitation
from partners.queries import account_with, working_invitation
from portal.forms import JoinForm


@public(because="who is invited has no account yet; the address holds 256 random bits, of which only a digest is kept")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """A GET tells and changes nothing, whoever or whatever opens the link; a POST accepts, once."""
    invitation = working_invitation(secret, at=clock.now())
    if invitation is None:
        return _sealed(_gone(request))
    owner = account_with(invitation.email)
    try:
        if request.user.is_authenticated and request.user != owner:
            response = _shown(request, invitation, "join_other.html")
        elif owner is None:
            response = _newcomer(request, invitation, secret)
        else:
            response = _known(request, invitation, secret, owner)
    except services.InvitationGoneError:
        response = _gone(request)
    return _sealed(response)


def _newcomer(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    form = JoinForm(request.POST if request.method == "POST" else None, invitation=invitation)
    if form.is_bound and form.is_valid():
        language = get_language() or "en"
        try:
            user = services.accept_as_newcomer(secret=secret, language=language, **form.cleaned_data)
        except services.InvitationGoneError:
            raise
        except DomainError as error:
            form.add_error(error.field, error.message)
        else:
            record_authentication(request, user, method="password", email=user.email)
            return perform_login(request, user, redirect_url=reverse("portal:home"))
    return _shown(request, invitation, "join.html", form=form, status=422 if form.errors else 200)


def _known(request: HttpRequest, invitation: Invitation, secret: str, owner: User) -> HttpResponse:
    """The address has an account: whoever accepts must have logged in to it."""
    if not request.user.is_authenticated:
        return _shown(request, invitation, "join_log_in.html")
    problem = ""
    try:
        services.refuse_colleague(owner)
    except DomainError as error:
        return _shown(request, invitation, "join_known.html", refused=error.message, status=409)
    if request.method == "POST":
        try:
            services.accept_with_account(secret=secret, user_id=owner.pk)
        except services.InvitationGoneError:
            raise
        except DomainError as error:
            problem = error.message
        else:
            messages.success(request, _("You work for {} here now.").format(invitation.partner))
            return redirect("portal:home")
    former = getattr(owner, "membership", None)
    if former is not None and (former.ended_at or former.partner_id == invitation.partner_id):
        former = None
    status = 409 if problem else 200
    return _shown(request, invitation, "join_known.html", former=former, problem=problem, status=status)


def _shown(request: HttpRequest, invitation: Invitation, name: str, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, f"portal/{name}", {"invitation": invitation, **more}, status=status)


def _gone(request: HttpRequest) -> HttpResponse:
    """One answer for used, expired, revoked and unknown. Who tries many waits."""
    late = guesses_too_often(request)
    note_wrong_guess(request)
    return render(request, "portal/join_gone.html", status=429 if late else 404)


def _sealed(response: HttpResponse) -> HttpResponse:
    """Nothing keeps the secret of the address: no cache, no index, no `Referer` with a path.

    Not `no-referrer`: browsers then send `Origin: null` with the form, which the check against forged forms refuses.
    """
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response
