"""Files both sides share, as a partner's person sees them."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.policies import partner_editors_only, partner_only
from core.errors import DomainError
from core.uploads import accepts_files
from enablement import services
from enablement.forms import UploadForm
from enablement.models import SharedFile
from enablement.queries.files import files_of, room_of
from enablement.views.answers import complained, sent_on, shown
from enablement.views.transfer import sent, take_upload
from partners.models import SharingRule
from portal.context import require_topic

FILES = SharingRule.Topic.FILES


@partner_only
@require_safe
def file_list(request: HttpRequest) -> HttpResponse:
    require_topic(request, FILES)
    seat = request.seat
    files = files_of(request.user, seat.partner.pk)
    context = {
        "rows": [(file, seat.may_write and file.may_be_withdrawn_by(request.user)) for file in files],
        "waits": any(file.status == SharedFile.Status.PENDING for file in files),
        "room": room_of(seat.partner.pk),
    }
    return shown(request, "portal/file_list.html", "portal/_file_rows.html", context)


@partner_editors_only
@accepts_files
def file_create(request: HttpRequest) -> HttpResponse:
    require_topic(request, FILES)
    form, status = UploadForm(), 200
    if request.method == "POST":
        form, file, status = take_upload(request, partner_id=request.seat.partner.pk, side=SharedFile.Side.THEIRS)
        if file is not None:
            text = _("“{}” arrived and is being checked. It is shared when that is done.").format(file.name)
            return sent_on(request, text, to=reverse("portal:file_list"))
    context = {"form": form, "panel": reverse("portal:file_list")}
    return shown(request, "portal/file_create.html", "enablement/_file_form.html", context, status=status)


@partner_only
@require_safe
def file_download(request: HttpRequest, uid: uuid.UUID) -> HttpResponseBase:
    require_topic(request, FILES)
    return sent(get_object_or_404(SharedFile.objects.visible_to(request.user).ready(), uid=uid))


@partner_editors_only
def file_withdraw(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Asks first: the content is deleted. Only what this side sent can be taken back."""
    require_topic(request, FILES)
    file = get_object_or_404(SharedFile.objects.visible_to(request.user).present(), uid=uid)
    back = reverse("portal:file_list")
    if request.method == "POST":
        try:
            services.withdraw_file(file_uid=file.uid, actor=request.user)
        except DomainError as error:
            return complained(request, error, to=back)
        return sent_on(request, _("Withdrew “{}”.").format(file.name), to=back)
    context = {"file": file, "back": back, "action": request.path, "base": "portal/base.html"}
    return shown(request, "enablement/file_withdraw.html", "enablement/_withdraw_dialog.html", context)
