"""Setting up a company's log-in in the Django admin."""

import pytest

from accounts.models import AuditEntry
from core.sealing import unseal
from partners.models import IdentityProvider, VerifiedDomain
from partners.sso.oidc import SEALED_FOR
from tests.providers.saml import ENTITY, SamlProvider

pytestmark = pytest.mark.django_db
ADD_PROVIDER, ADD_DOMAIN = "/admin/partners/identityprovider/add/", "/admin/partners/verifieddomain/add/"


@pytest.fixture
def root_client(client, admin_user):
    client.force_login(admin_user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def oidc(partner, **fields):
    base = {
        "partner": partner.pk,
        "kind": "oidc",
        "name": "Contoso",
        "issuer": "https://login.contoso.test",
        "client_id": "prm",
        "secret": "s3cret",
        "enabled": "on",
    }
    return {**base, **fields}


def test_secret_goes_in_and_never_comes_out(root_client, partner):
    root_client.post(ADD_PROVIDER, oidc(partner))

    row = IdentityProvider.objects.get()
    page = root_client.get(f"/admin/partners/identityprovider/{row.pk}/change/").content.decode()
    assert unseal(row.sealed_secret, purpose=SEALED_FOR) == "s3cret"
    assert ("s3cret" in page, row.sealed_secret in page) == (False, False)
    assert f"/sso/{row.uid}/callback/" in page


def test_empty_secret_keeps_the_old_one(root_client, partner):
    root_client.post(ADD_PROVIDER, oidc(partner))
    row = IdentityProvider.objects.get()
    root_client.post(f"/admin/partners/identityprovider/{row.pk}/change/", oidc(partner, secret="", name="New"))

    row.refresh_from_db()
    assert (row.name, unseal(row.sealed_secret, purpose=SEALED_FOR)) == ("New", "s3cret")


def test_partner_of_a_provider_cannot_be_changed(root_client, partner, other_partner):
    root_client.post(ADD_PROVIDER, oidc(partner))
    row = IdentityProvider.objects.get()
    root_client.post(f"/admin/partners/identityprovider/{row.pk}/change/", oidc(other_partner))

    row.refresh_from_db()
    assert row.partner_id == partner.pk


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://login.contoso.test"}, {"issuer": "https://login.contoso.test?x=1"}, {"issuer": ""},
        {"issuer": "https://user@login.contoso.test"}, {"client_id": ""}, {"enabled": "", "sso_only": "on"},
        {"kind": "saml", "metadata": "<x/>"}, {"kind": "saml", "metadata_url": "http://127.0.0.1/"},
        {"kind": "saml", "metadata_url": "https://10.0.0.1/"},
    ],
)  # fmt: skip
def test_provider_that_cannot_work_is_refused(root_client, partner, change):
    answer = root_client.post(ADD_PROVIDER, oidc(partner, **change))

    assert (answer.status_code, IdentityProvider.objects.count()) == (200, 0)


def test_saml_issuer_is_read_from_the_metadata(root_client, partner):
    fields = oidc(partner, kind="saml", issuer="https://made-up.test", client_id="", metadata=SamlProvider().metadata())
    root_client.post(ADD_PROVIDER, fields)

    assert IdentityProvider.objects.get().issuer == ENTITY
    assert AuditEntry.objects.get(action="partners.provider_saved").partner_uid == partner.uid


def test_domain_counts_once_an_administrator_says_so(root_client, admin_user, partner):
    root_client.post(ADD_DOMAIN, {"partner": partner.pk, "domain": "Contoso.TEST"})
    row = VerifiedDomain.objects.get()
    assert (row.domain, row.verified_at) == ("contoso.test", None)

    root_client.post(f"/admin/partners/verifieddomain/{row.pk}/change/", {"checked": "on"})
    row.refresh_from_db()
    assert (row.verified_by_id, VerifiedDomain.objects.verified().count()) == (admin_user.pk, 1)

    root_client.post(f"/admin/partners/verifieddomain/{row.pk}/change/", {})
    assert VerifiedDomain.objects.verified().count() == 0


@pytest.mark.parametrize("domain", ["gmail.com", "nonsense", "a b.test", "@contoso.test"])
def test_domain_that_is_no_firms_is_refused(root_client, partner, domain):
    root_client.post(ADD_DOMAIN, {"partner": partner.pk, "domain": domain})

    assert VerifiedDomain.objects.count() == 0


def test_domain_belongs_to_one_partner(root_client, partner, other_partner):
    root_client.post(ADD_DOMAIN, {"partner": partner.pk, "domain": "contoso.test"})
    root_client.post(ADD_DOMAIN, {"partner": other_partner.pk, "domain": "CONTOSO.test"})

    assert list(VerifiedDomain.objects.values_list("partner", flat=True)) == [partner.pk]
