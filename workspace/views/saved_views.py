"""Naming, overwriting, renaming and removing views of the partners list."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.policies import staff_only
from core.errors import DomainError
from workspace.forms import ViewForm, add_refusal
from workspace.models import SavedView
from workspace.queries.views import own_view
from workspace.services import views as services
from workspace.views.answers import wants_fragment


@staff_only
@require_http_methods(["GET", "POST"])
def view_create(request: HttpRequest) -> HttpResponse:
    """Save what the list shows under a name. The query string of the address is what is saved."""
    query = request.POST.get("query", "") if request.method == "POST" else request.META["QUERY_STRING"]
    form = ViewForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            view = services.save_view(owner=request.user, query=query, **form.cleaned_data)
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("View “{}” saved.").format(view.name))
            return _to_list(request, view)
    context = {"form": form, "query": query, "back": f"{reverse('workspace:partner_list')}?{query.lstrip('?')}"}
    return _dialog(request, context, posted=request.method == "POST")


@staff_only
@require_http_methods(["GET", "POST"])
def view_edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    view = _mine(request, uid)
    initial = {"name": view.name, "audience": view.audience, "pinned": view.pinned}
    form = ViewForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            view = services.change_view(view_id=view.pk, owner=request.user, **form.cleaned_data)
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("View “{}” changed.").format(view.name))
            return _to_list(request, view)
    context = {"form": form, "view": view, "back": f"{reverse('workspace:partner_list')}?view={view.uid}"}
    return _dialog(request, context, posted=request.method == "POST")


@staff_only
@require_POST
def view_overwrite(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make one's own view show what the list shows now."""
    view = _mine(request, uid)
    try:
        services.overwrite_view(view_id=view.pk, owner=request.user, query=request.POST.get("query", ""))
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("View “{}” saved.").format(view.name))
    return _to_list(request, view)


@staff_only
@require_POST
def view_delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    view = _mine(request, uid)
    name = services.delete_view(view_id=view.pk, owner=request.user)
    messages.success(request, _("View “{}” removed. The partners in it are untouched.").format(name))
    return redirect("workspace:partner_list")


def _mine(request: HttpRequest, uid: UUID) -> SavedView:
    view = own_view(request.user, uid)
    if view is None:
        raise Http404
    return view


def _to_list(request: HttpRequest, view: SavedView) -> HttpResponse:
    target = f"{reverse('workspace:partner_list')}?view={view.uid}"
    return HttpResponseClientRedirect(target) if wants_fragment(request) else redirect(target)


def _dialog(request: HttpRequest, context: dict[str, object], *, posted: bool) -> HttpResponse:
    template = "workspace/_view_form.html" if wants_fragment(request) else "workspace/view_form.html"
    return render(request, template, context, status=422 if posted else 200)
