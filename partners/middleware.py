"""The one place where a request becomes a partner's: its seat is found, and the database is told whose it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.messages.storage import default_storage
from django.db import transaction
from django.db.models import Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_htmx.http import HttpResponseClientRedirect
from rest_framework.exceptions import APIException

from accounts.authentication import ApiTokenAuthentication
from accounts.models import User
from accounts.sessions import way_of
from core import clock
from partners.models import Membership, Partner, PortalDay
from partners.row_security import as_partner
from partners.seats import Observer, Seat
from partners.services import end_look
from partners.sso.queries import way_is_open

Handler = Callable[[HttpRequest], HttpResponse]
SEEN_ON = "seen_on"  # in the session: the day that is written down already
SEE_AS = "see_as"  # in the session: {"partner": id, "until": unix seconds}
PORTAL = "/portal/"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# An invitation is another partner's row until it is accepted, and a new password is asked for by anybody: these pages
# know nobody, and stand outside the walls.
OUTSIDE = ("/join/", "/accounts/password/reset/")


def portal_wall(get_response: Handler) -> Handler:
    """Run what a partner's person asks for inside the partner's walls; let everybody else pass.

    A person whose access ended gets a seat of nobody: `request.seat` is None and no row of any partner is visible.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        request.seat = None
        if request.path.startswith(OUTSIDE):
            return get_response(request)
        person = _person(request)
        if person is None:
            return get_response(request)
        request.seat = seat = _seen_as(request, person) if person.is_vendor else seat_of(person, way=_way(request))
        if person.is_vendor and seat is None:
            return _look_is_over(request, person) if _marked(request) else get_response(request)
        if seat is not None and not seat.is_open:
            logout(request)
            request.seat = None
            return get_response(request)
        if seat is not None and seat.observer is not None:
            structlog.contextvars.bind_contextvars(acting_as=str(seat.partner.uid))  # every audit row says so
            if request.method not in SAFE:
                return render(request, "portal/read_only.html", status=403)
            request.user = Observer(seat.observer, seat.partner.pk)
        return _walled(request, get_response, person, seat)

    return handle


def _walled(request: HttpRequest, get_response: Handler, person: User, seat: Seat | None) -> HttpResponse:
    partner = seat.partner if seat else None
    with as_partner(
        partner_id=partner.pk if partner else None,
        partner_uid=partner.uid if partner else None,
        user_id=person.pk,
        read_only=seat is not None and seat.observer is not None,
    ):
        response = get_response(request)
        if seat is not None and seat.observer is None and response.status_code < 400:
            _note_day(request, seat.partner)
        if response.status_code >= 500 and transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        return response


def _note_day(request: HttpRequest, partner: Partner) -> None:
    """That somebody was here today, once a day; a token is a program, and nobody's visit."""
    today = clock.today()
    if request.user.is_authenticated and request.session.get(SEEN_ON) != today.isoformat():
        day = PortalDay(partner=partner, user_id=request.user.pk, day=today, known_at=clock.now())
        PortalDay.objects.bulk_create([day], ignore_conflicts=True)
        request.session[SEEN_ON] = today.isoformat()


def _person(request: HttpRequest) -> User | None:
    """Whose session or API token this is. A token is read here, before the view, so that its rows are walled too."""
    if request.path.startswith("/api/") and request.headers.get("Authorization"):
        try:
            request.api_login = ApiTokenAuthentication().authenticate(request)
        except APIException:
            return None  # the API says so itself, in its own form
        if request.api_login is not None:
            person: User = request.api_login[0]
            return person
    return request.user if request.user.is_authenticated else None


def _way(request: HttpRequest) -> str | None:
    """How the session began; None for an API token, which is a way of its own."""
    return None if getattr(request, "api_login", None) else way_of(request)


def seat_of(person: User, *, way: str | None = None) -> Seat | None:
    """The seat of a partner's person now; None when their access ended. `way`: how the session began."""
    seats = Membership.objects.current().filter(user_id=person.pk).select_related("partner__owner")
    is_open = Value(True) if way is None else way_is_open(way)
    seat = seats.annotate(is_open=is_open).first() if person.is_active else None
    person.__dict__["portal_partner_id"] = seat.partner_id if seat else None
    return Seat(seat.partner, person.role, seat.contact_id, is_open=seat.is_open) if seat else None


def _seen_as(request: HttpRequest, colleague: User) -> Seat | None:
    """The seat of a colleague who sees as a partner, on portal pages only and until the half hour is over."""
    marked = _marked(request)
    if not marked or not colleague.may_edit or marked["until"] <= clock.now().timestamp():
        return None
    seen = Partner.objects.visible_to(colleague).active()
    partner = seen.select_related("owner").filter(pk=marked["partner"]).first()
    until = datetime.fromtimestamp(marked["until"], UTC)
    return Seat(partner, Observer.role, observer=colleague, until=until) if partner else None


def _marked(request: HttpRequest) -> dict[str, int] | None:
    return request.session.get(SEE_AS) if request.path.startswith(PORTAL) else None


def _look_is_over(request: HttpRequest, colleague: User) -> HttpResponse:
    """The half hour has passed, or the partner is no longer this colleague's: back to where the look began."""
    partner_id = request.session.pop(SEE_AS)["partner"]
    partner = end_look(partner_id=partner_id, actor=colleague, how="expired")
    open_still = Partner.objects.visible_to(colleague).filter(pk=partner_id).exists()
    back = f"/app/partners/{partner.slug}/" if partner and open_still else "/app/partners/"
    told = default_storage(request)  # the middleware of messages comes after this one
    with override(colleague.language):
        text = _("Your look at the portal as {} has ended. Start again if you need longer.")
        told.add(messages.INFO, text.format(partner or _("a partner")))
    response = HttpResponseClientRedirect(back) if request.htmx else redirect(back)
    told.update(response)
    return response
