"""Saved views of the partners list that a user may open."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from workspace.listing import BUILT_IN, ListState, parse_query
from workspace.models import SavedView


@dataclass(frozen=True, slots=True)
class OpenView:
    """The view a list starts from: its key in the address, its name, its state, and the row if it is a saved one."""

    key: str
    name: str
    state: ListState
    saved: SavedView | None = None

    def may_be_saved_by(self, user: User) -> bool:
        return self.saved is not None and self.saved.owner_id == user.pk


def saved_views(user: User) -> list[SavedView]:
    """The user's own views and those shared with everyone: pinned first, then by name."""
    found = SavedView.objects.filter(Q(owner=user) | Q(audience=SavedView.Audience.ALL))
    return list(found.order_by("-pinned", "name", "id"))


def open_view(key: str, saved: list[SavedView]) -> OpenView | None:
    """The view with this key: a built-in one, or one of `saved`. None: there is no such view for this user."""
    for tab in BUILT_IN:
        if tab.key == key:
            return OpenView(tab.key, str(tab.label), parse_query(tab.query))
    for view in saved:
        if str(view.uid) == key:
            return OpenView(key, view.name, parse_query(view.query), view)
    return None


def owner_names(uids: list[str]) -> dict[str, str]:
    """Names of the colleagues with these uids; an unknown uid is absent."""
    people = User.objects.filter(uid__in=uids) if uids else []
    return {str(person.uid): str(person) for person in people}


def own_view(user: User, uid: UUID) -> SavedView | None:
    return SavedView.objects.filter(owner=user, uid=uid).first()
