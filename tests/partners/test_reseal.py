import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.core.management import call_command

from core.sealing import unseal
from partners.sso.oidc import SEALED_FOR
from tests.portal.sso import SECRET, oidc_provider

pytestmark = pytest.mark.django_db


def test_secrets_open_after_the_former_key_is_forgotten(partner, manager, lead, settings, capsys):
    row = oidc_provider(partner, "https://login.test")
    seed = generate_totp_secret()
    TOTP.activate(manager, seed)
    Authenticator.objects.create(user=lead, type="totp", data={"secret": seed})
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new key"

    call_command("reseal")

    settings.SECRET_KEY_FALLBACKS = []
    row.refresh_from_db()
    assert unseal(row.sealed_secret, purpose=SEALED_FOR) == SECRET
    seeds = Authenticator.objects.values_list("data__secret", flat=True)
    assert {text.startswith("sealed:") for text in seeds} == {True}
    assert {decrypt(text) for text in seeds} == {seed}
    assert "0 could not be opened" in capsys.readouterr().out
