"""Who may use the API: vendor roles, a partner's people their own part, and tokens within their scope."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken


class ApiAccess(BasePermission):
    """Reading needs a vendor role; writing needs an editing role and, for a token, the write scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not user.is_authenticated or not user.is_active or not user.is_vendor:
            return False
        if request.method in SAFE_METHODS:
            return True
        if isinstance(request.auth, ApiToken) and request.auth.scope != ApiToken.Scope.WRITE:
            return False
        return bool(user.may_edit)


class PortalApiAccess(BasePermission):
    """A partner's people, at their own partner's rows: the seat is found by the partners' middleware."""

    def has_permission(self, request: Request, view: Any) -> bool:
        seat = getattr(request, "seat", None)
        if seat is None:
            return False
        if request.method in SAFE_METHODS:
            return True
        if isinstance(request.auth, ApiToken) and request.auth.scope != ApiToken.Scope.WRITE:
            return False
        return bool(seat.may_write)
