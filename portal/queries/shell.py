"""What stands around every portal page: which sections there are for this partner."""

from __future__ import annotations

from django.db.models import OuterRef, Value

from partners.models import Partner, SharingRule
from partners.seats import Seat
from portal.navigation import SECTIONS, Section


def shared_topics() -> frozenset[str]:
    """The topics an administrator shares with partners."""
    return frozenset(SharingRule.objects.filter(shared=True).values_list("topic", flat=True))


def sections_for(seat: Seat, topics: frozenset[str]) -> list[Section]:
    """The sections worth an entry, in their order. One query, whatever the number of sections."""
    wanted = [one for one in SECTIONS if (not one.topic or one.topic in topics) and one.allowed(seat)]
    asked = {f"has_{one.key}": one.used(OuterRef("pk")) for one in wanted if one.used}
    used = Partner.objects.filter(pk=seat.partner.pk).annotate(**asked).values(*asked, one=Value(1)).first() or {}
    return [one for one in wanted if one.used is None or used.get(f"has_{one.key}")]
