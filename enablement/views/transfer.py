"""Bytes in and out: what an upload came to, and a download that no browser runs (reliability P27, R61)."""

from __future__ import annotations

from typing import Any

import structlog
from django.http import FileResponse, Http404, HttpRequest

from core import uploads
from core.errors import DomainError
from enablement import services, storage
from enablement.forms import UploadForm, VendorUploadForm
from enablement.models import SharedFile
from enablement.services.files import too_large
from enablement.views.answers import refuse, status_of

log = structlog.get_logger(__name__)
ISOLATED = "default-src 'none'; sandbox"


def take_upload(request: HttpRequest, *, partner_id: int, side: str) -> tuple[UploadForm, SharedFile | None, int]:
    """The bound form, the file if it was taken, and the status of the answer."""
    problem = uploads.upload_problem(request)
    kind = VendorUploadForm if side == SharedFile.Side.OURS else UploadForm
    form = kind(request.POST, request.FILES)
    if problem == uploads.TOO_LARGE:
        return _instead(form, too_large()), None, 413
    if problem:
        return _instead(form, storage.no_room()), None, 507
    if not form.is_valid():
        return form, None, status_of(form)
    user: Any = request.user
    wish = form.cleaned_data
    try:
        file = services.receive_file(
            partner_id=partner_id, actor=user, side=side, purpose=wish["purpose"], upload=wish["file"]
        )
    except DomainError as error:
        return form, None, refuse(form, error)
    return form, file, 200


def sent(file: SharedFile) -> FileResponse:
    """A ready file as a download. Whoever calls has asked `visible_to` and `ready` in this very request."""
    content = storage.open_kept(file.storage_name)
    if content is None:
        log.error("shared_file_missing", uid=str(file.uid))
        raise Http404
    response = FileResponse(content, as_attachment=True, filename=file.name, content_type=file.kind.content_type)
    response["Content-Security-Policy"] = ISOLATED
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _instead(form: UploadForm, error: DomainError) -> UploadForm:
    """Say this and not that the file is missing."""
    form.full_clean()
    form.errors.pop("file", None)
    form.add_error("file", error.message)
    return form
