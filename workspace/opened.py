"""The partners a person opened last, kept in the session: what the palette offers before anything is typed."""

from django.http import HttpRequest

KEPT = 7
NAME = "opened_partners"


def remember_opened(request: HttpRequest, partner_id: int) -> None:
    """Put the partner first; the session is only written when that changes anything."""
    before = last_opened(request)
    after = [partner_id, *(pk for pk in before if pk != partner_id)][:KEPT]
    if after != before:
        request.session[NAME] = after


def last_opened(request: HttpRequest) -> list[int]:
    return list(request.session.get(NAME, ()))
