"""Ask a worker to look at the database soon. The broker carries nudges, never the truth (reliability R20, R27)."""

import time
from typing import Any

import structlog
from celery import Task
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
REST_SECONDS = 30.0
_closed_until = {"broker": 0.0}


def nudge(task: Task, *args: Any) -> bool:
    """Queue `task`; False when the broker is away. After a failure it is left alone for half a minute, so that a dead
    broker costs a process one time-out and not one per request; the periodic run does the work then."""
    if time.monotonic() < _closed_until["broker"]:
        return False
    try:
        task.apply_async(args, retry=False)
    except (OperationalError, OSError) as error:
        _closed_until["broker"] = time.monotonic() + REST_SECONDS
        log.warning("broker_away", task=task.name, problem=type(error).__name__)
        return False
    return True
