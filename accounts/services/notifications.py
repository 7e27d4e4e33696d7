"""What people are told: written into their inboxes, and mailed as they chose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts import reach
from accounts.models import Mute, Notification, NotificationKind, NotificationPreference, User
from accounts.queries import Habits, inbox_path, preference_token, zone_of
from accounts.rules import APP, DIGEST, MAIL, OFF, default_channel, digest_due, is_own_path, kinds_for
from accounts.services.audit import record
from core import clock
from core.errors import DomainError
from core.outbox import put_mail

MUTED_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Notice:
    """One thing to tell. Words are lazy translations, so that each person reads them in their own language.

    `url` is a path on this site, `reason` a sentence that says why they get it, `key` the same whenever it is the same
    thing, `thread` what belongs together, `details` paragraphs that only the mail adds. In a portal request
    `partner_uid` must be that of the portal.
    """

    users: Sequence[User]
    kind: str
    title: str | Promise
    url: str
    reason: str | Promise
    key: str
    partner_uid: UUID | None = None
    thread: str = ""
    details: Sequence[str | Promise] = ()


def notify(
    *,
    users: Sequence[User],
    kind: str,
    title: str | Promise,
    url: str,
    reason: str | Promise,
    key: str,
    partner_uid: UUID | None = None,
    thread: str = "",
    details: Sequence[str | Promise] = (),
) -> int:
    """Tell these people one thing; see Notice and notify_all."""
    notice = Notice(users, kind, title, url, reason, key, partner_uid, thread, details)
    return notify_all([notice])


@transaction.atomic
def notify_all(notices: Iterable[Notice]) -> int:
    """Write what people are told into their inboxes, and owe the mails they want, inside the caller's transaction.

    Nobody is told twice under one key, nobody of a partner they may not see, and nobody whose access has ended.
    Returns how many were told. The same number of queries for any number of people, besides one for each mail.
    """
    wanted = [(user, notice) for notice in notices for user in notice.users]
    reached = reach.partners().reachable([(user, notice.partner_uid) for user, notice in wanted])
    wanted = [(user, notice) for user, notice in wanted if (user.pk, notice.partner_uid) in reached]
    if not wanted:
        return 0
    ids = {user.pk for user, _notice in wanted}
    told = set(
        Notification.objects.filter(user_id__in=ids, key__in={notice.key for _user, notice in wanted}).values_list(
            "user_id", "key"
        )
    )
    habits = Habits.of(ids)
    rows, mails = [], []
    for user, notice in wanted:
        channel = habits.channel(user, notice.kind)
        if channel == OFF or (user.pk, notice.key) in told:
            continue
        told.add((user.pk, notice.key))
        row = _row(user, notice)
        if habits.muted(row):
            row.read_at = row.created_at
        elif channel == MAIL:
            mails.append((user, row, notice.details))
        row.digest_owed = channel == DIGEST and row.read_at is None
        rows.append(row)
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    for user, row, details in mails:
        _mail_now(user, row, details)
    return len(rows)


def take_back(*, key: str) -> int:
    """What was told under this key is there no longer: it leaves every inbox, and no digest speaks of it."""
    return Notification.objects.filter(key=key).delete()[0]


def send_digests() -> int:
    """Owe each person the digest that is due on their own clock; returns how many. Safe to run twice or at once."""
    now = clock.now()
    waiting = User.objects.filter(notifications__digest_owed=True).annotate(first=Min("notifications__created_at"))
    sent = 0
    for user in waiting.order_by("pk"):
        day, hour = digest_due(now, zone_of(user), user.digest_rhythm)
        if user.first < hour:
            sent += _digest(user, day, hour)
    return sent


@transaction.atomic
def mark_read(*, user: User, uid: UUID) -> Notification | None:
    """Read by opening it; None when it is not this person's, or no longer."""
    row = Notification.objects.readable_by(user).filter(uid=uid).first()
    if row is not None and row.read_at is None:
        row.read_at, row.digest_owed = clock.now(), False
        row.save(update_fields=["read_at", "digest_owed"])
    return row


