"""How allauth behaves here: nobody signs up by themselves, and a mail server that is away never breaks a page."""

from smtplib import SMTPException
from typing import Any
from uuid import uuid4

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest

from core.outbox import ACCOUNT_MAIL, put_mail

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send at once, to a person who waits; without a mail server, or when it fails, the outbox keeps the mail.

        Only administrators may read such a mail there: it may hold a link that opens an account.
        """
        message = self.render_mail(template_prefix, email, {"email": email, "request": self.request, **context})
        if not (settings.MAIL_CONFIGURED and _sent(message)):
            key = f"account:{uuid4()}"
            put_mail(key=key, to=email, subject=message.subject, body=str(message.body), kind=ACCOUNT_MAIL)


def _sent(message: EmailMessage) -> bool:
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.warning("account_mail_kept", problem=type(error).__name__)
        return False
    return True
