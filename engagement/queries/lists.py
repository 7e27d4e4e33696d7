"""The state of the list of meetings as its address says it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from engagement.models import Meeting
from engagement.queries.meetings import WHENS, MeetingFilter

KNOWN = frozenset({"when", "kind", "owner", "page"})


@dataclass(frozen=True)
class MeetingListState:
    """`ignored` holds what the address asked for and nobody knows, as `name=value`."""

    chosen: MeetingFilter
    ignored: tuple[str, ...] = ()


def list_state(query: Mapping[str, str]) -> MeetingListState:
    """Read filters strictly: an unknown name or value is left out and named."""
    ignored = [f"{name}={query[name]}" for name in query if name not in KNOWN]
    when, kind, owner = query.get("when", ""), query.get("kind", ""), query.get("owner", "")
    if when and when not in WHENS:
        ignored.append(f"when={when}")
        when = ""
    if kind and kind not in Meeting.Kind.values:
        ignored.append(f"kind={kind}")
        kind = ""
    if owner and owner not in {"me", "none"} and not _is_uuid(owner):
        ignored.append(f"owner={owner}")
        owner = ""
    return MeetingListState(MeetingFilter(when or WHENS[0], kind, owner), tuple(one[:80] for one in ignored[:5]))


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
