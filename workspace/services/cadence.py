"""Tells engagement, which knows neither lifecycle nor health, what decides how often a partner is met."""

from collections.abc import Iterable

from engagement.services import Situation, note_situations, plan_reviews
from health.models import HealthState
from lifecycle.models import Journey
from partners.models import Partner

CHUNK = 1000


def plan_reviews_of(partner_ids: Iterable[int] | None = None) -> int:
    """Note stage and published band of these partners (default: all active ones) and plan their reviews.

    Safe to repeat; returns how many partners had news.
    """
    ids = sorted(partner_ids) if partner_ids is not None else _everybody()
    news = 0
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        news += note_situations(_situations(chunk))
        if partner_ids is not None:
            plan_reviews(chunk)
    if partner_ids is None:
        plan_reviews()
    return news


def _everybody() -> list[int]:
    return list(Partner.objects.active().order_by("pk").values_list("pk", flat=True))


def _situations(partner_ids: list[int]) -> dict[int, Situation]:
    bands = {
        pk: (band, since)
        for pk, band, since in HealthState.objects.filter(partner_id__in=partner_ids).values_list(
            "partner_id", "band", "band_since"
        )
    }
    journeys = Journey.objects.filter(partner_id__in=partner_ids).values_list("partner_id", "stage", "entered_at")
    return {pk: Situation(stage, entered.date(), *bands.get(pk, ("", None))) for pk, stage, entered in journeys}
