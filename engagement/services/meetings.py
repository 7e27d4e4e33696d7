"""Scheduling, moving and cancelling meetings, and who is invited to them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import STAFF_ROLES, NotificationKind, User
from accounts.services import record
from core import clock
from core.announce import announce
from core.errors import DomainError, StaleError
from engagement.models import Attendee, Meeting
from engagement.rules.reviews import missed_because
from engagement.rules.wall_time import ResolvedTime
from engagement.services.agenda import fill_agenda
from engagement.services.locks import check_version, closed_message, lock_meeting, lock_partner
from engagement.services.mails import send_cancellation, send_invitation, tell_owner
from engagement.services.notices import tell_meeting
from engagement.services.reminders import refresh_reminders
from engagement.services.replies import overtake_proposals
from engagement.services.submissions import finish_submission, former_result, scoped_key
from engagement.services.when import future_start
from engagement.signals import meeting_cancelled, meeting_missed, meeting_scheduled
from partners.models import Contact, Partner

SHORTEST, LONGEST = 15, 480
MIN_REASON = 5


@transaction.atomic
def schedule_meeting(
    *,
    partner_id: int,
    kind: str,
    local_start: datetime,
    time_zone: str,
    actor: User,
    minutes: int = 60,
    title: str = "",
    place: str = "",
    user_ids: Iterable[int] = (),
    contact_ids: Iterable[int] = (),
    invite: bool = True,
    meeting_uid: uuid.UUID | None = None,
    submission_key: str = "",
) -> Meeting:
    """Fix day, hour and people of a meeting and, with `invite`, send invitations.

    `local_start` is the naive wall time in `time_zone`. The meeting the cadence planned for this partner and kind (or
    the planned one named by `meeting_uid`) is taken over, so that nothing is planned twice.
    """
    submission_key = scoped_key("meeting", actor, submission_key)
    former = former_result(submission_key)
    if former is not None:
        return Meeting.objects.get(uid=former)
    partner = lock_partner(partner_id)
    if partner.archived_at is not None:
        raise DomainError(_("{} is archived; restore it before you plan meetings.").format(partner))
    if kind not in Meeting.Kind.values:
        raise DomainError(_("There is no kind of meeting “{}”.").format(kind), field="kind")
    start = future_start(local_start, time_zone, past=_past())
    _check_length(minutes)
    users, contacts = _people(partner, user_ids, contact_ids)
    if invite and not contacts:
        raise DomainError(
            _("Choose at least one person of {} to invite, or save without inviting.").format(partner),
            field="contacts",
        )
    meeting = _planned_meeting(partner, kind, meeting_uid) or Meeting(partner=partner)
    meeting.kind = kind
    meeting.title = " ".join(title.split())[:160] or default_title(kind, partner)
    meeting.status = Meeting.Status.CONFIRMED if invite else Meeting.Status.PLANNED
    meeting.minutes = minutes
    meeting.place = place.strip()[:300]
    meeting.automatic = False
    meeting.organizer = actor
    meeting.invited_at = clock.now() if invite else None
    put_time(meeting, start, time_zone)
    if meeting.pk:
        meeting.version += 1
    meeting.save()
    _replace_attendees(meeting, users, contacts)
    fill_agenda(meeting)
    refresh_reminders([meeting])
    if invite:
        send_invitation(meeting)
        tell_meeting(meeting, NotificationKind.MEETING_INVITED, actor=actor)
    finish_submission(submission_key, str(meeting.uid))
    record("engagement.meeting_scheduled", meeting, actor=actor, kind=kind, at=meeting.starts_at, invited=invite)
    announce(meeting_scheduled, partner_ids=[partner.pk])
    return meeting


@transaction.atomic
def reschedule_meeting(
    *,
    meeting_id: int,
    local_start: datetime,
    actor: User,
    version: int | None = None,
    time_zone: str = "",
    minutes: int | None = None,
    place: str | None = None,
) -> Meeting:
    """Move a meeting. Invited people get an update; putting an invited one off a second time counts as missed."""
    meeting = lock_meeting(meeting_id)
    check_version(meeting, version)
    if not meeting.is_open:
        raise DomainError(closed_message(meeting))
    zone = time_zone or meeting.time_zone
    length = meeting.minutes if minutes is None else minutes
    where = meeting.place if place is None else place.strip()[:300]
    if (local_start, zone, length, where) == (meeting.wall, meeting.time_zone, meeting.minutes, meeting.place):
        return meeting
    start = future_start(local_start, zone, past=_past())
    _check_length(length)
    former = meeting.starts_at
    put_off = meeting.is_invited and start.instant > former
    meeting.minutes, meeting.place, meeting.automatic = length, where, False
    put_time(meeting, start, zone)
    meeting.sequence += 1
    meeting.postponed += put_off
    meeting.version += 1
    because = missed_because(no_show=False, postponements=meeting.postponed) if put_off else None
    if because is not None:
        meeting.missed_why = because.as_json()
    meeting.save()
    if start.instant != former:
        overtake_proposals(meeting)
    refresh_reminders([meeting])
    if meeting.is_invited:
        send_invitation(meeting)
        tell_meeting(meeting, NotificationKind.MEETING_MOVED, actor=actor)
    record(
        "engagement.meeting_moved",
        meeting,
        actor=actor,
        former=former,
        to=meeting.starts_at,
        postponed=meeting.postponed,
    )
    if because is not None:
        tell_owner(meeting, because)
        record("engagement.meeting_counted_missed", meeting, actor=actor, postponed=meeting.postponed)
        announce(meeting_missed, partner_ids=[meeting.partner_id])
    announce(meeting_scheduled, partner_ids=[meeting.partner_id])
    return meeting


@transaction.atomic
def cancel_meeting(*, meeting_id: int, actor: User, reason: str, version: int | None = None) -> Meeting:
    """Call a meeting off. Invited people are told; the cadence plans the next one."""
    meeting = lock_meeting(meeting_id)
    if meeting.status == Meeting.Status.CANCELLED:
        return meeting
    check_version(meeting, version)
    if not meeting.is_open:
        raise DomainError(closed_message(meeting))
    reason = " ".join(reason.split())[:300]
    if len(reason) < MIN_REASON:
        raise DomainError(_("Say in a few words why; invited people read it."), field="reason")
    invited = meeting.is_invited
    meeting.status = Meeting.Status.CANCELLED
    meeting.closing_reason = reason
    meeting.sequence += 1
    meeting.version += 1
    meeting.save(update_fields=["status", "closing_reason", "sequence", "version", "updated_at"])
    overtake_proposals(meeting)
    refresh_reminders([meeting])
    if invited:
        send_cancellation(meeting)
        tell_meeting(meeting, NotificationKind.MEETING_CANCELLED, actor=actor)
    record("engagement.meeting_cancelled", meeting, actor=actor, invited=invited)
    announce(meeting_cancelled, partner_ids=[meeting.partner_id])
    return meeting


@transaction.atomic
def set_attendees(
    *, meeting_id: int, user_ids: Iterable[int], contact_ids: Iterable[int], actor: User, version: int | None = None
) -> Meeting:
    """Change who takes part. Once invited: who is new gets the invitation, who is left out a cancellation."""
    meeting = lock_meeting(meeting_id)
    check_version(meeting, version)
    if not meeting.is_open:
        raise DomainError(closed_message(meeting))
    users, contacts = _people(meeting.partner, user_ids, contact_ids)
    if meeting.is_invited and not contacts:
        raise DomainError(
            _("An invited meeting needs at least one person of {}.").format(meeting.partner), field="contacts"
        )
    added, removed = _replace_attendees(meeting, users, contacts)
    if not added and not removed:
        return meeting
    meeting.version += 1
    meeting.sequence += meeting.is_invited
    meeting.save(update_fields=["version", "sequence", "updated_at"])
    if meeting.is_invited:
        send_invitation(meeting, only=added)
        send_cancellation(meeting, only=removed)
        tell_meeting(meeting, NotificationKind.MEETING_INVITED, actor=actor, only=added)
        tell_meeting(meeting, NotificationKind.MEETING_CANCELLED, actor=actor, only=removed)
    refresh_reminders([meeting])
    record("engagement.attendees_changed", meeting, actor=actor, added=len(added), removed=len(removed))
    return meeting


def put_time(meeting: Meeting, start: ResolvedTime, zone: str) -> None:
    """Wall time and zone are the truth, the instant follows from them."""
    meeting.local_start = start.wall.replace(tzinfo=UTC)
    meeting.time_zone = zone
    meeting.starts_at = start.instant


def default_title(kind: str, partner: Partner) -> str:
    return _("{kind} with {partner}").format(kind=Meeting.Kind(kind).label, partner=partner)[:160]


def _past() -> DomainError:
    return DomainError(_("This is in the past. To record what took place, log a touch."), field="starts")


def _check_length(minutes: int) -> None:
    if not SHORTEST <= minutes <= LONGEST:
        raise DomainError(_("A meeting lasts between {} and {} minutes.").format(SHORTEST, LONGEST), field="minutes")


def _people(partner: Partner, user_ids: Iterable[int], contact_ids: Iterable[int]) -> tuple[list[User], list[Contact]]:
    wanted_users, wanted_contacts = set(user_ids), set(contact_ids)
    users = list(User.objects.filter(pk__in=wanted_users, is_active=True, role__in=STAFF_ROLES))
    if len(users) != len(wanted_users):
        raise DomainError(_("Choose active colleagues."), field="users")
    contacts = list(Contact.objects.filter(partner=partner, pk__in=wanted_contacts, left_on__isnull=True))
    if len(contacts) != len(wanted_contacts):
        raise DomainError(_("Choose people who work at {}.").format(partner), field="contacts")
    return users, contacts


def _planned_meeting(partner: Partner, kind: str, meeting_uid: uuid.UUID | None) -> Meeting | None:
    rows = Meeting.objects.select_for_update().filter(partner=partner)
    if meeting_uid is None:
        return rows.filter(kind=kind, automatic=True, status=Meeting.Status.PLANNED).first()
    meeting = rows.filter(uid=meeting_uid).first()
    if meeting is None:
        raise DomainError(_("This meeting is no longer there."))
    if meeting.status != Meeting.Status.PLANNED:
        raise StaleError(_("This meeting is already {}.").format(meeting.get_status_display().lower()))
    return meeting


def _replace_attendees(
    meeting: Meeting, users: list[User], contacts: list[Contact]
) -> tuple[list[Attendee], list[Attendee]]:
    """Returns who was added and who was removed."""
    present = list(meeting.attendees.select_related("user", "contact"))
    kept_users = {one.user_id for one in present if one.user_id}
    kept_contacts = {one.contact_id for one in present if one.contact_id}
    user_ids, contact_ids = {one.pk for one in users}, {one.pk for one in contacts}
    removed = [
        one
        for one in present
        if (one.user_id and one.user_id not in user_ids) or (one.contact_id and one.contact_id not in contact_ids)
    ]
    added = [Attendee(meeting=meeting, user=user) for user in users if user.pk not in kept_users]
    added += [Attendee(meeting=meeting, contact=contact) for contact in contacts if contact.pk not in kept_contacts]
    Attendee.objects.filter(pk__in=[one.pk for one in removed]).delete()
    Attendee.objects.bulk_create(added)
    return added, removed
