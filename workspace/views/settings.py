"""Settings of the manager's side: where one changes what, and the outbox of mails."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.policies import leads_only, staff_only
from accounts.seals import last_check
from accounts.services import record
from core.logs import without_secrets
from core.models import Heartbeat, Outbox
from core.outbox import ACCOUNT_MAIL, retry
from partners.models import Partner
from workspace.queries.outbox import visible_mails
from workspace.services.queue import show_first_steps
from workspace.views.answers import wants_fragment

PER_PAGE = 50
RETRYABLE = (Outbox.Status.FAILED, Outbox.Status.KEPT)


@staff_only
def settings_index(request: HttpRequest) -> HttpResponse:
    """Everything that can be set, with what an administrator wants to know at a glance."""
    demo = Partner.objects.visible_to(request.user).filter(is_demo=True).count()
    context = {
        "demo": demo,
        "mail_configured": settings.MAIL_CONFIGURED,
        "failed": visible_mails(request.user).filter(status=Outbox.Status.FAILED).count(),
        "heartbeats": Heartbeat.objects.order_by("name"),  # visible: background processes, no partner's data
        "audit_check": last_check(),
        "reporting_zone": settings.REPORTING_TIME_ZONE,
        "reporting_currency": settings.REPORTING_CURRENCY,
    }
    return render(request, "workspace/settings.html", context)


@staff_only
@require_POST
def checklist_show(request: HttpRequest) -> HttpResponse:
    show_first_steps(user=request.user)
    return redirect("workspace:today")


@staff_only
def outbox(request: HttpRequest) -> HttpResponse:
    """Mails that were sent, wait, were kept for want of a mail server, or failed."""
    status, text = request.GET.get("status", ""), request.GET.get("q", "").replace("\x00", "").strip()[:120]
    mails = visible_mails(request.user)
    counts = dict(mails.order_by().values_list("status").annotate(number=Count("pk")))
    tabs = [("", _("All"), sum(counts.values()))]
    tabs += [(value, label, counts.get(value, 0)) for value, label in Outbox.Status.choices if counts.get(value)]
    page = Paginator(_narrowed(mails, status, text), PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page, "tabs": tabs, "status": status, "q": text, "retryable": RETRYABLE,
        "mail_configured": settings.MAIL_CONFIGURED, "kept": counts.get(Outbox.Status.KEPT, 0),
        "may_retry": request.user.may_lead,
    }  # fmt: skip
    name = "workspace/_outbox_rows.html" if wants_fragment(request) else "workspace/outbox.html"
    response = render(request, name, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@staff_only
def outbox_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One mail as it was or will be sent."""
    mail = _mail_or_404(request, uid)
    partner = (
        Partner.objects.visible_to(request.user).filter(uid=mail.partner_uid).first() if mail.partner_uid else None
    )
    context = {
        "mail": mail, "partner": partner,
        "body": mail.body if mail.is_demo or request.user.is_staff else without_secrets(mail.body),
        "may_read": mail.kind != ACCOUNT_MAIL or request.user.is_staff,
        "may_retry": request.user.may_lead and mail.status in RETRYABLE,
        "mail_configured": settings.MAIL_CONFIGURED,
    }  # fmt: skip
    return render(request, "workspace/outbox_detail.html", context)


@leads_only
@require_POST
def outbox_retry(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Give a failed or kept mail another chance."""
    mail = _mail_or_404(request, uid)
    if mail.is_demo:
        messages.error(request, _("A mail of the demo data never leaves."))
    elif mail.status not in RETRYABLE:
        messages.error(
            request, _("This mail is “{}”; there is nothing to try again.").format(mail.get_status_display())
        )
    else:
        retry(mail)
        record("core.outbox_retried", mail, actor=request.user, partner_uid=mail.partner_uid, kind=mail.kind)
        messages.success(request, _("The mail to {} is due again.").format(mail.to))
    return redirect("workspace:outbox_detail", uid=mail.uid)


def _narrowed(mails: QuerySet[Outbox], status: str, text: str) -> QuerySet[Outbox]:
    mails = mails.order_by("-pk")
    if status in Outbox.Status.values:
        mails = mails.filter(status=status)
    if text:
        mails = mails.filter(Q(to__icontains=text) | Q(subject__icontains=text))
    return mails


def _mail_or_404(request: HttpRequest, uid: uuid.UUID) -> Outbox:
    mail = visible_mails(request.user).filter(uid=uid).first()
    if mail is None:
        raise Http404
    return mail
