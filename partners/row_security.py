"""The second wall between partners: PostgreSQL's row-level security (reliability P2, R5).

A portal request runs as the role `prm_portal`, inside one transaction, and the database itself hides and refuses the
rows of every other partner. The policies are derived from the models after each migration, so a new table with a path
to a partner is walled without anybody remembering it; a table that is neither walled nor listed as readable by all is
closed to the portal. SQLite has no such wall: there `visible_to` stands alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import ForeignKey

from accounts.models import PARTNER_ROLES, STAFF_ROLES, User
from partners.models import Partner

PORTAL = "prm_portal"
VENDOR = "prm_vendor"
SECOND_FACTORS = "prm_colleagues_with_second_factor"
PARTNER = "NULLIF(current_setting('prm.partner_id', true), '')::bigint"
PARTNER_UID = "NULLIF(current_setting('prm.partner_uid', true), '')::uuid"
PERSON = "NULLIF(current_setting('prm.user_id', true), '')::bigint"
ALL_ROWS = "true"  # `portal_rows` of a model that holds the same for every partner: rules, rates, calendars

# Tables of others that a page needs to work at all. Reading and writing, as Django does on every request.
PLUMBING = ("django_session", "django_cache")
READABLE = ("django_content_type",)


@dataclass(frozen=True)
class Wall:
    """What the portal may do with one table. `rows`: which it sees; `checked`: which it may write, None for none;
    `added`: which it may add besides, without seeing them."""

    table: str
    rows: str
    checked: str | None
    added: str | None = None


def walls() -> list[Wall]:
    """One per table that holds rows of partners or of persons, in the order of the tables' names."""
    found = (_wall(model) for model in apps.get_models(include_auto_created=True) if model._meta.managed)
    return sorted((wall for wall in found if wall), key=lambda wall: wall.table)


def closed_tables() -> list[str]:
    """Tables the portal cannot read at all: no path to a partner or a person, and not the same for everybody."""
    open_ones = {wall.table for wall in walls()} | {*PLUMBING, *READABLE}
    return sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)} - open_ones)


def has_partner_path(model: type[models.Model]) -> bool:
    return model is Partner or _path(model) is not None


@contextmanager
def as_partner(
    *, partner_id: int | None, partner_uid: UUID | None, user_id: int | None, read_only: bool = False
) -> Iterator[None]:
    """Everything inside sees and writes rows of this partner only; with None, of no partner. One transaction."""
    if connection.vendor != "postgresql":
        yield
        return
    inner = connection.in_atomic_block
    with transaction.atomic():
        values = [str(value or "") for value in (partner_id, partner_uid, user_id)]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('prm.partner_id', %s, true), set_config('prm.partner_uid', %s, true),"
                " set_config('prm.user_id', %s, true), set_config('role', %s, true)"
                + (", set_config('transaction_read_only', 'on', true)" if read_only and not inner else ""),
                [*values, PORTAL],
            )
        yield
        if inner and not connection.needs_rollback:  # the outer transaction goes on; a commit would have reset it
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('role', 'none', true), set_config('prm.partner_id', '', true),"
                    " set_config('prm.partner_uid', '', true), set_config('prm.user_id', '', true)"
                )


