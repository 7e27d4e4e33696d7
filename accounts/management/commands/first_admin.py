"""Let the first administrator in by a one-time link: no password travels, none is a default (reliability P41)."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.urls import reverse

from accounts.models import Role, User
from accounts.services import record


class Command(BaseCommand):
    help = "Creates an administrator, or finds one, and prints a link at which they choose a password. It works once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="how colleagues see them; default: the part before the @")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"“{email}” is not an e-mail address.") from error
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, None, name=options["name"] or email.split("@")[0], role=Role.ADMIN)
            record("accounts.first_admin_created", user, actor=None)
        elif user.role != Role.ADMIN or not user.is_active:
            raise CommandError(
                f"{email} has an account that is no active administrator; an administrator can change that."
            )
        key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
        path = reverse("account_reset_password_from_key", args=key.split("-", 1))
        self.stdout.write(
            f"Open this link within {settings.PASSWORD_RESET_TIMEOUT // 86400} days and choose a password:"
        )
        self.stdout.write(settings.BASE_URL + path)
