"""Mails about meetings. Each is owed once, under a key that names meeting, change and person; the outbox sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from core import clock
from core.models import Outbox
from core.outbox import put_mail
from engagement import ics
from engagement.models import Attendee, Commitment, Meeting, MeetingReply
from engagement.queries.entries import calendar_meeting, meeting_url, person
from engagement.queries.people import (
    Addressee,
    attendee_addressee,
    contact_addressee,
    member_addressee,
    user_addressee,
)
from engagement.queries.times import wall_words, zoned_times
from engagement.rules.reason import Reason
from engagement.services.links import MailLinks, date_links, summary_links
from partners.models import Contact


def render_mail(name: str, context: dict[str, Any], *, language: str) -> tuple[str, str]:
    """Subject (the first line of the template) and body, in the reader's language."""
    with translation.override(language):
        text = render_to_string(f"engagement/email/{name}.txt", {"organisation": settings.ORGANISATION, **context})
    subject, _newline, body = text.lstrip().partition("\n")
    return subject.strip(), body.strip() + "\n"


def mail_meeting(
    meeting: Meeting,
    reader: Addressee,
    template: str,
    *,
    key: str,
    attachments: Sequence[dict[str, str]] = (),
    links: Callable[[Contact], MailLinks] | None = None,
    **context: Any,
) -> bool:
    """Owe one mail about a meeting to one person; False when it was owed before or the person has no address.

    `links` makes what a person of the partner can do from the mail; it is asked only for a mail that is not there yet.
    """
    if reader.problem:
        return False
    if links is not None and reader.contact is not None:
        if Outbox.objects.filter(key=key).exists():
            return False
        context["links"] = links(reader.contact)
    with translation.override(reader.language):
        times = zoned_times(meeting, reader.zone)
    known = {
        "meeting": meeting,
        "partner": meeting.partner,
        "reader": reader,
        "times": times,
        "link": meeting_url(meeting) if reader.is_ours else "",
        **context,
    }
    subject, body = render_mail(template, known, language=reader.language)
    return put_mail(
        key=key,
        to=reader.email,
        subject=subject,
        body=body,
        kind=f"meeting_{template}",
        partner_uid=meeting.partner.uid,
        is_demo=meeting.partner.is_demo,
        attachments=attachments,
    )


def send_invitation(meeting: Meeting, *, only: Iterable[Attendee] | None = None) -> int:
    """Invite, or tell of a move: the calendar file carries the meeting's present sequence."""
    everybody = _readers(meeting)
    entry = _entry(meeting, everybody)
    text = ics.meeting_request(entry, stamp=clock.now()).decode()
    linked = ics.meeting_request(_entry(meeting, everybody, with_link=True), stamp=clock.now()).decode()
    chosen = everybody if only is None else [attendee_addressee(one, meeting.partner) for one in only]
    template = "moved" if meeting.sequence and only is None else "invitation"
    return sum(
        mail_meeting(
            meeting,
            reader,
            template,
            key=f"meeting:{meeting.uid}:request:{meeting.sequence}:{reader.id}",
            attachments=[_file(linked if reader.is_ours else text, ics.Method.REQUEST)],
            links=partial(date_links, meeting),
            people=everybody,
        )
        for reader in chosen
    )


def send_cancellation(meeting: Meeting, *, only: Iterable[Attendee] | None = None) -> int:
    """Call the meeting off for everybody, or for those who no longer take part."""
    everybody = _readers(meeting)
    chosen = everybody if only is None else [attendee_addressee(one, meeting.partner) for one in only]
    text = ics.meeting_cancel(_entry(meeting, chosen), stamp=clock.now()).decode()
    return sum(
        mail_meeting(
            meeting,
            reader,
            "cancellation",
            key=f"meeting:{meeting.uid}:cancel:{meeting.sequence}:{reader.id}",
            attachments=[_file(text, ics.Method.CANCEL)],
            whole=only is None,
        )
        for reader in chosen
    )


def send_minutes(meeting: Meeting) -> int:
    """Decisions, actions and the notes shared with the partner, to everybody invited; each gets it once."""
    commitments = list(meeting.commitments.select_related("owner").order_by("kind", "due_on", "id"))
    return sum(
        mail_meeting(
            meeting,
            reader,
            "summary",
            key=f"meeting:{meeting.uid}:summary:{reader.id}",
            links=partial(summary_links, meeting, commitments=commitments),
            decisions=[one for one in commitments if one.kind == Commitment.Kind.DECISION],
            actions=[one for one in commitments if one.kind == Commitment.Kind.ACTION],
            topics=[one for one in meeting.agenda.all() if one.shared and one.notes.strip()],
        )
        for reader in _readers(meeting)
    )


def tell_speaker(reply: MeetingReply) -> bool:
    """Our answer goes to whoever spoke, by the address of the log-in or of the contact."""
    partner = reply.meeting.partner
    if reply.user is not None:
        reader = member_addressee(reply.user, partner)
        link = f"{settings.BASE_URL}/portal/meetings/{reply.meeting.uid}/"
    elif reply.contact is not None:
        reader, link = contact_addressee(reply.contact, partner), ""
    else:
        return False
    with translation.override(reader.language):
        proposed = wall_words(reply.wall, reply.time_zone) if reply.local_start else ""
    key = f"reply:{reply.uid}:answer:{reader.id}"
    return mail_meeting(reply.meeting, reader, "answer", key=key, reply=reply, proposed=proposed, link=link)


def tell_owner(meeting: Meeting, because: Reason) -> bool:
    """A review was missed, or put off twice: its owner hears of it."""
    owner = meeting.partner.owner or meeting.organizer
    if owner is None:
        return False
    reader = user_addressee(owner)
    with translation.override(reader.language):
        why = because.text(gettext)
    key = f"meeting:{meeting.uid}:missed:{because.code}:{meeting.postponed}:{reader.id}"
    return mail_meeting(meeting, reader, "missed", key=key, why=why)


def _readers(meeting: Meeting) -> list[Addressee]:
    rows = meeting.attendees.select_related("user", "contact").order_by("id")
    return [attendee_addressee(one, meeting.partner) for one in rows]


def _entry(meeting: Meeting, readers: Iterable[Addressee], *, with_link: bool = False) -> ics.CalendarMeeting:
    people = [found for one in readers if not one.problem and (found := person(one.email, one.name))]
    return calendar_meeting(meeting, people, with_link=with_link)


def _file(text: str, method: ics.Method) -> dict[str, str]:
    return {"name": "meeting.ics", "type": ics.content_type(method), "text": text}
