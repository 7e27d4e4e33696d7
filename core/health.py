"""Is this process able to serve? Database, migrations and disk count; Redis does not (reliability P38)."""

import os
import shutil
import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from core import clock
from core.models import Heartbeat

log = structlog.get_logger(__name__)
LATE = timedelta(seconds=180)
DISK_FLOOR_BYTES = 50_000_000
MIGRATION_CHECK_SECONDS = 60
_checked = {"migrations": 0.0}


def readiness() -> bool:
    """True when a request can be served. The reason for a False goes to the log, never to the caller."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        problem = _pending_migrations() or _full_disk()
    except (DatabaseError, OSError, ImproperlyConfigured) as error:
        problem = type(error).__name__
    if problem:
        log.warning("not_ready", problem=problem)
    return not problem


def _pending_migrations() -> str:
    if _checked["migrations"] and time.monotonic() - _checked["migrations"] < MIGRATION_CHECK_SECONDS:
        return ""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "migrations pending"
    _checked["migrations"] = time.monotonic()
    return ""


def _full_disk() -> str:
    folder = settings.VAR_DIR if settings.VAR_DIR.exists() else settings.BASE_DIR
    if not os.access(folder, os.W_OK):
        return "data folder is read-only"
    return "disk full" if shutil.disk_usage(folder).free < DISK_FLOOR_BYTES else ""


def background_is_late() -> bool:
    """True when no worker has shown a sign of life for three minutes (P21); False on a fresh installation."""
    newest = Heartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    return newest is not None and clock.now() - newest > LATE
