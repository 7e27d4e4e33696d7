"""Touches: one line about a contact with the partner, written in three keys and taken back with one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core import clock
from core.announce import announce
from core.errors import DomainError
from engagement.models import Touchpoint
from engagement.services.submissions import finish_submission, former_result, scoped_key
from engagement.signals import touch_logged, touch_retracted
from partners.models import Contact, Partner

CLOCK_TOLERANCE = timedelta(minutes=5)
MAX_TEXT = 4000


@transaction.atomic
def log_touch(
    *,
    partner_id: int,
    actor: User,
    text: str,
    kind: str = Touchpoint.Kind.CALL,
    two_way: bool = True,
    shared: bool = False,
    occurred_at: datetime | None = None,
    contact_ids: Iterable[int] = (),
    submission_key: str = "",
) -> Touchpoint:
    """Write down one contact with a partner. A repeated `submission_key` returns the touch of the first call."""
    submission_key = scoped_key("touch", actor, submission_key)
    former = former_result(submission_key)
    if former is not None:
        return Touchpoint.objects.get(uid=former)
    now = clock.now()
    partner = Partner.objects.get(pk=partner_id)
    text = text.strip()
    if not text:
        raise DomainError(_("Write in a few words what happened."), field="text")
    if len(text) > MAX_TEXT:
        raise DomainError(_("This is too long: at most {} characters.").format(MAX_TEXT), field="text")
    if kind not in Touchpoint.Kind.values:
        raise DomainError(_("There is no kind of touch “{}”.").format(kind), field="kind")
    if occurred_at is not None and occurred_at > now + CLOCK_TOLERANCE:
        raise DomainError(_("This lies in the future. For a date to come, schedule a meeting."), field="occurred_at")
    contacts = _contacts_of(partner, contact_ids)
    touch = Touchpoint.objects.create(
        uid=uuid.uuid4(),
        partner=partner,
        kind=kind,
        two_way=two_way and kind != Touchpoint.Kind.NOTE,
        shared=shared,
        text=text,
        actor=actor,
        occurred_at=min(occurred_at or now, now),
        known_at=now,
    )
    touch.contacts.set(contacts)
    finish_submission(submission_key, str(touch.uid))
    record("engagement.touch_logged", touch, actor=actor, kind=kind, two_way=touch.two_way)
    announce(touch_logged, partner_ids=[partner.pk])
    return touch


@transaction.atomic
def retract_touch(*, touch_uid: uuid.UUID, actor: User) -> Touchpoint:
    """Take a touch back: it stays in the history and no longer counts. Repeating changes nothing."""
    touch = Touchpoint.objects.select_for_update().get(uid=touch_uid)
    if touch.meeting_id is not None:
        raise DomainError(_("This touch belongs to a meeting that was held; it cannot be removed by itself."))
    if touch.actor_id != actor.pk and not actor.may_lead:
        raise DomainError(_("Only {} or a lead can remove this.").format(touch.actor))
    if touch.superseded_at is None:
        touch.superseded_at = clock.now()
        touch.save(update_fields=["superseded_at"])
        record("engagement.touch_retracted", touch, actor=actor)
        announce(touch_retracted, partner_ids=[touch.partner_id])
    return touch


@transaction.atomic
def restore_touch(*, touch_uid: uuid.UUID, actor: User) -> Touchpoint:
    """Undo a removal: a new row with the same content, known from now on, so that no past day sees it twice.

    Repeating returns the row of the first call.
    """
    gone = Touchpoint.objects.select_for_update().get(uid=touch_uid)
    if gone.superseded_at is None:
        return gone
    key = f"touch-restored:{gone.uid}"
    former = former_result(key)
    if former is not None:
        return Touchpoint.objects.get(uid=former)
    touch = Touchpoint.objects.create(
        uid=uuid.uuid4(),
        partner_id=gone.partner_id,
        kind=gone.kind,
        two_way=gone.two_way,
        shared=gone.shared,
        text=gone.text,
        actor=gone.actor,
        occurred_at=gone.occurred_at,
        known_at=clock.now(),
    )
    touch.contacts.set(gone.contacts.all())
    finish_submission(key, str(touch.uid))
    record("engagement.touch_restored", touch, actor=actor, former=str(gone.uid))
    announce(touch_logged, partner_ids=[touch.partner_id])
    return touch


def _contacts_of(partner: Partner, contact_ids: Iterable[int]) -> list[Contact]:
    wanted = set(contact_ids)
    found = list(Contact.objects.filter(partner=partner, pk__in=wanted))
    if len(found) != len(wanted):
        raise DomainError(_("Choose people of {}.").format(partner), field="contacts")
    return found
