"""Decisions and actions: what was agreed, who does it on which side, by when, and whether it is done."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import NotificationKind, User
from accounts.services import record
from core import clock
from core.errors import DomainError
from engagement.models import Commitment, Meeting
from engagement.queries.people import PartnerVoice
from engagement.services.locks import lock_meeting
from engagement.services.notices import tell_manager
from engagement.services.submissions import finish_submission, former_result, scoped_key
from partners.models import Partner


@transaction.atomic
def add_commitment(
    *,
    partner_id: int,
    text: str,
    actor: User,
    kind: str = Commitment.Kind.ACTION,
    side: str = Commitment.Side.OURS,
    due_on: date | None = None,
    meeting_id: int | None = None,
    owner: User | None = None,
    owner_name: str = "",
    submission_key: str = "",
) -> Commitment:
    """Write down a decision or an action. An action needs a date; ours without a named person is the actor's."""
    submission_key = scoped_key("commitment", actor, submission_key)
    former = former_result(submission_key)
    if former is not None:
        return Commitment.objects.get(uid=former)
    meeting = _meeting_of(partner_id, meeting_id)
    text = " ".join(text.split())
    if not text:
        raise DomainError(_("Say what was agreed."), field="text")
    if len(text) > 500:
        raise DomainError(_("This is too long: at most {} characters.").format(500), field="text")
    if kind not in Commitment.Kind.values or side not in Commitment.Side.values:
        raise DomainError(_("Choose decision or action, and whose it is."), field="kind")
    if kind == Commitment.Kind.ACTION and due_on is None:
        raise DomainError(_("An action needs a date, or nobody will know when it is late."), field="due_on")
    ours = side == Commitment.Side.OURS
    owner_name = " ".join(owner_name.split())[:120]
    if ours and owner is None and not owner_name:
        owner = actor
    commitment = Commitment.objects.create(
        partner_id=partner_id,
        meeting=meeting,
        kind=kind,
        side=side,
        text=text,
        due_on=due_on,
        owner=owner if ours else None,
        owner_name=owner_name or (str(owner) if ours and owner else ""),
    )
    finish_submission(submission_key, str(commitment.uid))
    record("engagement.commitment_added", commitment, actor=actor, kind=kind, side=side)
    return commitment


@transaction.atomic
def complete_commitment(*, commitment_uid: uuid.UUID, actor: User, done: bool = True) -> Commitment:
    """Tick or untick. Pressing twice, or two people at once, leaves what was asked for."""
    return _tick(_locked(commitment_uid), done=done, actor=actor, name=str(actor))


@transaction.atomic
def tick_action(*, commitment_uid: uuid.UUID, voice: PartnerVoice, done: bool = True) -> Commitment:
    """The partner ticks or unticks an action of its own side. The manager is told of the first tick."""
    commitment = _locked(commitment_uid)
    if not commitment.is_partners_action:
        raise DomainError(_("Only actions of your own side can be ticked here."))
    if done and commitment.done_at is None:
        tell_manager(
            NotificationKind.ACTION_DONE, voice=voice, partner=commitment.partner, meeting=commitment.meeting,
            what=commitment.text[:200], key=f"done:{commitment.uid}",
        )  # fmt: skip
    return _tick(commitment, done=done, actor=voice.user, name=voice.name)


@transaction.atomic
def confirm_decision(*, commitment_uid: uuid.UUID, voice: PartnerVoice) -> Commitment:
    """The partner says that a decision is what was agreed. The first confirmation stays."""
    commitment = _locked(commitment_uid)
    if commitment.kind != Commitment.Kind.DECISION:
        raise DomainError(_("This is an action, not a decision: mark it as done when it is."))
    if commitment.confirmed_at is None:
        commitment.confirmed_at = clock.now()
        commitment.confirmed_by = voice.name[:120]
        commitment.save(update_fields=["confirmed_at", "confirmed_by", "updated_at"])
        record("engagement.decision_confirmed", commitment, actor=voice.user)
    return commitment


@transaction.atomic
def remove_commitment(*, commitment_uid: uuid.UUID, actor: User) -> None:
    """Take back a line written by mistake, as long as its meeting is open; later it is part of the record."""
    commitment = _locked(commitment_uid)
    if commitment.meeting_id is not None and not lock_meeting(commitment.meeting_id).is_open:
        raise DomainError(_("The meeting is closed; what was agreed there stays. Mark it as done instead."))
    record("engagement.commitment_removed", commitment, actor=actor)
    commitment.delete()


def _locked(commitment_uid: uuid.UUID) -> Commitment:
    rows = Commitment.objects.select_for_update(of=("self",)).select_related("partner", "meeting")
    return rows.get(uid=commitment_uid)


def _tick(commitment: Commitment, *, done: bool, actor: User | None, name: str) -> Commitment:
    if bool(commitment.done_at) == done:
        return commitment
    commitment.done_at = clock.now() if done else None
    commitment.done_by = name[:120] if done else ""
    commitment.save(update_fields=["done_at", "done_by", "updated_at"])
    record("engagement.commitment_done" if done else "engagement.commitment_reopened", commitment, actor=actor)
    return commitment


def _meeting_of(partner_id: int, meeting_id: int | None) -> Meeting | None:
    if meeting_id is None:
        Partner.objects.only("pk").get(pk=partner_id)
        return None
    meeting = lock_meeting(meeting_id)
    if meeting.partner_id != partner_id:
        raise DomainError(_("This meeting is with another partner."))
    if meeting.status in {Meeting.Status.CANCELLED, Meeting.Status.MISSED}:
        raise DomainError(_("Nothing can be agreed in a meeting that did not take place."))
    return meeting
