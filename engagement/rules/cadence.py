"""When the next review of a kind is due, by tier, health and stage (methods.md 6.1). The tighter rule wins."""

from __future__ import annotations

import calendar as month_calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from engagement.rules.reason import Reason, gettext_noop

MIN_GAP_AFTER_QBR = timedelta(days=21)
QBR_AFTER_BAND_CHANGE = {"D": timedelta(days=30), "E": timedelta(days=15)}
ONBOARDING_REVIEW_EARLIEST = timedelta(days=60)
ONBOARDING_REVIEW_LATEST = timedelta(days=90)
STRETCH_MONTHS = 3
STRETCH_AFTER_MONTHS = 6
FALLBACK_TIER = "registered"
DIGEST_FROM_BAND = {("registered", "qbr"): "C"}


class ReviewKind(StrEnum):
    EXECUTIVE = "executive"
    QBR = "qbr"
    CHECK_IN = "check_in"
    TRANSITION = "transition"


class ReviewForm(StrEnum):
    MEETING = "meeting"
    DIGEST = "digest"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Interval:
    """Calendar months *or* days, above zero. Raises ``ValueError`` otherwise."""

    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if self.months < 0 or self.days < 0 or bool(self.months) == bool(self.days):
            raise ValueError("An interval is a number of months or a number of days, above zero.")

    @classmethod
    def every(cls, count: int, unit: str) -> Interval:
        """``every(2, "weeks")``; the units are months, weeks and days. Raises ``ValueError``."""
        if unit == "months":
            return cls(months=count)
        if unit in ("weeks", "days"):
            return cls(days=count * 7 if unit == "weeks" else count)
        raise ValueError(f"No such unit: {unit}")

    def after(self, day: date) -> date:
        """``day`` plus the interval; months are clipped to the month's end (31 January + 3 months is 30 April)."""
        return add_months(day, self.months) if self.months else day + timedelta(days=self.days)

    def stretched(self, months: int) -> Interval:
        """The interval lengthened by months; an interval in days stays as it is."""
        return Interval(months=self.months + months) if self.months else self

    @property
    def phrase(self) -> Reason:
        """How often, in words: ``quarterly``, ``every 2 weeks``."""
        if self.months:
            named = {
                1: gettext_noop("monthly"),
                3: gettext_noop("quarterly"),
                6: gettext_noop("every 6 months"),
                12: gettext_noop("yearly"),
            }
            template = named.get(self.months, gettext_noop("every {count} months"))
            return Reason("every_months", template, {"count": self.months})
        if self.days == 7:
            return Reason("every_weeks", gettext_noop("weekly"), {"count": 1})
        if self.days % 7 == 0:
            return Reason("every_weeks", gettext_noop("every {count} weeks"), {"count": self.days // 7})
        return Reason("every_days", gettext_noop("every {count} days"), {"count": self.days})


WEEKLY = Interval(days=7)
EVERY_TWO_WEEKS = Interval(days=14)
MONTHLY = Interval(months=1)
QUARTERLY = Interval(months=3)
HALF_YEARLY = Interval(months=6)
YEARLY = Interval(months=12)


@dataclass(frozen=True, slots=True)
class CadenceRule:
    """One cell of the table: how often a tier has a review of this kind. No rule: never."""

    tier: str
    kind: ReviewKind
    interval: Interval


DEFAULT_CADENCE: tuple[CadenceRule, ...] = (
    CadenceRule("strategic", ReviewKind.EXECUTIVE, HALF_YEARLY),
    CadenceRule("strategic", ReviewKind.QBR, QUARTERLY),
    CadenceRule("strategic", ReviewKind.CHECK_IN, EVERY_TWO_WEEKS),
    CadenceRule("gold", ReviewKind.EXECUTIVE, YEARLY),
    CadenceRule("gold", ReviewKind.QBR, QUARTERLY),
    CadenceRule("gold", ReviewKind.CHECK_IN, MONTHLY),
    CadenceRule("silver", ReviewKind.QBR, HALF_YEARLY),
    CadenceRule("silver", ReviewKind.CHECK_IN, QUARTERLY),
    CadenceRule("registered", ReviewKind.QBR, YEARLY),
)


@dataclass(frozen=True, slots=True)
class BandChange:
    """From ``on`` the published band was ``band`` (A to E)."""

    on: date
    band: str


@dataclass(frozen=True, slots=True)
class PartnerSituation:
    """What the cadence needs to know of one partner. ``plan_end`` is the end of the onboarding plan, if there is one.

    ``bands`` is the history of published bands, in any order; days after ``as_of`` are not looked at.
    """

    tier: str
    stage: str
    stage_entered_on: date
    bands: Sequence[BandChange] = ()
    plan_end: date | None = None
    stretch_agreed: bool = False
    tier_label: str = ""


@dataclass(frozen=True, slots=True)
class NextReview:
    """``target`` is before rolling to a business day and ``None`` when no review of this kind is due at all.

    ``not_before`` and ``deadline`` are hard limits for the scheduler; ``reasons`` starts with the rule that decided.
    """

    kind: ReviewKind
    form: ReviewForm
    target: date | None
    reasons: tuple[Reason, ...]
    not_before: date | None = None
    deadline: date | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    due: date
    reason: Reason
    is_deadline: bool = False
    digest: bool = False


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later (earlier, if negative), clipped to the end of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, month_calendar.monthrange(year, month + 1)[1]))


