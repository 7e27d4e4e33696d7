"""The agenda of a meeting and the notes taken in it. Two note-takers: the second is shown the first one's text."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import NotificationKind, User
from accounts.services import record
from core import clock
from core.errors import DomainError, StaleError
from engagement.models import AgendaItem, Meeting
from engagement.queries.people import PartnerVoice
from engagement.services.locks import lock_meeting
from engagement.services.notices import planned_for, tell_manager

MAX_ITEMS = 40
MAX_NOTES = 20_000
MAX_ITEM_NOTES = 8_000

# methods.md 6.2; True: shared with the partner.
TEMPLATES: dict[str, tuple[tuple[str, bool], ...]] = {
    Meeting.Kind.QBR: (
        (gettext_noop("Commitments of last time: done or not, and why"), True),
        (gettext_noop("Results against plan and scorecard"), True),
        (gettext_noop("Pipeline and joint plan"), True),
        (gettext_noop("Issues and escalations"), True),
        (gettext_noop("What the surveys said and what was done about it"), True),
        (gettext_noop("Roadmap and ideas"), True),
        (gettext_noop("Decisions, each with an owner and a date"), True),
    ),
    Meeting.Kind.EXECUTIVE: (
        (gettext_noop("Where the partnership stands"), True),
        (gettext_noop("Strategy on both sides: what has changed"), True),
        (gettext_noop("Open escalations"), True),
        (gettext_noop("Decisions, each with an owner and a date"), True),
    ),
    Meeting.Kind.CHECK_IN: (
        (gettext_noop("Open commitments"), True),
        (gettext_noop("What blocks us"), True),
        (gettext_noop("Next steps"), True),
    ),
    Meeting.Kind.TRANSITION: (
        (gettext_noop("Customers to hand over"), True),
        (gettext_noop("Open deals and payments"), True),
        (gettext_noop("Access and material to return"), True),
        (gettext_noop("Next steps"), True),
    ),
}


def fill_agenda(meeting: Meeting) -> None:
    """Put the template of the meeting's kind on an empty agenda."""
    if not meeting.agenda.exists():
        AgendaItem.objects.bulk_create(
            AgendaItem(meeting=meeting, order=order, title=_(title), shared=shared)
            for order, (title, shared) in enumerate(TEMPLATES[meeting.kind], start=1)
        )


@transaction.atomic
def use_agenda_template(*, meeting_id: int, actor: User) -> None:
    """Fill an empty agenda from the template; an agenda that has items stays as it is."""
    meeting = _editable(meeting_id)
    fill_agenda(meeting)
    record("engagement.agenda_filled", meeting, actor=actor)


@transaction.atomic
def add_agenda_item(*, meeting_id: int, title: str, actor: User, shared: bool = True) -> AgendaItem:
    meeting = _editable(meeting_id)
    item = _append(meeting, _checked_title(title), shared=shared)
    record("engagement.agenda_item_added", meeting, actor=actor)
    return item


@transaction.atomic
def propose_topic(*, meeting_id: int, title: str, voice: PartnerVoice) -> AgendaItem:
    """The partner puts a topic on the agenda until a day before, and the manager is told. Pressing twice adds one."""
    meeting = lock_meeting(meeting_id)
    title = _checked_title(title)
    if not meeting.takes_topics(clock.now()):
        raise DomainError(_("Topics can be added until one day before the meeting."), field="title")
    same = meeting.agenda.filter(shared=True, title__iexact=title).first()
    if same is not None and same.proposed_by != voice.name:
        raise DomainError(_("This topic is on the agenda already."), field="title")
    if same is not None:
        return same
    item = _append(meeting, title, shared=True, proposed_by=voice.name)
    tell_manager(
        NotificationKind.TOPIC_PROPOSED, voice=voice, partner=meeting.partner, meeting=meeting, what=title,
        key=f"topic:{item.uid}", details=[planned_for(meeting)],
    )  # fmt: skip
    record("engagement.topic_proposed", meeting, actor=voice.user, item=str(item.uid))
    return item


