"""Many rows at once without model objects: one statement per table, conflicts decided by the database.

Rows hold Python values in the order of `columns`, `constants` what is the same in all of them; JSON columns take plain
lists and dicts. PostgreSQL gets the rows by COPY into a temporary table, SQLite as
a batch. Table and column names come from the models, never from input.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from django.db import connection, models, transaction

Field: TypeAlias = "models.Field[Any, Any]"
Rows: TypeAlias = Sequence[Sequence[Any]]
NOTHING: Mapping[str, Any] = {}
ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@contextmanager
def cheap_commit() -> Iterator[None]:
    """A transaction whose commit does not wait for the disk: for work that is simply done again if a crash loses it."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO OFF")
        yield


def insert_or_ignore(
    model: type[models.Model], columns: Sequence[str], rows: Rows, *, constants: Mapping[str, Any] = NOTHING
) -> None:
    """Insert rows; those that break a unique key are left as they are in the table."""
    _insert(model, columns, rows, constants, "ON CONFLICT DO NOTHING")


def insert_or_advance(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Rows,
    *,
    key: str,
    clock: Sequence[str],
    constants: Mapping[str, Any] = NOTHING,
) -> None:
    """Insert rows, or replace the row with the same `key` unless the table's `clock` columns are later."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    key_column = _field(model, key).column
    names = [_field(model, column).column for column in (*columns, *constants)]
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in names if name != key_column)
    theirs = ", ".join(f"excluded.{quote(_field(model, name).column)}" for name in clock)
    ours = ", ".join(f"{table}.{quote(_field(model, name).column)}" for name in clock)
    conflict = f"ON CONFLICT ({quote(key_column)}) DO UPDATE SET {sets} WHERE ({theirs}) >= ({ours})"
    _insert(model, columns, rows, constants, conflict)


def _insert(
    model: type[models.Model], columns: Sequence[str], rows: Rows, constants: Mapping[str, Any], conflict: str
) -> None:
    if not rows:
        return
    write = _copy if connection.vendor == "postgresql" else _batch
    write(model, [_field(model, name) for name in columns], rows, constants, conflict)


def _copy(
    model: type[models.Model], fields: Sequence[Field], rows: Rows, constants: Mapping[str, Any], conflict: str
) -> None:
    quote = connection.ops.quote_name
    table, fresh = quote(model._meta.db_table), quote(f"new_{model._meta.db_table}")
    own = ", ".join(quote(field.column) for field in fields)
    fixed = [_field(model, name) for name in constants]
    names = ", ".join([own, *(quote(field.column) for field in fixed)])
    values = ", ".join([own, *(f"%s::{field.db_type(connection)}" for field in fixed)])
    lines = "\n".join(["\t".join([_cell(value) for value in row]) for row in rows])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {fresh} AS SELECT {own} FROM {table} WITH NO DATA")  # noqa: S608
        cursor.copy_expert(f"COPY {fresh} ({own}) FROM STDIN", io.StringIO(lines + "\n"))
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {fresh} {conflict}",  # noqa: S608
            list(constants.values()),
        )
        cursor.execute(f"DROP TABLE {fresh}")


def _cell(value: Any) -> str:
    """A value in the text format of COPY."""
    if value is None:
        return "\\N"
    if type(value) is str:
        return value.translate(ESCAPES) if "\\" in value or not value.isprintable() else value
    if type(value) in {dict, list}:
        return _compact(value).replace("\\", "\\\\")
    return str(value)


def _batch(
    model: type[models.Model], fields: Sequence[Field], rows: Rows, constants: Mapping[str, Any], conflict: str
) -> None:
    quote = connection.ops.quote_name
    fixed = [_field(model, name) for name in constants]
    names = ", ".join(quote(field.column) for field in (*fields, *fixed))
    marks = ", ".join(["%s"] * (len(fields) + len(fixed)))
    adapted = [_for_sqlite(field) for field in fields]
    tail = [_for_sqlite(field)(constants[field.name]) for field in fixed]
    table = quote(model._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}",  # noqa: S608
            [[*(adapt(value) for adapt, value in zip(adapted, row, strict=True)), *tail] for row in rows],
        )


def _for_sqlite(field: Field) -> Callable[[Any], Any]:
    """How a value of this column is stored by Django on SQLite."""
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value
    if kind == "DateField":
        return connection.ops.adapt_datefield_value
    if kind == "DecimalField":
        return lambda value: None if value is None else str(value)
    if kind == "JSONField":
        return _compact
    return lambda value: value


def _compact(value: Any) -> str:
    return str(ENCODER.encode(value))


def _field(model: type[models.Model], name: str) -> Field:
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise TypeError(f"{name} is no column of {model._meta.label}.")
    return field
