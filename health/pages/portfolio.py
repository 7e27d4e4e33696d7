"""Reads of the portfolio page: constant in number, and narrow by index however large the book is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from heapq import nlargest
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from accounts.models import EDITOR_ROLES, User
from core import clock
from core.display import exponent
from core.health import background_is_late
from deals import queries as deals
from health import labels, measures, queries
from health.models import Alert, Band, HealthRun, HealthSnapshot, HealthState
from health.sentences import basis_sentence
from lifecycle.models import Stage
from partners.models import Partner, Tier

BELOW_HEALTHY = (Band.C, Band.D, Band.E)
SEVERITY = {band: place for place, band in enumerate("ABCDE")}
BACK_DAYS = 30
TOLERANCE_DAYS = 3
MOVES_SHOWN = 8
MOVES_READ = 24
COMPARED = 2_000
COMPLETED = 200
VALUABLE = "health-most-valuable"
VALUABLE_SECONDS = 3_600
VALUABLE_KEPT = 600
DRAWN = 60
RANKED = 25
ALERTS_SHOWN = 6
COUNTED_BACK = 1_000
STALE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which partners the page is about. `owner`: "me", "none" or a user's uid; empty fields do not narrow."""

    owner: str = ""
    tier: str = ""
    stage: str = ""

    @property
    def narrow(self) -> bool:
        return bool(self.owner or self.tier or self.stage)

    def partners(self, user: User, path: str = "partner__") -> Q:
        """The condition on rows that reach the partner by `path`; archived partners are never shown."""
        wanted = Q(**{f"{path}archived_at__isnull": True})
        if self.owner == "me":
            wanted &= Q(**{f"{path}owner": user})
        elif self.owner == "none":
            wanted &= Q(**{f"{path}owner__isnull": True})
        elif self.owner:
            wanted &= Q(**{f"{path}owner__uid": self.owner})
        if self.tier:
            wanted &= Q(**{f"{path}tier": self.tier})
        if self.stage:
            wanted &= Q(**{f"{path}journey__stage": self.stage})
        return wanted


def read_filters(given: Mapping[str, str]) -> tuple[Filters, list[str]]:
    """Filters from query parameters, and those that had to be dropped as "name=value"."""
    values: dict[str, str] = {}
    dropped: list[str] = []
    for name, text in given.items():
        allowed = {"owner": _is_owner, "tier": _is_tier, "stage": _is_stage}.get(name)
        if allowed and allowed(text):
            values[name] = text
        elif text or not allowed:
            dropped.append(f"{name[:40]}={text[:40]}")
    return Filters(**values), dropped


def _is_tier(text: str) -> bool:
    return text in Tier.values


def _is_stage(text: str) -> bool:
    return text in Stage.values


def _is_owner(text: str) -> bool:
    if text in {"me", "none"}:
        return True
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def owners() -> list[User]:
    """Colleagues who may look after partners, by name."""
    return list(User.objects.filter(is_active=True, role__in=EDITOR_ROLES).order_by("name", "id"))


def states(user: User, filters: Filters) -> QuerySet[HealthState]:
    return HealthState.objects.visible_to(user).filter(filters.partners(user))


def counted(found: QuerySet[HealthState]) -> dict[str, int]:
    """How many partners are in each published band; "" counts those without enough data."""
    rows = found.order_by().values_list("band").annotate(number=Count("pk"))
    return dict.fromkeys((*SEVERITY, ""), 0) | dict(rows)


# --- compared with a month ago ---------------------------------------------------------


def run_before(run: HealthRun) -> HealthRun | None:
    """The whole run under the same model nearest to 30 days before, within the tolerance of the trend."""
    wanted = run.as_of - timedelta(days=BACK_DAYS)
    near = HealthRun.objects.filter(
        model_id=run.model_id,
        whole=True,
        finished_at__isnull=False,
        as_of__gte=wanted - timedelta(days=TOLERANCE_DAYS),
        as_of__lte=wanted + timedelta(days=TOLERANCE_DAYS),
    ).order_by("-known_cutoff")
    return min(near, key=lambda one: (abs((one.as_of - wanted).days), one.as_of), default=None)


def counted_before(user: User, filters: Filters, before: HealthRun, now: Mapping[str, int]) -> dict[str, int] | None:
    """The same counts as of the earlier run; None when the filters leave too many partners to count one by one."""
    nothing = dict.fromkeys((*SEVERITY, ""), 0)
    if not filters.narrow and not user.sees_own_partners_only:
        return nothing | before.summary.get("bands", {})
    if sum(now.values()) > COUNTED_BACK:
        return None
    ids = list(states(user, filters).values_list("partner_id", flat=True))
    rows = (
        HealthSnapshot.objects.filter(
            partner_id__in=ids, as_of=before.as_of, known_cutoff=before.known_cutoff, model_id=before.model_id
        )
        .order_by()
        .values_list("published_band")
        .annotate(number=Count("pk"))
    )
    return nothing | dict(rows)


