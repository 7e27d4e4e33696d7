"""The gate before the log-in: most of a storm of guesses is turned away here, before session, form and database (P7).

A guess that is let through costs a hash; one that is turned away must cost next to nothing, or turning away is itself
what stops the service. So at most two log-ins are under way on this machine, one of them kept for known devices, and
an address that has no try left is remembered for some seconds without asking the database again.

People who press the button in the same second stand in line, some at a time: a storm must not fill the web's threads
with those who wait. Two at work and five in line leave one of eight threads to other pages, whatever comes. Who is
turned away all the same finds the address as it was typed, and presses again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html import escape

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.attempts import PER_ADDRESS, address_of, has_known_device, is_used_up
from core.turnstile import CrowdedError, place

Handler = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger(__name__)
AT_ONCE = 2
WAIT = 5.0  # seconds
STRANGERS_IN_LINE, KNOWN_IN_LINE = 4, 1
TYPED = {"csrfmiddlewaretoken": 64, "login": 254, "next": 2000}  # what the page gives back, and how much of it
MARK = re.compile(rb"%(" + "|".join(TYPED).encode() + rb")%")
REMEMBER_SECONDS = 5.0
MOST_REMEMBERED = 10_000
REPORT_SECONDS = 10.0


def log_in_gate(get_response: Handler) -> Handler:
    return _Gate(get_response)


def too_many(request: HttpRequest, *, crowded: bool) -> HttpResponse:
    """The one page for whoever is turned away, written once per language; in a crowd, with the form to press again."""
    language = translation.get_language_from_request(request)
    again = crowded and request.path == reverse("account_login")
    if (crowded, again, language) not in _pages:
        with translation.override(language):
            marks = {name: f"%{name}%" for name in TYPED}
            context = {"crowded": crowded, "again": again, "organisation": settings.ORGANISATION, **marks}
            context["csrf_token"] = marks["csrfmiddlewaretoken"]
            _pages[crowded, again, language] = render_to_string("accounts/too_many.html", context).encode()
    page = _pages[crowded, again, language]
    response = HttpResponse(MARK.sub(_typed_in(request), page) if again else page, status=429)
    response["Retry-After"] = "5" if crowded else "900"
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  Django writes a line for each else
    return response


_pages: dict[tuple[bool, bool, str], bytes] = {}


def _typed_in(request: HttpRequest) -> Callable[[re.Match[bytes]], bytes]:
    """What stands in the page for a mark: what was sent, never the password."""

    def typed(mark: re.Match[bytes]) -> bytes:
        name = mark[1].decode()
        return escape(request.POST.get(name, "")[: TYPED[name]]).encode(errors="replace")

    return typed


class _Gate:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.path = ""
        self.used_up: dict[str, float] = {}
        self.turned_away, self.reported_at = 0, 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.path = self.path or reverse("account_login")
        if request.method != "POST" or request.path != self.path:
            return self.get_response(request)
        known = has_known_device(request)
        places, line = (AT_ONCE, KNOWN_IN_LINE) if known else (AT_ONCE - 1, STRANGERS_IN_LINE)
        try:
            with place("log-in", places=places, wait=WAIT, line="known" if known else "line", waiting=line):
                if not known and self._is_used_up(address_of(request)):
                    return self._turn_away(request, crowded=False)
                return self.get_response(request)
        except CrowdedError:
            return self._turn_away(request, crowded=True)

    def _is_used_up(self, address: str) -> bool:
        now = time.monotonic()
        if self.used_up.get(address, 0) > now:
            return True
        if not is_used_up("address", address, limit=PER_ADDRESS):
            return False
        if len(self.used_up) >= MOST_REMEMBERED:
            self.used_up.clear()
        self.used_up[address] = now + REMEMBER_SECONDS
        return True

    def _turn_away(self, request: HttpRequest, *, crowded: bool) -> HttpResponse:
        """Counted, and told to the log in one line for many: a storm must not fill the disk."""
        self.turned_away += 1
        now = time.monotonic()
        if now - self.reported_at > REPORT_SECONDS:
            log.warning("log_ins_turned_away", count=self.turned_away, crowded=crowded)
            self.turned_away, self.reported_at = 0, now
        return too_many(request, crowded=crowded)
