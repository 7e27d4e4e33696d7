"""Reads of the partners list: which partners, in which order, on which page, with what in the columns.

A page is found in two steps. Narrow: the ids of one page, walked along an index. Wide: everything the columns show, for
those ids only. Sets of up to 1,000 partners are sorted whole by one statement. Larger ones are walked phase by phase
(for the score: those with a score by score, then the others by name), each phase along its own index, so that neither
the sort nor a deep page costs more as the book grows: pages have numbers up to 20,
further ones begin after a partner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable

from accounts.models import User
from core import clock
from core.display import exponent
from deals.models import Deal
from deals.queries import comparison_rates, revenue_windows, units
from engagement.models import Touchpoint
from engagement.queries import last_touches, next_meetings
from health.models import Band
from lifecycle.models import Journey
from lifecycle.rules import ORDER as STAGES
from partners.models import Partner, Tier
from partners.rules import normalise
from workspace.listing import NUMBERED_PAGES, PAGE_SIZE, ListState, is_uuid

SORTED_WHOLE = PAGE_SIZE * NUMBERED_PAGES
COUNT_CAP = 10_000
EXPORT_CHUNK = 500

Partners = QuerySet[Partner]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of an order: the partners it holds and the indexed field they are ordered by."""

    where: Q
    key: str
    tie: str = "id"
    descending: bool = False

    def ordering(self) -> tuple[str, str]:
        sign = "-" if self.descending else ""
        return f"{sign}{self.key}", f"{sign}{self.tie}"

    def flipped(self) -> Phase:
        return Phase(self.where, self.key, self.tie, not self.descending)

    def beyond(self, anchor: Partner) -> Q:
        """Partners of this phase that come after `anchor`, which is one of them."""
        value = anchor
        for part in self.key.split("__"):
            value = getattr(value, part)
        side = "lt" if self.descending else "gt"
        tie = Q(**{f"{self.key}__{side}": value}) | Q(**{f"{self.tie}__{side}": anchor.pk})
        return Q(**{f"{self.key}__{side}e": value}) & tie


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page: what the columns need of each partner. `count` stops at the cap, then `capped` says there are more."""

    rows: list[Row]
    number: int
    count: int
    capped: bool
    has_next: bool

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_SIZE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * PAGE_SIZE + len(self.rows)


def filtered(user: User, state: ListState) -> Partners:
    """The partners the user may see that pass the filters, in no order."""
    found = Partner.objects.visible_to(user).filter(archived_at__isnull=not state.archived)
    for word in normalise(state.q).split():
        found = found.filter(search_name__contains=word)
    if state.health:
        found = found.filter(_in_bands(state.bands))
    if state.stage:
        # A question about each row rather than a join: a join lets SQLite begin with half of all journeys.
        found = found.filter(Exists(Journey.objects.filter(partner=OuterRef("pk"), stage__in=state.stage)))
    if state.tier:
        found = found.filter(tier__in=state.tier)
    if state.owner:
        found = found.filter(_owned(user, state.owner))
    if state.tag:
        found = found.filter(
            Exists(Partner.tags.through.objects.filter(partner=OuterRef("pk"), tag__name__in=state.tag))
        )
    if state.country:
        found = found.filter(country__in=state.country)
    return _within_days(found, state)


def _in_bands(bands: Sequence[str]) -> Q:
    known = Q(health__band__in=[band for band in bands if band])
    return known | Q(health__isnull=True) | Q(health__band=Band.NONE) if "" in bands else known


def _owned(user: User, owners: Sequence[str]) -> Q:
    people = [owner for owner in owners if owner not in {"me", "none"}]
    wanted = Q(owner__uid__in=people) if people else Q()
    if "me" in owners:
        wanted |= Q(owner=user)
    if "none" in owners:
        wanted |= Q(owner__isnull=True)
    return wanted


def _within_days(found: Partners, state: ListState) -> Partners:
    today = clock.today()
    if state.silent:
        since = clock.end_of_day(today - timedelta(days=state.silent))
        recent = Touchpoint.objects.current().filter(partner=OuterRef("pk"), occurred_at__gte=since)
        found = found.filter(~Exists(recent.filter(two_way=True)))
    if state.ending:
        found = found.filter(contract_ends_on__gte=today, contract_ends_on__lte=today + timedelta(days=state.ending))
    if state.joined:
        found = found.filter(joined_on__gt=today - timedelta(days=state.joined), joined_on__lte=today)
    return found


SCORED = Q(health__band__gt=Band.NONE)
UNSCORED = Q(health__isnull=True) | Q(health__band=Band.NONE)
MOVED = SCORED & Q(health__change_30__isnull=False)
STILL = UNSCORED | Q(health__change_30__isnull=True)


def phases(state: ListState) -> list[Phase]:
    """The order of the list as stretches that can hold partners; what is unknown always comes last, by name."""
    down = state.descending
    if state.sort_key == "score":
        scored = [Phase(SCORED, "health__score", "health__partner_id", down)] if state.bands != ("",) else []
        unscored = [Phase(UNSCORED, "search_name")] if not state.bands or "" in state.bands else []
        return scored + unscored
    if state.sort_key == "change":
        return [Phase(MOVED, "health__change_30", "health__partner_id", down), Phase(STILL, "search_name")]
    if state.sort_key == "tier":
        tiers = [Phase(Q(tier=tier), "search_name") for tier in Tier.values if tier in (state.tier or Tier.values)]
        return tiers[::-1] if down else tiers
    if state.sort_key == "stage":
        wanted = [stage for stage in STAGES if stage in (state.stage or STAGES)]
        stages = [Phase(Q(journey__stage=stage), "journey__entered_at") for stage in wanted]
        none = [] if state.stage else [Phase(Q(journey__isnull=True), "search_name")]
        return (stages[::-1] if down else stages) + none
    return [Phase(Q(), "search_name", descending=down)]


def _whole_order(state: ListState) -> list[Combinable | str]:
    """The same order as `phases`, as one ORDER BY."""
    stretches = phases(state)
    if len(stretches) == 1:
        return list(stretches[0].ordering())
    rank = Case(
        *(When(phase.where, then=Value(number)) for number, phase in enumerate(stretches)),
        output_field=IntegerField(),
    )
    order: list[Combinable | str] = [rank]
    for key in dict.fromkeys(phase.key for phase in stretches):
        own = [phase for phase in stretches if phase.key == key]
        holds = Q()
        for phase in own:
            holds |= phase.where
        for field in (key, "id"):
            value = Case(When(holds, then=F(field))) if len(own) < len(stretches) else F(field)
            order.append(value.desc() if own[0].descending else value.asc())
    return order


def page_of(user: User, state: ListState) -> ListPage:
    """The page the state asks for. An anchor that is gone, or a page past the end, gives the last numbered page."""
    found = filtered(user, state)
    seen = found.order_by()[: COUNT_CAP + 1].count()
    count, capped = min(seen, COUNT_CAP), seen > COUNT_CAP
    anchor, place = _anchor(user, state) if seen > SORTED_WHOLE else (None, 0)
    if anchor is not None:
        forward = bool(state.after)
        ids = _walk(found, _from_anchor(phases(state), anchor, place, forward=forward), PAGE_SIZE + 1)
        shown = ids[:PAGE_SIZE] if forward else ids[:PAGE_SIZE][::-1]
        if shown:
            number = max(state.page, NUMBERED_PAGES)
            has_next = len(ids) > PAGE_SIZE or not forward
            return ListPage(row_values(shown, state.cols), number, count, capped, has_next)
    number = min(state.page, NUMBERED_PAGES, max(1, -(-count // PAGE_SIZE)))
    rows = _numbered(found, state, (number - 1) * PAGE_SIZE, small=seen <= SORTED_WHOLE)
    return ListPage(_completed(rows[:PAGE_SIZE], state.cols), number, count, capped, len(rows) > PAGE_SIZE)


def _numbered(found: Partners, state: ListState, start: int, *, small: bool) -> list[Row]:
    """The rows from `start` on, one more than a page holds; one statement unless a page spans phases of a large set."""
    stretches, end, fields = phases(state), start + PAGE_SIZE + 1, _fields(state.cols)
    if small:
        return list(found.order_by(*_whole_order(state)).values(*fields)[start:end])
    if start == 0 or len(stretches) == 1:
        first = stretches[0]
        rows = list(found.filter(first.where).order_by(*first.ordering()).values(*fields)[start:end])
        if len(rows) == end - start or len(stretches) == 1:
            return rows
    return _wide(_walk(found, stretches, end)[start:], fields)


def _anchor(user: User, state: ListState) -> tuple[Partner | None, int]:
    """The partner the page begins after, or ends before, and the number of the phase it is in."""
    slug = state.after or state.before
    if not slug:
        return None, 0
    rank = Case(*(When(phase.where, then=Value(number)) for number, phase in enumerate(phases(state)) if phase.where))
    found = Partner.objects.visible_to(user).filter(slug=slug).select_related("health", "journey")
    anchor = found.annotate(phase=rank if rank.cases else Value(0)).first()
    place = getattr(anchor, "phase", None)
    return (None, 0) if place is None else (anchor, place)


def _walk(found: Partners, stretches: Sequence[Phase], wanted: int) -> list[int]:
    """The first `wanted` ids along the phases, each phase by its own index."""
    ids: list[int] = []
    for phase in stretches:
        if len(ids) >= wanted:
            break
        rows = found.filter(phase.where).order_by(*phase.ordering()).values_list("pk", flat=True)
        ids += rows[: wanted - len(ids)]
    return ids


def _from_anchor(stretches: Sequence[Phase], anchor: Partner, place: int, *, forward: bool) -> list[Phase]:
    """What is left of the phases beyond the anchor, backwards when `forward` is False."""
    left = list(stretches[place:]) if forward else list(stretches[: place + 1])[::-1]
    if not forward:
        left = [phase.flipped() for phase in left]
    first = left[0]
    return [Phase(first.where & first.beyond(anchor), first.key, first.tie, first.descending), *left[1:]]


def ids_in_order(user: User, state: ListState) -> Iterator[list[int]]:
    """Every id of the list in its order, in chunks: what the export writes."""
    found, stretches = filtered(user, state), phases(state)
    for phase in stretches:
        where = phase.where
        while True:
            rows = found.filter(where).order_by(*phase.ordering()).values_list("pk", flat=True)
            ids = list(rows[:EXPORT_CHUNK])
            if ids:
                yield ids
            if len(ids) < EXPORT_CHUNK:
                break
            last = Partner.objects.select_related("health", "journey").get(pk=ids[-1])  # visible: from `found`
            where = phase.where & phase.beyond(last)


def matching_ids(user: User, state: ListState, *, limit: int) -> list[int]:
    """Ids of every partner of the view, at most `limit` + 1 so that the caller sees when there are too many."""
    return list(filtered(user, state).order_by("pk").values_list("pk", flat=True)[: limit + 1])


def ids_of(user: User, uids: Sequence[str]) -> list[int]:
    """Ids of the partners with these uids that the user may see."""
    wanted = [uid for uid in uids if is_uuid(uid)]
    return list(Partner.objects.visible_to(user).filter(uid__in=wanted).order_by("pk").values_list("pk", flat=True))


def countries(user: User) -> list[str]:
    """The countries of the partners the user may see, for the filter form."""
    named = Partner.objects.visible_to(user).exclude(country="")
    return list(named.order_by("country").values_list("country", flat=True).distinct()[:300])


def row_values(ids: Sequence[int], columns: Sequence[str]) -> list[Row]:
    """One dict per partner, in the order of `ids`, with what the columns need; a constant number of queries."""
    return _completed(_wide(ids, _fields(columns)), columns)


def _wide(ids: Sequence[int], fields: Sequence[str]) -> list[Row]:
    known = {row["id"]: row for row in Partner.objects.filter(pk__in=list(ids)).values(*fields)}
    return [known[pk] for pk in ids if pk in known]


def _completed(rows: list[Row], columns: Sequence[str]) -> list[Row]:
    """The rows with what other rooms know of these partners, one query per column that shows it."""
    ids = [row["id"] for row in rows]
    for column, read in READERS.items():
        if column in columns:
            known = read(ids)
            for row in rows:
                row[column] = known.get(row["id"])
    return rows


def _tags(ids: Sequence[int]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {}
    pairs = Partner.tags.through.objects.filter(partner_id__in=ids).order_by("tag__name")
    for pk, name in pairs.values_list("partner_id", "tag__name"):
        tags.setdefault(pk, []).append(name)
    return tags


def _revenue(ids: Sequence[int]) -> dict[int, Decimal | None]:
    """Net revenue of the last 365 days in units of the reporting currency (None without a rate)."""
    now = clock.now()
    return {pk: units(found.net_365) for pk, found in revenue_windows(ids, at=now, known=now).items()}


def _open_deals(ids: Sequence[int]) -> dict[int, tuple[int, Decimal | None]]:
    """How many deals are open, and what they are worth in units of the reporting currency (None without a rate)."""
    now = clock.now()
    rows = list(
        Deal.objects.filter(partner_id__in=ids, status=Deal.Status.OPEN)
        .values_list("partner_id", "currency")
        .annotate(number=Count("pk"), total=Sum("value_minor"))
    )
    rates = comparison_rates({currency for _pk, currency, _number, _total in rows}, at=now, known=now, earlier=now)
    found: dict[int, tuple[int, Decimal | None]] = {}
    for pk, currency, number, total in rows:
        count, value = found.get(pk, (0, Decimal(0)))
        worth = Decimal(total).scaleb(-exponent(currency)) * rates[currency] if currency in rates else None
        found[pk] = (count + number, None if value is None or worth is None else value + worth)
    return found


READERS: dict[str, Callable[[Sequence[int]], dict[int, Any]]] = {
    "next": next_meetings,
    "contact": last_touches,
    "tags": _tags,
    "revenue": _revenue,
    "deals": _open_deals,
}
FIELDS: dict[str, tuple[str, ...]] = {
    "health": ("health__band", "health__score"),
    "change": ("health__band", "health__change_30"),
    "spark": ("health__band", "health__spark"),
    "why": ("health__why",),
    "stage": ("journey__stage",),
    "tier": ("tier",),
    "owner": ("owner__name", "owner__email"),
    "country": ("country",),
    "kind": ("kind",),
    "days": ("journey__entered_at",),
    "ending": ("contract_ends_on",),
    "coverage": ("health__coverage",),
    "confidence": ("health__confidence",),
}


def _fields(columns: Sequence[str]) -> list[str]:
    wanted = dict.fromkeys(field for column in columns for field in FIELDS.get(column, ()))
    return ["id", "uid", "slug", "name", *wanted]
