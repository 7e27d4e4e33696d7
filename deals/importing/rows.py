"""Rows of revenue as plain tuples: read, compared and inserted by the thousand, without building model instances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from django.db import connection

from deals.models import RevenueEntry

AT_ONCE = 500  # rows of one INSERT: 6,000 parameters, below the limits of both databases


class Facts(NamedTuple):
    """What an entry says. Two rows of one entry with equal facts are the same."""

    partner_id: int
    kind: str
    amount_minor: int
    currency: str
    country: str
    lines: int
    occurred_at: datetime

    def change_to(self, new: Facts) -> str:
        """What differs, for the report."""
        pairs = zip(self._fields, self, new, strict=True)
        return "; ".join(f"{name}: {before} → {after}" for name, before, after in pairs if before != after)


class NewRow(NamedTuple):
    """An entry to insert."""

    external_id: str
    facts: Facts
    known_at: datetime
    known_asserted: bool


def stored_rows(source: str, external_ids: Sequence[str]) -> dict[str, tuple[int, Facts]]:
    """Primary key and facts of the current rows, by external id."""
    rows = RevenueEntry.objects.current().filter(source=source, external_id__in=external_ids)
    return {row[0]: (row[1], Facts(*row[2:])) for row in rows.values_list("external_id", "pk", *Facts._fields)}


def insert_rows(source: str, rows: Iterable[NewRow]) -> None:
    """Insert current rows. The same as `bulk_create`, at a quarter of its cost; constraints judge as always."""
    meta = RevenueEntry._meta
    names = ("source", "external_id", *Facts._fields, "known_at", "known_asserted")
    columns = ", ".join(connection.ops.quote_name(meta.get_field(_attribute(name)).column) for name in names)
    one = f"({', '.join(['%s'] * len(names))})"
    adapt = Adapted().__getitem__
    values = [
        (
            source,
            row.external_id,
            *row.facts[:-1],
            adapt(row.facts.occurred_at),
            adapt(row.known_at),
            row.known_asserted,
        )
        for row in rows
    ]
    with connection.cursor() as cursor:
        for start in range(0, len(values), AT_ONCE):
            part = values[start : start + AT_ONCE]
            cursor.execute(
                f"INSERT INTO {connection.ops.quote_name(meta.db_table)} ({columns}) "  # noqa: S608  names of our own
                f"VALUES {', '.join([one] * len(part))}",
                list(chain.from_iterable(part)),
            )


class Adapted(dict[datetime, object]):
    """Moments as the database takes them; most rows were known when they occurred, or all at once."""

    def __missing__(self, moment: datetime) -> object:
        self[moment] = value = connection.ops.adapt_datetimefield_value(moment)
        return value


def _attribute(name: str) -> str:
    return "partner" if name == "partner_id" else name
