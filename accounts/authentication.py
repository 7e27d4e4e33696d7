"""API tokens in `Authorization: Bearer prm_…`."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication

from core import clock


class ApiTokenAuthentication(TokenAuthentication):
    def validate_user(self, auth_token: Any) -> Any:
        user, token = super().validate_user(auth_token)
        today = clock.today()
        if token.last_used_on != today:
            token.last_used_on = today
            token.save(update_fields=["last_used_on"])
        return user, token


class ApiTokenScheme(OpenApiAuthenticationExtension):
    """How the schema names the token."""

    target_class = "accounts.authentication.ApiTokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
