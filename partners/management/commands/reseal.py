"""Seal every stored secret anew with the present SECRET_KEY, before a former one is forgotten."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts import mfa
from core.sealing import BrokenSealError, reseal
from partners.models import IdentityProvider
from partners.sso import oidc


class Command(BaseCommand):
    help = "Seal client secrets and second factors anew with the present SECRET_KEY. Safe to run again."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        lost = 0
        providers = IdentityProvider.objects.select_for_update().exclude(sealed_secret="")
        for provider in providers:
            try:
                provider.sealed_secret = reseal(provider.sealed_secret, purpose=oidc.SEALED_FOR)
            except BrokenSealError:
                lost += 1
                continue
            provider.save(update_fields=["sealed_secret", "updated_at"])
        for factor in Authenticator.objects.select_for_update().filter(type__in=["totp", "recovery_codes"]):
            try:
                factor.data = mfa.resealed(factor.data)
            except BrokenSealError:
                lost += 1
                continue
            factor.save(update_fields=["data"])
        self.stdout.write(f"Sealed anew. {lost} could not be opened with any key and stay as they are.")
