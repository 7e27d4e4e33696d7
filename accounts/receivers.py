"""Log-ins, failed ones, log-outs and changes of how one logs in become audit rows, one per act (reliability P46)."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import email_changed, password_changed, password_reset, password_set
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from accounts.models import User
from accounts.services import hashed, record


def _firm(user: User | None) -> Any:
    """The partner this person logs in for, by the seat that rooms above give them; None for the vendor's people."""
    return getattr(getattr(getattr(user, "membership", None), "partner", None), "uid", None)


def _person(user: Any) -> User | None:
    return User.objects.filter(pk=user.pk).first() if getattr(user, "pk", None) else None


@receiver(user_logged_in, dispatch_uid="accounts.note_login")
def note_login(user: User, request: Any = None, **_: Any) -> None:
    """With the way in: a password and a second factor, a passkey, a link by mail, the own company."""
    known = get_authentication_records(request, user) if request is not None else []
    record("accounts.logged_in", user, actor=user, partner_uid=_firm(user), ways=[step["method"] for step in known])


@receiver(user_logged_out, dispatch_uid="accounts.note_logout")
def note_logout(user: Any, **_: Any) -> None:
    if person := _person(user):
        record("accounts.logged_out", person, actor=person, partner_uid=_firm(person))


@receiver(user_login_failed, dispatch_uid="accounts.note_failed_login")
def note_failed_login(credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    """Whoever tried is nobody yet, unless they confirm who they are in the middle of a session. The address is kept as
    a keyed hash, the account it names as the object."""
    address = str(credentials.get("email") or credentials.get("username") or credentials.get("login") or "")
    user = User.objects.filter(email__iexact=address).first() if address else None
    actor = _person(getattr(request, "user", None))
    record("accounts.login_failed", user, actor=actor, partner_uid=_firm(user), address=hashed(address.lower()))


@receiver(authentication_failed, dispatch_uid="accounts.note_failed_second_factor")
def note_failed_second_factor(user: User, request: Any = None, **_: Any) -> None:
    actor = _person(getattr(request, "user", None))
    record("accounts.second_factor_failed", user, actor=actor, partner_uid=_firm(user))


@receiver([password_changed, password_set], dispatch_uid="accounts.note_password_change")
def note_password_change(user: User, **_: Any) -> None:
    record("accounts.password_changed", user, actor=user, partner_uid=_firm(user))


@receiver(password_reset, dispatch_uid="accounts.note_password_reset")
def note_password_reset(user: User, **_: Any) -> None:
    record("accounts.password_reset", user, actor=user, partner_uid=_firm(user))


@receiver(email_changed, dispatch_uid="accounts.note_address_change")
def note_address_change(user: User, from_email_address: Any, to_email_address: Any, **_: Any) -> None:
    before, after = (hashed(getattr(one, "email", "")) for one in (from_email_address, to_email_address))
    record("accounts.address_changed", user, actor=user, partner_uid=_firm(user), before=before, after=after)


@receiver([authenticator_added, authenticator_reset], dispatch_uid="accounts.note_second_factor_added")
def note_second_factor_added(user: User, authenticator: Any, **_: Any) -> None:
    record("accounts.second_factor_added", user, actor=user, partner_uid=_firm(user), kind=authenticator.type)


@receiver(authenticator_removed, dispatch_uid="accounts.note_second_factor_removed")
def note_second_factor_removed(user: User, authenticator: Any, **_: Any) -> None:
    record("accounts.second_factor_removed", user, actor=user, partner_uid=_firm(user), kind=authenticator.type)
