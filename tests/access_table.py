"""The table of routes and policies. A route that is not here, or has another policy, fails the build."""

import re
from typing import Any

FOREIGN_PREFIXES = ("accounts/", "admin/", "api/v1/", "api/schema/")  # allauth, Django admin, DRF: their own guards

EXPECTED = {
    "accounts:profile_edit": "signed_in",
    "accounts:appearance_set": "signed_in",
    "accounts:token_list": "staff",
    "accounts:token_revoke": "staff",
    "api_docs": "signed_in",
    "csp_report": "public",
}


def arguments(path: str, partner: Any) -> dict[str, Any]:
    """Values for the captured parts of a path, of an object that may or may not exist."""
    values: dict[str, Any] = {
        "slug": partner.slug,
        "uid": "00000000-0000-4000-8000-000000000000",
        "pk": 1,
        "secret": "nobody-has-this-secret",
    }
    return {name: values.get(name, "1") for name in re.findall(r"<(?:\w+:)?(\w+)>", path)}
