"""The day of a review: a business day of both sides, clear of blackouts and other reviews (methods.md 6.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from engagement.rules.business_days import (
    ONE_DAY,
    BusinessCalendar,
    add_business_days,
    following,
    modified_following,
    preceding,
)
from engagement.rules.cadence import add_months
from engagement.rules.reason import Reason, gettext_noop

CLEARANCE_BUSINESS_DAYS = 5
QUARTER_END_BEFORE = 5
QUARTER_END_AFTER = 3
SEARCH_BUSINESS_DAYS = 20


@dataclass(frozen=True, slots=True)
class Blackout:
    """No reviews from ``first`` to ``last``, both included. ``label`` is the tenant's word for it."""

    first: date
    last: date
    label: str


@dataclass(frozen=True, slots=True)
class ScheduledDay:
    """``is_clear`` is false when no day near the target was free and the rolled target was taken all the same."""

    day: date
    reasons: tuple[Reason, ...]
    is_clear: bool = True


def quarter_end_blackouts(
    calendar: BusinessCalendar,
    *,
    fiscal_year_starts: Iterable[int],
    first: date,
    last: date,
    before: int = QUARTER_END_BEFORE,
    after: int = QUARTER_END_AFTER,
) -> tuple[Blackout, ...]:
    """Periods of ``before`` to ``after`` business days around each quarter end that touch ``first`` to ``last``.

    ``fiscal_year_starts`` are the months (1 to 12) in which the sides' fiscal years begin. A tenant who wants no
    such pause passes none of the result on.
    """
    phases = {(start - 1) % 3 for start in fiscal_year_starts}
    found = []
    month = add_months(first.replace(day=1), -2)
    while month <= add_months(last.replace(day=1), 2):
        following_month = add_months(month, 1)
        if (following_month.month - 1) % 3 in phases:
            end = following_month - ONE_DAY
            begins, ends = add_business_days(end, -before, calendar), add_business_days(end, after, calendar)
            if begins <= last and ends >= first:
                found.append(Blackout(begins, ends, gettext_noop("quarter end")))
        month = following_month
    return tuple(found)


def schedule_day(
    target: date,
    calendar: BusinessCalendar,
    *,
    not_before: date | None = None,
    deadline: date | None = None,
    blackouts: Sequence[Blackout] = (),
    other_reviews: Iterable[date] = (),
    clearance: int = CLEARANCE_BUSINESS_DAYS,
) -> ScheduledDay:
    """The modified following business day of ``target``, or the nearest clear day: later first, then earlier.

    ``not_before`` always holds; ``deadline`` holds unless ``not_before`` lies after it. ``clearance`` is the distance
    in business days to ``other_reviews`` of the same partner that is too close.
    """
    wanted = max(target, not_before) if not_before else target
    start, reasons = _rolled(wanted, calendar, not_before, deadline)
    taken = sorted(
        (add_business_days(other, -clearance, calendar), add_business_days(other, clearance, calendar), other)
        for other in other_reviews
    )
    obstacle = _obstacle(start, blackouts, taken)
    if obstacle is None:
        return ScheduledDay(start, tuple(reasons))
    reasons.append(obstacle)
    for step in (1, -1):
        day = start
        for _ in range(SEARCH_BUSINESS_DAYS):
            day = add_business_days(day, step, calendar)
            if (step > 0 and deadline and day > deadline) or (step < 0 and not_before and day < not_before):
                break
            if _obstacle(day, blackouts, taken) is None:
                reasons.append(Reason("moved", gettext_noop("Moved to {day}."), {"day": day}))
                return ScheduledDay(day, tuple(reasons))
    reasons.append(Reason("no_clear_day", gettext_noop("No clear day near {day}; kept."), {"day": start}))
    return ScheduledDay(start, tuple(reasons), is_clear=False)


def _rolled(
    wanted: date, calendar: BusinessCalendar, not_before: date | None, deadline: date | None
) -> tuple[date, list[Reason]]:
    start = modified_following(wanted, calendar)
    if deadline is not None and start > deadline:
        start = preceding(wanted, calendar)
    if not_before is not None and start < not_before:
        start = following(wanted, calendar)
    if start == wanted:
        return start, []
    name = calendar.holiday_name(wanted)
    if name:
        template = gettext_noop("{day} is a holiday ({name}): {rolled}.")
        return start, [Reason("holiday", template, {"day": wanted, "name": name, "rolled": start})]
    template = gettext_noop("{day} is not a working day on both sides: {rolled}.")
    return start, [Reason("not_working_day", template, {"day": wanted, "rolled": start})]


def _obstacle(day: date, blackouts: Sequence[Blackout], taken: Sequence[tuple[date, date, date]]) -> Reason | None:
    for blackout in blackouts:
        if blackout.first <= day <= blackout.last:
            template = gettext_noop("{day} is in a period without reviews: {label}.")
            return Reason("blackout", template, {"day": day, "label": blackout.label})
    for first, last, other in taken:
        if first <= day <= last:
            template = gettext_noop("{day} is too close to the review on {other}.")
            return Reason("other_review", template, {"day": day, "other": other})
    return None
