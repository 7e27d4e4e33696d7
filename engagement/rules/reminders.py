"""Which reminders of a review go to whom and when, and what becomes of them when it moves (methods.md 6.2).

A reminder's key holds the review, its date, the kind and the offset, and a delivery's key the recipient as well, so
the same kind is never sent twice for the same review date, however often the review is moved away and back
(methods.md Appendix B, 17).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from engagement.rules.business_days import BusinessCalendar, add_business_days
from engagement.rules.reason import Reason, gettext_noop
from engagement.rules.wall_time import NINE, local_day, utc_instant

SENDING_GRACE = timedelta(hours=4)


class ReminderKind(StrEnum):
    DATA_FREEZE = "data_freeze"
    AGENDA_DRAFT = "agenda_draft"
    SCORECARD = "scorecard"
    LAST_ACTIONS = "last_actions"
    PERSONAL = "personal"
    MINUTES_DUE = "minutes_due"
    ACTION_CHECK = "action_check"


class Audience(StrEnum):
    """Who a reminder is for: everybody invited, the partner manager who owns the review, or owners of open actions."""

    ATTENDEES = "attendees"
    OWNER = "owner"
    ACTION_OWNERS = "action_owners"


class ReminderState(StrEnum):
    PLANNED = "planned"
    QUEUED = "queued"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    WAIT = "wait"
    SEND = "send"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class ReminderRule:
    """``offset`` in business days from the review, negative before it. ``useful_late``: send at once if late."""

    kind: ReminderKind
    offset: int
    audience: Audience
    useful_late: bool = False


DEFAULT_REMINDERS: tuple[ReminderRule, ...] = (
    ReminderRule(ReminderKind.DATA_FREEZE, -15, Audience.ATTENDEES),
    ReminderRule(ReminderKind.AGENDA_DRAFT, -10, Audience.OWNER),
    ReminderRule(ReminderKind.SCORECARD, -5, Audience.ATTENDEES, useful_late=True),
    ReminderRule(ReminderKind.LAST_ACTIONS, -2, Audience.ACTION_OWNERS, useful_late=True),
    ReminderRule(ReminderKind.PERSONAL, -1, Audience.ATTENDEES, useful_late=True),
    ReminderRule(ReminderKind.MINUTES_DUE, 2, Audience.OWNER),
    ReminderRule(ReminderKind.ACTION_CHECK, 10, Audience.ACTION_OWNERS),
)


@dataclass(frozen=True, slots=True)
class Review:
    """``day`` is the date on the wall where the review takes place; ``starts_at`` its aware UTC instant."""

    uid: str
    day: date
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Recipient:
    """``id`` is stable and unique over both sides (``user:7``, ``contact:12``); ``zone`` an IANA name."""

    id: str
    zone: str
    audiences: frozenset[Audience]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One reminder to one recipient: ``key`` is the unique key for the outbox, ``send_at`` UTC, ``day`` its local day.

    ``late``: the time has passed and ``send_at`` is the moment of planning.
    """

    key: str
    recipient_id: str
    zone: str
    day: date
    send_at: datetime
    late: bool = False


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """``day`` is where the offset falls in the shared calendar, ``due_at`` the earliest delivery."""

    key: str
    kind: ReminderKind
    offset: int
    review_date: date
    day: date
    due_at: datetime
    deliveries: tuple[Delivery, ...]

    @property
    def late(self) -> bool:
        return any(one.late for one in self.deliveries)


