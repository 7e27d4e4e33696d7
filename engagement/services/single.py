"""One process at a time for work that is harmless twice but better done in one piece (reliability R30)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def only_process(job: str) -> Iterator[bool]:
    """True for the process that got the job, False for one that finds it taken.

    An advisory lock of PostgreSQL, which ends with the connection if the process dies. SQLite has one worker.
    """
    if connection.vendor != "postgresql":
        yield True
        return
    number = int.from_bytes(hashlib.sha256(job.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        got = bool(cursor.fetchone()[0])
        try:
            yield got
        finally:
            if got:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
