"""How allauth behaves here: who may try a password and how often, what a log-in starts, how account mails go out."""

from smtplib import SMTPException
from typing import Any
from uuid import uuid4

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.signals import user_login_failed
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.attempts import (
    PER_ACCOUNT,
    PER_ADDRESS,
    PER_DEVICE,
    TooManyAttemptsError,
    address_of,
    give_back,
    known_device,
    remember_device,
    take,
    take_both,
)
from accounts.models import User
from accounts.services import end_sessions
from accounts.sessions import current_session, logged_in_recently
from core.outbox import ACCOUNT_MAIL, put_mail
from core.turnstile import CrowdedError, place

log = structlog.get_logger(__name__)
HASHES_AT_ONCE = 2  # of which one is kept for devices that are known


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def own_ways_are_open(self, request: HttpRequest, user: User) -> bool:
        """Whether this person may log in by password or passkey; rooms above may say no."""
        return True

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person with this address and password, or None; a failed try is told to whoever keeps the audit trail."""
        email = credentials.get("email", "").strip().lower()
        user = self._checked(request, email, credentials.get("password", ""))
        if user is None:
            user_login_failed.send(sender=__name__, credentials={"email": email}, request=request)
        return user

    def _checked(self, request: HttpRequest, email: str, password: str) -> User | None:
        """Counted first and hashed second: who has no try left costs no hash. Exactly one hash is made for every other
        try, whether or not the account exists, is disabled or has no password (P7, P8).
        """
        user = User.objects.filter(email__iexact=email).first()
        device = known_device(request, user)
        if device:
            take("device", device, limit=PER_DEVICE)
            by_address = None
        else:
            by_address, _by_account = take_both(
                ("address", address_of(request), PER_ADDRESS), ("account", email, PER_ACCOUNT)
            )
        if not _is_password_of(user, password, known=bool(device)):
            return None
        if user is None or not user.is_active or not self.own_ways_are_open(request, user):
            return None
        if by_address:
            give_back(by_address)  # colleagues behind one address do not use up each other's tries
        return user

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """A log-in of less than a quarter of an hour ago is recent enough for anything."""
        return not logged_in_recently(self.request)

    def pre_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse | None:
        if user.is_active and not self.own_ways_are_open(request, user):
            messages.error(request, _("Your company has its own log-in here. Use its link."))
            return redirect("account_login")
        return super().pre_login(request, user, **more)

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        response = super().post_login(request, user, **more)
        remember_device(request, response, user)
        return response

    def set_password(self, user: User, password: str) -> None:
        """A new password ends what is open elsewhere."""
        user.set_password(password)
        user.save(update_fields=["password"])  # nothing else: the rest of this copy may be older than the row
        end_sessions(user=user, actor=user, but=current_session(self.request))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send at once, to a person who waits; without a mail server, or when it fails, the outbox keeps the mail.

        Only administrators may read such a mail there: it may hold a link that opens an account.
        """
        context = {name: _at_our_address(value, self.request) for name, value in context.items()}
        message = self.render_mail(
            template_prefix, email, {"email": email, "request": self.request, "base_url": settings.BASE_URL, **context}
        )
        if not (settings.MAIL_CONFIGURED and _sent(message)):
            key = f"account:{uuid4()}"
            put_mail(key=key, to=email, subject=message.subject, body=str(message.body), kind=ACCOUNT_MAIL)


def _is_password_of(user: User | None, password: str, *, known: bool) -> bool:
    """One hash, by one of the few who may hash at once on this machine."""
    try:
        with place("hash", places=HASHES_AT_ONCE if known else HASHES_AT_ONCE - 1, wait=3.0):
            if user is None:
                make_password(password)
                return False
            return user.check_password(password)
    except CrowdedError:
        raise TooManyAttemptsError(crowded=True) from None


def _at_our_address(value: Any, request: HttpRequest) -> Any:
    """A link of ours under the configured address: what the request called the host does not reach a mail (P32)."""
    here = request.build_absolute_uri("/")
    if isinstance(value, str) and value.startswith(here):
        return f"{settings.BASE_URL}/{value.removeprefix(here)}"
    return value


def _sent(message: EmailMessage) -> bool:
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.warning("account_mail_kept", problem=type(error).__name__)
        return False
    return True
