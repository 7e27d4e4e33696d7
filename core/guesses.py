"""Wrong secrets from one address: after twenty within a minute the address waits (reliability P10)."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

from core import clock

LIMIT = 20
WINDOW_SECONDS = 60


def guesses_too_often(request: HttpRequest) -> bool:
    return int(cache.get(_key(request), 0)) >= LIMIT  # shared: a network is counted, not a person


def note_wrong_guess(request: HttpRequest) -> None:
    key = _key(request)
    if not cache.add(key, 1, WINDOW_SECONDS * 2):  # shared: a network is counted, not a person
        with suppress(ValueError):  # it ran out at this moment
            cache.incr(key)  # in one step where the cache can, so that guesses at the same moment all count


def _key(request: HttpRequest) -> str:
    """Counted per minute of the clock. Of the address only a digest is kept; one network of IPv6 counts as one."""
    address = str(get_adapter().get_client_ip(request))
    with suppress(ValueError):  # a server behind a socket may name something that is no address
        address = str(IPv6Network(f"{IPv6Address(address)}/64", strict=False))
    digest = hashlib.sha256(address.encode()).hexdigest()[:32]
    return f"wrong-guess:{digest}:{int(clock.now().timestamp()) // WINDOW_SECONDS}"
