"""Celery entries of the accounts room."""

from __future__ import annotations

from celery import shared_task

from accounts import seals, services


@shared_task(name="accounts.send_digests")
def send_digests() -> None:
    services.send_digests()


@shared_task(name="accounts.seal_audit")
def seal_audit() -> None:
    seals.seal_new()


@shared_task(name="accounts.verify_audit", soft_time_limit=3500, time_limit=3600)
def verify_audit() -> None:
    seals.check_daily()
