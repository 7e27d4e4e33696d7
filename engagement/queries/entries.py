"""Meetings and dated commitments as calendar entries, for mails and for the secret feed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from engagement import ics
from engagement.models import Commitment, Meeting
from engagement.queries.calendars import usable_zone
from engagement.queries.people import is_address
from partners.models import SharingRule
from partners.queries import is_shared

FEED_PAST = timedelta(days=90)
FEED_LIMIT = 1000


def entry_uid(uid: object) -> str:
    """The same in mails and feed, so that a calendar shows one entry."""
    return f"{uid}@{urlsplit(settings.BASE_URL).hostname or 'prm'}"


def meeting_url(meeting: Meeting) -> str:
    return f"{settings.BASE_URL}{reverse('engagement:meeting_detail', args=[meeting.uid])}"


def person(email: str, name: str) -> ics.Person | None:
    return ics.Person(email, name) if is_address(email) else None


def calendar_meeting(meeting: Meeting, attendees: Iterable[ics.Person] = (), *, with_link: bool) -> ics.CalendarMeeting:
    """`with_link` for our own people only: the address leads into the application."""
    organizer = person(meeting.organizer.email, str(meeting.organizer)) if meeting.organizer else None
    tentative = meeting.status == Meeting.Status.PLANNED
    return ics.CalendarMeeting(
        uid=entry_uid(meeting.uid),
        sequence=meeting.sequence,
        summary=meeting.title,
        wall=meeting.wall,
        zone=usable_zone(meeting.time_zone),
        length=timedelta(minutes=meeting.minutes),
        changed_at=meeting.updated_at,
        organizer=organizer or ics.Person(settings.DEFAULT_FROM_EMAIL, settings.ORGANISATION),
        attendees=tuple(attendees),
        location=meeting.place,
        url=meeting_url(meeting) if with_link else "",
        status=ics.Status.TENTATIVE if tentative else ics.Status.CONFIRMED,
    )


def feed_for(user: User, *, at: datetime) -> bytes:
    """The user's calendar. Ours: meetings they take part in or whose partner they own, and what they promised."""
    return _own_feed(user, at - FEED_PAST) if user.is_vendor else _partner_feed(user, at - FEED_PAST)


def _partner_feed(user: User, since: datetime) -> bytes:
    """For a person of a partner: the meetings both sides know of, and the open actions of their own side.

    Empty while meetings are not shared.
    """
    name = _("Meetings with {}").format(settings.ORGANISATION)
    if not is_shared(SharingRule.Topic.MEETINGS):
        return ics.feed(name, [], [])
    meetings = (
        Meeting.objects.visible_to(user)
        .shared()
        .filter(starts_at__gte=since)
        .exclude(status__in=[Meeting.Status.CANCELLED, Meeting.Status.MISSED])
        .select_related("organizer")
        .order_by("starts_at")[:FEED_LIMIT]
    )
    dues = (
        Commitment.objects.visible_to(user)
        .shared()
        .actions()
        .unfinished()
        .filter(side=Commitment.Side.THEIRS, due_on__isnull=False)
        .order_by("due_on")[:FEED_LIMIT]
    )
    days = [
        ics.CalendarDay(
            uid=entry_uid(one.uid),
            day=one.due_on,
            summary=_("Due: {what} ({partner})").format(what=one.text, partner=settings.ORGANISATION),
            changed_at=one.updated_at,
        )
        for one in dues
        if one.due_on is not None
    ]
    return ics.feed(name, [calendar_meeting(one, with_link=False) for one in meetings], days)


def _own_feed(user: User, since: datetime) -> bytes:
    meetings = (
        Meeting.objects.visible_to(user)
        .filter(Q(partner__owner=user) | Q(attendees__user=user), starts_at__gte=since, partner__archived_at=None)
        .exclude(status__in=[Meeting.Status.CANCELLED, Meeting.Status.MISSED])
        .select_related("organizer")
        .order_by("starts_at")
        .distinct()[:FEED_LIMIT]
    )
    dues = (
        Commitment.objects.visible_to(user)
        .filter(owner=user, due_on__isnull=False, partner__archived_at=None)
        .unfinished()
        .select_related("partner", "meeting")
        .order_by("due_on")[:FEED_LIMIT]
    )
    days = [
        ics.CalendarDay(
            uid=entry_uid(one.uid),
            day=one.due_on,
            summary=_("Due: {what} ({partner})").format(what=one.text, partner=one.partner),
            changed_at=one.updated_at,
            url=meeting_url(one.meeting) if one.meeting else "",
        )
        for one in dues
        if one.due_on is not None
    ]
    name = _("Meetings at {}").format(settings.ORGANISATION)
    return ics.feed(name, [calendar_meeting(one, with_link=True) for one in meetings], days)
