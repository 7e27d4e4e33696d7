"""Putting items of the Today queue aside, and bringing them back. Each person has marks of their own."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.errors import DomainError
from workspace.models import QueueMark
from workspace.queries.queue_sources import SOURCES
from workspace.queries.today import CHECKLIST, forget_start

LONGEST_SNOOZE = timedelta(days=366)


def mark_done(*, user: User, key: str) -> QueueMark:
    """Hide the item until there is newer evidence for it."""
    return _mark(user, key, snoozed_until=None, done_at=clock.now())


def snooze(*, user: User, key: str, until: date) -> QueueMark:
    """Hide the item until that day, whatever happens in between."""
    today = clock.today()
    if until <= today:
        raise DomainError(_("Choose a day after today."), field="until")
    if until > today + LONGEST_SNOOZE:
        raise DomainError(_("Choose a day within a year."), field="until")
    return _mark(user, key, snoozed_until=until, done_at=None)


def bring_back(*, user: User, key: str) -> bool:
    """Forget the mark; False when there was none."""
    deleted, _rows = QueueMark.objects.filter(user=user, key=key).delete()
    return deleted > 0


def show_first_steps(*, user: User) -> None:
    """Show the first-run checklist again."""
    bring_back(user=user, key=CHECKLIST)
    forget_start(user)


def next_week(today: date) -> date:
    """The Monday after `today`."""
    return today + timedelta(days=7 - today.weekday())


def _mark(user: User, key: str, *, snoozed_until: date | None, done_at: datetime | None) -> QueueMark:
    kind, _colon, subject = key.partition(":")
    if key != CHECKLIST and (
        kind not in SOURCES or not subject.isascii() or not subject.isdigit() or len(subject) > 18
    ):
        raise DomainError(_("There is no such item."))
    mark, _created = QueueMark.objects.update_or_create(
        user=user, key=key, defaults={"snoozed_until": snoozed_until, "done_at": done_at}
    )
    return mark
