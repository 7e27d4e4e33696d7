"""What the pages of the audit trail on both sides have in common: the question in the address, words for the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from accounts.act_words import act_words
from accounts.models import AuditEntry, User
from accounts.naming import CONTACT, Name, Topics, names_of
from accounts.queries import log_of_partner


@dataclass(frozen=True, slots=True)
class Line:
    """One act; `about`: what the thing is called that was acted upon, None when that adds nothing or is not shared;
    `by`: who acted by a link in a mail."""

    entry: AuditEntry
    words: str | Promise
    about: Name | None
    by: Name | None


def lines_of(entries: Iterable[AuditEntry], reader: User, topics: Topics) -> list[Line]:
    entries = list(entries)
    names = names_of(entries, reader, topics)
    return [
        Line(
            entry,
            act_words(entry),
            about=names.get((entry.object_type, entry.object_uid)),
            by=names.get((CONTACT, entry.data.get("contact", ""))),
        )
        for entry in entries
    ]


def log_context(
    request: Any, *, partner_uid: UUID, kinds: Sequence[tuple[str, str | Promise]], topics: Topics
) -> dict[str, Any]:
    """`topics`: what the vendor shares, for the partner's own people; None for colleagues, who read every act."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in dict(kinds) else ""
    person = _uid(request.GET.get("person", ""))
    before = request.GET.get("before", "")[:200]
    page = log_of_partner(partner_uid, kind=kind, person=person, before=before, all_acts=topics is None)
    return {
        "lines": lines_of(page.entries, request.user, topics),
        "older": page.older,
        "kinds": kinds,
        "people": page.people,
        "kind": kind,
        "person": person,
        "first_page": not before,
    }


def _uid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
