"""OpenID Connect cannot be used to become somebody else (reliability P11): a provider that lies in every way."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from accounts.models import Role
from core import clock
from partners.models import ExternalIdentity, IdentityProvider
from tests.factories import make_member
from tests.portal.sso import is_in, log_in_by_oidc, oidc_provider, query_of, verify
from tests.providers.lying import CLIENT, LyingProvider, new_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loopback(settings, tmp_path):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    settings.VAR_DIR = tmp_path


@pytest.fixture
def provider():
    provider = LyingProvider()
    yield provider
    provider.close()


@pytest.fixture
def row(partner, provider):
    verify(partner, "contoso.test")
    return oidc_provider(partner, provider.issuer)


@pytest.fixture
def nora(partner):
    return make_member(partner=partner, email="nora@contoso.test")


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_honest_log_in_links_once_and_lets_in(client, row, provider, nora):
    answer = log_in_by_oidc(client, row, provider)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(nora.pk)
    assert list(ExternalIdentity.objects.values_list("provider", "subject", "user")) == [(row.pk, "subject-1", nora.pk)]
    assert client.get("/portal/").status_code == 200

    log_in_by_oidc(Client(), row, provider)
    assert ExternalIdentity.objects.count() == 1


def test_request_carries_state_nonce_challenge_and_our_own_address(client, row, nora, settings):
    asked = query_of(client.get(f"/sso/{row.uid}/", headers={"host": "localhost"}))

    assert asked["redirect_uri"] == f"{settings.BASE_URL}/sso/{row.uid}/callback/"
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == ("code", "S256", CLIENT)
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_who_was_led_here_by_another_site_is_asked_first(client, row, nora, site):
    start = f"/sso/{row.uid}/?next=/portal/log/"

    page = client.get(start, headers={"Sec-Fetch-Site": site})

    assert page.status_code == 200
    assert f'<a class="btn btn-primary" href="{start}">' in page.content.decode()
    assert dict(client.session) == {}
    for own in ("same-origin", "none"):
        assert client.get(start, headers={"Sec-Fetch-Site": own}).status_code == 302


def test_code_is_exchanged_with_the_verifier(client, row, provider, nora):
    log_in_by_oidc(client, row, provider)

    form = provider.forms[0]
    assert (form["grant_type"], form["code"], len(form["code_verifier"])) == ("authorization_code", "code", 43)
    assert "client_secret" not in form


def test_secret_is_not_readable_in_the_database(row):
    assert "secret" not in IdentityProvider.objects.get(pk=row.pk).sealed_secret


def test_session_id_is_new_after_the_log_in(client, row, provider, nora):
    client.get(f"/sso/{row.uid}/")
    before = client.session.session_key
    log_in_by_oidc(client, row, provider)

    assert client.session.session_key != before


def hs256_with_public_key(provider):
    """The old trick: the public key, which everybody knows, as the password of a symmetric signature."""
    public = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(claims):
        import hmac
        from hashlib import sha256

        head = b64(json.dumps({"alg": "HS256", "kid": provider.kid}).encode())
        body = b64(json.dumps(claims).encode())
        return f"{head}.{body}.{b64(hmac.new(public, f'{head}.{body}'.encode(), sha256).digest())}"

    return sign


def unsigned(algorithm):
    def sign(claims):
        return f"{b64(json.dumps({'alg': algorithm}).encode())}.{b64(json.dumps(claims).encode())}."

    return sign


def with_other_key(provider, **headers):
    other = new_key()
    return lambda claims: jwt.encode(claims, other, algorithm="RS256", headers={"kid": provider.kid, **headers})


def with_key_in_header(provider):
    """A token that brings the key it wants to be checked with."""
    other = new_key()
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(other.public_key()))
    return lambda claims: jwt.encode(claims, other, algorithm="RS256", headers={"jwk": own, "jku": "http://127.0.0.1/"})


def changed_after_signing(provider):
    def sign(claims):
        head, _body, signature = jwt.encode(claims, provider.key, algorithm="RS256", headers={"kid": "key-1"}).split(
            "."
        )
        return f"{head}.{b64(json.dumps({**claims, 'sub': 'subject-2'}).encode())}.{signature}"

    return sign


ATTACKS = {
    "wrong issuer": {"claims": {"iss": "https://evil.test"}},
    "issuer with a slash more": {"claims": lambda provider: {"iss": provider.issuer + "/"}},
    "no issuer": {"claims": {"iss": None}},
    "wrong audience": {"claims": {"aud": "somebody-else"}},
    "audience list without us": {"claims": {"aud": ["a", "b"]}},
    "meant for another party": {"claims": {"aud": [CLIENT, "other"], "azp": "other"}},
    "several audiences, party unnamed": {"claims": {"aud": [CLIENT, "other"]}},
    "wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "nonce is no text": {"claims": {"nonce": 1}},
    "expired": {"claims": lambda _provider: {"exp": int(clock.now().timestamp()) - 120}},
    "no end": {"claims": {"exp": None}},
    "end is no number": {"claims": {"exp": "never"}},
    "from the future": {"claims": lambda _provider: {"iat": int(clock.now().timestamp()) + 600}},
    "not yet": {"claims": lambda _provider: {"nbf": int(clock.now().timestamp()) + 600}},
    "no subject": {"claims": {"sub": None}},
    "empty subject": {"claims": {"sub": ""}},
    "subject is no text": {"claims": {"sub": 7}},
    "alg none": {"sign": lambda _provider: unsigned("none")},
    "alg None in another case": {"sign": lambda _provider: unsigned("nOnE")},
    "HS256 with the public key": {"sign": hs256_with_public_key},
    "HS256 with the client's secret": {
        "sign": lambda _provider: lambda claims: jwt.encode(claims, "client secret / with + signs" * 2, "HS256")
    },
    "another key under the known id": {"sign": with_other_key},
    "unknown key id": {"sign": lambda provider: with_other_key(provider, kid="unknown")},
    "key inside the token": {"sign": with_key_in_header},
    "changed after signing": {"sign": changed_after_signing},
    "no token": {"sign": lambda _provider: lambda _claims: ""},
    "nonsense": {"sign": lambda _provider: lambda _claims: "a.b.c"},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_forged_token_is_refused(client, row, provider, nora, attack):
    ExternalIdentity.objects.create(provider=row, subject="subject-1", user=nora)
    ExternalIdentity.objects.create(
        provider=row, subject="subject-2", user=make_member(partner=row.partner, role=Role.PARTNER_ADMIN)
    )
    lie = ATTACKS[attack]
    claims = lie.get("claims", {})
    provider.claims = claims(provider) if callable(claims) else claims
    provider.sign = lie["sign"](provider) if "sign" in lie else None

    answer = log_in_by_oidc(client, row, provider)

    assert (answer.status_code, is_in(client)) == (403, False)
    assert "Your company&#x27;s log-in gave no answer we can accept" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [{"state": "guessed"}, {"state": ""}, {"code": ""}, {"error": "access_denied"}, {"iss": "https://evil.test"}],
)
def test_way_back_that_was_tampered_with_is_refused(client, row, provider, nora, query):
    answer = log_in_by_oidc(client, row, provider, **query)

    assert (answer.status_code, is_in(client), provider.forms) == (403, False, [])


def test_way_back_works_once(client, row, provider, nora):
    asked = query_of(client.get(f"/sso/{row.uid}/"))
    provider.nonce = asked["nonce"]
    way_back = {"code": "code", "state": asked["state"]}
    first = client.get(f"/sso/{row.uid}/callback/", way_back)
    client.post("/accounts/logout/")
    second = client.get(f"/sso/{row.uid}/callback/", way_back)

    assert (first.status_code, second.status_code, is_in(client)) == (302, 403, False)


def test_somebody_elses_way_back_logs_nobody_in(client, row, provider, nora):
    """Log-in CSRF: the attacker's own code and state, opened in the victim's browser."""
    asked = query_of(Client().get(f"/sso/{row.uid}/"))
    provider.nonce = asked["nonce"]

    answer = client.get(f"/sso/{row.uid}/callback/", {"code": "code", "state": asked["state"]})

    assert (answer.status_code, is_in(client)) == (403, False)


def test_way_back_goes_stale(client, row, provider, nora, time_machine):
    asked = query_of(client.get(f"/sso/{row.uid}/"))
    time_machine.move_to(clock.now() + timedelta(minutes=11))

    assert client.get(f"/sso/{row.uid}/callback/", {"code": "c", "state": asked["state"]}).status_code == 403


def test_code_of_one_provider_brought_to_another_is_refused(client, row, provider, nora, other_partner):
    """Mix-up: what was begun at X comes back at Y, whose token address would otherwise be given X's code."""
    evil = LyingProvider()
    other = oidc_provider(other_partner, evil.issuer, client_id="other")
    asked = query_of(client.get(f"/sso/{row.uid}/"))

    answer = client.get(f"/sso/{other.uid}/callback/", {"code": "code-of-x", "state": asked["state"]})

    assert (answer.status_code, is_in(client), evil.forms) == (403, False, [])
    evil.close()