@dataclass(frozen=True, slots=True)
class Move:
    """A partner that changed its published band since the earlier run."""

    state: HealthState
    before: str


def moved(found: QuerySet[HealthState], before: HealthRun) -> tuple[list[Move], list[Move]]:
    """(down, up): whose band got worse or better since the earlier run, largest change of score first."""
    recent = found.filter(band_since__gt=before.as_of).exclude(band="").select_related("partner")
    falling = list(recent.filter(change_30__lt=0).order_by("change_30", "partner_id")[:MOVES_READ])
    rising = list(recent.filter(change_30__gt=0).order_by("-change_30", "-partner_id")[:MOVES_READ])
    was = dict(
        HealthSnapshot.objects.filter(
            partner_id__in=[state.partner_id for state in (*falling, *rising)],
            as_of=before.as_of,
            model_id=before.model_id,
        )
        .order_by("known_cutoff", "id")
        .values_list("partner_id", "published_band")
    )
    down = [Move(state, was[state.partner_id]) for state in falling if _steps(was.get(state.partner_id), state) > 0]
    up = [Move(state, was[state.partner_id]) for state in rising if _steps(was.get(state.partner_id), state) < 0]
    return down[:MOVES_SHOWN], up[:MOVES_SHOWN]


def _steps(before: str | None, state: HealthState) -> int:
    """Bands lost (positive) or won (negative); 0 when one of the two is not known."""
    return SEVERITY[state.band] - SEVERITY[before] if before else 0


# --- whom to save first ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rescue:
    """A partner below healthy. `value`: net revenue of 365 days in minor units of the reporting currency; `at_stake`:
    value times (100 - score) / 100; both None when no value is known."""

    partner: Partner
    score: Decimal
    band: str
    change: Decimal | None
    why: str
    value: int | None
    at_stake: int | None


@dataclass(frozen=True, slots=True)
class Rescues:
    """Ranked by what is at stake. `below`: partners in a band below healthy; `compared`: how many were looked at, when
    not all of them."""

    rows: list[Rescue]
    below: int
    compared: int | None


def healthy_edge(edges: Sequence[tuple[Decimal, str]]) -> Decimal:
    """The score from which a partner is healthy: the lowest edge of the bands that are not below it."""
    return min((edge for edge, band in edges if band not in BELOW_HEALTHY), default=Decimal(100))


def to_save(found: QuerySet[HealthState], counts: Mapping[str, int], *, edge: Decimal) -> Rescues:
    """Partners below healthy by value times distance to 100, largest first; those of unknown value last, by score.

    Below healthy: in band, and in score below `edge` (who waits for a better band is not to be saved).
    The value is the one the score was computed with, else that of now. Up to `COMPARED` partners all are compared; of
    more, those among the most valuable of the whole book, whose values are kept for a while.
    """
    below = sum(counts[band] for band in BELOW_HEALTHY)
    candidates = found.filter(band__in=BELOW_HEALTHY, score__lt=edge)
    values = _completed(_values(candidates)) if below <= COMPARED else _most_valuable()
    scored = candidates.filter(partner_id__in=values).values_list("partner_id", "score")
    ranked = []
    for partner_id, score in scored:
        value = values[partner_id]
        stake = None if value is None else int(max(value, 0) * (100 - score) / 100)
        ranked.append((-1 if stake is None else stake, -score, partner_id, stake))
    ranked.sort(reverse=True)
    chosen = ranked[:DRAWN]
    wide = found.filter(partner_id__in=[row[2] for row in chosen]).select_related("partner__owner")
    by_partner = {state.partner_id: state for state in wide}
    rows = [
        Rescue(state.partner, state.score, state.band, state.change_30, state.why, values[partner_id], stake)
        for _stake, _score, partner_id, stake in chosen
        if (state := by_partner.get(partner_id))
    ]
    return Rescues(rows, below, len(ranked) if below > COMPARED else None)


def _values(found: QuerySet[HealthState]) -> dict[int, int | None]:
    """Net revenue of 365 days by partner, in minor units, as read from the published score; None where it has none."""
    net = KeyTextTransform("trade_depth", KeyTextTransform("readings", "snapshot__detail"))
    net = KeyTextTransform("net", KeyTextTransform("raw", net))
    unit = Decimal(10) ** exponent(settings.REPORTING_CURRENCY)
    rows = found.order_by().annotate(net=net).values_list("partner_id", "net")
    return {partner_id: None if value is None else int(Decimal(str(value)) * unit) for partner_id, value in rows}


