"""What the palette finds: partners, people and meetings by a few letters, cheaply however large the book is.

Names are looked up along their index by prefix. Matches inside a name cost a scan, so they are only looked for while
the table is small, or when the person asks for people with "@".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Max, Q, QuerySet

from accounts.models import User
from engagement.models import Meeting
from partners.models import Contact, Partner
from partners.rules import normalise

PER_GROUP = 6
SCANNED_ROWS = 20_000
LONGEST = 80
LAST_CHARACTER = "\U0010ffff"
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FoundPartner:
    pk: int
    name: str
    slug: str
    tier: str
    band: str


@dataclass(frozen=True, slots=True)
class FoundPerson:
    name: str
    title: str
    email: str
    partner: str
    slug: str


def partners(user: User, text: str) -> list[FoundPartner]:
    """Partners whose name begins with the text, then those that contain it or have it as their key; at most six."""
    needle = normalise(text)[:LONGEST]
    if not needle:
        return []
    known = Partner.objects.visible_to(user).active()
    found = _found(known.filter(starts_with("search_name", needle)).order_by("search_name", "pk")[:PER_GROUP])
    if len(found) < PER_GROUP and any(letter.isdigit() for letter in text):
        found += _others(found, known.filter(key=text.strip()))
    if len(found) < PER_GROUP and _is_small(Partner):
        found += _others(found, known.filter(search_name__contains=needle))
    return found


def people(user: User, text: str, *, asked_for: bool) -> list[FoundPerson]:
    """People still at their company whose name or address contains the text; on a large book only when asked for."""
    needle = text.strip()[:LONGEST]
    if len(needle) < 2 or not (asked_for or _is_small(Contact)):
        return []
    rows = (
        Contact.objects.visible_to(user)
        .filter(Q(name__icontains=needle) | Q(email__icontains=needle), left_on=None, partner__archived_at=None)
        .order_by("name", "pk")
        .values_list("name", "title", "email", "partner__name", "partner__slug")[:PER_GROUP]
    )
    return [FoundPerson(*row) for row in rows]


def meetings(user: User, partner_ids: Sequence[int], *, now: datetime) -> list[Meeting]:
    """Open meetings of these partners, from a month ago on."""
    if not partner_ids:
        return []
    found = (
        Meeting.objects.visible_to(user).still_open().filter(partner_id__in=partner_ids, starts_at__gte=now - RECENT)
    )
    return list(found.select_related("partner").order_by("starts_at", "pk")[:PER_GROUP])


def by_ids(user: User, partner_ids: Sequence[int]) -> list[FoundPartner]:
    """These partners in this order, without those that are gone."""
    found = {one.pk: one for one in _found(Partner.objects.visible_to(user).active().filter(pk__in=partner_ids))}
    return [found[pk] for pk in partner_ids if pk in found]


def starts_with(field: str, needle: str) -> Q:
    """A prefix match that uses the field's index: a pattern on PostgreSQL, a range on SQLite."""
    if connection.vendor == "postgresql":
        return Q(**{f"{field}__startswith": needle})
    return Q(**{f"{field}__gte": needle, f"{field}__lt": needle + LAST_CHARACTER})


def _found(rows: QuerySet[Partner]) -> list[FoundPartner]:
    return [FoundPartner(*row) for row in rows.values_list("pk", "name", "slug", "tier", F("health__band"))]


def _others(found: Sequence[FoundPartner], rows: QuerySet[Partner]) -> list[FoundPartner]:
    rest = rows.exclude(pk__in=[one.pk for one in found]).order_by("search_name", "pk")
    return _found(rest[: PER_GROUP - len(found)])


def _is_small(model: Any) -> bool:
    """Whether a scan of the table is cheap; the largest id stands in for the count."""
    return (model.objects.aggregate(last=Max("pk"))["last"] or 0) <= SCANNED_ROWS
