"""Celery entries of the workspace room."""

from celery import shared_task

from workspace.services import cadence


@shared_task(name="workspace.plan_reviews")
def plan_reviews(partner_ids: list[int] | None = None) -> None:
    cadence.plan_reviews_of(partner_ids)
