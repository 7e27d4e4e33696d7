"""OpenID Connect as a relying party: code flow with PKCE, one provider per partner, keys only from its own address.

Every check of the standard is written out here; the library (PyJWT) does the cryptography. Only asymmetric signatures
are known, so a token "signed" with a public key as if it were a password has no algorithm to be checked with.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
from django.core.cache import cache

from core import clock
from core.outbound import OutboundError, fetch, may_be_asked
from core.sealing import BrokenSealError, seal, unseal
from core.turnstile import CrowdedError, place
from partners.models import IdentityProvider
from partners.sso.claims import SKEW_SECONDS, Claims, ProviderDownError, SsoRefusedError

ALGORITHMS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
SEALED_FOR = "identity provider"
SMALLEST_RSA = 2048  # bits
SECONDS = 6.0  # of each request; a person waits
KEEP_SECONDS = 3600
REFRESH_SECONDS = 300  # keys are asked for again once in this time at most (F24)
REST_SECONDS = 30  # a provider that did not answer is left alone
SCOPE = "openid email profile"


def sealed(secret: str) -> str:
    return seal(secret, purpose=SEALED_FOR) if secret else ""


def begin(provider: IdentityProvider, *, redirect_uri: str) -> tuple[str, dict[str, str]]:
    """The address to send the person to, and what must be remembered in their session until they come back."""
    pending = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    challenge = urlsafe_b64encode(sha256(pending["verifier"].encode()).digest()).rstrip(b"=").decode()
    endpoint = _discovered(provider, "authorization_endpoint")
    query = urlencode(
        {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": pending["state"],
            "nonce": pending["nonce"],
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}", pending


def finish(
    provider: IdentityProvider, *, answer: Mapping[str, str], pending: Mapping[str, str], redirect_uri: str
) -> Claims:
    """Exchange the code of a checked answer for what the provider says about the person."""
    _check_answer(provider, answer, pending)
    tokens = _tokens(provider, answer["code"], pending["verifier"], redirect_uri)
    claims = verified_claims(provider, tokens.get("id_token"), nonce=pending["nonce"])
    if "email" not in claims and isinstance(tokens.get("access_token"), str):
        claims = {**_user_info(provider, tokens["access_token"], claims["sub"]), **claims}
    return Claims(subject=claims["sub"], email=_email(claims), name=_text(claims.get("name"))[:120])


def verified_claims(provider: IdentityProvider, token: Any, *, nonce: str) -> dict[str, Any]:
    """The claims of an id token that this provider issued to us, for this log-in, now. Raises SsoRefusedError."""
    claims = _signed_claims(provider, token)
    now = clock.now().timestamp()
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if claims.get("iss") != provider.issuer:
        raise SsoRefusedError("wrong_issuer")
    if not isinstance(audiences, list) or provider.client_id not in audiences:
        raise SsoRefusedError("wrong_audience")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise SsoRefusedError("wrong_party")
    if not (_is_number(claims.get("exp")) and now < claims["exp"] + SKEW_SECONDS):
        raise SsoRefusedError("expired")
    if not _is_number(claims.get("iat")) or claims["iat"] > now + SKEW_SECONDS:
        raise SsoRefusedError("from_the_future")
    if "nbf" in claims and not (_is_number(claims["nbf"]) and claims["nbf"] <= now + SKEW_SECONDS):
        raise SsoRefusedError("from_the_future")
    given = claims.get("nonce")
    if not isinstance(given, str) or not secrets.compare_digest(given.encode(), nonce.encode()):
        raise SsoRefusedError("wrong_nonce")
    if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
        raise SsoRefusedError("no_subject")
    return claims


def _check_answer(provider: IdentityProvider, answer: Mapping[str, str], pending: Mapping[str, str]) -> None:
    """State binds the answer to this browser; `iss` (RFC 9207) and our address per provider bind it to the provider."""
    if not secrets.compare_digest(answer.get("state", "").encode(), pending["state"].encode()):
        raise SsoRefusedError("wrong_state")
    if "iss" in answer and answer["iss"] != provider.issuer:
        raise SsoRefusedError("mixed_up")
    if "iss" not in answer and _discovery(provider).get("authorization_response_iss_parameter_supported") is True:
        raise SsoRefusedError("mixed_up")
    if answer.get("error"):
        raise SsoRefusedError("provider_said_no")
    if not answer.get("code"):
        raise SsoRefusedError("no_code")


def _tokens(provider: IdentityProvider, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    methods = _discovery(provider).get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    secret = _secret(provider)
    if secret and "client_secret_basic" in methods:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client_id} | ({"client_secret": secret} if secret else {})
    endpoint = _discovered(provider, "token_endpoint")
    return _asked(provider, endpoint, method="POST", body=urlencode(form).encode(), headers=headers)


def _secret(provider: IdentityProvider) -> str:
    try:
        return unseal(provider.sealed_secret, purpose=SEALED_FOR) if provider.sealed_secret else ""
    except BrokenSealError:
        raise SsoRefusedError("secret_lost") from None


def _user_info(provider: IdentityProvider, access_token: str, subject: str) -> dict[str, Any]:
    """What the provider adds on request; nothing when it speaks of somebody else."""
    endpoint = _discovery(provider).get("userinfo_endpoint")
    if not isinstance(endpoint, str):
        return {}
    found = _asked(provider, endpoint, headers={"Authorization": f"Bearer {access_token}"})
    return found if found.get("sub") == subject else {}


def _signed_claims(provider: IdentityProvider, token: Any) -> dict[str, Any]:
    if not isinstance(token, str):
        raise SsoRefusedError("no_token")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise SsoRefusedError("no_token") from None
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise SsoRefusedError("wrong_algorithm")
    key = _key(provider, header.get("kid"), algorithm)
    unchecked = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], options={"verify_signature": True, **unchecked}
        )
    except jwt.PyJWTError:
        raise SsoRefusedError("wrong_signature") from None
    return claims


def _key(provider: IdentityProvider, key_id: Any, algorithm: str) -> jwt.PyJWK:
    """The provider's key of this id; unknown ids make us ask the provider again, once in five minutes at most."""
    for may_refresh in (True, False):
        fitting = [row for row in _keys(provider) if _fits(row, key_id, algorithm)]
        if len(fitting) == 1:
            try:
                key = jwt.PyJWK.from_dict(fitting[0], algorithm)
            except jwt.PyJWTError:
                raise SsoRefusedError("unusable_key") from None
            if key.key_type == "RSA" and key.key.key_size < SMALLEST_RSA:
                raise SsoRefusedError("unusable_key")
            return key
        if not (may_refresh and cache.add(_mark(provider, "refreshed"), 1, REFRESH_SECONDS)):  # shared: of the provider
            break
        cache.delete(_mark(provider, "keys"))  # shared: of the provider
    raise SsoRefusedError("unknown_key")