def mark_all_read(*, user: User) -> datetime | None:
    """The instant under which they were marked, by which it can be undone; None when there was nothing."""
    now = clock.now()
    marked = Notification.objects.readable_by(user).unread().update(read_at=now, digest_owed=False)
    return now if marked else None


def mark_unread(*, user: User, read_at: datetime) -> int:
    """Take back one marking."""
    return Notification.objects.readable_by(user).filter(read_at=read_at).update(read_at=None)


@transaction.atomic
def mute(*, user: User, uid: UUID, scope: str) -> Mute:
    """Hear no more of the thread, kind or partner of this notification; what is unread of it counts as read.

    A thread is muted until that is taken back, a kind or a partner for thirty days.
    """
    row = Notification.objects.readable_by(user).filter(uid=uid).first()
    value = _mutable(row, scope) if row is not None else ""
    if row is None or not value:
        raise DomainError(_("There is nothing here that can be muted."))
    now = clock.now()
    silence, _created = Mute.objects.update_or_create(
        user=user,
        scope=scope,
        value=value,
        defaults={
            "title": _muted_title(row, scope),
            "partner_uid": None if scope == Mute.Scope.KIND else row.partner_uid,
            "until": None if scope == Mute.Scope.THREAD else now + MUTED_FOR,
            "created_at": now,
        },
    )
    field = {"thread": "thread", "kind": "kind", "partner": "partner_uid"}[scope]
    same = Notification.objects.readable_by(user).unread().filter(**{field: value})
    same.update(read_at=now, digest_owed=False)
    return silence


@transaction.atomic
def end_mute(*, user: User, uid: UUID) -> bool:
    """Hear of it again; what the mute itself marked as read is unread again. False when it was not muted."""
    silence = Mute.objects.filter(user=user, uid=uid).first()
    if silence is None:
        return False
    mark_unread(user=user, read_at=silence.created_at)
    silence.delete()
    return True


@transaction.atomic
def choose_channels(*, user: User, channels: Mapping[str, str], rhythm: str | None = None) -> None:
    """Which way each kind reaches this person. A choice equal to the default is none, and follows it."""
    for kind, channel in channels.items():
        if kind not in kinds_for(user.role) or channel not in NotificationPreference.Channel.values:
            raise DomainError(_("Choose one of the ways shown."))
        chosen = NotificationPreference.objects.filter(user=user, kind=kind)
        if channel == default_channel(kind, user.role):
            chosen.delete()
        elif not chosen.update(channel=channel):
            NotificationPreference.objects.create(user=user, kind=kind, channel=channel)
    if rhythm is not None and rhythm != user.digest_rhythm:
        User.objects.filter(pk=user.pk).update(digest_rhythm=rhythm)
    record("accounts.notifications_chosen", user, actor=user, kinds=sorted(channels))


@transaction.atomic
def stop_mails(*, user: User, about: str) -> list[str]:
    """No more mails of one kind, or (`digest`) no more digests: both stay in the app. Returns the kinds changed."""
    habits = Habits.of({user.pk})
    ways = {DIGEST} if about == DIGEST else {MAIL, DIGEST}
    kinds = [kind for kind in kinds_for(user.role) if about in {kind, DIGEST} and habits.channel(user, kind) in ways]
    if kinds:
        choose_channels(user=user, channels=dict.fromkeys(kinds, APP))
    return kinds


def _row(user: User, notice: Notice) -> Notification:
    if not is_own_path(notice.url):
        raise ValueError(f"A notification leads to a path on this site, not to {notice.url!r}")
    with translation.override(user.language):
        return Notification(
            user=user,
            partner_uid=notice.partner_uid,
            kind=NotificationKind(notice.kind),
            title=" ".join(str(notice.title).split())[:250],
            reason=str(notice.reason)[:200],
            url=notice.url,
            thread=notice.thread,
            key=notice.key,
            created_at=clock.now(),
        )


