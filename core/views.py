"""Answers that belong to no room: CSRF failure and the sink of CSP reports."""

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from structlog import get_logger

log = get_logger(__name__)
REPORTED = ("effective-directive", "blocked-uri")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("csrf_refused", reason=reason)
    return render(
        request,
        "403.html",
        {"exception": _("Your session has changed since this page was opened. Reload the page and try again.")},
        status=403,
    )


def not_here(_request: HttpRequest, **_parts: str) -> HttpResponse:
    """For pages of libraries that this house does not have."""
    raise Http404


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    try:
        report = json.loads(request.body[:8000]).get("csp-report", {})
    except (ValueError, AttributeError):
        report = {}
    log.warning("csp_report", **{name: str(report.get(name, ""))[:100].split("?", 1)[0] for name in REPORTED})
    return HttpResponse(status=204)
