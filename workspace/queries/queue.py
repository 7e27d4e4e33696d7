"""The Today queue of one person: what all sources found, without what was put aside, in the order of its rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from django.db import DatabaseError

from accounts.models import User
from core import clock
from deals.queries import sales_in_window
from workspace.models import QueueMark
from workspace.queries.queue_sources import SOURCES, Book, Candidate, Finder
from workspace.ranking import Rank, in_order, rank_of, value_weight

log = structlog.get_logger(__name__)
DONE_FOR = timedelta(days=90)
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the queue. `sales_minor`: of 365 days in the reporting currency, None when none are known."""

    candidate: Candidate
    rank: Rank
    sales_minor: int | None

    @property
    def key(self) -> str:
        return self.candidate.key

    @property
    def is_good_news(self) -> bool:
        return self.candidate.kind == "good"


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk through a book found: subjects by kind, and the kinds that have more than was fetched."""

    subjects: dict[str, list[int]]
    capped: frozenset[str]


@dataclass(frozen=True, slots=True)
class Queue:
    """`counts` per kind; kinds in `capped` have more than was fetched; `failed` sources could not be read."""

    items: list[Item]
    counts: dict[str, int]
    capped: frozenset[str]
    failed: list[str]
    walk: Walk


def marks_of(user: User, *, now: datetime, today: date) -> dict[str, QueueMark]:
    """Marks that still hide something, by key: snoozed beyond today, or done within the last 90 days."""
    rows = QueueMark.objects.filter(user=user).order_by("-id")
    return {
        mark.key: mark
        for mark in rows
        if (mark.snoozed_until and mark.snoozed_until > today) or (mark.done_at and mark.done_at > now - DONE_FOR)
    }


def collect(
    user: User,
    *,
    mine: bool,
    now: datetime,
    today: date,
    typical_minor: int | None,
    silence: dict[str, int] | None = None,
    walk: Walk | None = None,
    sources: Mapping[str, Finder] = SOURCES,
) -> Queue:
    """Ask every source, drop what was put aside and not renewed since, rank the rest. A failing source is named.

    With an earlier `walk` only its subjects are read again: what is settled is gone at once, what is new waits for the
    next walk.
    """
    marks = marks_of(user, now=now, today=today)
    aside: dict[str, int] = {}
    for key in marks:
        kind = key.partition(":")[0]
        aside[kind] = aside.get(kind, 0) + 1
    book = Book(
        user=user, mine=mine, now=now, today=today, aside=aside, silence=silence, only=walk.subjects if walk else None
    )
    found: list[Candidate] = []
    failed: list[str] = []
    capped: set[str] = set(walk.capped) if walk else set()
    subjects: dict[str, list[int]] = {}
    for kind, find in sources.items():
        try:
            candidates = find(book)
        except DatabaseError:
            log.exception("today_source_failed", source=kind)
            failed.append(kind)
            continue
        subjects[kind] = [candidate.subject for candidate in candidates]
        if len(candidates) >= book.limit(kind):
            capped.add(kind)
        found += [candidate for candidate in candidates if not _is_aside(candidate, marks.get(candidate.key), today)]
    items = in_order(_ranked(found, now=now, today=today, typical_minor=typical_minor))
    counts: dict[str, int] = {}
    for candidate in found:
        counts[candidate.kind] = counts.get(candidate.kind, 0) + 1
    return Queue(
        items=items,
        counts=counts,
        capped=frozenset(capped),
        failed=failed,
        walk=walk or Walk(subjects, frozenset(capped)),
    )


def _is_aside(candidate: Candidate, mark: QueueMark | None, today: date) -> bool:
    """A snooze holds until its day; "done" holds until there is newer evidence."""
    if mark is None:
        return False
    if mark.snoozed_until is not None:
        return mark.snoozed_until > today
    return mark.done_at is not None and mark.done_at.date() >= candidate.since


def _ranked(found: Sequence[Candidate], *, now: datetime, today: date, typical_minor: int | None) -> list[Item]:
    partner_ids = sorted({candidate.partner_id for candidate in found})
    sales = sales_in_window(partner_ids, start=clock.days_before(now, YEAR_DAYS), end=now, known=now) if found else {}
    items = []
    for candidate in found:
        own = sales.get(candidate.partner_id)
        minor = own.sales_minor if own else None
        value = value_weight(candidate.tier, revenue_minor=minor, typical_minor=typical_minor)
        rank = rank_of(candidate.severity, value, today=today, due_on=candidate.due_on, since=candidate.since)
        items.append(Item(candidate, rank, minor))
    return items