def _mutable(row: Notification, scope: str) -> str:
    """What a mute of this scope would be for; empty when there is no such thing."""
    values = {"thread": row.thread, "kind": row.kind, "partner": str(row.partner_uid or "")}
    return values.get(scope, "")


def _muted_title(row: Notification, scope: str) -> str:
    if scope == Mute.Scope.PARTNER and row.partner_uid:
        return reach.partners().names([row.partner_uid]).get(row.partner_uid, "")
    return row.title if scope == Mute.Scope.THREAD else ""


def _mail_now(user: User, row: Notification, details: Sequence[str | Promise]) -> None:
    _put(
        user,
        key=f"notification:{user.pk}:{row.key}",
        template="notification",
        about=row.kind,
        partner_uids={row.partner_uid},
        context={"notification": row, "details": details, "link": f"{settings.BASE_URL}{row.url}"},
    )


@transaction.atomic
def _digest(user: User, day: date, hour: datetime) -> bool:
    """One mail with what was written before `hour` and is still worth saying; nothing to say, no mail."""
    owed = Notification.objects.select_for_update(skip_locked=True, of=("self",)).filter(user=user, digest_owed=True)
    rows = list(owed.filter(created_at__lt=hour).order_by("created_at", "pk"))
    reached = reach.partners().reachable([(user, row.partner_uid) for row in rows])
    habits = Habits.of({user.pk})
    telling = [
        row
        for row in rows
        if (user.pk, row.partner_uid) in reached
        and habits.channel(user, row.kind) in {DIGEST, MAIL}
        and not habits.muted(row)
    ]
    sent = bool(telling) and _mail_digest(user, day, telling)
    if sent or not telling:
        Notification.objects.filter(pk__in=[row.pk for row in rows]).update(digest_owed=False)
    return sent


def _mail_digest(user: User, day: date, rows: Sequence[Notification]) -> bool:
    names = reach.partners().names({row.partner_uid for row in rows if row.partner_uid})
    groups: dict[str, list[Notification]] = {}
    for row in rows:
        groups.setdefault(names.get(row.partner_uid, "") if row.partner_uid else "", []).append(row)
    return _put(
        user,
        key=f"notifications:digest:{user.pk}:{day.isoformat()}",
        template="digest",
        about=DIGEST,
        partner_uids={row.partner_uid for row in rows},
        context={
            "groups": sorted(groups.items()),
            "count": len(rows),
            "link": f"{settings.BASE_URL}{inbox_path(user)}",
        },
    )


def _put(
    user: User, *, key: str, template: str, about: str, partner_uids: set[UUID | None], context: dict[str, Any]
) -> bool:
    """Owe one mail in the receiver's language, with the link and the headers that stop it (RFC 8058).

    What is about demo partners alone is no more sent than what goes to a demo person.
    """
    token = preference_token(user, about)
    known = {
        "organisation": settings.ORGANISATION,
        "reader": user,
        "preferences": f"{settings.BASE_URL}{reverse('accounts:preferences_by_link', args=[token])}",
        **context,
    }
    with translation.override(user.language):
        text = render_to_string(f"accounts/email/{template}.txt", known).lstrip()
    subject, _newline, body = text.partition("\n")
    stop = f"{settings.BASE_URL}{reverse('accounts:mails_stop', args=[token])}"
    return put_mail(
        key=key,
        to=user.email,
        subject=subject.strip(),
        body=body.strip() + "\n",
        kind="notification_digest" if about == DIGEST else "notification",
        partner_uid=next(iter(partner_uids)) if len(partner_uids) == 1 else None,
        is_demo=user.is_demo or reach.partners().only_demo(uid for uid in partner_uids if uid),
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
