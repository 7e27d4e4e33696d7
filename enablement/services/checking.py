"""What a worker does with a file before anybody may read it, and the sweep that leaves nothing behind (R60)."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.services import record
from core import clock, uploads
from core.announce import announce
from enablement import storage
from enablement.models import MOST_ATTEMPTS, SharedFile
from enablement.rules import contents, images
from enablement.rules.refusal import RefusedError
from enablement.services.telling import tell_file
from enablement.signals import file_shared

T = TypeVar("T")
log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=3)
LOST_AFTER = timedelta(hours=1)
PART_SECONDS = 3600
ORPHAN_SECONDS = 24 * 3600  # longer than any transaction, shorter than anybody waits for room
SCAN_SECONDS = 60
CLEAN, INFECTED = 0, 1  # the exit codes of clamscan and clamdscan
BATCH = 500


class ScannerAwayError(Exception):
    """The scanner could not say: the file goes on waiting."""


def check_file(*, file_uid: uuid.UUID) -> str:
    """Check one waiting file and make it readable or refuse it; returns its status. Safe to run twice.

    The work is done outside of a transaction, under a lease. A file that kills its worker each time is refused after
    three attempts; a full disk or an absent scanner is nobody's fault and does not count.
    """
    file = _claim(file_uid)
    if file is None:
        return ""
    if file.attempts > MOST_ATTEMPTS:
        return _refuse(file, "unreadable")
    try:
        return _finish(file, *_prove(file))
    except RefusedError as refused:
        return _refuse(file, refused.code)
    except FileNotFoundError:
        if file.created_at < clock.now() - LOST_AFTER:
            return _refuse(file, "lost")
        return _release(file, "file_not_there_yet")
    except (OSError, ScannerAwayError) as error:
        return _release(file, type(error).__name__)


def sweep_files() -> dict[str, int]:
    """Rows without a file and files without a row: check what waits, delete what nobody knows. Returns counts."""
    free = Q(locked_until__isnull=True) | Q(locked_until__lt=clock.now())
    waiting = SharedFile.objects.present().filter(free, status=SharedFile.Status.PENDING).order_by("created_at")
    checked = [check_file(file_uid=uid) for uid in waiting.values_list("uid", flat=True)[:50]]
    parts = list(storage.lying(uploads.incoming_folder().name, older_than=PART_SECONDS))
    for path in parts:
        path.unlink(missing_ok=True)
    return {"checked": len(checked), "parts": len(parts), "orphans": _sweep_orphans(), "missing": _count_missing()}


@transaction.atomic
def _claim(file_uid: uuid.UUID) -> SharedFile | None:
    now = clock.now()
    waiting = SharedFile.objects.select_for_update(skip_locked=True).present()
    file = waiting.filter(uid=file_uid, status=SharedFile.Status.PENDING).first()
    if file is None or (file.locked_until and file.locked_until > now):
        return None
    file.locked_until, file.attempts = now + LEASE, file.attempts + 1
    file.save(update_fields=["locked_until", "attempts"])
    return file


def _prove(file: SharedFile) -> tuple[str, int]:
    """Checksum and size of what will be kept."""
    waiting = storage.path_of(storage.WAITING, file.storage_name)
    if not waiting.exists():  # a worker died between the move and its commit
        storage.move(storage.path_of(storage.KEPT, file.storage_name), storage.WAITING, file.storage_name)
    _scan(waiting)
    with waiting.open("rb") as source:
        contents.inspect(source, file.kind)
        if not file.is_picture:
            return storage.digest_and_size(source)
        part = uploads.new_part()
        try:
            with part.open("w+b") as target:
                images.rewrite(source, target, file.extension)
                found = storage.digest_and_size(target)
            part.replace(waiting)
        finally:
            part.unlink(missing_ok=True)
    return found


def _scan(path: Path) -> None:
    """Ask the command that the installation names, if any."""
    command: list[str] = settings.FILE_SCAN_COMMAND
    if not command:
        return
    try:
        done = subprocess.run(  # noqa: S603  the command is the administrator's own, the path is ours
            [*command, str(path)], check=False, capture_output=True, timeout=SCAN_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScannerAwayError from error
    if done.returncode == INFECTED:
        raise RefusedError("virus")
    if done.returncode != CLEAN:
        raise ScannerAwayError


@transaction.atomic
def _finish(file: SharedFile, sha256: str, size: int) -> str:
    row = _still_waiting(file)
    if row is None:
        return ""
    row.status, row.sha256, row.size, row.locked_until = SharedFile.Status.READY, sha256, size, None
    row.save(update_fields=["status", "sha256", "size", "locked_until", "updated_at"])
    record("enablement.file_ready", row, actor=None, sha256=sha256, size=size)
    tell_file(row)
    storage.move(storage.path_of(storage.WAITING, row.storage_name), storage.KEPT, row.storage_name)
    announce(file_shared, partner_ids=[row.partner_id], uids=[row.uid])
    return row.status


@transaction.atomic
def _refuse(file: SharedFile, code: str) -> str:
    row = _still_waiting(file)
    if row is None:
        return ""
    row.status, row.reason, row.locked_until = SharedFile.Status.REFUSED, code, None
    row.save(update_fields=["status", "reason", "locked_until", "updated_at"])
    record("enablement.file_refused", row, actor=None, reason=code)
    transaction.on_commit(lambda: storage.remove(row.storage_name), robust=True)
    return row.status


def _release(file: SharedFile, problem: str) -> str:
    log.warning("file_check_postponed", problem=problem)
    SharedFile.objects.filter(pk=file.pk).update(attempts=F("attempts") - 1, locked_until=None)
    return SharedFile.Status.PENDING


def _still_waiting(file: SharedFile) -> SharedFile | None:
    """The row again, locked; None when it was withdrawn meanwhile."""
    rows = SharedFile.objects.select_for_update(of=("self",)).present().select_related("partner__owner")
    return rows.filter(pk=file.pk, status=SharedFile.Status.PENDING).first()


def _sweep_orphans() -> int:
    """Delete stored files that no row wants: uploads that were rolled back, withdrawn and refused ones."""
    gone = 0
    for place in (storage.WAITING, storage.KEPT):
        for paths in _batches(storage.lying(place, older_than=ORPHAN_SECONDS)):
            wanted = _names(SharedFile.objects.stored().filter(storage_name__in=[path.name for path in paths]))
            for path in paths:
                if path.name not in wanted:
                    path.unlink(missing_ok=True)
                    gone += 1
    return gone


def _count_missing() -> int:
    """Ready rows whose file is not there: said in the log, never repaired by deleting what a backup may bring back."""
    missing = 0
    for names in _batches(_names(SharedFile.objects.ready())):
        missing += sum(1 for name in names if not storage.path_of(storage.KEPT, name).exists())
    if missing:
        log.error("shared_files_missing", number=missing)
    return missing


def _names(rows: QuerySet[SharedFile]) -> set[str]:
    return set(rows.values_list("storage_name", flat=True))


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while batch := list(islice(rest, BATCH)):
        yield batch
