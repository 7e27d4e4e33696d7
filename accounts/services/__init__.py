"""Every write of the accounts room."""

from accounts.services.audit import hashed, record
from accounts.services.notifications import (
    Notice,
    choose_channels,
    end_mute,
    mark_all_read,
    mark_read,
    mark_unread,
    mute,
    notify,
    notify_all,
    send_digests,
    stop_mails,
    take_back,
)
from accounts.services.sessions import end_sessions
from accounts.services.suppression import address_digests, is_suppressed, suppress
from accounts.services.tokens import create_token, revoke_token, revoke_tokens_of

__all__ = [
    "Notice",
    "address_digests",
    "choose_channels",
    "create_token",
    "end_mute",
    "end_sessions",
    "hashed",
    "is_suppressed",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "mute",
    "notify",
    "notify_all",
    "record",
    "revoke_token",
    "revoke_tokens_of",
    "send_digests",
    "stop_mails",
    "suppress",
    "take_back",
]
