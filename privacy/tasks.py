"""Celery entries of the privacy room."""

from celery import shared_task

from privacy import services


@shared_task(name="privacy.keep_schedule", soft_time_limit=3500, time_limit=3600)
def keep_schedule() -> None:
    services.keep_schedule()
