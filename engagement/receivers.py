"""What happens after a meeting: the cadence plans the next one."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from core.nudge import nudge
from engagement import tasks
from engagement.signals import meeting_cancelled, meeting_held, meeting_missed


@receiver([meeting_held, meeting_missed, meeting_cancelled], dispatch_uid="engagement.plan_after_meeting")
def plan_after_meeting(partner_ids: list[int], **_: Any) -> None:
    nudge(tasks.plan_reviews, partner_ids)
