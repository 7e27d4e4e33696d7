"""What may stand on Today: one finder per kind, each a bounded walk along an index, as light rows.

A finder answers at most `book.limit(kind)` candidates. Words are made later, for the few that are shown
(`workspace.queries.queue_words`), so a candidate carries its row as it came from the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, Subquery

from accounts.models import User
from core import clock
from engagement.models import AgendaItem, CadenceRule, Commitment, Meeting, MeetingReply, Reminder, Touchpoint
from health.models import Alert, Band, HealthState
from lifecycle.models import Journey
from lifecycle.rules import TYPICAL_DAYS
from partners.models import Partner, Tier

PER_KIND = 30
SILENT_DAYS = 60
SILENT_POOL = 400
CONTRACT_DAYS = 90
CONTRACT_STEPS = (0, 7, 30, CONTRACT_DAYS)
CONTRACT_SEVERITY = {0: 5, 7: 5, 30: 4, CONTRACT_DAYS: 2}
LONGEST_NOTICE_DAYS = 400
AHEAD = timedelta(days=22)  # 15 business days: the first reminder of a review
UNPREPARED_DAYS = 14
BEHIND = timedelta(days=90)
MISSED_SHOWN = timedelta(days=21)
STAGE_DAYS = {stage: days for stage, days in TYPICAL_DAYS.items() if days is not None and stage != "exit"}
RISE_POINTS = 8
RISE_SHOWN_DAYS = 14
RISE_LIMIT = 2
HEALTHY = (Band.A, Band.B)
DAYS_PER_UNIT: dict[str, int] = {CadenceRule.Unit.MONTHS: 30, CadenceRule.Unit.WEEKS: 7}


@dataclass(frozen=True, slots=True)
class Book:
    """Whose partners are looked at, when, and how many of a kind are fetched (`aside`: marks per kind).

    `silence`: what `silence_limits` says, if the caller knows. `only`: subjects by kind that a walk found within the
    last minute; then just these rows are read and asked again, which costs the same however large the book is.
    """

    user: User
    mine: bool
    now: datetime
    today: date
    aside: dict[str, int] = field(default_factory=dict)
    silence: dict[str, int] | None = None
    only: dict[str, list[int]] | None = None

    @property
    def is_short(self) -> bool:
        """Few enough rows to sort them; otherwise each index is walked by itself."""
        return self.mine or self.only is not None

    def limit(self, kind: str) -> int:
        return PER_KIND + self.aside.get(kind, 0)

    def partners(self, prefix: str = "partner__") -> Q:
        """Partners of this book, seen from a model that reaches them by `prefix`."""
        kept = Q(**{f"{prefix}archived_at": None})
        return kept & Q(**{f"{prefix}owner": self.user}) if self.mine else kept

    def among(self, kind: str, subject: str, walk: Q) -> Q:
        """Which rows to read: by the walk, or just the subjects that are known already.

        A known subject's row is then asked in Python whether it still counts: conditions beside its key would tempt the
        database to walk an index all the same.
        """
        return walk if self.only is None else Q(**{f"{subject}__in": self.only.get(kind, [])})

    def holds(self, row: dict[str, Any]) -> bool:
        """Whether the row's partner still belongs to the book."""
        return row["gone"] is None and (not self.mine or row["owned_by"] == self.user.pk)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may need a person. `since`: date of the newest evidence; `form` tells variants of a kind apart."""

    kind: str
    form: str
    subject: int
    partner_id: int
    name: str
    slug: str
    tier: str
    severity: float
    since: date
    due_on: date | None = None
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"


ASKING_STATUSES = [Meeting.Status.PLANNED, Meeting.Status.CONFIRMED, Meeting.Status.MISSED]
WHO = ("partner_id", "partner__name", "partner__slug", "partner__tier")
OWN_WHO = ("id", "name", "slug", "tier")
WHOSE = {"owned_by": F("partner__owner_id"), "gone": F("partner__archived_at")}
OWN_WHOSE = {"owned_by": F("owner_id"), "gone": F("archived_at")}


def health_alerts(book: Book) -> list[Candidate]:
    """Open health alerts, one candidate per partner: the most severe alert leads and lists the others."""
    rows = (
        Alert.objects.visible_to(book.user)
        .open()
        .filter(book.among("health", "partner_id", book.partners()))
        .order_by("-severity", "-notified_on", "id")
        .values(
            *WHO, "kind", "severity", "notified_on", "opened_on", "data",
            band=F("partner__health__band"), score=F("partner__health__score"), why=F("partner__health__why"), **WHOSE,
        )[: book.limit("health") * len(Alert.Kind)]
    )  # fmt: skip
    found: dict[int, Candidate] = {}
    for row in filter(book.holds, rows):
        leading = found.get(row["partner_id"])
        if leading is None:
            if len(found) == book.limit("health"):
                break
            row["also"] = []
            found[row["partner_id"]] = _candidate(
                row, kind="health", form=row["kind"], severity=row["severity"], since=row["notified_on"]
            )
        else:
            leading.row["also"].append(row)
    return list(found.values())


def meetings(book: Book) -> list[Candidate]:
    """Meetings that were not held, were missed, are not prepared, or for which a reminder has come due."""
    fields = (
        *WHO, "id", "uid", "kind", "title", "status", "automatic", "starts_at", "invited_at", "missed_at", "postponed",
    )  # fmt: skip
    first, last = book.now - BEHIND, book.now + AHEAD
    known = Meeting.objects.visible_to(book.user).order_by("starts_at", "id").values(*fields, **WHOSE)
    rows = []
    for statuses in [ASKING_STATUSES] if book.is_short else [[status] for status in ASKING_STATUSES]:
        walk = book.partners() & Q(status__in=statuses, starts_at__gte=first, starts_at__lt=last)
        rows += known.filter(book.among("meeting", "pk", walk))[: book.limit("meeting")]
    rows = [
        row for row in rows if book.holds(row) and row["status"] in ASKING_STATUSES and first <= row["starts_at"] < last
    ]
    ids = [row["id"] for row in rows]
    reminders = _due_reminders(book, ids) if ids else {}
    prepared = set(AgendaItem.objects.filter(meeting_id__in=ids).values_list("meeting_id", flat=True)) if ids else set()
    settled = _invited_again([row for row in rows if row["status"] == Meeting.Status.MISSED], now=book.now)
    found = []
    for row in rows:
        row["reminder"], row["reminded_on"] = reminders.get(row["id"], ("", None))
        row["has_agenda"] = row["id"] in prepared
        if row["status"] != Meeting.Status.MISSED:
            candidate = _open_meeting(book, row)
        elif row["missed_at"] >= book.now - MISSED_SHOWN and (row["partner_id"], row["kind"]) not in settled:
            since = row["missed_at"].date()
            candidate = _candidate(row, kind="meeting", form="missed", subject=row["id"], severity=4, since=since)
        else:
            candidate = None
        if candidate is not None:
            found.append(candidate)
    return found


def _invited_again(missed: list[dict[str, Any]], *, now: datetime) -> set[tuple[int, str]]:
    """(partner, kind) of missed reviews for which there is an invitation to a later one."""
    if not missed:
        return set()
    later = Meeting.objects.filter(
        partner_id__in={row["partner_id"] for row in missed}, status=Meeting.Status.CONFIRMED, starts_at__gt=now
    )
    return set(later.values_list("partner_id", "kind"))


def _due_reminders(book: Book, meeting_ids: list[int]) -> dict[int, tuple[str, date]]:
    """The newest reminder before the meeting that has come due: (kind, day) by meeting."""
    rows = (
        Reminder.objects.filter(meeting_id__in=meeting_ids, offset__lt=0, due_on__lte=book.today)
        .exclude(status=Reminder.Status.CANCELLED)
        .order_by("due_on", "offset")
        .values_list("meeting_id", "kind", "due_on")
    )
    return {meeting_id: (kind, due_on) for meeting_id, kind, due_on in rows}


def _open_meeting(book: Book, row: dict[str, Any]) -> Candidate | None:
    """What is to be done about one open meeting, or None."""
    day = row["starts_at"].date()
    ahead = (day - book.today).days
    review = row["kind"] != Meeting.Kind.CHECK_IN
    row["missing"] = [] if row["invited_at"] else ["invitation"]
    if review and not row["has_agenda"]:
        row["missing"].append("agenda")
    reminded_on = row["reminded_on"]
    if row["starts_at"] < book.now:
        form, severity, since = "not_closed", 3.0 if review else 2.0, day
    elif row["missing"] and ahead <= UNPREPARED_DAYS:
        form, severity = "unprepared", (3.0 if ahead <= 5 else 2.0) if review else 1.25
        since = reminded_on or day - timedelta(days=UNPREPARED_DAYS)
    elif reminded_on is not None and review:
        form, severity, since = "reminder", 1.5, reminded_on
    else:
        return None
    return _candidate(row, kind="meeting", form=form, subject=row["id"], severity=severity, since=since, due_on=day)


def commitments(book: Book) -> list[Candidate]:
    """Actions whose date has passed: promised by us to a partner of mine, or mine to keep; or promised to us."""
    fields = (*WHO, "id", "side", "text", "due_on", "done_at", "owner_id", "owner_name", "owner__name")
    whose = book.partners() | Q(owner=book.user, partner__archived_at=None) if book.mine else book.partners()
    walk = whose & Q(due_on__lt=book.today, done_at=None)
    rows = (
        Commitment.objects.visible_to(book.user)
        .actions()
        .filter(book.among("commitment", "pk", walk))
        .order_by("due_on", "id")
        .values(*fields, meeting_uid=F("meeting__uid"), **WHOSE)[: book.limit("commitment")]
    )
    return [
        _candidate(
            row, kind="commitment", form=row["side"], subject=row["id"],
            severity=3 if row["side"] == Commitment.Side.OURS else 2, since=row["due_on"], due_on=row["due_on"],
        )
        for row in rows
        if (book.holds(row) or (row["gone"] is None and row["owner_id"] == book.user.pk))
        and row["done_at"] is None and row["due_on"] is not None and row["due_on"] < book.today
    ]  # fmt: skip


def replies(book: Book) -> list[Candidate]:
    """Dates that partners propose and objections to summaries that wait for our answer, oldest first."""
    waiting = MeetingReply.State.OPEN
    fields = (*WHO, "id", "kind", "state", "text", "said_by", "created_at", "local_start", "time_zone")
    rows = (
        MeetingReply.objects.visible_to(book.user)
        .filter(book.among("reply", "pk", book.partners() & Q(state=waiting)))
        .order_by("created_at", "id")
        .values(*fields, about=F("meeting__title"), meeting_uid=F("meeting__uid"), **WHOSE)[: book.limit("reply")]
    )
    return [
        _candidate(
            row, kind="reply", form=row["kind"], subject=row["id"], severity=3, since=clock.day_of(row["created_at"])
        )
        for row in rows
        if book.holds(row) and row["state"] == waiting
    ]


def stages(book: Book) -> list[Candidate]:
    """Partners who are in a stage for longer than is typical, longest first."""
    late = {stage: Q(stage=stage, entered_at__lt=book.now - timedelta(days=days)) for stage, days in STAGE_DAYS.items()}
    journeys = Journey.objects.visible_to(book.user).order_by("entered_at", "id")
    # All partners: one walk along the index per stage. One's own: few enough to sort.
    wanted = [reduce(or_, late.values())] if book.is_short else list(late.values())
    found = []
    for where in wanted:
        rows = journeys.filter(book.among("stage", "partner_id", book.partners() & where))
        for row in filter(book.holds, rows.values(*WHO, "stage", "entered_at", **WHOSE)[: book.limit("stage")]):
            limit = STAGE_DAYS.get(row["stage"])
            if limit is None or row["entered_at"] >= book.now - timedelta(days=limit):
                continue
            crossed = row["entered_at"].date() + timedelta(days=limit)
            severity = 2 if (book.today - crossed).days < limit else 2.5
            found.append(_candidate(row, kind="stage", form=row["stage"], severity=severity, since=crossed))
    return found


def contracts(book: Book) -> list[Candidate]:
    """Contracts whose last day for giving notice is at most 90 days away and not yet past."""
    horizon = book.today + timedelta(days=CONTRACT_DAYS + LONGEST_NOTICE_DAYS)
    walk = book.partners("") & Q(contract_ends_on__gte=book.today, contract_ends_on__lte=horizon)
    rows = (
        Partner.objects.visible_to(book.user)
        .filter(book.among("contract", "pk", walk), contract_ends_on__isnull=False)
        .order_by("contract_ends_on", "id")
        .values(*OWN_WHO, "contract_ends_on", "notice_days", **OWN_WHOSE)[: book.limit("contract") * 2]
    )
    found = []
    for row in filter(book.holds, rows):
        last = row["contract_ends_on"] - timedelta(days=row["notice_days"])
        left = (last - book.today).days
        if 0 <= left <= CONTRACT_DAYS:
            step = next(days for days in CONTRACT_STEPS if left <= days)
            found.append(
                _candidate(
                    row, kind="contract", form="notice", severity=CONTRACT_SEVERITY[step],
                    since=last - timedelta(days=step), due_on=last,
                )
            )  # fmt: skip
    return found[: book.limit("contract")]


def silence_limits() -> dict[str, int]:
    """Days without contact after which a partner counts as silent, by tier; empty while contacts are never logged."""
    rules = CadenceRule.objects.filter(Exists(Touchpoint.objects.current()), kind=Meeting.Kind.CHECK_IN)
    return {
        tier: max(SILENT_DAYS, every * DAYS_PER_UNIT[unit])
        for tier, every, unit in rules.values_list("tier", "every", "unit")
    }


def silent_partners(book: Book) -> list[Candidate]:
    """Partners of a tier with check-ins with whom nobody spoke for 60 days, or for longer than their cadence.

    Looks at no more than `SILENT_POOL` partners of the book; of all partners, at those of the higher tiers first.
    """
    limits = silence_limits() if book.silence is None else book.silence
    tiers = sorted(limits, key=Tier.values.index)
    spoken = Touchpoint.objects.current().filter(partner_id=OuterRef("pk"), two_way=True)
    known = (
        Partner.objects.visible_to(book.user)
        .order_by("name", "id")
        .values(
            *OWN_WHO, stage=F("journey__stage"), entered_at=F("journey__entered_at"), **OWN_WHOSE,
            last=Subquery(spoken.order_by("-occurred_at").values("occurred_at")[:1], output_field=DateTimeField()),
        )
    )  # fmt: skip
    edge = book.now - timedelta(days=SILENT_DAYS)
    rows: list[dict[str, Any]] = []
    for wanted in [tiers] if book.is_short else [[tier] for tier in tiers]:
        if wanted and len(rows) < SILENT_POOL:
            walk = book.partners("") & Q(tier__in=wanted, journey__entered_at__lt=edge) & ~Q(journey__stage="exit")
            rows += known.filter(book.among("silent", "pk", walk))[: SILENT_POOL - len(rows)]
    quiet = [row for row in filter(book.holds, rows) if _is_silent(row, limits, now=book.now)]
    quiet.sort(key=lambda row: (tiers.index(row["tier"]), row["last"] or row["entered_at"]))
    return [
        _candidate(
            row, kind="silent", form="lately" if row["last"] else "ever", severity=2,
            since=(row["last"] or row["entered_at"]).date() + timedelta(days=limits[row["tier"]]),
        )
        for row in quiet[: book.limit("silent")]
    ]  # fmt: skip


def _is_silent(row: dict[str, Any], limits: dict[str, int], *, now: datetime) -> bool:
    """Whether nobody spoke with a partner who is on the way for longer than the limit of its tier."""
    if row["entered_at"] is None or row["stage"] == "exit" or row["tier"] not in limits:
        return False
    return bool((now - (row["last"] or row["entered_at"])).days > limits[row["tier"]])


def good_news(book: Book) -> list[Candidate]:
    """Partners who rose to a healthy band within two weeks by at least eight points in 30 days."""
    fields = (*WHO, "band", "score", "change_30", "band_since", "why")
    first = book.today - timedelta(days=RISE_SHOWN_DAYS)
    walk = book.partners() & Q(change_30__gte=RISE_POINTS, band__in=HEALTHY, band_since__gte=first)
    rows = (
        HealthState.objects.visible_to(book.user)
        .filter(book.among("good", "partner_id", walk), change_30__isnull=False)
        .order_by("-change_30", "partner_id")
        .values(*fields, **WHOSE)[: RISE_LIMIT + book.aside.get("good", 0)]
    )
    return [
        _candidate(row, kind="good", form="rose", severity=1.5, since=row["band_since"])
        for row in filter(book.holds, rows)
        if row["change_30"] >= RISE_POINTS and row["band"] in HEALTHY and row["band_since"] >= first
    ]


def _candidate(
    row: dict[str, Any],
    *,
    kind: str,
    form: str,
    severity: float,
    since: date,
    subject: int | None = None,
    due_on: date | None = None,
) -> Candidate:
    partner_id, name, slug, tier = (row[field] for field in (WHO if "partner_id" in row else OWN_WHO))
    return Candidate(
        kind=kind,
        form=form,
        subject=partner_id if subject is None else subject,
        partner_id=partner_id,
        name=name,
        slug=slug,
        tier=tier,
        severity=severity,
        since=since,
        due_on=due_on,
        row=row,
    )


Finder = Callable[[Book], list[Candidate]]
SOURCES: dict[str, Finder] = {
    "health": health_alerts,
    "meeting": meetings,
    "commitment": commitments,
    "reply": replies,
    "stage": stages,
    "contract": contracts,
    "silent": silent_partners,
    "good": good_news,
}
