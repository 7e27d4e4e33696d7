"""Our sales as the vendor has them: by month, line by line, and as a file to compare with our own books."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from accounts.exports import counted_export
from accounts.policies import partner_only
from accounts.services import record
from core import clock, csv_export
from core.display import exponent
from deals.bars import month_bars
from deals.models import RevenueEntry
from partners.models import SharingRule
from portal.context import require_topic

MONTHS = 12
PER_PAGE = 25


@partner_only
def sales(request: HttpRequest) -> HttpResponse:
    require_topic(request, SharingRule.Topic.SALES)
    entries = RevenueEntry.objects.visible_to(request.user).current().order_by("-occurred_at", "-id")
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "currency": settings.REPORTING_CURRENCY}
    if request.htmx and not request.htmx.history_restore_request:
        response = render(request, "portal/_sales_rows.html", context)
    else:
        months = month_bars(request.seat.partner, MONTHS, clock.now())
        known = [month.revenue.net_minor for month in months if month.revenue.net_minor is not None]
        context |= {"months": months, "total": sum(known) if known else None}
        response = render(request, "portal/sales.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@partner_only
@counted_export
def sales_export(request: HttpRequest) -> HttpResponse:
    """Every entry with its own currency, amounts with a decimal point."""
    require_topic(request, SharingRule.Topic.SALES)
    entries = RevenueEntry.objects.visible_to(request.user).current().order_by("occurred_at", "id")
    rows = [
        (
            entry.external_id,
            entry.occurred_at.date(),
            entry.get_kind_display(),
            Decimal(entry.amount_minor).scaleb(-exponent(entry.currency)),
            entry.currency,
        )
        for entry in entries
    ]
    if request.seat.observer is None:
        record("portal.sales_exported", request.seat.partner, actor=request.user, partner_uid=request.seat.partner.uid)
    header = [_("Id"), _("Day"), _("Kind"), _("Amount"), _("Currency")]
    response = StreamingHttpResponse(csv_export.lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="sales-{clock.today().isoformat()}.csv"'
    return response
