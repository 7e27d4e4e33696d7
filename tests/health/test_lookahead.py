"""No look-ahead (methods.md 2.1): what happened or became known later leaves a past score as it was, bit for bit."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from core import clock
from deals.models import Deal, RevenueEntry
from engagement.models import Touchpoint
from health import services
from health.models import (
    Applicability,
    ExceptionFlag,
    HealthRun,
    HealthSnapshot,
    HealthState,
    Override,
    RhythmFit,
)
from lifecycle.models import StageChange
from partners.models import TierChange
from tests.factories import make_deal, make_partner, make_revenue, make_touch, make_user
from tests.health.world import DAY, days_ago, make_world

T = clock.end_of_day(DAY)


@pytest.fixture
def world(db):
    partners = make_world(6)
    for index, partner in enumerate(partners):
        for back in range(5, 80, 20 + index):
            make_touch(partner=partner, occurred_at=days_ago(back))
        make_deal(partner=partner, status="won" if index % 2 else "lost", closed_at=days_ago(30 + index))
    return partners


def score():
    """Details of all partners as of T, computed anew."""
    HealthState.objects.all().delete()
    HealthSnapshot.objects.all().delete()
    HealthRun.objects.all().delete()
    RhythmFit.objects.all().delete()
    services.compute(as_of=DAY)
    return list(HealthSnapshot.objects.order_by("partner_id").values_list("partner_id", "score", "stage", "detail"))


def moment(chance, *, late_knowledge):
    """(occurred_at, known_at): after T, or before T but known only at or after it."""
    later = T + timedelta(seconds=chance.choice([0, 1, 86_400, 10_000_000]))
    if late_knowledge:
        return T - timedelta(days=chance.randrange(1, 400)), later
    return later, later


def add_fact(chance, partner, actor):
    """One fact that T must not see."""
    occurred_at, known_at = moment(chance, late_knowledge=chance.random() < 0.5)
    kind = chance.randrange(8)
    if kind == 0:
        make_revenue(
            partner=partner,
            occurred_at=occurred_at,
            known_at=known_at,
            amount_minor=chance.choice([-90_000, 9_000_000]),
        )
    elif kind == 1:
        make_touch(partner=partner, occurred_at=occurred_at, known_at=known_at)
    elif kind == 2:
        make_deal(partner=partner, status="won", closed_at=occurred_at, known_closed_at=known_at)
    elif kind == 3:
        StageChange.objects.create(partner=partner, to_stage="exit", occurred_at=occurred_at, known_at=known_at)
    elif kind == 4:
        TierChange.objects.create(partner=partner, tier="strategic", occurred_at=occurred_at, known_at=known_at)
    elif kind == 5:
        ExceptionFlag.objects.get_or_create(
            partner=partner, key="notice_received", defaults={"raised_at": occurred_at, "known_at": known_at}
        )
    elif kind == 6:
        Override.objects.get_or_create(
            partner=partner,
            defaults={
                "target": 5,
                "reason": "later",
                "starts_at": known_at,
                "ends_on": DAY + timedelta(days=50),
                "actor": actor,
            },
        )
    else:
        Applicability.objects.get_or_create(
            partner=partner, signal="deal_rhythm", defaults={"starts_at": occurred_at, "known_at": known_at}
        )


def change_fact(chance, partner):
    """A correction or removal that became known at or after T."""
    later = T + timedelta(seconds=chance.choice([0, 5, 500_000]))
    rows = chance.choice([RevenueEntry, Touchpoint]).objects.filter(partner=partner, superseded_at__isnull=True)
    row = rows.order_by("?").first()
    if row is not None:
        type(row).objects.filter(pk=row.pk).update(superseded_at=later)
        if isinstance(row, RevenueEntry):
            make_revenue(partner=partner, occurred_at=row.occurred_at, known_at=later, amount_minor=1)


@pytest.mark.parametrize("seed", range(6))
def test_facts_after_t_leave_every_score_at_t_bit_identical(world, seed):
    chance = random.Random(seed)
    actor = make_user()
    before = score()
    for _ in range(40):
        partner = chance.choice(world)
        if chance.random() < 0.7:
            add_fact(chance, partner, actor)
        else:
            change_fact(chance, partner)
    newcomer = make_partner(since=T + timedelta(days=1))
    make_revenue(partner=newcomer, occurred_at=days_ago(3), known_at=T)
    assert score() == before


def test_database_cut_off_at_t_gives_the_same_scores(world):
    chance = random.Random(9)
    for partner in world:
        add_fact(chance, partner, make_user())
        make_revenue(partner=partner, occurred_at=T + timedelta(days=2))
    full = score()
    for model in (RevenueEntry, Touchpoint, StageChange, TierChange, ExceptionFlag, Applicability):
        when = "raised_at" if model is ExceptionFlag else "starts_at" if model is Applicability else "occurred_at"
        model.objects.filter(**{f"{when}__gte": T}).delete()
        model.objects.filter(known_at__gte=T).delete()
    Deal.objects.filter(closed_at__gte=T).delete()
    Deal.objects.filter(known_closed_at__gte=T).delete()
    Override.objects.filter(starts_at__gte=T).delete()
    assert score() == full


def test_fact_of_yesterday_known_today_is_invisible_yesterday(world):
    before = score()
    make_revenue(partner=world[0], occurred_at=T - timedelta(hours=1), known_at=T)
    assert score() == before
    make_revenue(partner=world[0], occurred_at=T - timedelta(hours=1), known_at=T - timedelta(microseconds=1))
    assert score() != before


def test_exception_cleared_later_still_caps_the_past(world):
    ExceptionFlag.objects.create(
        partner=world[1],
        key="payment_dispute",
        raised_at=days_ago(9),
        known_at=days_ago(9),
        cleared_at=T + timedelta(days=1),
        known_cleared_at=T + timedelta(days=1),
    )
    score()
    assert HealthSnapshot.objects.get(partner=world[1]).detail["exceptions"] == ["payment_dispute"]
