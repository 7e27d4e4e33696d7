"""The links that set a new password die when the person's standing changes, not only when they are used (P6)."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from django.core.exceptions import ObjectDoesNotExist


class ResetLinks(EmailAwarePasswordResetTokenGenerator):
    """A link is worth nothing for a disabled account, for whom only the company's log-in lets in, and nothing after its
    owner's role or seat changed.

    Whose access ended may ask for a new link: the account stays theirs, and proves them when they are invited again.
    """

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}|{user.role}|{_seat(user)}"

    def check_token(self, user: Any, token: str | None) -> bool:
        if not (user and user.is_active and super().check_token(user, token)):
            return False
        adapter = get_adapter()
        return bool(adapter.own_ways_are_open(adapter.request, user))


def _seat(user: Any) -> str:
    """Where the person sits at a partner's side: the relation is the partners room's, which stands above this one."""
    try:
        seat = user.membership
    except ObjectDoesNotExist:
        return ""
    return f"{seat.partner_id} {seat.ended_at} {seat.partner.archived_at}"
