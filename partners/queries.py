"""Reads of the partners room for other rooms."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import User
from partners.models import Partner, TierChange
from partners.rules import normalise


def tiers_as_of(partner_ids: Sequence[int], *, at: datetime, known: datetime) -> dict[int, str]:
    """Tier of each partner as of `at`, as known before `known`. A partner without one by then is absent."""
    rows = (
        TierChange.objects.as_of(at, known=known)
        .filter(partner_id__in=partner_ids)
        .order_by("occurred_at", "id")
        .values_list("partner_id", "tier")
    )
    return dict(rows)


def search(user: User, text: str, limit: int) -> list[Partner]:
    """Partners the user may see whose name or key matches: those that start with the text first."""
    needle = normalise(text)
    if not needle:
        return []
    found = Partner.objects.visible_to(user).active()
    starts = list(found.filter(search_name__startswith=needle).order_by("search_name", "id")[:limit])
    if len(starts) < limit:
        rest = found.filter(search_name__contains=needle).exclude(pk__in=[partner.pk for partner in starts])
        starts += list(rest.order_by("search_name", "id")[: limit - len(starts)])
    return starts
