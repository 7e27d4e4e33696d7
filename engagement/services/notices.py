"""What people find in their inbox about meetings and promises. The mails about meetings are in mails.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import PARTNER_EDITOR_ROLES, NotificationKind, User
from accounts.services import Notice, notify, notify_all
from core import clock
from engagement.models import Attendee, Commitment, Meeting
from engagement.queries.people import PartnerVoice
from engagement.queries.times import wall_text
from partners.models import Membership, Partner, SharingRule
from partners.queries import is_shared

DUE_WITHIN = timedelta(days=2)
BATCH = 200

TITLES = {
    NotificationKind.MEETING_INVITED: _("Meeting: {title}, {when}"),
    NotificationKind.MEETING_MOVED: _("Moved: {title}, now {when}"),
    NotificationKind.MEETING_CANCELLED: _("Cancelled: {title}, {when}"),
    NotificationKind.SUMMARY_SENT: _("Summary: {title}, {when}"),
}
SAID = {
    NotificationKind.TOPIC_PROPOSED: _("{name} added a topic to {title}: {what}"),
    NotificationKind.DATE_PROPOSED: _("{name} proposes another date for {title}: {what}"),
    NotificationKind.SUMMARY_CONFIRMED: _("{name} confirmed the summary: {title}"),
    NotificationKind.SUMMARY_OBJECTED: _("{name} objects to the summary: {title}"),
    NotificationKind.ACTION_DONE: _("{name} did what was promised: {what}"),
}


def tell_meeting(
    meeting: Meeting, kind: NotificationKind, *, actor: User, only: Sequence[Attendee] | None = None
) -> int:
    """Tell those who take part, and the partner's owner, except who did it. `only`: just these people.

    People of the partner are told when they can log in; the mails reach the others.
    """
    people = list(meeting.attendees.select_related("user")) if only is None else list(only)
    ours = {one.user.pk: one.user for one in people if one.user}
    seats = Membership.objects.current().filter(contact_id__in=[one.contact_id for one in people if one.contact_id])
    theirs = [seat.user for seat in seats.select_related("user")]
    owner = meeting.partner.owner if only is None else None
    title = format_lazy(TITLES[kind], title=meeting.title, when=lazy(wall_text, str)(meeting))

    def notice(users: Iterable[User], url: str, reason: str | Promise) -> Notice:
        return Notice(
            users=[user for user in users if user.pk != actor.pk],
            kind=kind,
            title=title,
            url=url,
            reason=reason,
            key=f"meeting:{meeting.uid}:{kind}:{meeting.sequence}",
            partner_uid=meeting.partner.uid,
            thread=_thread(meeting),
        )

    inside = reverse("engagement:meeting_detail", args=[meeting.uid])
    notices = [
        notice(ours.values(), inside, _("You take part in this meeting.")),
        notice(
            theirs, portal_address(meeting if theirs and _shared() else None), _("You are invited to this meeting.")
        ),
    ]
    if owner is not None and owner.pk not in ours:
        notices.append(notice([owner], inside, _looked_after(meeting.partner)))
    return notify_all(notices)


def tell_manager(
    kind: NotificationKind,
    *,
    voice: PartnerVoice,
    partner: Partner,
    meeting: Meeting | None,
    key: str,
    what: str | Promise = "",
    details: Sequence[str | Promise] = (),
) -> int:
    """Somebody of the partner said or did something: its owner is told, or else who organises the meeting."""
    owner = partner.owner or (meeting.organizer if meeting else None)
    if owner is None:
        return 0
    return notify(
        users=[owner],
        kind=kind,
        title=format_lazy(SAID[kind], name=voice.name, title=meeting.title if meeting else "", what=what),
        url=_inside(meeting, partner),
        reason=_looked_after(partner) if partner.owner else _("You organise this meeting."),
        key=key,
        partner_uid=partner.uid,
        thread=_thread(meeting) if meeting else "",
        details=details,
    )


def planned_for(meeting: Meeting) -> Promise:
    return format_lazy(_("It is now planned for: {when}"), when=lazy(wall_text, str)(meeting))


def tell_due_commitments() -> int:
    """Whoever owes something in the next two days is told once for each date. Safe to run as often as one likes."""
    today = clock.today()
    due = (
        Commitment.objects.unfinished()
        .actions()
        .filter(due_on__range=(today, today + DUE_WITHIN), partner__archived_at__isnull=True)
        .select_related("partner", "owner", "meeting")
        .order_by("pk")
    )
    rows = list(due)
    theirs: dict[int, list[User]] = {}
    if _shared():
        firms = {row.partner_id for row in rows if row.side == Commitment.Side.THEIRS}
        for seat in (
            Membership.objects.current()
            .filter(partner_id__in=firms, user__role__in=PARTNER_EDITOR_ROLES)
            .select_related("user")
        ):
            theirs.setdefault(seat.partner_id, []).append(seat.user)
    notices = [found for row in rows if (found := _due_notice(row, theirs)).users]
    return sum(notify_all(notices[start : start + BATCH]) for start in range(0, len(notices), BATCH))


def portal_address(meeting: Meeting | None) -> str:
    """Where the partner's people read about the meeting; the portal's start when it has no page of its own."""
    try:
        return reverse("portal:meeting_detail", args=[meeting.uid]) if meeting else reverse("portal:home")
    except NoReverseMatch:
        return reverse("portal:home")


def _due_notice(row: Commitment, theirs: dict[int, list[User]]) -> Notice:
    ours = row.side == Commitment.Side.OURS
    return Notice(
        users=[row.owner] if ours and row.owner else [] if ours else theirs.get(row.partner_id, []),
        kind=NotificationKind.COMMITMENT_DUE,
        title=format_lazy(
            _("Due {day}: {what}"), day=lazy(date_format, str)(row.due_on or "", "D j M"), what=row.text[:200]
        ),
        url=_inside(row.meeting, row.partner) if ours else portal_address(row.meeting),
        reason=_("You promised it.") if ours else _("Your company promised it."),
        key=f"commitment:{row.uid}:{row.due_on}",
        partner_uid=row.partner.uid,
        thread=f"commitment:{row.uid}",
    )


def _shared() -> bool:
    """Whether partners have a page about their meetings."""
    return is_shared(SharingRule.Topic.MEETINGS)


def _inside(meeting: Meeting | None, partner: Partner) -> str:
    """Where our people read about it."""
    return reverse("engagement:meeting_detail", args=[meeting.uid]) if meeting else f"/app/partners/{partner.slug}/"


def _looked_after(partner: Partner) -> Promise:
    return format_lazy(_("You look after {partner}."), partner=partner.name)


def _thread(meeting: Meeting) -> str:
    return f"meeting:{meeting.uid}"
