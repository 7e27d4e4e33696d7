"""The vendor's side of a partner's files: the section of its page, sending, reading, taking back."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.policies import editors_only, staff_only
from core.errors import DomainError
from core.uploads import accepts_files
from enablement import services
from enablement.forms import VendorUploadForm
from enablement.models import SharedFile
from enablement.queries.files import files_of, room_of
from enablement.views.answers import complained, sent_on, shown
from enablement.views.transfer import sent, take_upload
from partners.models import Partner, SharingRule


@staff_only
@require_safe
def partner_panel(request: HttpRequest, slug: str) -> HttpResponse:
    """A partner's files: the section of its page, and a page by itself."""
    partner = _partner(request, slug)
    rule = SharingRule.objects.filter(topic=SharingRule.Topic.FILES).first()  # visible: a rule for all partners
    files = files_of(request.user, partner.pk)
    context = {
        "partner": partner,
        "rows": [(file, file.may_be_withdrawn_by(request.user)) for file in files],
        "waits": any(file.status == SharedFile.Status.PENDING for file in files),
        "room": room_of(partner.pk),
        "shared": rule is not None and rule.shared,
    }
    return shown(request, "enablement/partner_panel.html", "enablement/_partner_panel.html", context)


@editors_only
@accepts_files
def file_create(request: HttpRequest, slug: str) -> HttpResponse:
    partner = _partner(request, slug)
    panel = reverse("enablement:partner_panel", args=[partner.slug])
    form, status = VendorUploadForm(), 200
    if request.method == "POST":
        form, file, status = take_upload(request, partner_id=partner.pk, side=SharedFile.Side.OURS)
        if file is not None:
            text = _("“{}” is being checked; {} sees it when that is done.").format(file.name, partner)
            return sent_on(request, text, to=panel)
    context = {"form": form, "partner": partner, "panel": panel}
    return shown(request, "enablement/file_create.html", "enablement/_file_form.html", context, status=status)


@staff_only
@require_safe
def file_download(request: HttpRequest, uid: uuid.UUID) -> HttpResponseBase:
    return sent(get_object_or_404(SharedFile.objects.visible_to(request.user).ready(), uid=uid))


@editors_only
def file_withdraw(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Asks first: the content is deleted."""
    files = SharedFile.objects.visible_to(request.user).present().select_related("partner")
    file = get_object_or_404(files, uid=uid)
    panel = reverse("enablement:partner_panel", args=[file.partner.slug])
    if request.method == "POST":
        try:
            services.withdraw_file(file_uid=file.uid, actor=request.user)
        except DomainError as error:
            return complained(request, error, to=panel)
        return sent_on(request, _("Withdrew “{}”.").format(file.name), to=panel)
    context = {"file": file, "back": panel, "action": request.path, "base": "base.html"}
    return shown(request, "enablement/file_withdraw.html", "enablement/_withdraw_dialog.html", context)


def _partner(request: HttpRequest, slug: str) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(request.user), slug=slug)
