"""Announcements between rooms: sent after commit, never able to undo the write they tell of."""

from typing import Any

import structlog
from django.db import transaction
from django.dispatch import Signal

log = structlog.get_logger(__name__)


def announce(signal: Signal, **payload: Any) -> None:
    """Send `signal` after the transaction commits. A failing listener is logged; nightly runs heal the gap."""

    def send() -> None:
        for receiver, answer in signal.send_robust(sender=None, **payload):
            if isinstance(answer, Exception):
                log.error(
                    "announcement_failed", receiver=getattr(receiver, "__qualname__", str(receiver)), exc_info=answer
                )

    transaction.on_commit(send, robust=True)
