"""The state of the Today queue as its query string says it: whose book, which kind, how grouped, how many. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

SCOPES = ("mine", "all")
GROUPS = ("partner", "kind", "due")
SHOWN = 25
MORE = 50
MOST = 200


@dataclass(frozen=True, slots=True)
class QueueState:
    """Unknown values fall back to the plain queue. An empty scope means one's own book if one has any."""

    scope: str = ""
    kind: str = ""
    group: str = ""
    n: int = SHOWN

    @classmethod
    def from_params(cls, params: Mapping[str, str], *, kinds: tuple[str, ...]) -> QueueState:
        number = params.get("n", "")
        return cls(
            scope=_one_of(params.get("scope", ""), SCOPES),
            kind=_one_of(params.get("kind", ""), kinds),
            group=_one_of(params.get("group", ""), GROUPS),
            n=min(max(int(number), SHOWN), MOST)
            if number.isascii() and number.isdigit() and len(number) < 6
            else SHOWN,
        )

    @classmethod
    def from_query(cls, query: str, *, kinds: tuple[str, ...]) -> QueueState:
        return cls.from_params(dict(parse_qsl(query.lstrip("?"), max_num_fields=50)), kinds=kinds)

    def change(self, **changes: Any) -> QueueState:
        return replace(self, **changes)

    def query(self) -> str:
        """The query string that leads here, "" for the plain queue."""
        pairs = [("scope", self.scope), ("kind", self.kind), ("group", self.group)]
        pairs = [(name, value) for name, value in pairs if value]
        if self.n != SHOWN:
            pairs.append(("n", str(self.n)))
        return f"?{urlencode(pairs)}" if pairs else ""


def _one_of(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else ""
