"""The secret calendar address: its page, and what calendar programs fetch."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_POST, require_safe

from accounts.policies import public, signed_in
from core import clock
from core.guesses import WINDOW_SECONDS, guesses_too_often, note_wrong_guess
from engagement import ics, services
from engagement.models import CalendarFeed
from engagement.queries.entries import feed_for
from engagement.views.answers import sent_on


@signed_in
def calendar_settings(request: HttpRequest) -> HttpResponse:
    """One's own feed; a POST makes a new address and shows it this once."""
    address = ""
    if request.method == "POST":
        secret = services.renew_feed(user=request.user)
        address = f"{settings.BASE_URL}{reverse('engagement:calendar_feed', args=[secret])}"
    feed = CalendarFeed.objects.filter(user=request.user).first()  # visible: one's own row only
    return render(request, "engagement/calendar_settings.html", {"feed": feed, "address": address})


@signed_in
@require_POST
def calendar_revoke(request: HttpRequest) -> HttpResponse:
    if services.revoke_feed(user=request.user):
        return sent_on(request, _("The address no longer works."), to=reverse("engagement:calendar_settings"))
    return redirect("engagement:calendar_settings")


@public(because="calendar programs cannot log in; the address holds 256 random bits, of which only the digest is kept")
@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    if guesses_too_often(request):
        return HttpResponse(status=429, headers={"Retry-After": str(WINDOW_SECONDS)})
    owner = services.feed_owner(secret)
    if owner is None:
        note_wrong_guess(request)
        raise Http404
    with translation.override(owner.language):
        data = feed_for(owner, at=clock.now())
    mark = f'"{hashlib.sha256(data).hexdigest()[:32]}"'

    @condition(etag_func=lambda _request: mark)
    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(data, content_type=ics.CONTENT_TYPE)

    response: HttpResponse = answer(request)
    response["Cache-Control"] = "private, max-age=300"
    response["X-Robots-Tag"] = "noindex"
    return response
