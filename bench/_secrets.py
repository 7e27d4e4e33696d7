"""Every kind of secret that lets its bearer in: issued by the product's services, tried at the product's look-ups."""

from __future__ import annotations

import json
import math
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from random import Random
from typing import Any
from uuid import uuid4

from allauth.account.forms import UserTokenForm, default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.core.signing import Signer
from django.http import HttpResponse
from django.test import RequestFactory
from knox.settings import CONSTANTS, knox_settings
from rest_framework.exceptions import AuthenticationFailed

from accounts.attempts import has_known_device, remember_device
from accounts.authentication import ApiTokenAuthentication
from accounts.models import Role
from accounts.queries import holder_of, preference_token
from accounts.services import create_token
from core import clock
from core.models import Outbox
from core.sealing import BrokenSealError, seal, unseal
from engagement.models import Meeting
from engagement.queries.links import open_link
from engagement.services import feed_owner, feeds, links, renew_feed
from partners.models import IdentityProvider
from partners.queries import working_invitation
from partners.services import invitations
from partners.sso import saml
from partners.sso.claims import SsoRefusedError
from portal.views import sso
from tests.factories import make_contact, make_meeting, make_member, make_partner, make_user
from tests.providers.saml import SamlProvider

LETTERS = string.ascii_letters + string.digits
SIGNED_BITS = 8 * sha256().digest_size
assert Signer().algorithm == "sha256"


@dataclass(frozen=True)
class Kind:
    """One kind of secret. `bits`: what is left to guess, by construction, even for who has read the table."""

    name: str
    bits: int
    stored: str
    live: tuple[str, ...]
    opens: Callable[[str], bool]
    alphabet: str = LETTERS + "-_"
    start: int = 0  # of the part that is secret; what stands before is the same for all, or known
    loose_end: int = 0  # characters at the end that may be written in several ways


