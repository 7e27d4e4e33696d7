"""Finds the seat as the product does, without the transaction and the role around the request."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from partners.middleware import Handler, seat_of


def portal_seat(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponse:
        person = request.user
        request.seat = seat_of(person) if person.is_authenticated and not person.is_vendor else None
        return get_response(request)

    return handle
