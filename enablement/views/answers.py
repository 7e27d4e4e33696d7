"""How the pages of files and news answer: page or fragment, refusal next to its field, done and where to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect, reswap

from core.errors import DomainError, StaleError
from enablement.storage import NoRoomError


def wants_fragment(request: HttpRequest) -> bool:
    htmx: Any = request.htmx
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
    if isinstance(error, NoRoomError):
        return 507
    return 409 if isinstance(error, StaleError) else 422


def status_of(form: forms.Form) -> int:
    return 422 if form.is_bound and form.errors else 200


def sent_on(request: HttpRequest, text: str, *, to: str) -> HttpResponse:
    """Done: go to `to` and say so there."""
    messages.success(request, text)
    return HttpResponseClientRedirect(to) if wants_fragment(request) else redirect(to)


def complained(request: HttpRequest, error: DomainError, *, to: str) -> HttpResponse:
    """A button was refused: with htmx a toast with the reason, else the page it was on with the reason above."""
    if not wants_fragment(request):
        messages.error(request, error.message)
        return redirect(to)
    status = 409 if isinstance(error, StaleError) else 422
    context = {"text": error.message, "level": "error"}
    return reswap(render(request, "components/_toast_oob.html", context, status=status), "none")