def guesses(kind: Kind, number: int, random: Random) -> Iterator[str]:
    """Half of them random in the right shape, half as near to a true one as can be without being it."""
    known = set(kind.live)
    for turn in range(number):
        true = random.choice(kind.live)
        guess = _near(kind, true, turn // 2 % 4, random) if turn % 2 else _random(kind, true, kind.start, random)
        while guess in known:
            guess = _random(kind, true, kind.start, random)
        yield guess


def _near(kind: Kind, true: str, how: int, random: Random) -> str:
    body = len(true) - kind.loose_end
    if how == 0:  # one character is another
        place = random.randrange(kind.start, body)
        return true[:place] + random.choice(kind.alphabet.replace(true[place], "")) + true[place + 1 :]
    if how == 1:  # cut off
        return true[: body - random.randint(1, 5)]
    if how == 2:  # capital letters small and small ones capital
        return true[: kind.start] + true[kind.start :].swapcase()
    return _random(kind, true, (kind.start + len(true)) // 2, random)  # the first half is right


def _random(kind: Kind, true: str, start: int, random: Random) -> str:
    """Punctuation stays where it is, so that the shape is right."""
    rest = (random.choice(kind.alphabet) if char in kind.alphabet else char for char in true[start:])
    return true[:start] + "".join(rest)


def issue(number: int) -> list[Kind]:
    """So many live secrets of each kind, each of a person at a partner of their own."""
    owner = make_user(role=Role.LEAD)
    people = [make_member(partner=make_partner(owner=owner), role=Role.PARTNER_ADMIN) for _ in range(number)]
    signed = "nothing: signed with HMAC-SHA256"
    hexadecimal = string.digits + "abcdef"
    key_shown = CONSTANTS.TOKEN_KEY_LENGTH - len(knox_settings.TOKEN_PREFIX)
    session_store = import_module(settings.SESSION_ENGINE).SessionStore

    def each(make: Callable[[Any], str]) -> tuple[str, ...]:
        return tuple(make(person) for person in people)

    return [
        Kind(
            "API token",
            4 * (knox_settings.AUTH_TOKEN_CHARACTER_LENGTH - key_shown),
            f"SHA-512, and the first {CONSTANTS.TOKEN_KEY_LENGTH} characters to find it by",
            each(lambda person: create_token(user=person, name="sync", scope="read", days=9)[1]),
            _opens_api,
            alphabet=hexadecimal,
            start=len(knox_settings.TOKEN_PREFIX),
        ),
        Kind(
            "invitation",
            8 * invitations.SECRET_BYTES,
            "SHA-256",
            each(lambda person: _invited(person.membership.partner_id, owner)),
            lambda secret: working_invitation(secret, at=clock.now()) is not None,
        ),
        Kind(
            "link in a mail",
            8 * links.SECRET_BYTES,
            "SHA-256",
            each(lambda person: _linked(person.membership.partner)),
            lambda secret: open_link(secret, at=clock.now()) is not None,
        ),
        Kind(
            "calendar feed",
            8 * feeds.SECRET_BYTES,
            "SHA-256",
            each(lambda person: renew_feed(user=person)),
            lambda secret: feed_owner(secret) is not None,
        ),
        Kind(
            "new password",
            SIGNED_BITS // 2,  # every second digit of the signature is left out
            signed,
            each(lambda person: f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"),
            _opens_password,
            alphabet=hexadecimal,
        ),
        Kind(
            "mail preferences",
            SIGNED_BITS,
            signed,
            each(lambda person: preference_token(person, "digest")),
            lambda secret: holder_of(secret) is not None,
        ),
        Kind("known device", SIGNED_BITS, signed, each(_device), _opens_device),
        _sso_state(people[0].membership.partner, number),
        Kind(
            "SSO hand-over",
            128,  # the half of the key with which the seal is signed
            "nothing: sealed, AES-CBC and HMAC-SHA256",
            each(lambda person: seal(json.dumps([str(person.uid), "_id", "X", "Y", "Z"]), purpose=sso.HANDED_OVER)),
            _opens_seal,
            loose_end=4,
        ),
        Kind(
            "session",
            int(32 * math.log2(len(VALID_KEY_CHARS))),
            "as it is, in the table of sessions",
            each(lambda person: _session(session_store, person)),
            lambda secret: bool(session_store(secret).load()),
            alphabet=VALID_KEY_CHARS,
        ),
    ]


def _opens_api(secret: str) -> bool:
    try:
        ApiTokenAuthentication().authenticate_credentials(secret.encode())
    except AuthenticationFailed:
        return False
    return True


def _invited(partner_id: int, actor: Any) -> str:
    invitation = invitations.invite(partner_id=partner_id, email=f"{uuid4()}@bench.test", name="Mia", actor=actor)
    mail = Outbox.objects.get(key__startswith=f"invitation:{invitation.uid}:")
    return mail.body.split("/join/")[1].split("/")[0]


def _linked(partner: Any) -> str:
    meeting = make_meeting(partner=partner, status=Meeting.Status.CONFIRMED)
    return links.date_links(meeting, make_contact(partner=partner)).date.rstrip("/").rsplit("/", 1)[1]


def _opens_password(secret: str) -> bool:
    uidb36, _dash, key = secret.partition("-")
    return bool(UserTokenForm(data={"uidb36": uidb36, "key": key}).is_valid())


def _device(person: Any) -> str:
    response = HttpResponse()
    remember_device(RequestFactory().get("/"), response, person)
    return response.cookies[settings.DEVICE_COOKIE_NAME].value


def _opens_device(secret: str) -> bool:
    request = RequestFactory().get("/")
    request.COOKIES[settings.DEVICE_COOKIE_NAME] = secret
    return has_known_device(request)


def _sso_state(partner: Any, number: int) -> Kind:
    """Of SAML; that of OpenID Connect is longer. More of them in one browser than it ever keeps."""
    provider = IdentityProvider(partner=partner, kind="saml", name="X", metadata=SamlProvider().metadata())
    begun = [saml.begin(provider, entity_id="https://x.test", consumer_url="https://x.test")[1] for _ in range(number)]
    row = {"provider": str(provider.uid), "at": int(clock.now().timestamp()) + 86_400}
    request: Any = RequestFactory().get("/")

    def opens(secret: str) -> bool:
        request.session = {sso.PENDING: {one["state"]: row for one in begun}}
        try:
            sso._recall(request, provider, secret)  # noqa: SLF001  the look-up itself, without the page around it
        except SsoRefusedError:
            return False
        return True

    states = tuple(one["state"] for one in begun)
    bits = 4 * (len(states[0]) - 1)
    return Kind("SSO state", bits, "in the session of the browser it is for", states, opens, string.hexdigits[:16], 1)


def _opens_seal(secret: str) -> bool:
    try:
        unseal(secret, purpose=sso.HANDED_OVER, seconds=86_400)  # longer than in life, so that none is merely late
    except BrokenSealError:
        return False
    return True


def _session(store: Any, person: Any) -> str:
    session = store()
    session["_auth_user_id"] = str(person.pk)
    session.save()
    return str(session.session_key)
