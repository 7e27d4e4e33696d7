"""What other rooms announce and the cadence must hear."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from engagement import tasks
from engagement.signals import meeting_cancelled, meeting_held, meeting_missed
from partners.signals import owner_changed, tier_changed


@receiver([tier_changed, owner_changed], dispatch_uid="engagement.plan_after_partner_change")
def plan_after_partner_change(partner_ids: list[int], **_payload: Any) -> None:
    tasks.plan_reviews.delay(partner_ids)


@receiver([meeting_held, meeting_missed, meeting_cancelled], dispatch_uid="engagement.plan_after_meeting")
def plan_after_meeting(partner_ids: list[int], **_payload: Any) -> None:
    tasks.plan_reviews.delay(partner_ids)
