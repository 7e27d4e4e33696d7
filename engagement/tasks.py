"""Celery entries of the engagement room."""

from __future__ import annotations

from celery import shared_task

from engagement import services


@shared_task(name="engagement.plan_reviews")
def plan_reviews(partner_ids: list[int] | None = None) -> None:
    services.plan_reviews(partner_ids)


@shared_task(name="engagement.tell_due_commitments")
def tell_due_commitments() -> None:
    services.tell_due_commitments()


@shared_task(name="engagement.queue_due_reminders")
def queue_due_reminders() -> None:
    services.queue_due_reminders()
