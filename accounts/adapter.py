"""How allauth behaves here: nobody signs up by themselves; sign-ins are written to the audit trail."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Account mails go straight out: they answer a person who is waiting, and hold a secret that is never stored."""
        super().send_mail(template_prefix, email, context)
