"""What stands around the Today queue: the book in bands, the next meetings, the first steps, banners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import STAFF_ROLES, User
from deals.models import RevenueEntry
from deals.queries import shifted_import
from engagement.models import Commitment, Meeting, Touchpoint
from health.models import Band, HealthRun, HealthState, RhythmFit
from partners.models import Contact, Partner
from workspace.models import QueueMark
from workspace.queries.queue import Walk
from workspace.queries.queue_sources import silence_limits

KEPT_SECONDS = 60
LARGE_BOOK = 300  # partners; beyond it a walk through the book is kept for a minute
MEETINGS_SHOWN = 5
SETTLED_SECONDS = 3600
CHECKLIST = "checklist:first-run"


@dataclass(frozen=True, slots=True)
class Figures:
    """Roll-up of a book, at most a minute old. `bands` maps A to E to a count, "" those without enough data.

    `typical_minor`: what the typical partner brings in a year; `silence`: after how many days without contact a partner
    counts as silent, by tier; `shift_days`: by how much an import moved its dates.
    """

    bands: Mapping[str, int]
    typical_minor: int | None
    silence: dict[str, int]
    has_demo: bool
    shift_days: int
    shift_file: str

    @property
    def partners(self) -> int:
        return sum(self.bands.values())

    @property
    def at_risk(self) -> int:
        return self.bands[Band.D] + self.bands[Band.E]


def figures(user: User, *, mine: bool) -> Figures:
    """The roll-up of one's own book or of all partners; counted anew once a minute."""
    key = f"today:book:{user.pk if mine or user.sees_own_partners_only else 'all'}:{mine}"
    found: Figures | None = cache.get(key)
    if found is None:
        found = _figures(user, mine)
        cache.set(key, found, KEPT_SECONDS)
    return found


def recent_walk(user: User, *, mine: bool, book: Figures) -> Walk | None:
    """What the last walk through a large book found, at most a minute ago; a small book is walked each time."""
    return cache.get(f"today:walk:{user.pk}:{mine}") if book.partners > LARGE_BOOK else None


def keep_walk(walk: Walk, user: User, *, mine: bool, book: Figures) -> None:
    if book.partners > LARGE_BOOK:
        cache.set(f"today:walk:{user.pk}:{mine}", walk, KEPT_SECONDS)


def owns_partners(user: User) -> bool:
    return Partner.objects.visible_to(user).active().owned_by(user).exists()


def _figures(user: User, mine: bool) -> Figures:
    book = Q(partner__archived_at=None)
    if mine:
        book &= Q(partner__owner=user)
    states = HealthState.objects.visible_to(user).filter(book)
    bands: dict[str, int] = dict.fromkeys(Band.values, 0)
    bands |= dict(states.values_list("band").annotate(number=Count("pk")).order_by("band"))
    partners = Partner.objects.visible_to(user).active()
    total = (partners.owned_by(user) if mine else partners).count()
    bands[""] += total - sum(bands.values())
    fit = RhythmFit.objects.order_by("-as_of", "-id").values_list("parameters", flat=True).first()
    shift = shifted_import()
    return Figures(
        bands=bands,
        typical_minor=int(fit["typical"]) if fit and fit.get("typical") else None,
        silence=silence_limits(),
        has_demo=Partner.objects.visible_to(user).filter(is_demo=True).exists(),
        shift_days=shift.days if shift else 0,
        shift_file=shift.file_name if shift else "",
    )


def next_meetings(user: User, *, mine: bool, now: datetime, book: Figures) -> list[dict[str, Any]]:
    """The next five open meetings of the book: uid, kind (label), starts_at, invited_at, due_on and (partner's) name.

    `due_on` is the day by which the cadence asks for it while nobody has chosen a time; None for an appointment.
    Of a large book they may be a minute old.
    """
    if book.partners <= LARGE_BOOK:
        return _next_meetings(user, mine=mine, now=now)
    key = f"today:meetings:{user.pk}:{mine}"
    rows: list[dict[str, Any]] | None = cache.get(key)
    if rows is None:
        rows = _next_meetings(user, mine=mine, now=now)
        cache.set(key, rows, KEPT_SECONDS)
    return rows


def _next_meetings(user: User, *, mine: bool, now: datetime) -> list[dict[str, Any]]:
    meetings = Meeting.objects.visible_to(user).still_open().filter(starts_at__gte=now, partner__archived_at=None)
    if mine:
        meetings = meetings.filter(partner__owner=user)
    rows = meetings.select_related("partner").order_by("starts_at", "id")
    return [
        {
            "uid": row.uid,
            "kind": row.get_kind_display(),
            "starts_at": row.starts_at,
            "invited_at": row.invited_at,
            "due_on": row.due_day if row.is_only_due else None,
            "name": row.partner.name,
        }
        for row in rows[:MEETINGS_SHOWN]
    ]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the first-run checklist."""

    key: str
    done: bool


STEPS = ("partners", "owned", "contacts", "sales", "contact", "health", "colleague")


def open_steps(user: User) -> list[Step]:
    """The first-run checklist while the person has something left in it and did not hide it; looked at while open."""
    key = f"today:started:{user.pk}"
    if cache.get(key):
        return []
    steps = first_steps(user)
    if all(step.done for step in steps) or QueueMark.objects.filter(user=user, key=CHECKLIST).exists():
        cache.set(key, True, SETTLED_SECONDS)
        return []
    return steps


def forget_start(user: User) -> None:
    """Look at the checklist again, whatever was found before."""
    cache.delete(f"today:started:{user.pk}")


def first_steps(user: User) -> list[Step]:
    """The first-run checklist, ticked from data, in one query."""
    own = Partner.objects.visible_to(user).active()
    row: Mapping[str, Any] = (
        User.objects.filter(pk=user.pk)
        .values(
            partners=Exists(own),
            owned=Exists(own.filter(owner_id=OuterRef("pk"))),
            contacts=Exists(Contact.objects.visible_to(user)),
            sales=Exists(RevenueEntry.objects.visible_to(user)),
            contact=Exists(Touchpoint.objects.visible_to(user)),
            health=Exists(HealthRun.objects.filter(finished_at__isnull=False)),
            colleague=Exists(User.objects.filter(role__in=STAFF_ROLES, is_active=True).exclude(pk=user.pk)),
        )
        .get()
    )
    return [Step(name, row[name]) for name in STEPS]


def put_aside(user: User, *, today: date) -> list[QueueMark]:
    """What the person snoozed or did, newest first, at most 50: the page offers to bring it back."""
    marks = QueueMark.objects.filter(user=user).filter(Q(snoozed_until__gt=today) | Q(done_at__isnull=False))
    return list(marks.order_by("-id")[:50])


def partners_of(marks: Sequence[QueueMark]) -> dict[str, Partner]:
    """The partner each mark is about, by key. A mark whose subject is gone is absent."""
    subjects: dict[str, list[int]] = {}
    for mark in marks:
        kind, _colon, subject = mark.key.partition(":")
        if subject.isdigit():
            subjects.setdefault(kind, []).append(int(subject))
    reached = {
        f"{kind}:{row.pk}": row.partner
        for kind, model in (("meeting", Meeting), ("commitment", Commitment))
        if kind in subjects
        for row in model.objects.filter(pk__in=subjects.pop(kind)).select_related("partner")
    }
    ids = {pk for found in subjects.values() for pk in found}
    partners = Partner.objects.in_bulk(ids) if ids else {}
    return reached | {
        f"{kind}:{pk}": partners[pk] for kind, found in subjects.items() for pk in found if pk in partners
    }
