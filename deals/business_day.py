"""The business day of a moment, computed by the database at the cost of a text function (no call back into Python)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateField, Func
from django.db.models.sql.compiler import SQLCompiler

FIRST_YEAR, LAST_YEAR = 1970, 2100
FORMAT = "%Y-%m-%d %H:%M:%S"


class BusinessDay(Func):
    """Date of a moment in the reporting time zone; a value to count and group by, as the database writes dates."""

    arity = 1
    output_field = DateField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any
    ) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        return f"(({column}) AT TIME ZONE %s)::date", [*params, settings.REPORTING_TIME_ZONE]

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any
    ) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        (_since, minutes), *later = offsets(settings.REPORTING_TIME_ZONE)
        if not later:
            if not minutes:
                return f"substr({column}, 1, 10)", list(params)
            return f"date({column}, '{minutes:+d} minutes')", list(params)
        cases = " ".join(f"WHEN {column} >= '{since}' THEN '{shift:+d} minutes'" for since, shift in reversed(later))
        times = len(later) + 1
        return f"date({column}, CASE {cases} ELSE '{minutes:+d} minutes' END)", list(params) * times


@lru_cache(maxsize=4)
def offsets(zone_name: str) -> tuple[tuple[str, int], ...]:
    """(UTC moment as SQLite writes it, minutes east of UTC from then on), oldest first, for FIRST_YEAR to LAST_YEAR."""
    zone = ZoneInfo(zone_name)

    def minutes(moment: datetime) -> int:
        offset = moment.astimezone(zone).utcoffset() or timedelta()
        return int(offset.total_seconds() // 60)

    moment = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
    found = [(moment.strftime(FORMAT), minutes(moment))]
    while moment < end:
        following = moment + timedelta(days=1)
        if minutes(following) != found[-1][1]:
            before, after = moment, following
            while after - before > timedelta(minutes=1):
                middle = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
                if minutes(middle) == found[-1][1]:
                    before = middle
                else:
                    after = middle
            found.append((after.strftime(FORMAT), minutes(after)))
        moment = following
    return tuple(found)