def _completed(values: dict[int, int | None]) -> dict[int, int | None]:
    """The values with those filled in that no score was computed with: in some stages size does not count."""
    missing = [partner_id for partner_id, value in values.items() if value is None][:COMPLETED]
    now = clock.now()
    windows = deals.revenue_windows(missing, at=now, known=now) if missing else {}
    return values | {partner_id: window.net_365 for partner_id, window in windows.items()}


def _most_valuable() -> dict[int, int | None]:
    """The most valuable partners below healthy of the whole book; read once in a while, however many there are."""
    kept: dict[int, int | None] | None = cache.get(VALUABLE)  # shared: each reader takes what `found` lets them see
    if kept is None:
        values = _values(HealthState.objects.filter(band__in=BELOW_HEALTHY, partner__archived_at__isnull=True))
        kept = dict(nlargest(VALUABLE_KEPT, values.items(), key=lambda item: -1 if item[1] is None else item[1]))
        cache.set(VALUABLE, kept, VALUABLE_SECONDS)  # shared: as above
    return kept


# --- signals, alerts, freshness --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignalRow:
    label: str
    known: float
    median: Decimal | None
    worst: list[tuple[Partner, Decimal]]


def signals(user: User, run: HealthRun) -> list[SignalRow]:
    """Per signal of the newest run over all partners: known percent, median, the five worst; lowest median first.

    Nothing for who sees a portfolio only: the medians are of everybody's partners.
    """
    found = {} if user.sees_own_partners_only else run.summary.get("signals", {})
    ids = {one["partner_id"] for signal in found.values() for one in signal["worst"]}
    partners = Partner.objects.visible_to(user).active().in_bulk(ids)
    rows = [
        SignalRow(
            _(labels.name_of(key)),
            signal["known_percent"],
            None if signal["median"] is None else Decimal(signal["median"]),
            [
                (partners[one["partner_id"]], Decimal(one["score"]))
                for one in signal["worst"]
                if one["partner_id"] in partners
            ],
        )
        for key, signal in found.items()
    ]
    return sorted(rows, key=lambda row: (row.median is None, row.median or 0, row.label))


def alerts(user: User, filters: Filters) -> list[Alert]:
    """Open alerts, worst and newest first."""
    found = Alert.objects.visible_to(user).open().filter(filters.partners(user))
    return list(found.select_related("partner").order_by("-severity", "-notified_on", "id")[:ALERTS_SHOWN])


def basis(run: HealthRun) -> tuple[str, Decimal]:
    """What the scores of this run rest on ("Based on sales only."), empty when all is connected; and the breadth."""
    model = queries.compiled(run.model)
    stage = "growth" if "growth" in model.stages else model.stages[0]
    profile = model.profile(stage, connected=measures.connected_measures(model, run.connected))
    return basis_sentence(profile, queries.words()), profile.breadth


def stale_because(run: HealthRun) -> str:
    """Why the newest scores are older than a day; empty while they are fresh."""
    if run.finished_at is None or clock.now() - run.finished_at <= STALE:
        return ""
    if background_is_late():
        return _("The background worker is not running: start it, and the missed days are computed.")
    waiting = HealthRun.objects.filter(whole=True, finished_at__isnull=True).exists()
    if waiting:
        return _("A computation has begun and is not finished yet.")
    return _("The daily computation has not run since.")


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of data a first score can rest on, and whether this installation has any."""

    key: str
    label: str
    connected: bool


def sources() -> list[Source]:
    """What there is to score from, for the page without scores."""
    now = clock.now()
    delivering = set(measures.delivering_sources(at=now, known=now))
    active = queries.compiled(queries.active_version())
    keys = dict.fromkeys(active.measures[key].source for key in measures.MEASURES if key in active.measures)
    return [Source(key, _(labels.source_name(key)), key in delivering) for key in keys]


def numbered(rescues: Sequence[Rescue]) -> list[tuple[int, Rescue]]:
    """The rows of the ranking with their places from 1."""
    return list(enumerate(rescues[:RANKED], start=1))


def changes(now: Mapping[str, int], before: Mapping[str, int] | None) -> list[tuple[str, int, int]] | None:
    """(band, number now, difference) for each band; None without an earlier count."""
    if before is None:
        return None
    return [(band, now[band], now[band] - before.get(band, 0)) for band in (*SEVERITY, "")]
