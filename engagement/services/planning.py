"""The cadence at work: each partner's next reviews are planned once, and again when what decides them changes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_clock

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from accounts.services import record
from core import clock
from core.models import PeriodRun
from engagement.models import CadenceInput, CadenceRule, Meeting
from engagement.queries.calendars import CalendarBook, read_calendars, usable_zone
from engagement.rules import cadence
from engagement.rules.business_days import BusinessCalendar, add_business_days
from engagement.rules.cadence import BandChange, NextReview, PartnerSituation, ReviewForm, ReviewKind
from engagement.rules.reason import Reason
from engagement.rules.scheduling import quarter_end_blackouts, schedule_day
from engagement.rules.slots import Side, Slot, WorkingHours, find_slot
from engagement.rules.wall_time import local_day, resolve
from engagement.services.meetings import default_title
from engagement.services.reminders import refresh_reminders
from partners.models import Partner, Tier

CHUNK = 200
BUDGET_SECONDS = 60.0
PREFERRED = wall_clock(10)
KINDS = (ReviewKind.QBR, ReviewKind.EXECUTIVE, ReviewKind.CHECK_IN, ReviewKind.TRANSITION)
REVIEWS = frozenset({ReviewKind.QBR, ReviewKind.EXECUTIVE})
LEAD_BUSINESS_DAYS = {ReviewKind.QBR: 10, ReviewKind.EXECUTIVE: 10, ReviewKind.CHECK_IN: 1, ReviewKind.TRANSITION: 1}
FORGOTTEN_AFTER = timedelta(days=28)
FISCAL_YEAR_STARTS = (1,)
MAX_BANDS = 40


@dataclass(frozen=True)
class Situation:
    """What rooms above know of a partner. `band` is the published one, A to E, or empty; `band_since` its first day."""

    stage: str
    stage_entered_on: date
    band: str = ""
    band_since: date | None = None


@dataclass
class Planned:
    """How many meetings a run planned, moved and took back."""

    planned: int = 0
    moved: int = 0
    withdrawn: int = 0

    def add(self, other: Planned) -> None:
        self.planned += other.planned
        self.moved += other.moved
        self.withdrawn += other.withdrawn


@dataclass(frozen=True)
class _Rulebook:
    """Everything that is the same for all partners in one run."""

    rules: tuple[cadence.CadenceRule, ...]
    book: CalendarBook
    today: date
    now: datetime
    period: str


@dataclass
class _Facts:
    """What one chunk of partners has, by partner id; two queries for any number of partners."""

    held: dict[tuple[int, str], tuple[date, int]]
    open: dict[int, list[Meeting]]
    changes: Planned = field(default_factory=Planned)


def plan_reviews(
    partner_ids: Iterable[int] | None = None, *, situations: Mapping[int, Situation] | None = None
) -> Planned:
    """Plan the next reviews of these partners, or of everybody not yet planned under today's date and rules.

    Safe to run twice and in several processes. Without `partner_ids` a run stops after a minute; the next goes on where
    it stopped. `situations` are noted first; a partner nobody has told a stage of is left alone.
    """
    if situations:
        note_situations(situations)
    rulebook = _read_rules()
    total = Planned()
    if partner_ids is not None:
        ids = sorted(set(partner_ids))
        for start in range(0, len(ids), CHUNK):
            total.add(_plan_chunk(rulebook, ids[start : start + CHUNK]) or Planned())
        return total
    recompute_instants()
    deadline = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < deadline:
        changes = _plan_chunk(rulebook, None)
        if changes is None:
            break
        total.add(changes)
    return total


@transaction.atomic
def note_situations(situations: Mapping[int, Situation]) -> int:
    """Keep what the cadence needs to know; returns for how many partners it is news."""
    now = clock.now()
    known = {
        row.partner_id: row
        for row in CadenceInput.objects.select_for_update().filter(partner_id__in=sorted(situations)).order_by("pk")
    }
    fresh = [
        CadenceInput(
            partner_id=pk,
            stage=told.stage,
            stage_entered_on=told.stage_entered_on,
            bands=_with_band([], told),
            noted_at=now,
        )
        for pk, told in sorted(situations.items())
        if pk not in known
    ]
    CadenceInput.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    changed = []
    for pk, row in known.items():
        told = situations[pk]
        bands = _with_band(row.bands, told)
        if (row.stage, row.stage_entered_on, row.bands) == (told.stage, told.stage_entered_on, bands):
            continue
        row.stage, row.stage_entered_on, row.bands = told.stage, told.stage_entered_on, bands
        row.planned_for, row.noted_at = "", now
        changed.append(row)
    CadenceInput.objects.bulk_update(
        changed, ["stage", "stage_entered_on", "bands", "planned_for", "noted_at"], batch_size=100
    )
    return len(fresh) + len(changed)


def recompute_instants() -> int:
    """Once a day: derive the UTC instants of coming meetings anew, in case the time zone database was updated."""
    _row, first = PeriodRun.objects.get_or_create(
        job="engagement.recompute_instants",
        period=clock.today().isoformat(),
        defaults={"started_at": clock.now(), "finished_at": clock.now()},
    )
    if not first:
        return 0
    changed = []
    coming = Meeting.objects.still_open().filter(starts_at__gte=clock.now() - timedelta(days=1))
    for meeting in coming.iterator(chunk_size=1000):
        instant = resolve(meeting.wall, usable_zone(meeting.time_zone)).instant
        if instant != meeting.starts_at:
            meeting.starts_at = instant
            changed.append(meeting)
    Meeting.objects.bulk_update(changed, ["starts_at"], batch_size=500)
    return len(changed)


def _with_band(known: list[list[str]], told: Situation) -> list[list[str]]:
    if not told.band or (known and known[-1][1] == told.band):
        return known
    since = (told.band_since or clock.today()).isoformat()
    return [*(one for one in known if one[0] < since), [since, told.band]][-MAX_BANDS:]


def _read_rules() -> _Rulebook:
    rows = CadenceRule.objects.order_by("tier", "kind")
    rules = tuple(
        cadence.CadenceRule(row.tier, ReviewKind(row.kind), cadence.Interval.every(row.every, row.unit)) for row in rows
    )
    book = read_calendars()
    mark = hashlib.sha256(f"{rules}{book.fingerprint}{settings.REPORTING_TIME_ZONE}".encode()).hexdigest()[:12]
    today = clock.today()
    return _Rulebook(rules, book, today, clock.now(), f"{today.isoformat()}:{mark}")


@transaction.atomic
def _plan_chunk(rulebook: _Rulebook, ids: Sequence[int] | None) -> Planned | None:
    """Plan the partners named, or the next ones waiting; None when nobody waits."""
    inputs = _claim(rulebook, ids)
    if ids is None and not inputs:
        return None
    partners = list(
        Partner.objects.select_for_update(no_key=True, of=("self",))
        .select_related("owner")
        .active()
        .filter(pk__in=list(inputs))
        .order_by("pk")
    )
    facts = _read_facts(list(inputs))
    create: list[Meeting] = []
    update: list[Meeting] = []
    for partner in partners:
        _plan_partner(partner, inputs[partner.pk], facts, rulebook, create, update)
    Meeting.objects.bulk_create(create, ignore_conflicts=True)
    Meeting.objects.bulk_update(
        update,
        [
            "status", "title", "target_on", "why", "local_start", "time_zone", "starts_at",
            "closing_reason", "plan_digest", "version", "updated_at",
        ],
    )  # fmt: skip
    uids = [meeting.uid for meeting in create]
    written = list(Meeting.objects.filter(uid__in=uids).select_related("partner__owner")) if uids else []
    refresh_reminders([*written, *update], book=rulebook.book)
    CadenceInput.objects.filter(pk__in=[row.pk for row in inputs.values()]).update(planned_for=rulebook.period)
    if written or update:
        facts.changes.planned = len(written)
        record(
            "engagement.reviews_planned",
            None,
            actor=None,
            planned=facts.changes.planned,
            moved=facts.changes.moved,
            withdrawn=facts.changes.withdrawn,
        )
    return facts.changes


def _claim(rulebook: _Rulebook, ids: Sequence[int] | None) -> dict[int, CadenceInput]:
    rows = CadenceInput.objects.filter(partner__archived_at__isnull=True)
    if ids is not None:
        chosen = rows.select_for_update(of=("self",)).filter(partner_id__in=ids).order_by("partner_id")
    else:
        chosen = (
            rows.select_for_update(skip_locked=True, of=("self",))
            .exclude(planned_for=rulebook.period)
            .order_by("partner_id")[:CHUNK]
        )
    return {row.partner_id: row for row in chosen}


def _read_facts(ids: list[int]) -> _Facts:
    held = (
        Meeting.objects.held()
        .filter(partner_id__in=ids)
        .values_list("partner_id", "kind")
        .annotate(last=Max("held_at"), times=Count("id"))
    )
    meetings: dict[int, list[Meeting]] = {}
    for meeting in Meeting.objects.still_open().filter(partner_id__in=ids).order_by("starts_at", "id"):
        meetings.setdefault(meeting.partner_id, []).append(meeting)
    return _Facts(held={(pk, kind): (_business_date(last), times) for pk, kind, last, times in held}, open=meetings)


def _business_date(instant: datetime) -> date:
    return local_day(instant, settings.REPORTING_TIME_ZONE)


def _plan_partner(
    partner: Partner,
    known: CadenceInput,
    facts: _Facts,
    rulebook: _Rulebook,
    create: list[Meeting],
    update: list[Meeting],
) -> None:
    situation = PartnerSituation(
        tier=partner.tier,
        stage=known.stage,
        stage_entered_on=known.stage_entered_on,
        bands=[BandChange(date.fromisoformat(day), band) for day, band in known.bands],
        tier_label=str(Tier(partner.tier).label) if partner.tier in Tier.values else partner.tier,
    )
    calendar = rulebook.book.shared_with(partner.country_code)
    opened = facts.open.setdefault(partner.pk, [])
    for kind in KINDS:
        own = [one for one in opened if one.kind == kind]
        plan = next((one for one in own if one.automatic and one.status == Meeting.Status.PLANNED), None)
        by_hand = any(one is not plan and one.starts_at > rulebook.now - FORGOTTEN_AFTER for one in own)
        last_held, times = facts.held.get((partner.pk, kind), (None, 0))
        review = cadence.next_review(kind, situation, last_held=last_held, as_of=rulebook.today, rules=rulebook.rules)
        if by_hand or review.target is None or review.form is not ReviewForm.MEETING:
            if plan is not None:
                plan.partner = partner
                _withdraw(plan, review, update, facts)
                opened.remove(plan)
            continue
        digest = _digest(review, partner)
        if plan is not None and plan.plan_digest == digest and calendar.is_business_day(plan.wall.date()):
            continue
        others = [one.wall.date() for one in opened if one is not plan and one.kind in REVIEWS]
        meeting = plan or Meeting(partner=partner, kind=kind, automatic=True, created_at=rulebook.now)
        meeting.partner = partner
        _fill(meeting, partner, review, calendar, others, rulebook, times)
        meeting.plan_digest = digest
        if plan is None:
            create.append(meeting)
            opened.append(meeting)
        else:
            meeting.version = plan.version + 1
            update.append(meeting)
            facts.changes.moved += 1


def _fill(
    meeting: Meeting,
    partner: Partner,
    review: NextReview,
    calendar: BusinessCalendar,
    others: Sequence[date],
    rulebook: _Rulebook,
    times: int,
) -> None:
    assert review.target is not None
    earliest = add_business_days(rulebook.today, LEAD_BUSINESS_DAYS[review.kind], calendar)
    if review.deadline is not None:
        soonest = add_business_days(rulebook.today, 1, calendar)
        earliest = max(soonest, min(earliest, review.deadline))
    not_before = max(earliest, review.not_before or earliest)
    wanted = max(review.target, not_before)
    is_review = review.kind in REVIEWS
    blackouts = (
        quarter_end_blackouts(
            calendar,
            fiscal_year_starts=FISCAL_YEAR_STARTS,
            first=wanted - timedelta(days=45),
            last=wanted + timedelta(days=45),
        )
        if is_review
        else ()
    )
    scheduled = schedule_day(
        review.target,
        calendar,
        not_before=not_before,
        deadline=review.deadline,
        blackouts=blackouts,
        other_reviews=others if is_review else (),
    )
    slot = _slot(scheduled.day, partner, calendar, times)
    meeting.title = default_title(review.kind, partner)
    meeting.target_on = review.target
    reasons: list[Reason] = [*review.reasons, *scheduled.reasons, *slot.reasons]
    meeting.why = [reason.as_json() for reason in reasons]
    meeting.local_start = slot.wall.replace(tzinfo=UTC)
    meeting.time_zone = slot.zone
    meeting.starts_at = slot.starts_at
    meeting.updated_at = rulebook.now


def _slot(day: date, partner: Partner, calendar: BusinessCalendar, times: int) -> Slot:
    """At ten where both sides work, else fair in turn: how many such reviews there were decides whose turn it is."""
    ours = usable_zone(partner.owner.time_zone if partner.owner else settings.REPORTING_TIME_ZONE)
    theirs = usable_zone(partner.time_zone)
    last = None if times == 0 else (Side.OURS if times % 2 else Side.THEIRS)
    return find_slot(
        day,
        ours=WorkingHours(ours),
        theirs=WorkingHours(theirs),
        calendar=calendar,
        preferred=PREFERRED,
        last_stretched=last,
    )


def _withdraw(meeting: Meeting, review: NextReview, update: list[Meeting], facts: _Facts) -> None:
    meeting.status = Meeting.Status.CANCELLED
    meeting.closing_reason = _("The cadence no longer asks for it.")
    meeting.why = [reason.as_json() for reason in review.reasons]
    meeting.version += 1
    update.append(meeting)
    facts.changes.withdrawn += 1


def _digest(review: NextReview, partner: Partner) -> str:
    """Of everything that decides the plan; equal digests mean nothing to do."""
    owner = partner.owner
    parts = [
        review.target.isoformat() if review.target else "",
        review.not_before.isoformat() if review.not_before else "",
        review.deadline.isoformat() if review.deadline else "",
        [reason.as_json() for reason in review.reasons],
        [partner.name, partner.country_code, partner.time_zone],
        [owner.pk, owner.time_zone] if owner else [],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
