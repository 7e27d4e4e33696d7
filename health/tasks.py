"""Celery entries of the health room: ids in, one service call, safe to run twice."""

from celery import shared_task

from health import services


@shared_task(name="health.compute_due")
def compute_due() -> None:
    """Every few minutes: hand out the chunks that are due, and score what was asked for."""
    for run_id, number in services.due_chunks():
        compute_chunk.delay(run_id, number)
    if services.requests_due():
        compute_requested.delay()


@shared_task(name="health.compute_chunk")
def compute_chunk(run_id: int, number: int) -> None:
    services.compute_chunk(run_id=run_id, number=number)


@shared_task(name="health.compute_requested")
def compute_requested() -> None:
    services.compute_requested()
