"""What became of a meeting: held, missed, and the summary sent afterwards."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import NotificationKind, User
from accounts.services import record
from core import clock
from core.announce import announce
from core.errors import DomainError
from engagement.models import Attendee, Meeting, Touchpoint
from engagement.rules.reviews import may_close_as_held, missed_because
from engagement.services.locks import check_version, closed_message, lock_meeting
from engagement.services.mails import send_minutes, tell_owner
from engagement.services.notices import tell_meeting
from engagement.services.reminders import refresh_reminders
from engagement.services.replies import overtake_proposals
from engagement.signals import meeting_held, meeting_missed, touch_logged


@transaction.atomic
def hold_meeting(
    *,
    meeting_id: int,
    actor: User,
    attended: Iterable[int],
    notes: str | None = None,
    version: int | None = None,
) -> Meeting:
    """Close a meeting as held, which makes the touch that feeds health. `attended`: ids of its attendees who came."""
    meeting = lock_meeting(meeting_id)
    if meeting.status == Meeting.Status.HELD:
        return meeting
    check_version(meeting, version)
    if not meeting.is_open:
        raise DomainError(closed_message(meeting))
    now = clock.now()
    _check_day_has_come(meeting)
    came = _mark_attendance(meeting, attended)
    if not any(one.contact_id for one in came):
        raise DomainError(
            _("Nobody of {} was there: tick who came, or mark the meeting as missed.").format(meeting.partner),
            field="attended",
        )
    if meeting.needs_commitment and not may_close_as_held(meeting.commitments.values_list("due_on", flat=True)):
        raise DomainError(
            _("A review ends with at least one commitment that has a date. Add one, then close it as held."),
            field="commitments",
        )
    meeting.status = Meeting.Status.HELD
    meeting.held_at = min(meeting.starts_at, now)
    meeting.known_held_at = now
    meeting.missed_why = None
    if notes is not None:
        meeting.notes = notes
        meeting.notes_version += 1
    meeting.automatic = False
    meeting.version += 1
    meeting.save()
    touch = Touchpoint.objects.create(
        uid=meeting.uid,
        partner=meeting.partner,
        kind=Touchpoint.Kind.MEETING,
        two_way=True,
        text=meeting.title,
        actor=actor,
        meeting=meeting,
        occurred_at=meeting.held_at,
        known_at=now,
    )
    touch.contacts.set([one.contact_id for one in came if one.contact_id])
    overtake_proposals(meeting)
    refresh_reminders([meeting])
    record("engagement.meeting_held", meeting, actor=actor, attended=len(came))
    announce(meeting_held, partner_ids=[meeting.partner_id])
    announce(touch_logged, partner_ids=[meeting.partner_id])
    return meeting


@transaction.atomic
def mark_missed(*, meeting_id: int, actor: User, version: int | None = None) -> Meeting:
    """The partner did not come. The owner is told, and the cadence plans the next one."""
    meeting = lock_meeting(meeting_id)
    if meeting.status == Meeting.Status.MISSED:
        return meeting
    check_version(meeting, version)
    if not meeting.is_open:
        raise DomainError(closed_message(meeting))
    if not meeting.has_begun(clock.now()):
        raise DomainError(_("It has not begun yet; move or cancel it instead."))
    because = missed_because(no_show=True, postponements=meeting.postponed)
    if because is None:
        raise DomainError(closed_message(meeting))
    _mark_attendance(meeting, meeting.attendees.filter(user__isnull=False).values_list("pk", flat=True))
    meeting.status = Meeting.Status.MISSED
    meeting.missed_at = clock.now()
    meeting.missed_why = because.as_json()
    meeting.automatic = False
    meeting.version += 1
    meeting.save()
    overtake_proposals(meeting)
    refresh_reminders([meeting])
    tell_owner(meeting, because)
    record("engagement.meeting_missed", meeting, actor=actor)
    announce(meeting_missed, partner_ids=[meeting.partner_id])
    return meeting


@transaction.atomic
def send_summary(*, meeting_id: int, actor: User) -> int:
    """Mail decisions, actions and shared notes to everybody invited; returns to how many. Each gets it once."""
    meeting = lock_meeting(meeting_id)
    if meeting.status != Meeting.Status.HELD:
        raise DomainError(_("Close the meeting as held first; then its summary can be sent."))
    if not meeting.attendees.exists():
        raise DomainError(_("Nobody was invited, so there is nobody to send it to."))
    sent = send_minutes(meeting)
    if sent and meeting.summary_sent_at is None:
        meeting.summary_sent_at = clock.now()
        meeting.save(update_fields=["summary_sent_at", "updated_at"])
    if sent:
        tell_meeting(meeting, NotificationKind.SUMMARY_SENT, actor=actor)
        record("engagement.summary_sent", meeting, actor=actor, mails=sent)
    return sent


def _check_day_has_come(meeting: Meeting) -> None:
    """A meeting may be closed on its own day, even a little before its hour."""
    local_midnight = meeting.wall.replace(hour=0, minute=0, second=0, microsecond=0)
    seconds_into_day = (meeting.wall - local_midnight).total_seconds()
    if (meeting.starts_at - clock.now()).total_seconds() > seconds_into_day:
        raise DomainError(_("It has not taken place yet; close it on the day."))


def _mark_attendance(meeting: Meeting, attended: Iterable[int]) -> list[Attendee]:
    wanted = set(attended)
    people = list(meeting.attendees.select_for_update())
    if wanted - {one.pk for one in people}:
        raise DomainError(_("Tick only people who were invited."), field="attended")
    for one in people:
        one.attended = one.pk in wanted
    Attendee.objects.bulk_update(people, ["attended"])
    return [one for one in people if one.attended]