def colleagues_with_second_factor() -> frozenset[int]:
    """The ids of the people of the request's partner who log in with a second factor. For PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {SECOND_FACTORS}()")
        return frozenset(pk for (pk,) in cursor.fetchall())


def build() -> bool:
    """Make roles, grants and policies what the models say. False when they already were."""
    if connection.vendor != "postgresql":
        return False
    statements = list(_statements())
    mark = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('prm row security'))")
        cursor.execute("SELECT obj_description(to_regclass('partners_partner'), 'pg_class')")
        row = cursor.fetchone()
        if row and row[0] == f"walls {mark}":
            return False
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(f"COMMENT ON TABLE partners_partner IS 'walls {mark}'")
    return True


def _statements() -> Iterator[str]:
    for role in (PORTAL, VENDOR):
        yield (
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        yield f"GRANT {role} TO CURRENT_USER"
        yield f"GRANT USAGE ON SCHEMA public TO {role}"
        yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {VENDOR}"
    yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {VENDOR}"
    yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {VENDOR}, {PORTAL}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {PORTAL}"
    for wall in walls():
        writes = ", INSERT, UPDATE, DELETE" if wall.checked else ""
        yield f'GRANT SELECT{writes} ON "{wall.table}" TO {PORTAL}'
        if wall.rows == ALL_ROWS:
            continue
        yield f'ALTER TABLE "{wall.table}" ENABLE ROW LEVEL SECURITY'
        yield f'ALTER TABLE "{wall.table}" FORCE ROW LEVEL SECURITY'
        for name in ("vendor", "portal_read", "portal_write", "portal_add"):
            yield f'DROP POLICY IF EXISTS {name} ON "{wall.table}"'
        yield f'CREATE POLICY vendor ON "{wall.table}" TO {VENDOR} USING (true) WITH CHECK (true)'
        yield f'CREATE POLICY portal_read ON "{wall.table}" FOR SELECT TO {PORTAL} USING ({wall.rows})'
        if wall.checked:
            yield (
                f'CREATE POLICY portal_write ON "{wall.table}" TO {PORTAL}'
                f" USING ({wall.checked}) WITH CHECK ({wall.checked})"
            )
        if wall.added:
            yield f'CREATE POLICY portal_add ON "{wall.table}" FOR INSERT TO {PORTAL} WITH CHECK ({wall.added})'
    for table in (*PLUMBING, "core_submissionkey"):
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {PORTAL}"
    for table in READABLE:
        yield f"GRANT SELECT ON {table} TO {PORTAL}"
    yield from _second_factors()
    if settings.DATABASE_WEB_ROLE:
        yield from _web_role(settings.DATABASE_WEB_ROLE, settings.DATABASE_WEB_PASSWORD)


def _second_factors() -> Iterator[str]:
    """Whether a colleague has a second factor, for the team page; the factors stay readable by their owner alone."""
    yield (
        f"CREATE OR REPLACE FUNCTION {SECOND_FACTORS}() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = public, pg_temp AS $$"
        " SELECT DISTINCT m.user_id FROM partners_membership m JOIN mfa_authenticator a ON a.user_id = m.user_id"
        f" WHERE m.partner_id = {PARTNER} AND a.type IN ('totp', 'webauthn') $$"
    )
    yield f"REVOKE ALL ON FUNCTION {SECOND_FACTORS}() FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {SECOND_FACTORS}() TO {PORTAL}"


def _web_role(name: str, password: str) -> Iterator[str]:
    """The log-in of web, worker and beat: it owns nothing, bypasses nothing and may take either role."""
    role, secret = connection.ops.quote_name(name), password.replace("'", "''")
    yield (f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$")
    yield f"ALTER ROLE {role} LOGIN INHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD '{secret}'"
    yield f"GRANT {VENDOR}, {PORTAL} TO {role}"


def _wall(model: type[models.Model]) -> Wall | None:
    table = model._meta.db_table
    own_words = getattr(model, "portal_rows", None)
    if model is User:
        staff = ", ".join(f"'{role}'" for role in sorted(STAFF_ROLES))
        colleague = f'id = {PERSON} OR EXISTS (SELECT 1 FROM partners_membership m WHERE m.user_id = "{table}".id)'
        theirs = ", ".join(f"'{role}'" for role in sorted(PARTNER_ROLES))
        return Wall(table, f"role IN ({staff}) OR {colleague}", f"role IN ({theirs}) AND ({colleague})")
    if own_words is not None:
        return Wall(table, own_words, getattr(model, "portal_writes", None), getattr(model, "portal_inserts", None))
    rows = _path(model)
    if rows is None:
        return None
    links = [
        f'("{field.column}" IS NULL OR EXISTS (SELECT 1 FROM "{other._meta.db_table}" o WHERE o.id = "{field.column}"))'
        for field, other in _links(model)
        if other is not Partner and _path(other) is not None
    ]
    return Wall(table, rows, " AND ".join([f"({rows})", *links]))


def _path(model: type[models.Model], seen: frozenset[type[models.Model]] = frozenset()) -> str | None:
    """The condition under which a row belongs to the partner (or person) of the request; None when there is no path."""
    if model is Partner:
        return f"id = {PARTNER}"
    if getattr(model, "portal_rows", None) == ALL_ROWS or model is User:
        return None
    for field, other in _links(model):
        if other is Partner:
            return f'"{field.column}" = {PARTNER}'
    names = {field.name for field in model._meta.concrete_fields}
    if "partner_uid" in names:
        actor = f" OR actor_id = {PERSON}" if "actor" in names else f" OR user_id = {PERSON}" if "user" in names else ""
        return f"partner_uid = {PARTNER_UID}{actor}"
    for field, other in _links(model):
        if not field.null and other not in seen and _path(other, seen | {model}) is not None:
            return f'EXISTS (SELECT 1 FROM "{other._meta.db_table}" o WHERE o.id = "{field.column}")'
    if "user" in names:
        return f"user_id = {PERSON}"
    return None


def _links(model: type[models.Model]) -> list[tuple[ForeignKey, type[models.Model]]]:
    return [
        (field, field.related_model)
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.related_model is not model
    ]
