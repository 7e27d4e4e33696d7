"""What the vendor tells this partner. Looking changes nothing: read and acknowledged are buttons."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.policies import partner_editors_only, partner_only
from core.errors import DomainError
from enablement import services
from enablement.models import Notice
from enablement.queries.news import notice_of, notices_of
from enablement.views.answers import complained, sent_on, shown
from partners.models import SharingRule
from portal.context import require_topic

NEWS = SharingRule.Topic.NEWS


@partner_only
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    require_topic(request, NEWS)
    notices = notices_of(request.user, request.seat.partner.pk)
    context = {
        "waiting": [one for one in notices if one.needs_acknowledgement and not one.is_done],
        "others": [one for one in notices if not one.needs_acknowledgement or one.is_done],
        "new": sum(one.is_new for one in notices),
    }
    return shown(request, "portal/notice_list.html", "portal/_notice_rows.html", context)


@partner_only
@require_safe
def notice_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    require_topic(request, NEWS)
    notice = notice_of(request.user, request.seat.partner.pk, uid)
    if notice is None:
        raise Http404
    acknowledged = next((one for one in notice.own_receipts if one.acknowledged_at), None)
    context = {"notice": notice, "acknowledged": acknowledged}
    return shown(request, "portal/notice_detail.html", "portal/_notice.html", context)


@partner_only
@require_POST
def news_seen(request: HttpRequest) -> HttpResponse:
    """Everything that is out counts as read by this person."""
    require_topic(request, NEWS)
    uids = Notice.objects.visible_to(request.user).values_list("uid", flat=True)
    number = services.mark_seen(notice_uids=uids, partner=request.seat.partner, user=request.user)
    text = ngettext("Marked {} notice as read.", "Marked {} notices as read.", number).format(number)
    return sent_on(request, text, to=reverse("portal:notice_list"))


@partner_only
@require_POST
def notice_seen(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    require_topic(request, NEWS)
    notice = get_object_or_404(Notice.objects.visible_to(request.user), uid=uid)
    services.mark_seen(notice_uids=[notice.uid], partner=request.seat.partner, user=request.user)
    return sent_on(request, _("Marked as read."), to=reverse("portal:notice_list"))


@partner_editors_only
@require_POST
def notice_acknowledge(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    require_topic(request, NEWS)
    notice = get_object_or_404(Notice.objects.visible_to(request.user), uid=uid)
    to = reverse("portal:notice_detail", args=[notice.uid])
    try:
        services.acknowledge_notice(notice_uid=notice.uid, partner=request.seat.partner, user=request.user)
    except DomainError as error:
        return complained(request, error, to=to)
    return sent_on(request, _("Acknowledged. Thank you."), to=to)
