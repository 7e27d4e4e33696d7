"""What this room needs to know of partners, which stand above it: whom a person may hear of, and what it is called.

The partners room answers, and says so when it starts. Until then nobody may hear of any partner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from accounts.models import User

About = UUID | None  # a partner, or none in particular


class Reach(Protocol):
    def open_partners(self, user: User) -> Any:
        """The uids of the partners this person may see, for a filter `__in`."""

    def reachable(self, wanted: Iterable[tuple[User, About]]) -> set[tuple[int, About]]:
        """Those of the pairs (person, partner) of which the person may be told now, as (id, partner)."""

    def names(self, uids: Iterable[UUID]) -> Mapping[UUID, str]:
        """What these partners are called."""

    def only_demo(self, uids: Iterable[UUID]) -> bool:
        """Whether every one of these partners is made up; not of none."""


class Nobody:
    def open_partners(self, user: User) -> Any:
        return []

    def reachable(self, wanted: Iterable[tuple[User, About]]) -> set[tuple[int, About]]:
        return set()

    def names(self, uids: Iterable[UUID]) -> Mapping[UUID, str]:
        return {}

    def only_demo(self, uids: Iterable[UUID]) -> bool:
        return False


_answering: list[Reach] = [Nobody()]


def answered_by(reach: Reach) -> None:
    _answering[:] = [reach]


def partners() -> Reach:
    return _answering[0]
