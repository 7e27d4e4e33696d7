"""API tokens: made, shown once, revoked."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import PARTNER_EDITOR_ROLES, ApiToken, User
from accounts.services.audit import record
from core.errors import DomainError

MAX_TOKEN_DAYS = 365


@transaction.atomic
def create_token(
    *, user: User, name: str, scope: str, days: int, partner_uid: UUID | None = None
) -> tuple[ApiToken, str]:
    """Create a token and return it with its secret, which is shown once and never stored."""
    if not name.strip():
        raise DomainError(_("Give the token a name, so that you know it again."), field="name")
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise DomainError(_("A token lives between 1 and {} days.").format(MAX_TOKEN_DAYS), field="days")
    if scope == ApiToken.Scope.WRITE and not (user.may_edit or user.role in PARTNER_EDITOR_ROLES):
        raise DomainError(_("Your role may only read; choose the scope “Read”."), field="scope")
    token, secret = ApiToken.objects.create(user=user, expiry=timedelta(days=days), name=name.strip(), scope=scope)
    record("accounts.token_created", token, actor=user, partner_uid=partner_uid, scope=scope, days=days)
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User, partner_uid: UUID | None = None) -> None:
    record("accounts.token_revoked", token, actor=actor, partner_uid=partner_uid)
    token.delete()


@transaction.atomic
def revoke_tokens_of(*, user: User, actor: User, partner_uid: UUID | None = None) -> None:
    """Every key of a person whose standing changed: none works on at another partner, or after a return."""
    for token in ApiToken.objects.filter(user=user):
        revoke_token(token=token, actor=actor, partner_uid=partner_uid)
