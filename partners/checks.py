"""What the database must look like for the wall between partners to stand (reliability R5)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import connection

from partners.row_security import PORTAL

ROLE = """SELECT r.rolsuper OR r.rolbypassrls,
    EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = 'partners_partner' AND c.relowner = r.oid)
    FROM pg_roles r WHERE r.rolname = current_user"""


@register(Tags.database)
def web_role_is_walled(databases: Any = None, **_options: object) -> list[CheckMessage]:
    """In production the log-in of web, worker and beat owns no table and bypasses no policy."""
    if not databases or connection.vendor != "postgresql" or not settings.PRODUCTION:
        return []
    with connection.cursor() as cursor:
        cursor.execute(ROLE)
        bypasses, owns = cursor.fetchone()
        cursor.execute("SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s", [PORTAL])
        member = cursor.fetchone()
    found: list[CheckMessage] = []
    if bypasses or owns:
        found.append(
            checks.Warning(
                "The product logs in to PostgreSQL as the owner of its tables or as a superuser.",
                hint="Give `migrate` the owner's DATABASE_URL with DATABASE_WEB_ROLE, and everything else that role's.",
                id="partners.W001",
            )
        )
    if member != (True,):
        found.append(
            checks.Warning(
                f"The log-in of the product may not take the role {PORTAL}: no partner could open the portal.",
                hint="Run `manage.py migrate` as the owner of the tables, with DATABASE_WEB_ROLE set.",
                id="partners.W002",
            )
        )
    return found
