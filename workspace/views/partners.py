"""The partners list: rows, filters, columns, saved views, export, and work on several partners at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.exports import counted_export
from accounts.policies import editors_only, staff_only
from accounts.services import record
from core import clock, csv_export
from core.errors import DomainError
from partners.models import Tag
from partners.services import add_tag, assign_owner
from workspace import columns
from workspace.forms import FilterForm, OwnerForm, TagForm, add_refusal
from workspace.list_page import PartnerList, open_list
from workspace.listing import COLUMNS, DEFAULT_COLUMNS
from workspace.queries import partners as partner_queries
from workspace.views.answers import wants_fragment

BULK_LIMIT = 2_000
CONFIRM_ABOVE = 50


def asked_list(request: HttpRequest, params: QueryDict | None = None) -> PartnerList:
    return open_list(request.user, dict((request.GET if params is None else params).lists()))


@staff_only
@require_GET
def partner_list(request: HttpRequest) -> HttpResponse:
    """The list as the address says it; for htmx only the parts that change."""
    partners = asked_list(request)
    fragment = wants_fragment(request)
    template = "workspace/_partner_rows.html" if fragment else "workspace/partner_list.html"
    response = render(request, template, {"partners": partners, "oob": fragment})
    patch_vary_headers(response, ["HX-Request"])
    if fragment:
        trigger_client_event(response, "prm:announce", {"value": partners.announcement}, after="settle")
        if focus := _focus_after(request.htmx.trigger or ""):
            trigger_client_event(response, "prm:focus", {"value": focus}, after="settle")
    return response


def _focus_after(trigger: str) -> str:
    """Where the reader goes on when the pressed link is no longer there: a removed filter, another page."""
    if trigger.startswith("chip-"):
        return "#filter-open"
    return "h1" if trigger.startswith("page-") else ""


@staff_only
@require_GET
def partner_filter(request: HttpRequest) -> HttpResponse:
    """The form of all filters; with `apply` it leads to the list they make."""
    partners = asked_list(request, _without(request.GET, "apply"))
    if "apply" in request.GET:
        return redirect(partners.href(partners.state.change()))
    state = partners.state
    form = FilterForm(
        initial={name: getattr(state, name) for name in FilterForm.base_fields},
        countries=partner_queries.countries(request.user),
    )
    return _dialog(request, "partner_filter", {"partners": partners, "form": form})


@staff_only
@require_GET
def partner_columns(request: HttpRequest) -> HttpResponse:
    """Which columns, in which order: `shown` as ticked, `order` as drawn, `up` and `down` move one, `apply` leaves."""
    partners = asked_list(request, _without(request.GET, "apply", "up", "down", "shown", "order"))
    order = [key for key in request.GET.getlist("order") if key in COLUMNS]
    shown = set(request.GET.getlist("shown")) if order else set(partners.state.cols)
    order = list(dict.fromkeys(["name", *(order or partners.state.cols), *COLUMNS]))
    _move(order, request.GET.get("up", ""), -1)
    _move(order, request.GET.get("down", ""), 1)
    if "apply" in request.GET:
        chosen = tuple(key for key in order if key in shown or key == "name")
        target = partners.href(partners.state.change(cols=chosen if len(chosen) > 1 else DEFAULT_COLUMNS))
        return HttpResponseClientRedirect(target) if wants_fragment(request) else redirect(target)
    rows = [{"key": key, "label": columns.ALL[key].label, "shown": key in shown} for key in order if key != "name"]
    default = partners.href(partners.state.change(cols=partners.view.state.cols))
    response = _dialog(request, "partner_columns", {"partners": partners, "rows": rows, "default_href": default})
    for name in ("up", "down"):
        if request.GET.get(name) in COLUMNS:
            trigger_client_event(response, "prm:focus", {"value": f"#{name}-{request.GET[name]}"}, after="settle")
    return response


def _move(order: list[str], key: str, by: int) -> None:
    """Move a column one place, never before the name."""
    if key in order:
        here = order.index(key)
        there = here + by
        if 1 <= there < len(order) and here >= 1:
            order[here], order[there] = order[there], order[here]


@staff_only
@require_GET
@counted_export
def partner_export(request: HttpRequest) -> StreamingHttpResponse:
    """Exactly what the list shows, all pages, as CSV: `bom` for spreadsheets that need it, `keys` for field names."""
    partners = asked_list(request)
    user, state = request.user, partners.state
    shown = columns.chosen(state.cols)
    filters = sorted(set(QueryDict(partners.full_query.lstrip("?"))))  # their names: a value may name a person
    record("workspace.partners_exported", None, actor=user, filters=filters)
    rows = (
        columns.csv_row(row, shown)
        for ids in partner_queries.ids_in_order(user, state)
        for row in partner_queries.row_values(ids, state.cols)
    )
    header = columns.csv_header(shown, keys=request.GET.get("keys") == "1")
    response = StreamingHttpResponse(
        csv_export.lines(header, rows, bom=request.GET.get("bom") == "1"), content_type="text/csv; charset=utf-8"
    )
    name = f"prm-partners-{slugify(partners.view.name) or 'view'}-{clock.today().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


ACTS: dict[str, Any] = {"owner": OwnerForm, "tag": TagForm}


@editors_only
@require_POST
def partner_bulk(request: HttpRequest) -> HttpResponse:
    """Give several partners an owner or a tag: first the form with the count, then, when confirmed, the change."""
    partners = asked_list(request, QueryDict(request.POST.get("query", "").lstrip("?")))
    act = request.POST.get("act", "")
    if act not in ACTS:
        raise Http404
    whole_view = request.POST.get("scope") == "view"
    if whole_view:
        ids = partner_queries.matching_ids(request.user, partners.state, limit=BULK_LIMIT)
    else:
        ids = partner_queries.ids_of(request.user, request.POST.getlist("partner")[:BULK_LIMIT])
    confirmed = request.POST.get("confirmed") == "1"
    form = ACTS[act](request.POST if confirmed else None)
    problem = _bulk_problem(ids)
    if confirmed and not problem and form.is_valid():
        try:
            changed = _bulk_change(act, ids, form, request)
        except DomainError as error:
            add_refusal(form, error)
        else:
            return _after_bulk(request, partners, changed, len(ids))
    context = {
        "partners": partners,
        "form": form,
        "act": act,
        "count": len(ids),
        "problem": problem,
        "warn": len(ids) > CONFIRM_ABOVE,
        "whole_view": whole_view,
        "uids": [] if whole_view else request.POST.getlist("partner")[:BULK_LIMIT],
        "tags": Tag.objects.order_by("name")[:200],  # visible: tags are words of the vendor, no partner's data
    }
    return _dialog(request, "partner_bulk", context, status=422 if confirmed else 200)


def _bulk_problem(ids: list[int]) -> str:
    if not ids:
        return _("No partner is selected any more. Close this and tick some first.")
    if len(ids) > BULK_LIMIT:
        return _("This view holds more than {} partners. Narrow it with a filter first.").format(BULK_LIMIT)
    return ""


def _bulk_change(act: str, ids: list[int], form: Any, request: HttpRequest) -> int:
    if act == "owner":
        return assign_owner(partner_ids=ids, owner=form.cleaned_data["owner"], actor=request.user)
    return add_tag(partner_ids=ids, name=form.cleaned_data["tag"], actor=request.user)


def _after_bulk(request: HttpRequest, partners: PartnerList, changed: int, asked: int) -> HttpResponse:
    text = ngettext("{} partner changed.", "{} partners changed.", changed).format(changed)
    if asked > changed:
        rest = asked - changed
        text += " " + ngettext("{} was so already.", "{} were so already.", rest).format(rest)
    if not wants_fragment(request):
        messages.success(request, text)
        return redirect(partners.url)
    fresh = asked_list(request, QueryDict(partners.query().lstrip("?")))
    response = render(request, "workspace/_partner_bulk_done.html", {"partners": fresh, "oob": True, "text": text})
    return trigger_client_event(response, "prm:focus", {"value": "h1"}, after="settle")


def _without(params: QueryDict, *names: str) -> QueryDict:
    left = params.copy()
    for name in names:
        left.pop(name, None)
    return left


def _dialog(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A form as a dialog for htmx, as a page otherwise."""
    context["back"] = context.get("back") or reverse("workspace:partner_list") + context["partners"].query()
    template = f"workspace/_{name}.html" if wants_fragment(request) else f"workspace/{name}.html"
    return render(request, template, context, status=status)
