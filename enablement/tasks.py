"""Celery entries of the enablement room."""

from __future__ import annotations

import uuid

from celery import shared_task

from enablement import services


@shared_task(name="enablement.check_file")
def check_file(uid: str) -> None:
    services.check_file(file_uid=uuid.UUID(uid))


@shared_task(name="enablement.sweep_files")
def sweep_files() -> None:
    services.sweep_files()


@shared_task(name="enablement.tell_news")
def tell_news(uid: str) -> None:
    services.tell_news(notice_uid=uuid.UUID(uid))


@shared_task(name="enablement.tell_recent_news")
def tell_recent_news() -> None:
    services.tell_recent_news()
