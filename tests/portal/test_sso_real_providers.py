"""The whole way through providers that others wrote, as processes of their own: they know what we misread."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from partners.models import ExternalIdentity
from tests.factories import make_member
from tests.portal.sso import is_in, oidc_provider, verify
from tests.providers.processes import CLIENT, SECRET, Person, node_provider, python_provider

pytestmark = pytest.mark.django_db
UID = "7d0f2b8e-3c55-4c8a-9d5e-0d3a1f6b2c11"


@pytest.fixture(autouse=True)
def loopback(settings, tmp_path):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    settings.VAR_DIR = tmp_path


@pytest.fixture(params=["node", "python"])
def issuer(request, settings):
    back = f"{settings.BASE_URL}/sso/{UID}/callback/"
    with node_provider(back) if request.param == "node" else python_provider() as address:
        yield address


def log_in(client, row, name, settings):
    start = client.get(f"/sso/{row.uid}/")["Location"]
    back = urlsplit(Person(name).go(start, settings.BASE_URL))
    return client.get(back.path, dict(parse_qsl(back.query)))


def test_person_logs_in_through_a_real_provider(client, partner, issuer, settings):
    from partners.sso.oidc import sealed

    verify(partner, "contoso.test")
    row = oidc_provider(partner, issuer, uid=UID, client_id=CLIENT, sealed_secret=sealed(SECRET))
    nora = make_member(partner=partner, email="nora@contoso.test")

    answer = log_in(client, row, "nora", settings)

    assert (answer.status_code, client.session["_auth_user_id"]) == (302, str(nora.pk))
    assert ExternalIdentity.objects.get().subject == "nora"
    assert client.get("/portal/").status_code == 200
    stranger = Client()
    assert (log_in(stranger, row, "stranger", settings).status_code, is_in(stranger)) == (403, False)