def band_changes(bands: Iterable[BandChange], as_of: date) -> list[BandChange]:
    """Oldest first, up to ``as_of``, with repeats of the same band left out."""
    changes: list[BandChange] = []
    for change in sorted(bands, key=lambda one: one.on):
        if change.on <= as_of and (not changes or changes[-1].band != change.band):
            changes.append(change)
    return changes


def low_run(changes: Sequence[BandChange]) -> list[BandChange]:
    """The changes of the present unbroken stay in D or E; empty when the partner is at C or better."""
    run: list[BandChange] = []
    for change in reversed(changes):
        if change.band not in QBR_AFTER_BAND_CHANGE:
            break
        run.insert(0, change)
    return run


def next_review(
    kind: ReviewKind,
    situation: PartnerSituation,
    *,
    last_held: date | None,
    as_of: date,
    rules: Iterable[CadenceRule] = DEFAULT_CADENCE,
) -> NextReview:
    """The next review of ``kind`` for a partner whose last one of that kind was held on ``last_held``."""
    excluded = _excluded_by_stage(kind, situation)
    if excluded is not None:
        return NextReview(kind, ReviewForm.NONE, None, (excluded,))
    changes = band_changes(situation.bands, as_of)
    notes: list[Reason] = []
    candidates = [
        *_by_tier(kind, situation, changes, last_held, as_of, rules, notes),
        *_by_stage(kind, situation, last_held),
        *_by_health(kind, low_run(changes), last_held),
    ]
    if not candidates:
        reason = Reason("no_rule", gettext_noop("No review of this kind for this tier."))
        return NextReview(kind, ReviewForm.NONE, None, (reason, *notes))
    candidates.sort(key=lambda one: one.due)
    chosen = candidates[0]
    reasons = [chosen.reason, *(one.reason for one in candidates[1:]), *notes]
    target, not_before = chosen.due, None
    if kind is ReviewKind.QBR and last_held is not None:
        not_before = last_held + MIN_GAP_AFTER_QBR
        if target < not_before:
            target = not_before
            template = gettext_noop("Not before {day}: 21 days after the last one.")
            reasons.insert(0, Reason("minimum_gap", template, {"day": not_before}))
    deadline = max(chosen.due, target) if chosen.is_deadline else None
    form = ReviewForm.DIGEST if chosen.digest else ReviewForm.MEETING
    return NextReview(kind, form, target, tuple(reasons), not_before=not_before, deadline=deadline)


def _excluded_by_stage(kind: ReviewKind, situation: PartnerSituation) -> Reason | None:
    if situation.stage == "recruit":
        return Reason("recruit", gettext_noop("No reviews before onboarding."))
    if situation.stage == "exit" and kind is not ReviewKind.TRANSITION:
        return Reason("exit", gettext_noop("In exit: transition reviews every 2 weeks instead."))
    if situation.stage != "exit" and kind is ReviewKind.TRANSITION:
        return Reason("not_in_exit", gettext_noop("Transition reviews are for partners in exit."))
    return None


