"""Where files lie: `incoming` while they arrive, `waiting` until they are checked, `kept` when they may be read.

All below `VAR_DIR/files`, which no web server serves, under random names. A move is a rename on one file system.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import DomainError

CHUNK = 256 * 1024
WAITING, KEPT = "waiting", "kept"


class NoRoomError(DomainError):
    """The disk is full or away: nothing was stored, and trying again later may work."""


def no_room() -> NoRoomError:
    return NoRoomError(_("There is no room to store files at the moment. Nothing was saved; try again later."))


def path_of(place: str, name: str) -> Path:
    return Path(settings.VAR_DIR) / "files" / place / name[:2] / name


def move(source: Path, place: str, name: str) -> Path:
    """Put a file where it belongs, whole or not at all."""
    target = path_of(place, name)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)
    return target


def remove(name: str) -> None:
    for place in (WAITING, KEPT):
        path_of(place, name).unlink(missing_ok=True)


def open_kept(name: str) -> BinaryIO | None:
    """The file for reading; None when the storage lost it."""
    try:
        return path_of(KEPT, name).open("rb")
    except OSError:
        return None


def digest_and_size(file: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def lying(place: str, *, older_than: float) -> Iterator[Path]:
    """Files of one place that nobody touched for so many seconds."""
    limit = time.time() - older_than  # the file system's own clock
    for path in sorted((Path(settings.VAR_DIR) / "files" / place).rglob("*")):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if path.is_file() and status.st_mtime < limit:
            yield path
