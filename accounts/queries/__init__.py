"""Reads of the accounts room."""

from accounts.queries.log import LogPage, log_of_partner
from accounts.queries.notifications import (
    TOKEN_SALT,
    Choice,
    Group,
    Habits,
    by_day_and_partner,
    choices,
    holder_of,
    inbox,
    inbox_path,
    mutes_of,
    preference_token,
    unread_count,
    zone_of,
)

__all__ = [
    "TOKEN_SALT",
    "Choice",
    "Group",
    "Habits",
    "LogPage",
    "by_day_and_partner",
    "choices",
    "holder_of",
    "inbox",
    "inbox_path",
    "log_of_partner",
    "mutes_of",
    "preference_token",
    "unread_count",
    "zone_of",
]
