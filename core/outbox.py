"""The outbox: mails owed to people, written with the business row and sent by a sweep (reliability R20 to R27)."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import F, Q

from core import clock
from core.logs import without_secrets
from core.models import Outbox

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
ACCOUNT_MAIL = "account"  # may hold a link that opens an account


def put_mail(
    *,
    key: str,
    to: str,
    subject: str,
    body: str,
    kind: str,
    partner_uid: UUID | None = None,
    is_demo: bool = False,
    digest_group: str = "",
    attachments: Sequence[dict[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
) -> bool:
    """Owe a mail once: False when `key` already exists.

    `attachments` are dicts with `name`, `type` (MIME, may carry parameters) and `text`; `headers` are those beside the
    usual ones.
    """
    _row, created = Outbox.objects.get_or_create(
        key=key,
        defaults={
            "to": to,
            "subject": " ".join(subject.split())[:250],
            "body": body,
            "kind": kind,
            "partner_uid": partner_uid,
            "is_demo": is_demo,
            "digest_group": digest_group,
            "attachments": list(attachments),
            "headers": dict(headers or {}),
            "due_at": due_at or clock.now(),
        },
    )
    return created


def claim(limit: int) -> list[int]:
    """Lease due rows to this process: no other sender takes them for a minute."""
    now = clock.now()
    due = Outbox.objects.filter(status=Outbox.Status.DUE, due_at__lte=now).filter(
        Q(locked_until__isnull=True) | Q(locked_until__lt=now)
    )
    with transaction.atomic():
        rows = due.order_by("due_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        ids = list(rows.values_list("id", flat=True)[:limit])
        Outbox.objects.filter(id__in=ids).update(locked_until=now + LEASE, attempts=F("attempts") + 1)
    return ids


def sweep(limit: int = 100) -> int:
    """Send what is due and return how many rows were settled. Safe to run in any number of processes at once."""
    settled = 0
    for row_id in claim(limit):
        row = Outbox.objects.get(pk=row_id)
        if row.is_demo or not settings.MAIL_CONFIGURED:
            _settle(row, Outbox.Status.KEPT)
            settled += 1
            continue
        try:
            _message(row).send()
        except (SMTPException, OSError) as error:
            _postpone(row, error)
        else:
            _settle(row, Outbox.Status.SENT)
            settled += 1
    return settled


def retry(row: Outbox) -> None:
    """Give a failed or kept mail another chance."""
    Outbox.objects.filter(pk=row.pk, status__in=[Outbox.Status.FAILED, Outbox.Status.KEPT]).update(
        status=Outbox.Status.DUE, due_at=clock.now(), attempts=0, locked_until=None, error=""
    )


def _settle(row: Outbox, status: str) -> None:
    """What was sent keeps no secret: only the mail itself holds it from now on (reliability P10)."""
    body, headers = row.body, row.headers
    if status == Outbox.Status.SENT:
        body, headers = without_secrets(body), {name: without_secrets(value) for name, value in headers.items()}
    Outbox.objects.filter(pk=row.pk).update(
        status=status, body=body, headers=headers, sent_at=clock.now(), locked_until=None, error=""
    )


def _postpone(row: Outbox, error: Exception) -> None:
    given_up = row.attempts >= MAX_ATTEMPTS
    wait = timedelta(minutes=2**row.attempts, seconds=random.uniform(0, 30))  # noqa: S311  jitter, not a secret
    log.warning("mail_not_sent", outbox=str(row.uid), attempts=row.attempts, problem=type(error).__name__)
    Outbox.objects.filter(pk=row.pk).update(
        status=Outbox.Status.FAILED if given_up else Outbox.Status.DUE,
        due_at=clock.now() + wait,
        locked_until=None,
        error=f"{type(error).__name__}: {error}"[:2000],
    )


def _message(row: Outbox) -> EmailMessage:
    message = EmailMessage(
        subject=row.subject,
        body=row.body,
        to=[row.to],
        headers={**row.headers, "Message-ID": f"<{row.uid}@prm>", "Auto-Submitted": "auto-generated"},
    )
    for attachment in row.attachments:
        message.attach(attachment["name"], attachment["text"], attachment["type"])
    return message