def test_provider_that_names_itself_must_always_do_so(client, row, provider, nora):
    provider.discovery = {"authorization_response_iss_parameter_supported": True}

    assert log_in_by_oidc(client, row, provider).status_code == 403
    assert log_in_by_oidc(client, row, provider, iss=provider.issuer).status_code == 302


def test_discovery_that_speaks_for_another_issuer_is_refused(client, row, provider):
    provider.discovery = {"issuer": "https://login.example.com"}

    assert client.get(f"/sso/{row.uid}/").status_code == 403


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "https://user@idp.test/", None])
def test_discovery_with_addresses_we_would_not_ask_is_refused(client, row, provider, nora, name, address):
    provider.discovery = {name: address}
    start = client.get(f"/sso/{row.uid}/")
    if start.status_code == 302:
        asked = query_of(start)
        provider.nonce = asked["nonce"]
        start = client.get(f"/sso/{row.uid}/callback/", {"code": "code", "state": asked["state"]})

    assert (start.status_code, is_in(client)) == (403, False)


def test_address_that_the_provider_has_not_checked_does_not_link(client, row, provider, nora):
    provider.claims = {"email_verified": False}

    assert (log_in_by_oidc(client, row, provider).status_code, ExternalIdentity.objects.count()) == (403, 0)


