"""What people say about a score: an override for a while, an exception that caps it, a signal that does not apply."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core import clock
from core.errors import DomainError
from health import queries
from health.models import Applicability, ExceptionFlag, Override
from health.services.schedule import score_now
from partners.models import Partner

REASON_LENGTH = 20
LONGEST_OVERRIDE_DAYS = 90


def set_override(*, partner_id: int, target: Decimal, reason: str, ends_on: date, actor: User) -> Override:
    """Publish `target` instead of the computed score until the end of `ends_on`; the computed one is kept beside it."""
    _may_edit(actor)
    if not 0 <= target <= 100:
        raise DomainError(_("A score lies between 0 and 100."), field="target")
    if len(reason.strip()) < REASON_LENGTH:
        raise DomainError(_("Give a reason of at least {} characters.").format(REASON_LENGTH), field="reason")
    today = clock.today()
    if not today <= ends_on <= today + timedelta(days=LONGEST_OVERRIDE_DAYS):
        raise DomainError(
            _("An override ends within {} days from today.").format(LONGEST_OVERRIDE_DAYS), field="ends_on"
        )
    now = clock.now()
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner_id)
        Override.objects.open().filter(partner_id=partner_id).update(ended_at=now, updated_at=now)
        override = Override.objects.create(
            partner_id=partner_id, target=target, reason=reason.strip(), starts_at=now, ends_on=ends_on, actor=actor
        )
        record("health.override_set", override, actor=actor, target=str(target), ends_on=ends_on.isoformat())
    score_now(partner_id)
    return override


def end_override(*, partner_id: int, actor: User) -> None:
    """Return to the computed score."""
    _may_edit(actor)
    with transaction.atomic():
        override = Override.objects.open().select_for_update().filter(partner_id=partner_id).first()
        if override is None:
            raise DomainError(_("No override is in force."))
        override.ended_at = clock.now()
        override.save(update_fields=["ended_at", "updated_at"])
        record("health.override_ended", override, actor=actor)
    score_now(partner_id)


def raise_exception(*, partner_id: int, key: str, reason: str, actor: User) -> ExceptionFlag:
    """Cap the score until the exception is cleared."""
    _may_edit(actor)
    if key not in ExceptionFlag.Key.values:
        raise DomainError(_("Choose one of the listed exceptions."), field="key")
    if not reason.strip():
        raise DomainError(_("Say what happened."), field="reason")
    now = clock.now()
    try:
        with transaction.atomic():
            flag = ExceptionFlag.objects.create(
                partner_id=partner_id, key=key, reason=reason.strip(), raised_at=now, known_at=now, raised_by=actor
            )
            record("health.exception_raised", flag, actor=actor, key=key)
    except IntegrityError:
        raise DomainError(_("This exception is raised already."), field="key") from None
    score_now(partner_id)
    return flag


def clear_exception(*, flag_id: int, actor: User) -> ExceptionFlag:
    """Lift the cap of one exception."""
    _may_edit(actor)
    with transaction.atomic():
        flag = ExceptionFlag.objects.select_for_update().get(pk=flag_id)
        if flag.cleared_at is not None:
            raise DomainError(_("This exception was cleared already."))
        flag.cleared_at = flag.known_cleared_at = clock.now()
        flag.cleared_by = actor
        flag.save(update_fields=["cleared_at", "known_cleared_at", "cleared_by", "updated_at"])
        record("health.exception_cleared", flag, actor=actor, key=flag.key)
    score_now(flag.partner_id)
    return flag


def set_not_applicable(*, partner_id: int, signal: str, reason: str, actor: User) -> Applicability:
    """Take a signal out of a partner's profile: its weight is spread over the others."""
    _may_edit(actor)
    if signal not in queries.compiled(queries.active_version()).signal_weights:
        raise DomainError(_("The model has no such signal."), field="signal")
    if not reason.strip():
        raise DomainError(_("Say why it does not apply."), field="reason")
    now = clock.now()
    try:
        with transaction.atomic():
            row = Applicability.objects.create(
                partner_id=partner_id, signal=signal, reason=reason.strip(), starts_at=now, known_at=now, actor=actor
            )
            record("health.signal_left_out", row, actor=actor, signal=signal)
    except IntegrityError:
        raise DomainError(_("This signal is left out already."), field="signal") from None
    score_now(partner_id)
    return row


def set_applicable(*, partner_id: int, signal: str, actor: User) -> None:
    """Take a signal into the profile again."""
    _may_edit(actor)
    with transaction.atomic():
        row = Applicability.objects.open().select_for_update().filter(partner_id=partner_id, signal=signal).first()
        if row is None:
            raise DomainError(_("This signal applies already."))
        row.ended_at = row.known_ended_at = clock.now()
        row.save(update_fields=["ended_at", "known_ended_at", "updated_at"])
        record("health.signal_taken_in", row, actor=actor, signal=signal)
    score_now(partner_id)


def _may_edit(actor: User) -> None:
    if not actor.may_edit:
        raise DomainError(_("Your role may look, but not change anything."))
