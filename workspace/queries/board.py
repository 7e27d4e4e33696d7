"""The lifecycle board: per stage how many, for how long, and the cards that have been there longest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet

from accounts.models import STAFF_ROLES, User
from lifecycle.models import Journey, Stage
from lifecycle.rules import ORDER, TYPICAL_DAYS
from partners.models import Tier
from workspace.listing import BAND_GROUPS

CARDS = 20
MOST_CARDS = 200
LARGE = 2_000  # partners; beyond it counts and medians are kept for a minute
KEPT_SECONDS = 60
OWNERS_OFFERED = 200
UNKNOWN = "none"


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Owner is "me", "none" or a user's uid; band is a letter A to E or a group of them."""

    owner: str = ""
    tier: str = ""
    band: str = ""

    @classmethod
    def from_params(cls, params: Any) -> BoardFilter:
        owner, tier, band = (params.get(name, "") for name in ("owner", "tier", "band"))
        return cls(
            owner=owner if owner in {"me", "none"} or _is_uuid(owner) else "",
            tier=tier if tier in Tier.values else "",
            band=band if band in BAND_GROUPS or band in {"A", "B", "C", "D", "E"} else "",
        )

    def pairs(self) -> list[tuple[str, str]]:
        return [(name, value) for name in ("owner", "tier", "band") if (value := getattr(self, name))]

    def of(self, user: User) -> Q:
        """The filter as a question about a journey."""
        wanted = Q(partner__archived_at=None)
        if self.owner == "me":
            wanted &= Q(partner__owner=user)
        elif self.owner == "none":
            wanted &= Q(partner__owner=None)
        elif self.owner:
            wanted &= Q(partner__owner__uid=self.owner)
        if self.tier:
            wanted &= Q(partner__tier=self.tier)
        if self.band == UNKNOWN:
            wanted &= Q(partner__health=None) | Q(partner__health__band="")
        elif self.band:
            wanted &= Q(partner__health__band__in=BAND_GROUPS.get(self.band, (self.band,)))
        return wanted


@dataclass(frozen=True, slots=True)
class Card:
    """One partner on the board. `days` in the stage so far; `over` days beyond what is typical; None: no limit."""

    name: str
    slug: str
    tier: str
    owner: str
    band: str
    score: Decimal | None
    stage: str
    days: int
    limit: int | None

    @property
    def over(self) -> int:
        return max(0, self.days - self.limit) if self.limit is not None else 0

    @property
    def share(self) -> int:
        """How much of the typical stay has passed, in whole percent up to 99."""
        return min(99, self.days * 100 // self.limit) if self.limit else 0


@dataclass(frozen=True, slots=True)
class Column:
    """One stage: `count` partners, half of them there for `median` days or longer, `over` beyond the typical stay."""

    stage: str
    label: str
    count: int
    over: int
    median: int | None
    limit: int | None
    cards: list[Card]

    @property
    def left(self) -> int:
        return self.count - len(self.cards)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of one stage: partners, of them over the typical stay, and the median of days in the stage."""

    count: int = 0
    over: int = 0
    median: int | None = None


def numbers(user: User, where: BoardFilter, *, now: datetime) -> dict[str, Numbers]:
    """By stage; a stage without partners is absent. Of more than `LARGE` partners the numbers may be a minute old."""
    key = f"board:{user.pk}:{where.owner}:{where.tier}:{where.band}"
    found: dict[str, Numbers] | None = cache.get(key)
    if found is None:
        found = _numbers(user, where, now=now)
        if sum(one.count for one in found.values()) > LARGE:
            cache.set(key, found, KEPT_SECONDS)
    return found


def _numbers(user: User, where: BoardFilter, *, now: datetime) -> dict[str, Numbers]:
    late = Q()
    for stage, limit in TYPICAL_DAYS.items():
        if limit is not None:
            late |= Q(stage=stage, entered_at__lt=now - timedelta(days=limit + 1))
    journeys = Journey.objects.visible_to(user).filter(where.of(user))
    rows = journeys.values_list("stage").annotate(n=Count("pk"), late=Count("pk", filter=late)).order_by("stage")
    result = {}
    for stage, count, over in rows:
        ordered = journeys.filter(stage=stage).order_by("entered_at").values_list("entered_at", flat=True)
        result[stage] = Numbers(count, over, max(0, (now - ordered[(count - 1) // 2]).days))
    return result


def columns(
    user: User, where: BoardFilter, *, now: datetime, stages: Sequence[str] = ORDER, shown: dict[str, int] | None = None
) -> list[Column]:
    """The columns of `stages` in their order; `shown` says how many cards of a stage, 20 unless told."""
    known = numbers(user, where, now=now)
    result = []
    for stage in stages:
        own = known.get(stage, Numbers())
        limit = (shown or {}).get(stage, CARDS)
        result.append(
            Column(
                stage=stage,
                label=str(Stage(stage).label),
                count=own.count,
                over=own.over,
                median=own.median,
                limit=TYPICAL_DAYS[stage],
                cards=cards(user, where, stage, now=now, limit=limit) if own.count else [],
            )
        )
    return result


def cards(user: User, where: BoardFilter, stage: str, *, now: datetime, limit: int, offset: int = 0) -> list[Card]:
    """Partners in a stage, those who have been there longest first."""
    rows = _journeys(user, where).filter(stage=stage).order_by("entered_at", "id")
    return _cards(rows[offset : offset + limit], now=now)


def card_of(user: User, where: BoardFilter, slug: str, *, now: datetime) -> Card | None:
    """The card of one partner, if the filter lets it through."""
    return next(iter(_cards(_journeys(user, where).filter(partner__slug=slug), now=now)), None)


def _cards(journeys: QuerySet[Journey], *, now: datetime) -> list[Card]:
    rows = journeys.values(
        "stage", "entered_at", name=F("partner__name"), slug=F("partner__slug"), tier=F("partner__tier"),
        owner=F("partner__owner__name"), band=F("partner__health__band"), score=F("partner__health__score"),
    )  # fmt: skip
    return [
        Card(
            name=row["name"], slug=row["slug"], tier=str(Tier(row["tier"]).label), owner=row["owner"] or "",
            band=row["band"] or "", score=row["score"], stage=row["stage"],
            days=max(0, (now - row["entered_at"]).days), limit=TYPICAL_DAYS[row["stage"]],
        )
        for row in rows
    ]  # fmt: skip


def owners() -> list[User]:
    """Colleagues who may own partners, for the filter."""
    return list(User.objects.filter(role__in=STAFF_ROLES, is_active=True).order_by("name", "email")[:OWNERS_OFFERED])


def _journeys(user: User, where: BoardFilter) -> QuerySet[Journey]:
    return Journey.objects.visible_to(user).filter(where.of(user))


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
