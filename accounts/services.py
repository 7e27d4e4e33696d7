"""Writes of the accounts room: the audit trail and API tokens."""

from datetime import timedelta
from typing import Any

import structlog
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.models import ApiToken, AuditEntry, User
from core import clock
from core.errors import DomainError

MAX_TOKEN_DAYS = 365


def record(
    action: str, subject: models.Model | None, *, actor: User | None, partner_uid: Any = None, **data: Any
) -> AuditEntry:
    """Write one row of the audit trail inside the caller's transaction. `data` is JSON without personal text."""
    context = structlog.contextvars.get_contextvars()
    return AuditEntry.objects.create(
        at=clock.now(),
        actor=actor,
        action=action,
        object_type=subject._meta.label if subject is not None else "",
        object_uid=str(getattr(subject, "uid", "") or (subject.pk if subject is not None else "")),
        partner_uid=partner_uid or getattr(getattr(subject, "partner", None), "uid", None),
        data={
            key: str(value) if not isinstance(value, int | bool | list | dict | None) else value
            for key, value in data.items()
        },
        request_id=str(context.get("request_id", ""))[:60],
    )


@transaction.atomic
def create_token(*, user: User, name: str, scope: str, days: int) -> tuple[ApiToken, str]:
    """Create a token and return it with its secret, which is shown once and never stored."""
    if not name.strip():
        raise DomainError(_("Give the token a name, so that you know it again."), field="name")
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise DomainError(_("A token lives between 1 and {} days.").format(MAX_TOKEN_DAYS), field="days")
    if scope == ApiToken.Scope.WRITE and not user.may_edit:
        raise DomainError(_("Your role may only read; choose the scope “Read”."), field="scope")
    token, secret = ApiToken.objects.create(user=user, expiry=timedelta(days=days), name=name.strip(), scope=scope)
    record("accounts.token_created", token, actor=user, scope=scope, days=days)
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User) -> None:
    record("accounts.token_revoked", token, actor=actor)
    token.delete()