def test_address_is_asked_for_when_the_token_has_none(client, row, provider, nora):
    provider.claims = {"email": None, "email_verified": None}
    provider.user_info = {"sub": "subject-1", "email": "nora@contoso.test", "email_verified": True}

    assert log_in_by_oidc(client, row, provider).status_code == 302


def test_user_info_about_somebody_else_does_not_count(client, row, provider, nora):
    provider.claims = {"email": None, "email_verified": None}
    provider.user_info = {"sub": "subject-2", "email": "nora@contoso.test", "email_verified": True}

    assert log_in_by_oidc(client, row, provider).status_code == 403


def test_new_keys_are_fetched_but_not_more_than_once_in_five_minutes(client, row, provider, nora):
    log_in_by_oidc(client, row, provider)
    provider.key, provider.kid = new_key(), "key-2"
    after_rotation = log_in_by_oidc(Client(), row, provider).status_code
    for _ in range(5):
        provider.sign = with_other_key(provider, kid="unknown")
        log_in_by_oidc(Client(), row, provider)

    assert (after_rotation, provider.asked.count("/keys")) == (302, 2)


@pytest.mark.parametrize(
    "wanted", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "http:///x"]
)
def test_next_leads_to_this_site_only(client, row, provider, nora, wanted):
    asked = query_of(client.get(f"/sso/{row.uid}/", {"next": wanted}))
    provider.nonce = asked["nonce"]

    answer = client.get(f"/sso/{row.uid}/callback/", {"code": "code", "state": asked["state"], "next": wanted})

    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_next_on_this_site_is_kept(client, row, provider, nora):
    asked = query_of(client.get(f"/sso/{row.uid}/", {"next": "/portal/settings/"}))
    provider.nonce = asked["nonce"]

    answer = client.get(f"/sso/{row.uid}/callback/", {"code": "code", "state": asked["state"]})

    assert answer["Location"] == "/portal/settings/"


def test_provider_that_is_down_is_said_so_and_left_alone(client, row, provider, manager):
    provider.close()
    first, second = client.get(f"/sso/{row.uid}/"), client.get(f"/sso/{row.uid}/")

    assert (first.status_code, second.status_code) == (503, 503)
    assert "does not answer at the moment" in first.content.decode()
    manager.set_password("correct horse battery")
    manager.save(update_fields=["password"])
    assert (
        client.post("/accounts/login/", {"login": manager.email, "password": "correct horse battery"}).status_code
        == 302
    )


def test_provider_that_fails_is_said_so(client, row, provider, nora):
    asked = query_of(client.get(f"/sso/{row.uid}/"))
    provider.status = 502
    answer = client.get(f"/sso/{row.uid}/callback/", {"code": "code", "state": asked["state"]})

    assert (answer.status_code, is_in(client)) == (503, False)


def test_slow_provider_holds_no_more_than_two(client, row, settings):
    from core.turnstile import place

    with place("sso", places=2), place("sso", places=2):
        assert client.get(f"/sso/{row.uid}/").status_code == 503


@pytest.mark.parametrize("change", [{"enabled": False}, {"kind": "saml"}])
def test_provider_that_is_closed_is_a_page_that_does_not_exist(client, row, change):
    IdentityProvider.objects.filter(pk=row.pk).update(**change)

    assert client.get(f"/sso/{row.uid}/callback/").status_code == 404


def test_provider_of_an_archived_partner_is_closed(client, row, partner):
    partner.archived_at = clock.now()
    partner.save(update_fields=["archived_at"])

    assert client.get(f"/sso/{row.uid}/").status_code == 404


def test_second_factor_is_asked_for_after_the_company(client, row, provider, nora):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(nora, generate_totp_secret())
    answer = log_in_by_oidc(client, row, provider)

    assert (answer["Location"], is_in(client)) == ("/accounts/2fa/authenticate/", False)


def test_nothing_secret_is_logged(client, row, provider, nora, caplog):
    asked = query_of(client.get(f"/sso/{row.uid}/"))
    provider.nonce = asked["nonce"]
    client.get(f"/sso/{row.uid}/callback/", {"code": "the-code-itself", "state": asked["state"]})

    for secret in ("the-code-itself", asked["state"], asked["nonce"], "nora@contoso.test"):
        assert secret not in caplog.text


def test_key_that_can_be_broken_is_not_believed(client, row, provider, nora):
    provider.key, provider.kid = new_key(1024), "short"
    log_in_by_oidc(client, row, provider)
    assert not is_in(client)