def _by_tier(
    kind: ReviewKind,
    situation: PartnerSituation,
    changes: Sequence[BandChange],
    last_held: date | None,
    as_of: date,
    rules: Iterable[CadenceRule],
    notes: list[Reason],
) -> list[_Candidate]:
    table = {(rule.tier, rule.kind): rule for rule in rules}
    tier, label = situation.tier, situation.tier_label or situation.tier.capitalize()
    if tier not in {name for name, _kind in table}:
        tier, label = FALLBACK_TIER, FALLBACK_TIER.capitalize()
        if (tier, kind) in table:
            template = gettext_noop("No cadence for this tier; the rules for {tier} apply.")
            notes.append(Reason("fallback_tier", template, {"tier": label}))
    rule = table.get((tier, kind))
    if rule is None or kind is ReviewKind.TRANSITION:
        return []
    band = changes[-1].band if changes else ""
    interval = rule.interval
    if kind is ReviewKind.QBR and band == "A" and changes[-1].on <= add_months(as_of, -STRETCH_AFTER_MONTHS):
        if situation.stretch_agreed:
            interval = interval.stretched(STRETCH_MONTHS)
            template = gettext_noop("In band A for two quarters and agreed with the partner: 3 months longer.")
            notes.append(Reason("stretched", template))
        else:
            template = gettext_noop("In band A for two quarters: may be 3 months longer if the partner agrees.")
            notes.append(Reason("may_stretch", template))
    due = interval.after(last_held or situation.stage_entered_on)
    digest_from = DIGEST_FROM_BAND.get((tier, kind), "")
    digest = bool(digest_from and band and band <= digest_from)
    if digest:
        template = gettext_noop("A digest instead of a meeting while health is {band} or better.")
        notes.append(Reason("digest", template, {"band": digest_from}))
    values: dict[str, str | int | date | Reason] = {"tier": label, "interval": interval.phrase, "due": due}
    if last_held is None:
        template = gettext_noop("{tier}: {interval}; in this stage since {since}; due {due}")
        return [
            _Candidate(due, Reason("tier", template, {**values, "since": situation.stage_entered_on}), digest=digest)
        ]
    template = gettext_noop("{tier}: {interval}; last {last}; due {due}")
    return [_Candidate(due, Reason("tier", template, {**values, "last": last_held}), digest=digest)]


def _by_stage(kind: ReviewKind, situation: PartnerSituation, last_held: date | None) -> list[_Candidate]:
    entered = situation.stage_entered_on
    since = max(last_held or entered, entered)
    if situation.stage == "exit" and kind is ReviewKind.TRANSITION:
        due = EVERY_TWO_WEEKS.after(since)
        template = gettext_noop("In exit: transition review every 2 weeks; due {due}")
        return [_Candidate(due, Reason("transition", template, {"due": due}))]
    if situation.stage != "onboarding":
        return []
    if kind is ReviewKind.CHECK_IN:
        due = WEEKLY.after(since)
        return [
            _Candidate(due, Reason("onboarding_weekly", gettext_noop("Onboarding: weekly; due {due}"), {"due": due}))
        ]
    if kind is ReviewKind.QBR:
        earliest, latest = entered + ONBOARDING_REVIEW_EARLIEST, entered + ONBOARDING_REVIEW_LATEST
        due = min(max(situation.plan_end or latest, earliest), latest)
        if last_held is None or last_held <= due - MIN_GAP_AFTER_QBR:
            template = gettext_noop("Onboarding: review at the end of the plan; due {due}")
            return [_Candidate(due, Reason("plan_end", template, {"due": due}))]
    return []


def _by_health(kind: ReviewKind, run: Sequence[BandChange], last_held: date | None) -> list[_Candidate]:
    if not run:
        return []
    if kind is ReviewKind.CHECK_IN:
        since = max(last_held or run[0].on, run[0].on)
        due = WEEKLY.after(since)
        template = gettext_noop("Health {band}: weekly until C; due {due}")
        return [_Candidate(due, Reason("low_weekly", template, {"band": run[-1].band, "due": due}))]
    if kind is not ReviewKind.QBR:
        return []
    template = gettext_noop("Health {band} since {since}: within {days} days; due {due}")
    found = []
    for change in run:
        if last_held is not None and last_held >= change.on:
            continue
        allowed = QBR_AFTER_BAND_CHANGE[change.band]
        due = change.on + allowed
        reason = Reason(
            "low_band", template, {"band": change.band, "since": change.on, "days": allowed.days, "due": due}
        )
        found.append(_Candidate(due, reason, is_deadline=True))
    return found
