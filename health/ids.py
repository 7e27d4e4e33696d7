"""A list of row ids that a query takes in one piece.

Django prepares each element of an `__in` list by itself, in every query; for a chunk of partners that costs more than
the scoring. `Ids` is a list in Python and a ready list of integers in SQL: `filter(partner_id__in=Ids([1, 2]))`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Expression
from django.db.models.sql.compiler import SQLCompiler


class Ids(Expression, Sequence[int]):
    """Integers only, so that nothing needs quoting. An empty list matches no row."""

    def __init__(self, values: Iterable[int]) -> None:
        super().__init__(output_field=BigIntegerField())
        self.values = [int(value) for value in values]

    def __iter__(self) -> Iterator[int]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __contains__(self, value: object) -> bool:
        return value in self.values

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        return self.values[index]

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ids) and self.values == other.values

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        return f"({','.join(map(str, self.values)) or 'NULL'})", []
