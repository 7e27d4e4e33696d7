"""What `manage.py check --database default` says about the audit trail."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from accounts.seals import last_check


@register(Tags.database)
def audit_trail_is_intact(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """The result of the last walk along the chain; it is not walked here."""
    if not databases:
        return []
    try:
        found = last_check()
    except DatabaseError:
        return []  # before the first migration
    if found is None or not found.fault:
        return []
    words = f"The audit trail is broken at entry {found.broken_id}: {found.get_fault_display()}."
    return [Error(words, hint="See docs/privacy.md, “When the chain is broken”.", id="accounts.E001")]
