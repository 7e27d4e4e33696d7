"""A worker checks files that came in and tells of news; the periodic runs find what was missed."""

from __future__ import annotations

import uuid
from typing import Any

from django.dispatch import receiver

from core.nudge import nudge
from enablement import tasks
from enablement.signals import file_received, notice_published


@receiver(file_received, dispatch_uid="enablement.check_received")
def check_received(uids: list[uuid.UUID], **_: Any) -> None:
    for uid in uids:
        nudge(tasks.check_file, str(uid))


@receiver(notice_published, dispatch_uid="enablement.tell_published")
def tell_published(uids: list[uuid.UUID], **_: Any) -> None:
    for uid in uids:
        nudge(tasks.tell_news, str(uid))
