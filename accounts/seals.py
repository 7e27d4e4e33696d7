"""The chain over the audit trail: who seals when, and what a walk along it proves (reliability P46).

Writers never wait for each other: `record` only inserts, and a task seals afterwards, in the order of the numbers. For
that it must know up to which number no row can still appear, since a transaction that took number 10 may commit after
the one that took number 11. See `_final_id`; the reasons stand in docs/adr/0013-audit-chain-and-erasure.md.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Max, QuerySet

from accounts.models import AuditCheck, AuditEntry, AuditSeal
from core import clock
from core.models import PeriodRun

log = structlog.get_logger(__name__)
GENESIS = hashlib.sha256(b"prm audit trail").hexdigest()
BATCH = 5_000
PATIENCE_SECONDS = 5.0
FIELDS = (
    "id", "at", "actor_id", "acting_as", "action", "object_type", "object_uid", "partner_uid", "data", "request_id",
)  # fmt: skip
Fault = AuditCheck.Fault


@dataclass(frozen=True)
class Found:
    """A walk along the chain. `broken_id` None: every entry is as it was sealed."""

    rows: int
    head_id: int | None
    head_seal: str
    broken_id: int | None = None
    fault: str = Fault.NONE


def sealed(before: str, entry: tuple[Any, ...]) -> str:
    """The seal of an entry (the values of FIELDS) that follows the seal `before`."""
    number, at, *rest = entry
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    content = json.dumps([before, number, stamp, *rest], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def seal_new(limit: int = 50_000) -> int:
    """Seal the entries that came since, at most `limit`; returns how many. Two at once: one finds nothing to do."""
    final = _final_id()
    if final is None:
        return 0
    with transaction.atomic():
        if not _alone():
            return 0
        head, before = _head()
        entries = AuditEntry.objects.filter(id__gt=head, id__lte=final).order_by("id").values_list(*FIELDS)[:limit]
        rows = []
        for entry in entries.iterator(chunk_size=BATCH):
            before = sealed(before, entry)
            rows.append(AuditSeal(entry_id=entry[0], seal=before))
        AuditSeal.objects.bulk_create(rows, batch_size=BATCH)
    return len(rows)


def verify() -> Found:
    """Walk the whole chain: entries and seals side by side, by number."""
    last = AuditSeal.objects.aggregate(last=Max("entry_id"))["last"] or 0
    seals = _by_number(AuditSeal.objects.filter(entry_id__lte=last).values_list("entry_id", "seal"), "entry_id")
    entries = _by_number(AuditEntry.objects.filter(id__lte=last).values_list(*FIELDS), "id")
    checks = AuditCheck.objects.filter(fault="", head_id__isnull=False).values_list("head_id", "head_seal")
    known = {number: seal for number, seal in checks if number is not None}
    before, head, rows = GENESIS, None, 0
    entry = next(entries, None)
    for number, seal in seals:
        if entry is not None and entry[0] < number:
            return Found(rows, head, before, entry[0], Fault.INSERTED)
        if entry is None or entry[0] > number:
            return Found(rows, head, before, number, Fault.REMOVED)
        if sealed(before, entry) != seal:
            return Found(rows, head, before, number, Fault.CHANGED)
        if known.get(number, seal) != seal:
            return Found(rows, head, before, number, Fault.REWRITTEN)
        before, head, rows = seal, number, rows + 1
        entry = next(entries, None)
    if missing := sorted(number for number in known if number > last):
        return Found(rows, head, before, missing[0], Fault.REMOVED)
    return Found(rows, head, before)


def check() -> AuditCheck:
    """Verify and keep what was found. The head goes to the log too, out of reach of whoever can write the database."""
    began = time.monotonic()
    found = verify()
    kept = AuditCheck.objects.create(
        at=clock.now(),
        rows=found.rows,
        head_id=found.head_id,
        head_seal=found.head_seal if found.head_id else "",
        broken_id=found.broken_id,
        fault=found.fault,
        milliseconds=round((time.monotonic() - began) * 1000),
    )
    say = log.error if found.fault else log.warning
    say("audit_verified", rows=kept.rows, head=kept.head_id, seal=kept.head_seal, broken=kept.broken_id)
    return kept


def last_check() -> AuditCheck | None:
    return AuditCheck.objects.order_by("-at", "-id").first()


def check_daily() -> AuditCheck | None:
    """The check of today, once; None when it ran already."""
    run, first = PeriodRun.objects.get_or_create(
        job="accounts.verify_audit", period=clock.today().isoformat(), defaults={"started_at": clock.now()}
    )
    if not first:
        return None
    found = check()
    PeriodRun.objects.filter(pk=run.pk).update(finished_at=clock.now())
    return found


def _by_number(rows: QuerySet[Any, tuple[Any, ...]], key: str) -> Iterator[tuple[Any, ...]]:
    """All rows in the order of `key`, their first column, a few thousand at a time: no statement takes long."""
    last = 0
    while page := list(rows.filter(**{f"{key}__gt": last}).order_by(key)[:BATCH]):
        yield from page
        last = page[-1][0]


def _head() -> tuple[int, str]:
    last = AuditSeal.objects.order_by("-entry_id").values_list("entry_id", "seal").first()
    return last or (0, GENESIS)


def _alone() -> bool:
    if connection.vendor != "postgresql":
        return True  # SQLite lets one writer in at a time
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('prm audit seals'))")
        return bool(cursor.fetchone()[0])


def _final_id() -> int | None:
    """The highest number below which no entry can appear any more; None while such a writer is still at work.

    An INSERT locks its table (ROW EXCLUSIVE) before it takes its number and keeps the lock until its transaction ends,
    so whoever may still commit a number up to the one read here is among those that hold the lock right after. Their
    locks do not conflict: nobody waits for anybody, only the sealing waits for them, and only for a moment.
    """
    last = _last_number()
    if last is None or connection.vendor != "postgresql":
        return last  # SQLite: one writer at a time, so numbers commit in order
    waiting = set(_writers())
    until = time.monotonic() + PATIENCE_SECONDS
    while waiting:
        if time.monotonic() > until:
            return None  # a long import, say: the next run tries again
        time.sleep(0.1)
        waiting &= set(_writers())
    return last


def _last_number() -> int | None:
    last: int | None = AuditEntry.objects.aggregate(last=Max("id"))["last"]
    return last


def _writers() -> Iterator[str]:
    """The transactions of others that have written to the trail and not ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks"
            " WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND relation = 'accounts_auditentry'::regclass AND pid <> pg_backend_pid()"
        )
        yield from (row[0] for row in cursor.fetchall())
