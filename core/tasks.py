"""Celery entries of core."""

from celery import shared_task

from core import clock, outbox
from core.models import Heartbeat


@shared_task(name="core.sweep_outbox")
def sweep_outbox() -> None:
    outbox.sweep()


@shared_task(name="core.heartbeat")
def heartbeat() -> None:
    """The canary: it travels through the real queue, so its age shows a worker that is alive but deaf (R31)."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"beat_at": clock.now()})
