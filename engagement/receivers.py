"""What happens after a meeting, and when somebody's standing at a partner changes."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from core.nudge import nudge
from engagement import tasks
from engagement.services import forget_feeds
from engagement.signals import meeting_cancelled, meeting_held, meeting_missed
from partners.signals import seats_changed


@receiver([meeting_held, meeting_missed, meeting_cancelled], dispatch_uid="engagement.plan_after_meeting")
def plan_after_meeting(partner_ids: list[int], **_: Any) -> None:
    nudge(tasks.plan_reviews, partner_ids)


@receiver(seats_changed, dispatch_uid="engagement.forget_feeds")
def forget_feeds_of(user_ids: list[int], **_: Any) -> None:
    forget_feeds(user_ids=user_ids)  # at once: it must hold from the next request on
