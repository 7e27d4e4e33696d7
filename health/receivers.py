"""When something that health measures happens below, ask for a new score. Nothing is computed here."""

from typing import Any

from django.dispatch import receiver

from deals.signals import deals_changed, revenue_changed
from engagement.signals import meeting_held, meeting_missed, touch_logged, touch_retracted
from health import services
from lifecycle.signals import stage_changed
from partners.signals import tier_changed


@receiver(
    [
        revenue_changed,
        deals_changed,
        touch_logged,
        touch_retracted,
        meeting_held,
        meeting_missed,
        stage_changed,
        tier_changed,
    ],
    dispatch_uid="health.ask_for_score",
)
def ask_for_score(partner_ids: list[int], **_: Any) -> None:
    services.request_score(partner_ids)
