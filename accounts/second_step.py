"""Colleagues log in with a second step: until they have one, nothing opens but the pages that set it up (R38)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User

Handler = Callable[[HttpRequest], HttpResponse]
HAS_ONE = "second_step"  # in the session: asked once, not on every page
STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
OPEN = "/accounts/"  # one's own account, where a second step is set up


def second_step_door(get_response: Handler) -> Handler:
    """Send a colleague without a second step to where they set one up. A token is a program and has no second step."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN) or not lacks_second_step(request):
            return get_response(request)
        if request.path.startswith("/api/"):
            return JsonResponse({"detail": _("Set up a second step first.")}, status=403)
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(reverse("mfa_index"))
        return redirect("mfa_index")

    return handle


def is_asked_of(user: User | AnonymousUser) -> bool:
    return settings.STAFF_SECOND_STEP and user.is_authenticated and user.is_vendor


def lacks_second_step(request: HttpRequest) -> bool:
    user = request.user
    if not is_asked_of(user) or HAS_ONE in request.session:
        return False
    if Authenticator.objects.filter(user=user, type__in=STEPS).exists():
        request.session[HAS_ONE] = True
        return False
    return True


def connect() -> None:
    authenticator_removed.connect(_ask_again, dispatch_uid="accounts.second_step.ask_again")


def _ask_again(*, request: HttpRequest, **_more: Any) -> None:
    request.session.pop(HAS_ONE, None)
