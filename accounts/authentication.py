"""API tokens in `Authorization: Bearer prm_…`."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, Throttled

from accounts.attempts import TooManyAttemptsError, address_of, take
from core import clock

WRONG_PER_MINUTE = 20
MINUTE = timedelta(minutes=1)


class ApiTokenAuthentication(TokenAuthentication):
    def authenticate(self, request: Any) -> Any:
        """The log-in that the partners' middleware already found, or the one the header names."""
        plain = getattr(request, "_request", request)
        if refusal := getattr(plain, "api_refusal", None):
            raise refusal
        if found := getattr(plain, "api_login", None):
            return found
        try:
            return super().authenticate(request)
        except AuthenticationFailed as error:
            plain.api_refusal = _counted(plain, error)
            raise plain.api_refusal from None

    def authenticate_credentials(self, token: bytes) -> Any:
        """What no token of ours can hold is refused before the library tries to read it."""
        if not (token.isascii() and token.decode().isprintable()):
            raise AuthenticationFailed(_("Invalid token."))
        return super().authenticate_credentials(token)

    def validate_user(self, auth_token: Any) -> Any:
        user, token = super().validate_user(auth_token)
        today = clock.today()
        if token.last_used_on != today:
            token.last_used_on = today
            token.save(update_fields=["last_used_on"])
        return user, token


def _counted(request: Any, error: AuthenticationFailed) -> APIException:
    """The refusal of a wrong token: after twenty from one address in a minute, to wait (P10)."""
    try:
        take("wrong token", address_of(request), limit=WRONG_PER_MINUTE, window=MINUTE)
    except TooManyAttemptsError:
        return Throttled(wait=MINUTE.total_seconds())
    return error


class ApiTokenScheme(OpenApiAuthenticationExtension):
    """How the schema names the token."""

    target_class = "accounts.authentication.ApiTokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
