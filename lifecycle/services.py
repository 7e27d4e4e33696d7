"""The one door through which a partner's stage changes."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core import clock
from core.announce import announce
from core.errors import DomainError, StaleError
from lifecycle.models import Journey, Stage, StageChange
from lifecycle.rules import REASON_MIN_LENGTH, REASON_NEEDED
from lifecycle.signals import stage_changed
from partners.models import Partner

FIRST_SALE = "first imported sale"


@transaction.atomic
def start_journey(
    *,
    partner_id: int,
    stage: str,
    occurred_at: datetime,
    actor: User | None,
    known_at: datetime | None = None,
    reason: str = "",
) -> Journey:
    """Begin a partner's journey at `stage`; a partner that has one keeps it."""
    journey, created = Journey.objects.get_or_create(
        partner_id=partner_id, defaults={"stage": stage, "entered_at": occurred_at}
    )
    if created:
        _remember(journey, former="", at=occurred_at, known_at=known_at, actor=actor, reason=reason, days=None)
        announce(stage_changed, partner_ids=[partner_id], to_stage=stage)
    return journey


@transaction.atomic
def start_journeys_from_first_sale(first_sales: dict[int, tuple[datetime, datetime, bool]]) -> int:
    """Put partners without a journey into growth on the day of their first sale; an earlier sale moves the start back.

    `first_sales` maps partner id to (occurred_at, known_at, asserted). Safe to repeat; returns how many began.
    """
    list(Partner.objects.select_for_update().filter(pk__in=list(first_sales)).order_by("pk").values_list("pk"))
    existing = {
        journey.partner_id: journey
        for journey in Journey.objects.select_for_update()
        .filter(partner_id__in=list(first_sales))
        .order_by("partner_id")
    }
    fresh = {pk: sale for pk, sale in first_sales.items() if pk not in existing}
    Journey.objects.bulk_create(
        [Journey(partner_id=pk, stage=Stage.GROWTH, entered_at=sale[0]) for pk, sale in fresh.items()],
        batch_size=500,
        ignore_conflicts=True,
    )
    StageChange.objects.bulk_create(
        [
            StageChange(
                partner_id=pk,
                to_stage=Stage.GROWTH,
                occurred_at=at,
                known_at=known,
                known_asserted=asserted,
                reason=FIRST_SALE,
            )
            for pk, (at, known, asserted) in fresh.items()
        ],
        batch_size=500,
    )
    for pk, journey in existing.items():
        at, known, asserted = first_sales[pk]
        if journey.stage == Stage.GROWTH and at < journey.entered_at:
            first = StageChange.objects.current().filter(
                partner_id=pk, reason=FIRST_SALE, occurred_at=journey.entered_at
            )
            if first.update(superseded_at=clock.now()):
                StageChange.objects.create(
                    partner_id=pk,
                    to_stage=Stage.GROWTH,
                    occurred_at=at,
                    known_at=known,
                    known_asserted=asserted,
                    reason=FIRST_SALE,
                )
                journey.entered_at = at
                journey.save(update_fields=["entered_at"])
    return len(fresh)


@transaction.atomic
def move_to_stage(*, partner_id: int, stage: str, actor: User, reason: str = "", version: int | None = None) -> Journey:
    """Move a partner along `ALLOWED_MOVES`; writes nothing when the move or the reason is not acceptable."""
    journey = Journey.objects.select_for_update().select_related("partner").get(partner_id=partner_id)
    if version is not None and version != journey.version:
        raise StaleError(
            _("{} was moved to {} since you opened this page; your move was not made.").format(
                journey.partner, journey.get_stage_display()
            )
        )
    if stage not in Stage.values:
        raise DomainError(_("There is no stage “{}”.").format(stage), field="stage")
    if not journey.may_move_to(stage):
        raise DomainError(
            _("Cannot move from {} to {}.").format(journey.get_stage_display(), Stage(stage).label), field="stage"
        )
    if stage in REASON_NEEDED and len(reason.strip()) < REASON_MIN_LENGTH:
        raise DomainError(
            _("Say in a few words why the partnership ends; it is kept for the lessons learned."), field="reason"
        )
    _move(journey, stage=stage, actor=actor, reason=reason.strip())
    return journey


@transaction.atomic
def undo_move(*, partner_id: int, version: int, actor: User) -> Journey:
    """Take the last move back, if nobody moved the partner since: the time in the former stage goes on as before.

    The move stays in the history, marked as taken back; scores of the time in between still see it.
    """
    journey = Journey.objects.select_for_update().select_related("partner").get(partner_id=partner_id)
    moves = StageChange.objects.current().filter(partner_id=partner_id).order_by("-occurred_at", "-id")[:2]
    if version != journey.version or len(moves) < 2:
        raise StaleError(_("{} was moved again since; there is nothing left to undo.").format(journey.partner))
    last, before = moves
    last.superseded_at = clock.now()
    last.save(update_fields=["superseded_at"])
    journey.stage, journey.entered_at = before.to_stage, before.occurred_at
    journey.version += 1
    journey.save(update_fields=["stage", "entered_at", "version"])
    record("lifecycle.move_undone", journey, actor=actor, former=last.to_stage, to=journey.stage)
    announce(stage_changed, partner_ids=[partner_id], to_stage=journey.stage)
    return journey


def _move(journey: Journey, *, stage: str, actor: User, reason: str) -> None:
    now = clock.now()
    former = journey.stage
    days = max(0, (now - journey.entered_at).days)
    journey.stage = stage
    journey.entered_at = now
    journey.version += 1
    journey.save(update_fields=["stage", "entered_at", "version"])
    _remember(journey, former=former, at=now, known_at=now, actor=actor, reason=reason, days=days)
    record("lifecycle.stage_changed", journey, actor=actor, former=former, to=stage, days=days)
    announce(stage_changed, partner_ids=[journey.partner_id], to_stage=stage)


def _remember(
    journey: Journey, *, former: str, at: datetime, known_at: Any, actor: User | None, reason: str, days: int | None
) -> None:
    StageChange.objects.create(
        partner_id=journey.partner_id,
        from_stage=former,
        to_stage=journey.stage,
        occurred_at=at,
        known_at=known_at or at,
        known_asserted=known_at is None and at < clock.now(),
        actor=actor,
        reason=reason,
        days_in_former=days,
    )
