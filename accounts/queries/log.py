"""Reads of the audit trail for the pages of both sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db.models import Q

from accounts.act_words import SHARED, actions_of
from accounts.models import AuditEntry, User

PER_PAGE = 50
SALT = "accounts.audit_page"


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, newest first. `older` is the opaque key of the next page, empty on the last one."""

    entries: list[AuditEntry]
    older: str
    people: list[User]


def log_of_partner(partner_uid: UUID, *, kind: str = "", person: str = "", before: str = "", all_acts: bool) -> LogPage:
    """One page of what was done at, by and with one partner; without `all_acts` only what the partner may read."""
    whole = AuditEntry.objects.filter(partner_uid=partner_uid)
    if not all_acts:
        whole = whole.filter(action__in=SHARED)
    rows = whole.filter(action__in=actions_of(kind, shared_only=not all_acts)) if kind else whole
    if person:
        rows = rows.filter(actor__uid=person)
    if place := _place(before):
        at, number = place
        rows = rows.filter(Q(at__lt=at) | Q(at=at, id__lt=number))
    found = list(rows.select_related("actor").order_by("-at", "-id")[: PER_PAGE + 1])
    last = found[PER_PAGE - 1] if len(found) > PER_PAGE else None
    actors = whole.filter(actor__isnull=False).order_by().values("actor_id").distinct()
    return LogPage(
        entries=found[:PER_PAGE],
        older=signing.dumps([last.at.isoformat(), last.pk], salt=SALT) if last else "",
        people=list(User.objects.filter(pk__in=actors).order_by("name", "pk")[:200]),
    )


def _place(key: str) -> tuple[datetime, int] | None:
    try:
        at, number = signing.loads(key, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    return datetime.fromisoformat(at), number
