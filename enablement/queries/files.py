"""Files of a partner, for its pages and for summaries of many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, Sum, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from enablement.models import SharedFile

MOST_LISTED = 200


@dataclass(frozen=True)
class Room:
    """How much of a partner's quota is used, in bytes."""

    used: int
    quota: int

    @property
    def is_tight(self) -> bool:
        return self.used * 10 > self.quota * 8


def files_of(user: User, partner_id: int) -> list[SharedFile]:
    """What the user may see of one partner's files, newest first. What was refused concerns only who sent it."""
    rows = SharedFile.objects.visible_to(user).present().filter(partner_id=partner_id)
    if user.is_vendor:
        rows = rows.exclude(side=SharedFile.Side.THEIRS, status=SharedFile.Status.REFUSED)
    return list(rows.select_related("uploaded_by")[:MOST_LISTED])


def room_of(partner_id: int) -> Room:
    used = SharedFile.objects.filter(partner_id=partner_id).stored().aggregate(used=Sum("size"))["used"]
    return Room(used=used or 0, quota=settings.FILE_QUOTA_BYTES)


def newest_files(partner_ids: Iterable[int], *, limit: int = 3) -> dict[int, list[SharedFile]]:
    """The newest readable files of each partner; one query. A partner without any is absent."""
    place = Window(RowNumber(), partition_by=F("partner_id"), order_by=[F("created_at").desc(), F("id").desc()])
    rows = SharedFile.objects.filter(partner_id__in=list(partner_ids)).ready().annotate(place=place)
    found: dict[int, list[SharedFile]] = {}
    for file in rows.filter(place__lte=limit).order_by("partner_id", "place"):
        found.setdefault(file.partner_id, []).append(file)
    return found