@dataclass(frozen=True, slots=True)
class SkippedReminder:
    """A reminder that goes to nobody, to be logged with its reason."""

    key: str
    kind: ReminderKind
    offset: int
    review_date: date
    day: date
    due_at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    reminders: tuple[PlannedReminder, ...] = ()
    skipped: tuple[SkippedReminder, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredReminder:
    """What the database knows of a reminder of this review, of any of its dates."""

    key: str
    state: ReminderState
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ReminderChanges:
    """``create``: new rows. ``revive``: cancelled or skipped rows, planned again. ``move``: planned rows with a new
    time. ``cancel``: keys of unsent rows that are no longer wanted. ``skip``: new rows to log as skipped."""

    create: tuple[PlannedReminder, ...]
    revive: tuple[PlannedReminder, ...]
    move: tuple[PlannedReminder, ...]
    cancel: tuple[str, ...]
    skip: tuple[SkippedReminder, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """Deliveries to one recipient on one local day, as one mail."""

    recipient_id: str
    day: date
    send_at: datetime
    deliveries: tuple[Delivery, ...]


def reminder_key(review_uid: str, kind: ReminderKind, offset: int, review_date: date) -> str:
    """``review:<uid>:<date>:<kind>:<offset>``: one reminder of one review date, for all its recipients."""
    return f"review:{review_uid}:{review_date.isoformat()}:{kind}:{offset:+d}"


def delivery_key(review_uid: str, kind: ReminderKind, offset: int, review_date: date, recipient_id: str) -> str:
    """The unique key of one reminder to one recipient, for the outbox."""
    return f"{reminder_key(review_uid, kind, offset, review_date)}:{recipient_id}"


def reminder_day(review_date: date, offset: int, calendar: BusinessCalendar) -> date:
    return add_business_days(review_date, offset, calendar)


def delivery_time(
    review: Review, rule: ReminderRule, zone: str, calendar: BusinessCalendar, at: time = NINE
) -> tuple[date, datetime]:
    """The local day and the UTC instant of ``at`` in the recipient's zone.

    A reminder before the review that would, far to the west, come after its start is pulled to an earlier day.
    """
    day = reminder_day(review.day, rule.offset, calendar)
    send_at = utc_instant(day, at, zone)
    while rule.offset < 0 and send_at >= review.starts_at:
        day = add_business_days(day, -1, calendar)
        send_at = utc_instant(day, at, zone)
    return day, send_at


def verdict_on(
    rule: ReminderRule, *, due_at: datetime, review: Review, now: datetime, grace: timedelta = SENDING_GRACE
) -> tuple[Verdict, Reason | None]:
    """What happens at ``now`` to a reminder due at ``due_at`` that was not sent: wait, send, or skip with the reason.

    ``grace`` is how late an ordinary sweep may be before a reminder counts as late.
    """
    if rule.offset < 0 and now >= review.starts_at:
        return Verdict.SKIP, Reason("begun", gettext_noop("The review has begun."))
    if now < due_at:
        return Verdict.WAIT, None
    if now <= due_at + grace or rule.useful_late:
        return Verdict.SEND, None
    return Verdict.SKIP, Reason("too_late", gettext_noop("Its time had passed and it was no longer useful."))


def plan_reminders(
    review: Review,
    *,
    recipients: Iterable[Recipient],
    calendar: BusinessCalendar,
    now: datetime,
    already_sent: Collection[str] = frozenset(),
    rules: Iterable[ReminderRule] = DEFAULT_REMINDERS,
    at: time = NINE,
) -> ReminderPlan:
    """Every reminder of a review at ``at`` in each recipient's zone, the earliest first.

    ``already_sent`` holds keys of reminders or of deliveries that went out; they are not planned again. One whose
    time has passed is planned for ``now`` if it is still useful, else it is listed as skipped. A reminder without
    recipients is neither.
    """
    people = list(recipients)
    planned, skipped = [], []
    for rule in rules:
        key = reminder_key(review.uid, rule.kind, rule.offset, review.day)
        if key in already_sent:
            continue
        deliveries: list[Delivery] = []
        passed: list[tuple[datetime, Reason]] = []
        for person in people:
            own_key = delivery_key(review.uid, rule.kind, rule.offset, review.day, person.id)
            if rule.audience not in person.audiences or own_key in already_sent:
                continue
            local, send_at = delivery_time(review, rule, person.zone, calendar, at)
            _verdict, refusal = verdict_on(rule, due_at=send_at, review=review, now=now, grace=timedelta(0))
            if refusal is not None:
                passed.append((send_at, refusal))
            else:
                deliveries.append(
                    Delivery(own_key, person.id, person.zone, local, max(send_at, now), late=send_at < now)
                )
        day = reminder_day(review.day, rule.offset, calendar)
        if deliveries:
            due_at = min(one.send_at for one in deliveries)
            planned.append(
                PlannedReminder(key, rule.kind, rule.offset, review.day, day, due_at, deliveries=tuple(deliveries))
            )
        elif passed:
            due_at, refusal = min(passed, key=lambda one: one[0])
            skipped.append(SkippedReminder(key, rule.kind, rule.offset, review.day, day, due_at, refusal))
    planned.sort(key=lambda one: (one.due_at, one.offset))
    return ReminderPlan(tuple(planned), tuple(skipped))


def reconcile(stored: Iterable[StoredReminder], plan: ReminderPlan) -> ReminderChanges:
    """How the stored reminders of a review become the plan after a move, a cancellation (``ReminderPlan()``) or a
    change of attendees. What was queued stays queued; a planned one of the same date that is merely late is left to
    the sender, who asks ``verdict_on``."""
    known = {one.key: one for one in stored}
    create, revive, move = [], [], []
    for reminder in plan.reminders:
        row = known.get(reminder.key)
        if row is None:
            create.append(reminder)
        elif row.state in (ReminderState.CANCELLED, ReminderState.SKIPPED):
            revive.append(reminder)
        elif row.state is ReminderState.PLANNED and not reminder.late and row.due_at != reminder.due_at:
            move.append(reminder)
    wanted = {one.key for one in plan.reminders} | {one.key for one in plan.skipped}
    cancel = [row.key for row in known.values() if row.state is ReminderState.PLANNED and row.key not in wanted]
    skip = [one for one in plan.skipped if one.key not in known]
    return ReminderChanges(tuple(create), tuple(revive), tuple(move), tuple(cancel), tuple(skip))


def digests(deliveries: Iterable[Delivery]) -> tuple[Digest, ...]:
    """One mail per recipient and local day of sending, so that several reminders at once are not a storm."""
    grouped: dict[tuple[str, date], list[Delivery]] = {}
    for one in deliveries:
        grouped.setdefault((one.recipient_id, local_day(one.send_at, one.zone)), []).append(one)
    return tuple(
        Digest(recipient_id, day, min(one.send_at for one in group), tuple(group))
        for (recipient_id, day), group in sorted(grouped.items())
    )
