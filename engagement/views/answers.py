"""How this room's views answer: page or fragment, refusal next to its field, and a move that ends in a message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event

from core.errors import DomainError, StaleError


def wants_fragment(request: HttpRequest) -> bool:
    htmx: Any = request.htmx  # type: ignore[attr-defined]  # set by django_htmx's middleware
    return bool(htmx) and not htmx.history_restore_request


def shown(
    request: HttpRequest, page: str, fragment: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The whole page, or for htmx only the part that changed."""
    response = render(request, fragment if wants_fragment(request) else page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def refuse(form: forms.Form, error: DomainError) -> int:
    """Put the refusal next to the field it belongs to; returns the status of the answer."""
    form.add_error(error.field if error.field in form.fields else None, error.message)
    return 409 if isinstance(error, StaleError) else 422


def status_of(form: forms.Form) -> int:
    return 422 if form.is_bound and form.errors else 200


def told(
    request: HttpRequest, text: str, *, to: str, undo_url: str = "", refresh: tuple[str, ...] = ()
) -> HttpResponse:
    """Done: with htmx a toast (which may undo) and the neighbours named in `refresh` reload; else back to `to`."""
    if not wants_fragment(request):
        messages.success(request, text)
        return redirect(to)
    response = render(request, "engagement/_done.html", {"text": text, "undo_url": undo_url, "level": "success"})
    return trigger_client_event(response, "prm:refresh", {"value": list(refresh)}, after="settle")


def sent_on(request: HttpRequest, text: str, *, to: str, level: int = messages.SUCCESS) -> HttpResponse:
    """Done, and the whole page changes: go to `to` and say so there."""
    messages.add_message(request, level, text)
    return HttpResponseClientRedirect(to) if wants_fragment(request) else redirect(to)


def complained(request: HttpRequest, error: DomainError, *, to: str) -> HttpResponse:
    """A button was refused: with htmx a toast with the reason, else the page it was on with the reason above."""
    status = 409 if isinstance(error, StaleError) else 422
    if not wants_fragment(request):
        messages.error(request, error.message)
        return redirect(to)
    response = render(request, "engagement/_done.html", {"text": error.message, "level": "error"}, status=status)
    return reswap(response, "none")
