"""When a review is overdue, missed, or may be closed as held (methods.md 6.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from engagement.rules.business_days import BusinessCalendar, add_business_days
from engagement.rules.reason import Reason, gettext_noop

OVERDUE_AFTER = 20
POSTPONEMENTS_THAT_COUNT_AS_MISSED = 2


def overdue_on(target: date, calendar: BusinessCalendar) -> date:
    """The day on which a review that was not held becomes overdue: 20 business days after its target."""
    return add_business_days(target, OVERDUE_AFTER, calendar)


def is_overdue(target: date, *, today: date, calendar: BusinessCalendar) -> bool:
    return today >= overdue_on(target, calendar)


def missed_because(*, no_show: bool, postponements: int) -> Reason | None:
    """Why a review counts as missed and goes to the sponsor, or ``None``."""
    if no_show:
        return Reason("no_show", gettext_noop("The partner did not come."))
    if postponements >= POSTPONEMENTS_THAT_COUNT_AS_MISSED:
        return Reason("postponed", gettext_noop("Postponed {count} times."), {"count": postponements})
    return None


def may_close_as_held(commitment_due_dates: Iterable[date | None]) -> bool:
    """A review needs at least one commitment with a date to be closed as held."""
    return any(due is not None for due in commitment_due_dates)
