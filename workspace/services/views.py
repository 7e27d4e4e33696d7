"""Saving, changing and removing named views of the partners list."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core.errors import DomainError
from workspace.listing import BUILT_IN, parse_query
from workspace.models import SavedView

MAX_VIEWS = 100
MAX_QUERY = 1000  # as the column holds


@transaction.atomic
def save_view(
    *, owner: User, name: str, query: str, audience: str = SavedView.Audience.ME, pinned: bool = False
) -> SavedView:
    """Keep a query string under a name that this user has not used yet."""
    name = _checked_name(name)
    if SavedView.objects.filter(owner=owner).count() >= MAX_VIEWS:
        raise DomainError(_("You have {} views already; remove one first.").format(MAX_VIEWS))
    try:
        with transaction.atomic():
            view = SavedView.objects.create(
                owner=owner, name=name, query=_clean(query), audience=_checked_audience(owner, audience), pinned=pinned
            )
    except IntegrityError as error:
        raise _taken(name) from error
    record("workspace.view_saved", view, actor=owner, audience=view.audience)
    return view


@transaction.atomic
def overwrite_view(*, view_id: int, owner: User, query: str) -> SavedView:
    """Make the view show what `query` shows. Only its owner may."""
    view = _own(view_id, owner)
    view.query = _clean(query)
    view.save(update_fields=["query", "updated_at"])
    record("workspace.view_saved", view, actor=owner, fields=["query"])
    return view


@transaction.atomic
def change_view(*, view_id: int, owner: User, name: str, audience: str, pinned: bool) -> SavedView:
    """Rename a view, share it or not, pin it or not. Only its owner may."""
    view = _own(view_id, owner)
    view.name, view.audience, view.pinned = _checked_name(name), _checked_audience(owner, audience), pinned
    try:
        with transaction.atomic():
            view.save(update_fields=["name", "audience", "pinned", "updated_at"])
    except IntegrityError as error:
        raise _taken(view.name) from error
    record("workspace.view_saved", view, actor=owner, audience=view.audience)
    return view


@transaction.atomic
def delete_view(*, view_id: int, owner: User) -> str:
    """Remove a view; returns its name. The partners in it are untouched."""
    view = _own(view_id, owner)
    record("workspace.view_removed", view, actor=owner)
    view.delete()
    return view.name


def _own(view_id: int, owner: User) -> SavedView:
    view = SavedView.objects.select_for_update().filter(pk=view_id, owner=owner).first()
    if view is None:
        raise DomainError(_("This view belongs to somebody else; save it as a new one of your own."))
    return view


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise DomainError(_("A view has a name of 1 to 60 characters."), field="name")
    if name.casefold() in {str(tab.label).casefold() for tab in BUILT_IN}:
        raise DomainError(_("“{}” is a view that everybody has; choose another name.").format(name), field="name")
    return name


def _checked_audience(owner: User, audience: str) -> str:
    if audience not in SavedView.Audience.values:
        raise DomainError(_("A view is for you or for everyone."), field="audience")
    if audience == SavedView.Audience.ALL and not owner.may_edit:
        raise DomainError(_("Your role may keep views for yourself only."), field="audience")
    return audience


def _taken(name: str) -> DomainError:
    return DomainError(_("You already have a view named “{}”.").format(name), field="name")


def _clean(query: str) -> str:
    """Only what the list understands, without the page; refused when it does not fit."""
    clean = parse_query(query).query().lstrip("?")
    if len(clean) > MAX_QUERY:
        raise DomainError(_("There are too many filters for one view; remove some first."))
    return clean
