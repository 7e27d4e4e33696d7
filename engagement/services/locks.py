"""Row locks in one order, and the refusal of changes made on an older state (reliability R42, R47)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import AuditEntry
from core.errors import StaleError
from engagement.models import Meeting
from engagement.queries.times import wall_text
from partners.models import Partner


def lock_partner(partner_id: int) -> Partner:
    """The partner, held against the planner; new rows that point at it are not kept waiting."""
    return Partner.objects.select_for_update(no_key=True).get(pk=partner_id)


def lock_meeting(meeting_id: int) -> Meeting:
    """Partner first, then the meeting: everybody takes the two locks in this order."""
    partner_id = Meeting.objects.values_list("partner_id", flat=True).get(pk=meeting_id)
    partner = lock_partner(partner_id)
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("organizer").get(pk=meeting_id)
    meeting.partner = partner
    return meeting


def check_version(meeting: Meeting, version: int | None) -> None:
    """Refuse a change made on an older state, naming who changed it and how."""
    if version is None or version == meeting.version:
        return
    last = (
        AuditEntry.objects.filter(object_type=meeting._meta.label, object_uid=str(meeting.uid), actor__isnull=False)
        .select_related("actor")
        .order_by("-at", "-id")
        .first()
    )
    who = str(last.actor) if last else _("Someone")
    if last is not None and last.action in {"engagement.meeting_moved", "engagement.meeting_scheduled"}:
        raise StaleError(_("{} moved it to {} since you opened it.").format(who, wall_text(meeting)))
    if not meeting.is_open:
        raise StaleError(
            _("{} closed it as “{}” since you opened it.").format(who, meeting.get_status_display().lower())
        )
    raise StaleError(_("{} changed this meeting since you opened it.").format(who))


def closed_message(meeting: Meeting) -> str:
    return _("This meeting is closed: {}.").format(meeting.get_status_display().lower())
