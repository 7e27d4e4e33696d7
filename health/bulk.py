"""Many rows at once without model objects: one statement per batch, conflicts decided by the database.

Values are given as Python values in the order of `columns`; JSON columns as compact text (`compact`). Works on
PostgreSQL and SQLite; the table and column names come from the models, never from input.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models

BATCH = 500


def compact(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def insert_or_ignore(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows; those that break a unique key are left as they are in the table."""
    _insert(model, columns, rows, "ON CONFLICT DO NOTHING")


def insert_or_advance(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], *, key: str, clock: Sequence[str]
) -> None:
    """Insert rows, or replace the row with the same `key` unless the table's `clock` columns are later."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = [model._meta.get_field(column).column for column in columns]
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in names if name != _column(model, key))
    theirs = ", ".join(f"excluded.{quote(_column(model, name))}" for name in clock)
    ours = ", ".join(f"{table}.{quote(_column(model, name))}" for name in clock)
    _insert(
        model,
        columns,
        rows,
        f"ON CONFLICT ({quote(_column(model, key))}) DO UPDATE SET {sets} WHERE ({theirs}) >= ({ours})",
    )


def _insert(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str) -> None:
    if not rows:
        return
    quote = connection.ops.quote_name
    fields = [model._meta.get_field(column) for column in columns]
    names = ", ".join(quote(field.column) for field in fields)
    head = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608  names come from the models
    if connection.vendor == "postgresql":
        from psycopg2.extras import execute_values

        casts: Mapping[str, str] = {"JSONField": "%s::jsonb"}
        template = "(" + ", ".join(casts.get(field.get_internal_type(), "%s") for field in fields) + ")"
        with connection.cursor() as cursor:
            execute_values(cursor.cursor, f"{head}%s {conflict}", rows, template=template, page_size=BATCH)
        return
    ready = [_for_sqlite(field) for field in fields]
    marks = "(" + ", ".join(["%s"] * len(fields)) + ")"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"{head}{marks} {conflict}",
            [[adapt(value) for adapt, value in zip(ready, row, strict=True)] for row in rows],
        )


def _for_sqlite(field: models.Field[Any, Any]) -> Any:
    """How a value of this column is stored by Django on SQLite."""
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value
    if kind == "DateField":
        return connection.ops.adapt_datefield_value
    if kind == "DecimalField":
        return lambda value: None if value is None else str(value)
    return lambda value: value


def _column(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).column)
