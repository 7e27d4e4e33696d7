"""What the things of the audit trail are called, for one reader: each room above says it of its own nouns.

A room registers, when it starts, for the label of a model the rows this reader may see, with what each is called. What
is there but not for this reader is called "": nothing is said of it. A topic that is not shared says nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, DateTimeField, QuerySet, Value
from django.db.models.functions import Cast

from accounts.models import AuditEntry, User

Topics = frozenset[str] | None  # what is shared with the reader; None: everything, they work for the vendor
Rows = Callable[[User, Topics], QuerySet[Any]]
NO_DAY = Cast(Value(None), DateTimeField())


@dataclass(frozen=True, slots=True)
class Name:
    """`wall`: the naive time of a thing that has one, as on the wall where it takes place. `gone`: no longer there."""

    text: str
    wall: datetime | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    rows: Rows
    topic: str
    may_wait: bool


GONE = Name("", gone=True)
CONTACT = "partners.Contact"  # who acts by a link in a mail
_rooms: dict[str, Room] = {}


def named_by(label: str, rows: Rows, *, topic: str = "", may_wait: bool = False) -> None:
    """From now on `rows` says what things of the model `label` are called; to partners only while `topic` is shared.

    `may_wait`: a partner may see such a thing later than the trail speaks of it, so absent does not mean gone to them.
    """
    _rooms[label] = Room(rows, topic, may_wait)


def called(rows: QuerySet[Any], label: str, text: Any, *, wall: Any = NO_DAY) -> QuerySet[Any]:
    """The rows as (label, uid, text, wall): one shape, so that all kinds of things are read in one statement."""
    shaped = rows.order_by().annotate(
        of=Value(label, CharField()), called=Cast(text, CharField(max_length=600)), wall_at=wall
    )
    return shaped.values_list("of", "uid", "called", "wall_at")


def names_of(entries: Iterable[AuditEntry], reader: User, topics: Topics) -> dict[tuple[str, str], Name]:
    """By (label, uid) of an entry's object; what has no name for this reader is absent. One query for all."""
    wanted: dict[str, set[UUID]] = {}
    for entry in entries:
        room = _rooms.get(entry.object_type)
        shared = room and (topics is None or not room.topic or room.topic in topics)
        if shared and (uid := _uid(entry.object_uid)):
            wanted.setdefault(entry.object_type, set()).add(uid)
        if uid := _uid(entry.data.get("contact", "")):
            wanted.setdefault(CONTACT, set()).add(uid)
    parts = [_rooms[label].rows(reader, topics).filter(uid__in=uids) for label, uids in wanted.items()]
    if not parts:
        return {}
    names = {
        (label, str(uid)): GONE
        for label, uids in wanted.items()
        for uid in uids
        if topics is None or not _rooms[label].may_wait
    }
    for label, uid, text, wall in parts[0].union(*parts[1:], all=True):
        names[label, str(uid)] = Name(text, wall.replace(tzinfo=None) if wall else None)
    return {key: name for key, name in names.items() if name.text or name.gone}


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
