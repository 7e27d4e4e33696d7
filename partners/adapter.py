"""What partners add to how people log in: some partners' people come in through their own company only."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.adapter import AccountAdapter as HouseAccountAdapter
from accounts.models import User
from partners.sso.queries import only_way_in


class AccountAdapter(HouseAccountAdapter):
    def own_ways_are_open(self, request: HttpRequest, user: User) -> bool:
        """False for the password, passkey and reset of whom only the company's log-in lets in (P11)."""
        return bool(getattr(request, "came_through_provider", "")) or only_way_in(user) is None

    def closed_mail(self, user: User) -> Any:
        """What a person whose own ways are closed is told by mail instead of a reset link."""
        return only_way_in(user)
