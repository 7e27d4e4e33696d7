"""The audit trail: one row per act, in the transaction of the act."""

import hashlib
import hmac
from typing import Any

import structlog
from django.conf import settings
from django.db import models

from accounts.models import AuditEntry, User
from core import clock


def record(
    action: str, subject: models.Model | None, *, actor: User | None, partner_uid: Any = None, **data: Any
) -> AuditEntry:
    """Write one row of the audit trail inside the caller's transaction. `data` is JSON without personal text.

    Who acts by a link in a mail has no account: the row then says which contact the link was sent to.
    """
    context = structlog.contextvars.get_contextvars()
    if actor is None and (contact := context.get("contact")):
        data["contact"] = contact
    return AuditEntry.objects.create(
        at=clock.now(),
        actor=actor,
        action=action,
        object_type=subject._meta.label if subject is not None else "",
        object_uid=str(getattr(subject, "uid", "") or (subject.pk if subject is not None else "")),
        partner_uid=partner_uid or getattr(getattr(subject, "partner", None), "uid", None),
        acting_as=context.get("acting_as") or None,
        data={
            key: str(value) if not isinstance(value, int | bool | list | dict | None) else value
            for key, value in data.items()
        },
        request_id=str(context.get("request_id", ""))[:60],
    )


def hashed(value: object) -> str:
    """A personal value as the audit trail may hold it: equal values are seen to be equal, and nothing else is seen."""
    return keyed("audit", str(value), settings.PRIVACY_KEYS[0])[:16] if value not in (None, "") else ""


def keyed(purpose: str, text: str, key: str) -> str:
    """A hash that only this installation can make, different for each purpose."""
    return hmac.new(f"prm {purpose} {key}".encode(), text.encode(), hashlib.sha256).hexdigest()