def _fits(row: Any, key_id: Any, algorithm: str) -> bool:
    return (
        isinstance(row, dict)
        and row.get("kty") == ALGORITHMS[algorithm]
        and row.get("use", "sig") == "sig"
        and row.get("alg", algorithm) == algorithm
        and (key_id is None or row.get("kid") == key_id)
    )


def _keys(provider: IdentityProvider) -> list[Any]:
    kept = cache.get(_mark(provider, "keys"))  # shared: of the provider
    if kept is None:
        found = _asked(provider, _discovered(provider, "jwks_uri")).get("keys")
        kept = found if isinstance(found, list) else []
        cache.set(_mark(provider, "keys"), kept, KEEP_SECONDS)  # shared: of the provider
    return list(kept)


def _discovered(provider: IdentityProvider, name: str) -> str:
    address = _discovery(provider).get(name)
    if not isinstance(address, str) or not may_be_asked(address):
        raise SsoRefusedError("bad_discovery")
    return address


def _discovery(provider: IdentityProvider) -> dict[str, Any]:
    kept: dict[str, Any] | None = cache.get(_mark(provider, "discovery"))  # shared: of the provider
    if kept is None:
        kept = _asked(provider, provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if kept.get("issuer") != provider.issuer:
            raise SsoRefusedError("wrong_issuer")
        cache.set(_mark(provider, "discovery"), kept, KEEP_SECONDS)  # shared: of the provider
    return kept


def _asked(provider: IdentityProvider, url: str, **more: Any) -> dict[str, Any]:
    """The JSON object at an address of the provider. Few may wait at once: a slow provider must not stop the house."""
    if cache.get(_mark(provider, "resting")):  # shared: of the provider
        raise ProviderDownError
    try:
        with place("sso", places=2, wait=1.0):
            answer = fetch(url, seconds=SECONDS, **more)
    except CrowdedError:
        raise ProviderDownError from None
    except OutboundError:
        cache.set(_mark(provider, "resting"), 1, REST_SECONDS)  # shared: of the provider
        raise ProviderDownError from None
    if answer.status >= 500:
        raise ProviderDownError
    try:
        found = json.loads(answer.body)
    except ValueError:
        raise SsoRefusedError("bad_answer") from None
    if answer.status != 200 or not isinstance(found, dict):
        raise SsoRefusedError("provider_said_no")
    return found


def _mark(provider: IdentityProvider, what: str) -> str:
    """A change of the provider's row forgets what was kept about it."""
    return f"sso:{provider.uid}:{provider.updated_at.timestamp()}:{what}"


def _email(claims: Mapping[str, Any]) -> str:
    """The address, unless the provider says that it has not checked it."""
    return _text(claims.get("email")) if claims.get("email_verified", True) in (True, "true") else ""


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
