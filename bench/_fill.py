"""Rows for the web bench: `number` partners with stage, health, people, touches, meetings and sales."""

import random
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Model

from accounts.models import Role, User
from accounts.services import create_token
from core import clock
from deals.models import RevenueEntry
from engagement.models import Meeting, Touchpoint
from health.services import compute
from lifecycle.models import Journey, StageChange
from partners.models import Contact, Membership, Partner, TierChange

BATCH = 2_000
PARTNER_LOGIN = "partner@bench.example"
TIERS = ["registered"] * 6 + ["silver"] * 3 + ["gold", "strategic"]
STAGES = ["growth"] * 6 + ["onboarding", "evaluation", "expansion", "recruit"]


def fill_web(number: int, password: str) -> str:
    """Fill the database and return an API token of the bench user, who owns one partner in fifty."""
    rng = random.Random(1)
    user = User.objects.create_user("bench@bench.example", password, name="Bench Manager", role=Role.MANAGER)
    others = [
        User.objects.create_user(f"o{n}@bench.example", None, name=f"Owner {n}", role=Role.MANAGER) for n in range(49)
    ]
    owners = [user, *others]
    now = clock.now()
    long_ago = now - timedelta(days=600)

    def partner(n: int) -> Partner:
        name = f"Partner {n:06d}"
        return Partner(
            name=name, slug=f"bench-{n}", search_name=name.lower(), tier=rng.choice(TIERS), owner=owners[n % 50],
            country="Germany", joined_on=long_ago.date(),
        )  # fmt: skip

    create(Partner, (partner(n) for n in range(number)))
    ids = list(Partner.objects.order_by("id").values_list("id", "tier"))
    create(
        TierChange, (TierChange(partner_id=pk, tier=tier, occurred_at=long_ago, known_at=long_ago) for pk, tier in ids)
    )
    stages = {pk: rng.choice(STAGES) for pk, _tier in ids}
    create(Journey, (Journey(partner_id=pk, stage=stage, entered_at=long_ago) for pk, stage in stages.items()))
    create(
        StageChange,
        (
            StageChange(partner_id=pk, to_stage=stage, occurred_at=long_ago, known_at=long_ago)
            for pk, stage in stages.items()
        ),
    )
    create(Contact, (Contact(partner_id=pk, name=f"Person {pk}", email=f"p{pk}@bench.example") for pk, _ in ids))
    create(RevenueEntry, (sale(pk, n, rng, now) for pk, _ in ids for n in range(5)))
    create(Touchpoint, (touch(pk, rng, now, user) for pk, _ in ids))
    create(Meeting, (meeting(pk, rng, now, user) for pk, _ in ids[::3]))
    compute(as_of=clock.today())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    partner = User.objects.create_user(PARTNER_LOGIN, password, name="Bench Partner", role=Role.PARTNER_ADMIN)
    Membership.objects.create(user=partner, partner=Partner.objects.get(slug="bench-777"))
    return create_token(user=user, name="bench", scope="read", days=1)[1]


def create(model: type[Model], rows: Iterable[Any]) -> None:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            model.objects.bulk_create(batch)
            batch = []
    model.objects.bulk_create(batch)


def sale(pk: int, n: int, rng: random.Random, now: Any) -> RevenueEntry:
    at = now - timedelta(days=rng.randint(1, 500))
    return RevenueEntry(
        partner_id=pk, source="bench", external_id=f"{pk}-{n}", occurred_at=at, known_at=at,
        amount_minor=rng.randint(1_000, 900_000), currency="EUR",
    )  # fmt: skip


def touch(pk: int, rng: random.Random, now: Any, user: User) -> Touchpoint:
    at = now - timedelta(days=rng.randint(1, 200))
    return Touchpoint(uid=uuid.uuid4(), partner_id=pk, occurred_at=at, known_at=at, text="Called", actor=user)


def meeting(pk: int, rng: random.Random, now: Any, user: User) -> Meeting:
    at = now + timedelta(days=rng.randint(1, 90))
    return Meeting(partner_id=pk, title="QBR", local_start=at, time_zone="UTC", starts_at=at, organizer=user)
