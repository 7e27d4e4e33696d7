"""A file comes in, and is taken back."""

from __future__ import annotations

import uuid
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record, take_back
from core import clock
from core.announce import announce
from core.errors import DomainError
from core.uploads import ArrivedFile
from enablement import storage
from enablement.labels import REASONS
from enablement.models import SharedFile
from enablement.rules import contents
from enablement.rules.kinds import ALLOWED, KINDS, Kind, kind_of
from enablement.rules.names import shown_name
from enablement.rules.refusal import RefusedError
from enablement.services.telling import file_key
from enablement.signals import file_received
from partners.models import Partner

MEGABYTE = 1024 * 1024


@transaction.atomic
def receive_file(*, partner_id: int, actor: User, side: str, purpose: str, upload: ArrivedFile) -> SharedFile:
    """Take a file that arrived: looked at here, checked in full by a worker, and only then readable by the other side.

    Sending the same content twice is refused, so a repeated request stores nothing.
    """
    kind = _kind_for(purpose, upload)
    if upload.size > settings.FILE_MAX_BYTES:
        raise too_large()
    try:
        with upload.path.open("rb") as content:
            contents.look(content, kind)
    except RefusedError as refused:
        raise DomainError(str(REASONS[refused.code]), field="file") from refused
    partner = Partner.objects.select_for_update().get(pk=partner_id)
    _check_room(partner, side, upload)
    file = SharedFile(
        partner=partner,
        side=side,
        purpose=purpose,
        name=shown_name(upload.name or "", kind.extension),
        extension=kind.extension,
        size=upload.size,
        received_sha256=upload.sha256,
        uploaded_by=actor,
    )
    try:
        path = storage.move(upload.path, storage.WAITING, file.storage_name)
    except OSError as error:
        raise storage.no_room() from error
    try:
        file.save(force_insert=True)
        record("enablement.file_received", file, actor=actor, purpose=purpose, type=kind.extension, size=file.size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    announce(file_received, partner_ids=[partner.pk], uids=[file.uid])
    return file


@transaction.atomic
def withdraw_file(*, file_uid: uuid.UUID, actor: User) -> SharedFile:
    """Take a file back: nobody may read it any more, and its content is deleted. Repeating changes nothing."""
    file = SharedFile.objects.get(uid=file_uid)
    if file.withdrawn_at is None and not file.may_be_withdrawn_by(actor):
        raise DomainError(_("Only the side that shared this file can withdraw it."))
    file = SharedFile.objects.select_for_update().get(uid=file_uid)  # the database locks no row of the other side
    if file.withdrawn_at is not None:
        return file
    file.withdrawn_at, file.withdrawn_by = clock.now(), actor
    file.save(update_fields=["withdrawn_at", "withdrawn_by", "updated_at"])
    take_back(key=file_key(file))
    record("enablement.file_withdrawn", file, actor=actor, purpose=file.purpose)
    transaction.on_commit(partial(storage.remove, file.storage_name), robust=True)
    return file


def too_large() -> DomainError:
    most = settings.FILE_MAX_BYTES // MEGABYTE
    return DomainError(_("This file is too large: at most {} MB.").format(most), field="file")


def _kind_for(purpose: str, upload: ArrivedFile) -> Kind:
    if purpose not in ALLOWED:
        raise DomainError(_("Say what the file is for."), field="purpose")
    kind = kind_of(upload.name or "")
    if kind is None:
        raise DomainError(
            _("Files of this type are not taken. Send one of: {}.").format(", ".join(KINDS)), field="file"
        )
    if kind.extension not in ALLOWED[purpose]:
        raise DomainError(_("For this purpose send one of: {}.").format(", ".join(ALLOWED[purpose])), field="file")
    return kind


def _check_room(partner: Partner, side: str, upload: ArrivedFile) -> None:
    """Called with the partner locked, so two at once cannot pass the quota together."""
    stored = SharedFile.objects.filter(partner=partner).stored()
    same = stored.filter(side=side, received_sha256=upload.sha256).first()
    if same is not None:
        raise DomainError(_("This file is already here, as “{}”.").format(same.name), field="file")
    used = stored.aggregate(used=Sum("size"))["used"] or 0
    if used + upload.size > settings.FILE_QUOTA_BYTES:
        most = settings.FILE_QUOTA_BYTES // MEGABYTE
        raise DomainError(
            _("The {} MB for files of this partner are used up. Withdraw one that is no longer needed.").format(most),
            field="file",
        )
