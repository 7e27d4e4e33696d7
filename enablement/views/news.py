"""News as the vendor writes it: drafts, who gets them, publishing, and who acknowledged."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.policies import editors_only, staff_only
from core import clock
from core.errors import DomainError
from enablement import services
from enablement.forms import NoticeForm, VersionForm
from enablement.models import Notice
from enablement.queries.news import (
    audience_of,
    audience_with_receipts,
    median_days,
    notices_for_staff,
    reaches,
    receipts_by_partner,
)
from enablement.views.answers import complained, refuse, sent_on, shown, status_of
from partners.models import Partner

PER_PAGE = 50
NAMES = 40


@staff_only
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    notices = notices_for_staff(request.user)
    reach = reaches(notices, request.user)
    context = {
        "rows": [(one, reach[one.pk]) for one in notices],
        "median": median_days(notices, at=clock.now()),
    }
    return shown(request, "enablement/notice_list.html", "enablement/_notice_rows.html", context)


@staff_only
@require_safe
def notice_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The text as partners read it, and each partner with who read and acknowledged it."""
    notice = _notice(request, uid)
    page = Paginator(audience_with_receipts(notice, request.user), PER_PAGE).get_page(request.GET.get("page"))
    partners = list(page.object_list)
    receipts = receipts_by_partner(notice, [one.pk for one in partners])
    context = {
        "notice": notice,
        "reach": reaches([notice], request.user)[notice.pk],
        "page": page,
        "rows": [(one, receipts.get(one.pk, [])) for one in partners],
        "corrections": list(Notice.objects.visible_to(request.user).out().filter(corrects=notice)),
        "may_withdraw": _may_withdraw(notice, request.user),
    }
    return shown(request, "enablement/notice_detail.html", "enablement/_notice_receipts.html", context)


@editors_only
def notice_create(request: HttpRequest) -> HttpResponse:
    """A new draft; `?corrects=` starts from the notice it corrects."""
    former = _former(request)
    form = _form(request, initial={"decided_on": clock.today(), **(_values(former) if former else {})})
    return _save(request, form, former=former)


@editors_only
def notice_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    notice = _notice(request, uid)
    if not notice.is_draft:
        text = _("This notice is published. Its text stays; write a correction that points to it.")
        return complained(request, DomainError(text), to=_address(notice))
    return _save(request, _form(request, initial={**_values(notice), "version": notice.version}), notice=notice)


@editors_only
def notice_publish(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Asks first, and says who will read it."""
    notice = _notice(request, uid)
    form = VersionForm(request.POST or None, initial={"version": notice.version})
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        try:
            services.publish_notice(notice_uid=notice.uid, actor=request.user, version=form.cleaned_data["version"])
        except DomainError as error:
            status = refuse(form, error)
        else:
            return sent_on(request, _("Published “{}”.").format(notice), to=_address(notice))
    audience = audience_of(notice, request.user)
    number = audience.count()
    context = {"notice": notice, "form": form, "number": number, "names": audience[:NAMES], "more": number - NAMES}
    return shown(request, "enablement/notice_publish.html", "enablement/_publish_dialog.html", context, status=status)


@editors_only
def notice_withdraw(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Asks first. A draft is deleted, a published notice disappears from the portal and stays here."""
    notice = _notice(request, uid)
    if request.method == "POST":
        try:
            left = services.withdraw_notice(notice_uid=notice.uid, actor=request.user)
        except DomainError as error:
            return complained(request, error, to=_address(notice))
        if left is None:
            return sent_on(request, _("Deleted the draft “{}”.").format(notice), to=reverse("enablement:notice_list"))
        return sent_on(request, _("Withdrew “{}”.").format(notice), to=_address(notice))
    context = {"notice": notice}
    return shown(request, "enablement/notice_withdraw.html", "enablement/_notice_withdraw_dialog.html", context)


def _save(
    request: HttpRequest, form: NoticeForm, *, notice: Notice | None = None, former: Notice | None = None
) -> HttpResponse:
    status = status_of(form)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_draft(
                actor=request.user,
                draft=form.draft(),
                notice_uid=notice.uid if notice else None,
                version=form.cleaned_data["version"],
                corrects_uid=former.uid if former else None,
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            return sent_on(request, _("Saved the draft. Look at it, then publish."), to=_address(saved))
    context = {"form": form, "notice": notice, "former": former}
    return shown(request, "enablement/notice_form.html", "enablement/_notice_form.html", context, status=status)


def _form(request: HttpRequest, *, initial: dict[str, Any]) -> NoticeForm:
    user: Any = request.user
    partners = Partner.objects.visible_to(user).active().order_by("name").values_list("pk", "name")
    return NoticeForm(
        request.POST or None, partners=list(partners), narrow=user.sees_own_partners_only, initial=initial
    )


def _values(notice: Notice) -> dict[str, Any]:
    names = ("kind", "title", "body", "impact", "what_follows", "decided_on", "audience", "needs_acknowledgement")
    values = {name: getattr(notice, name) for name in names}
    return {
        **values,
        "tiers": notice.tier_list,
        "partners": list(notice.addresses.values_list("partner_id", flat=True)),
    }


def _former(request: HttpRequest) -> Notice | None:
    try:
        uid = uuid.UUID(request.GET.get("corrects", ""))
    except ValueError:
        return None
    return get_object_or_404(Notice.objects.visible_to(request.user), uid=uid, published_at__isnull=False)


def _notice(request: HttpRequest, uid: uuid.UUID) -> Notice:
    rows = Notice.objects.visible_to(request.user).select_related("author", "published_by", "corrects")
    return get_object_or_404(rows, uid=uid)


def _may_withdraw(notice: Notice, user: Any) -> bool:
    return user.may_edit and (user.may_lead or user.pk in {notice.author_id, notice.published_by_id})


def _address(notice: Notice) -> str:
    return reverse("enablement:notice_detail", args=[notice.uid])
