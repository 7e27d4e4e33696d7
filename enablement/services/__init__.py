"""Writes of the enablement room: files both sides share, and news."""

from enablement.services.checking import check_file, sweep_files
from enablement.services.files import receive_file, withdraw_file
from enablement.services.news import (
    Draft,
    acknowledge_notice,
    mark_seen,
    publish_notice,
    save_draft,
    withdraw_notice,
)
from enablement.services.telling import tell_news, tell_recent_news

__all__ = [
    "Draft",
    "acknowledge_notice",
    "check_file",
    "mark_seen",
    "publish_notice",
    "receive_file",
    "save_draft",
    "sweep_files",
    "tell_news",
    "tell_recent_news",
    "withdraw_file",
    "withdraw_notice",
]
