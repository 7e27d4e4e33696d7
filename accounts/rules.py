"""Which way a kind of notification goes to whom, and when a digest is due. Plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HALF_PAST_SEVEN = time(7, 30)
MONDAY = 0
DAILY, WEEKLY = "daily", "weekly"
APP, MAIL, DIGEST, OFF = "app", "mail", "digest", "off"

STAFF = ("admin", "lead", "partner_manager", "viewer")
PARTNERS = ("partner_admin", "partner_seller", "partner_viewer")

# Kind -> role -> channel; "" stands for the roles not named, and a role that is not there is never told. What has a
# mail of its own (invitations, summaries) is in the app only, so that nobody is told twice.
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "meeting_invited": {"": APP},
    "meeting_moved": {"": APP},
    "meeting_cancelled": {"": APP},
    "summary_sent": {"": APP},
    "commitment_due": {"": APP, "partner_admin": DIGEST, "partner_seller": DIGEST},
    "owner_changed": {"": MAIL, "partner_admin": DIGEST, "partner_seller": APP, "partner_viewer": APP},
    "person_joined": {**dict.fromkeys(STAFF, APP), "partner_manager": DIGEST},
    "topic_proposed": dict.fromkeys(STAFF, MAIL),
    "date_proposed": dict.fromkeys(STAFF, MAIL),
    "summary_confirmed": dict.fromkeys(STAFF, APP),
    "summary_objected": dict.fromkeys(STAFF, MAIL),
    "action_done": dict.fromkeys(STAFF, APP),
    "news_published": dict.fromkeys(PARTNERS, DIGEST),
    "news_to_acknowledge": {**dict.fromkeys(PARTNERS, MAIL), "partner_viewer": DIGEST},
    "file_shared": {**dict.fromkeys(STAFF, APP), **dict.fromkeys(PARTNERS, DIGEST)},
}


def kinds_for(role: str) -> list[str]:
    """What people of this role are told of."""
    return [kind for kind, by_role in DEFAULTS.items() if role in by_role or "" in by_role]


def default_channel(kind: str, role: str) -> str:
    """What holds until the person chooses."""
    by_role = DEFAULTS[kind]
    return by_role.get(role) or by_role.get("", OFF)


def digest_due(now: datetime, zone: ZoneInfo, rhythm: str) -> tuple[date, datetime]:
    """The newest local day whose digest hour has come, and that instant in UTC.

    What was written before the instant belongs to this digest, what comes later to the next. With a unique key per
    person and day a digest goes out once per local day, however often it is asked and even if the clock jumps back.
    """
    day = now.astimezone(zone).date()
    if _instant(day, zone) > now:
        day -= timedelta(days=1)
    if rhythm == WEEKLY:
        day -= timedelta(days=(day.weekday() - MONDAY) % 7)
    return day, _instant(day, zone)


def _instant(day: date, zone: ZoneInfo) -> datetime:
    """Half past seven on the wall; one that the clocks skip is read with the offset before the gap."""
    return datetime.combine(day, HALF_PAST_SEVEN, tzinfo=zone).astimezone(UTC)


def is_own_path(url: str) -> bool:
    """A path on this site: no scheme, no host, nothing a browser would read as one."""
    return url.startswith("/") and not url.startswith("//") and "\\" not in url and url.isprintable()


def is_muted(mutes: Iterable[tuple[str, str]], *, kind: str, thread: str, partner_uid: str) -> bool:
    """`mutes` as (scope, value) of one person."""
    return bool({("kind", kind), ("thread", thread or "-"), ("partner", partner_uid or "-")} & set(mutes))