@transaction.atomic
def edit_agenda_item(
    *,
    item_uid: uuid.UUID,
    actor: User,
    title: str | None = None,
    notes: str | None = None,
    shared: bool | None = None,
    version: int | None = None,
) -> AgendaItem:
    """Change topic, notes or visibility. A stale `version` is refused, so that nobody's notes are overwritten."""
    meeting_id = _meeting_of(item_uid)
    meeting = lock_meeting(meeting_id)
    item = AgendaItem.objects.select_for_update().get(uid=item_uid)
    if version is not None and version != item.version:
        raise StaleError(_("Someone else wrote here since you opened it. Both texts are shown."), field="notes")
    if meeting.status == Meeting.Status.CANCELLED:
        raise DomainError(_("The meeting was cancelled."))
    if title is not None:
        item.title = _checked_title(title)
    if notes is not None:
        if len(notes) > MAX_ITEM_NOTES:
            raise DomainError(
                _("These notes are too long: at most {} characters.").format(MAX_ITEM_NOTES), field="notes"
            )
        item.notes = notes
    if shared is not None:
        item.shared = shared
    item.version += 1
    item.save(update_fields=["title", "notes", "shared", "version", "updated_at"])
    record("engagement.agenda_item_changed", meeting, actor=actor, item=str(item.uid))
    return item


@transaction.atomic
def move_agenda_item(*, item_uid: uuid.UUID, up: bool, actor: User) -> AgendaItem:
    """Swap a topic with its neighbour; the first cannot go up, the last not down: nothing happens then."""
    meeting = _editable(_meeting_of(item_uid))
    items = list(AgendaItem.objects.select_for_update().filter(meeting=meeting).order_by("order", "id"))
    place = next(number for number, one in enumerate(items) if one.uid == item_uid)
    other = place - 1 if up else place + 1
    if 0 <= other < len(items):
        items[place], items[other] = items[other], items[place]
        for number, one in enumerate(items, start=1):
            one.order = number
        AgendaItem.objects.bulk_update(items, ["order"])
        record("engagement.agenda_reordered", meeting, actor=actor)
        return items[other]
    return items[place]


@transaction.atomic
def remove_agenda_item(*, item_uid: uuid.UUID, actor: User) -> None:
    """Take a topic off; one with notes stays, since notes are never thrown away silently."""
    meeting = _editable(_meeting_of(item_uid))
    item = AgendaItem.objects.select_for_update().get(uid=item_uid)
    if item.notes.strip():
        raise DomainError(_("This topic has notes; clear them first."))
    item.delete()
    record("engagement.agenda_item_removed", meeting, actor=actor)


@transaction.atomic
def save_notes(*, meeting_id: int, notes: str, actor: User, version: int | None = None) -> Meeting:
    """Keep the internal notes of a meeting. `version` is that of the notes, apart from the meeting's own."""
    if len(notes) > MAX_NOTES:
        raise DomainError(_("These notes are too long: at most {} characters.").format(MAX_NOTES), field="notes")
    meeting = lock_meeting(meeting_id)
    if notes == meeting.notes:
        return meeting
    if version is not None and version != meeting.notes_version:
        raise StaleError(_("Someone else wrote here since you opened it. Both texts are shown."), field="notes")
    Meeting.objects.filter(pk=meeting.pk).update(
        notes=notes, notes_version=F("notes_version") + 1, updated_at=clock.now()
    )
    meeting.refresh_from_db(fields=["notes", "notes_version", "updated_at"])
    record("engagement.notes_saved", meeting, actor=actor, version=meeting.notes_version)
    return meeting


def _append(meeting: Meeting, title: str, *, shared: bool, proposed_by: str = "") -> AgendaItem:
    if meeting.agenda.count() >= MAX_ITEMS:
        raise DomainError(_("An agenda holds at most {} topics.").format(MAX_ITEMS), field="title")
    last = meeting.agenda.aggregate(last=Max("order"))["last"] or 0
    return AgendaItem.objects.create(
        meeting=meeting, order=last + 1, title=title, shared=shared, proposed_by=proposed_by[:120]
    )


def _editable(meeting_id: int) -> Meeting:
    meeting = lock_meeting(meeting_id)
    if not meeting.is_open:
        raise DomainError(_("The agenda is fixed once a meeting is closed."))
    return meeting


def _meeting_of(item_uid: uuid.UUID) -> int:
    return AgendaItem.objects.values_list("meeting_id", flat=True).get(uid=item_uid)


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise DomainError(_("Name the topic."), field="title")
    if len(title) > 200:
        raise DomainError(_("A topic is at most {} characters long.").format(200), field="title")
    return title
