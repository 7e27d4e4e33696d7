"""Who sits at the partner's side of a request: one of its people, or a colleague who looks as the partner does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import PARTNER_EDITOR_ROLES, Role, User
from partners.models import Partner


@dataclass(frozen=True)
class Seat:
    """`observer` is the colleague who sees as the partner, read-only, until `until`; None for the partner's people.

    `is_open` is false for who logged in by a way that is closed to them by now.
    """

    partner: Partner
    role: str
    contact_id: int | None = None
    observer: User | None = None
    until: datetime | None = None
    is_open: bool = True

    @property
    def may_write(self) -> bool:
        return self.observer is None and self.role in PARTNER_EDITOR_ROLES

    @property
    def may_administer(self) -> bool:
        return self.observer is None and self.role == Role.PARTNER_ADMIN


class Observer:
    """Stands in for `request.user` while a colleague sees as a partner: the colleague's name, the partner's eyes (R37).

    It is no row: nothing can be saved through it.
    """

    is_vendor = may_edit = may_lead = is_staff = is_superuser = sees_own_partners_only = False
    role = Role.PARTNER_ADMIN

    def __init__(self, colleague: User, partner_id: int) -> None:
        self.colleague = colleague
        self.portal_partner_id = partner_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self.colleague, name)

    def __str__(self) -> str:
        return str(self.colleague)
