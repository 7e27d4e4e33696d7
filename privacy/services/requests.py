"""A person asks to be forgotten, deletes their own account, or is told why not."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.services import record
from core import clock
from core.errors import DomainError
from core.outbox import put_mail
from partners.models import Partner
from privacy.models import ErasureRequest
from privacy.queries import rows_about, whole_person
from privacy.register import REGISTER
from privacy.services.erasure import close_doors

Status = ErasureRequest.Status


@transaction.atomic
def ask_for_erasure(*, user: User, partner: Partner | None, reason: str = "") -> ErasureRequest:
    """Put the request before the administrators; asking twice leaves one."""
    request, created = ErasureRequest.objects.get_or_create(
        user_id=user.pk, status=Status.OPEN, defaults={"partner": partner, "reason": reason.strip()[:500]}
    )
    if created:
        record("privacy.erasure_asked", request, actor=user, partner_uid=partner.uid if partner else None)
        _tell_administrators(request)
    return request


@transaction.atomic
def close_account(*, user: User, partner: Partner | None, confirmation: str) -> ErasureRequest:
    """Delete one's own account at once: what opens it is gone; administrators erase what else is kept."""
    if confirmation.strip().lower() != user.email.lower():
        raise DomainError(_("Type your own e-mail address to confirm."), field="confirmation")
    request = ask_for_erasure(user=user, partner=partner)
    ErasureRequest.objects.filter(pk=request.pk).update(account_closed=True)
    record("privacy.account_closed", user, actor=user, partner_uid=partner.uid if partner else None)
    person = whole_person([user], [], partner=partner)
    for label, table in REGISTER.items():
        if table.about.gone and "user" in table.fields:
            rows_about(person, label).filter(user=user.pk).delete()
    close_doors(user)
    return request


@transaction.atomic
def refuse(*, request_uid: Any, actor: User, answer: str) -> ErasureRequest:
    """Say why a person cannot be erased now; they read it on their page."""
    if not answer.strip():
        raise DomainError(_("Say why; the person reads it."), field="answer")
    request = ErasureRequest.objects.select_for_update().get(uid=request_uid)
    if request.status != Status.OPEN:
        raise DomainError(_("This request has been decided already."))
    request.status, request.answer = Status.REFUSED, answer.strip()[:500]
    request.decided_at, request.decided_by = clock.now(), actor
    request.save(update_fields=["status", "answer", "decided_at", "decided_by", "updated_at"])
    record(
        "privacy.erasure_refused", request, actor=actor, partner_uid=request.partner.uid if request.partner else None
    )
    return request


def _tell_administrators(request: ErasureRequest) -> None:
    """The mail names nobody: who asks is read on the page, behind the log-in."""
    for admin in User.objects.filter(role=Role.ADMIN, is_active=True):
        with translation.override(admin.language):
            put_mail(
                key=f"privacy:request:{request.uid}:{admin.uid}",
                to=admin.email,
                subject=_("Somebody asks for the erasure of their data"),
                body=_("Decide about it here:") + f"\n{settings.BASE_URL}{reverse('privacy:overview')}\n",
                kind="erasure_request",
                partner_uid=request.partner.uid if request.partner else None,
                is_demo=admin.is_demo,
            )
