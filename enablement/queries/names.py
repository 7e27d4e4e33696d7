"""What files and news are called in the audit trail."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from accounts.models import User
from accounts.naming import Topics, called
from enablement.models import Notice, SharedFile


def file_names(reader: User, _topics: Topics) -> QuerySet[Any]:
    return called(SharedFile.objects.visible_to(reader), "enablement.SharedFile", F("name"))


def notice_names(reader: User, _topics: Topics) -> QuerySet[Any]:
    return called(Notice.objects.visible_to(reader), "enablement.Notice", F("title"))
