"""What the tests of company log-ins share: partners with a provider, and one log-in from start to end."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from django.test import Client

from core import clock
from partners.models import IdentityProvider, Invitation, Partner, VerifiedDomain
from partners.sso.oidc import sealed
from tests.providers.lying import CLIENT, LyingProvider
from tests.providers.saml import SamlProvider, encoded, request_in

SECRET = "client secret / with + signs"


def verify(partner: Partner, domain: str) -> VerifiedDomain:
    return VerifiedDomain.objects.create(partner=partner, domain=domain, verified_at=clock.now())


def oidc_provider(partner: Partner, issuer: str, **fields: Any) -> IdentityProvider:
    return IdentityProvider.objects.create(
        **{
            "partner": partner,
            "kind": "oidc",
            "name": "Contoso",
            "issuer": issuer,
            "client_id": CLIENT,
            "sealed_secret": sealed(SECRET),
            "enabled": True,
            **fields,
        }
    )


def saml_provider(partner: Partner, honest: SamlProvider, **fields: Any) -> IdentityProvider:
    return IdentityProvider.objects.create(
        **{
            "partner": partner,
            "kind": "saml",
            "name": "Contoso",
            "issuer": honest.entity_id,
            "metadata": honest.metadata(),
            "enabled": True,
            **fields,
        }
    )


def invite(partner: Partner, email: str, **fields: Any) -> Invitation:
    now = clock.now()
    return Invitation.objects.create(
        partner=partner,
        email=email,
        name="Nora Newcomer",
        digest=sha256(f"{partner.pk}{email}{now}".encode()).hexdigest(),
        sent_at=now,
        expires_at=now + timedelta(days=7),
        **fields,
    )


def query_of(answer: HttpResponse) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def log_in_by_oidc(client: Client, row: IdentityProvider, provider: LyingProvider, **query: str) -> HttpResponse:
    """Begin, let the provider say what it says, and come back; `query` is laid over the way back."""
    start = client.get(f"/sso/{row.uid}/")
    asked = query_of(start)
    provider.nonce = asked["nonce"]
    return client.get(f"/sso/{row.uid}/callback/", {"code": "code", "state": asked["state"], **query})


def begin_saml(client: Client, row: IdentityProvider) -> dict[str, str]:
    return request_in(client.get(f"/sso/{row.uid}/")["Location"])


def post_saml(client: Client, row: IdentityProvider, document: Any) -> HttpResponse:
    """As the provider's page posts it: without this site's cookies; then as the browser follows, with them."""
    posted = Client().post(f"/sso/{row.uid}/acs/", {"SAMLResponse": encoded(document)})
    return client.get(posted["Location"]) if posted.status_code == 303 else posted


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
