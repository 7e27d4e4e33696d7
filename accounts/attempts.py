"""How often something that can be guessed may be tried: counted in the database, exact over any number of processes.

A key has so many numbered slots; a try takes one, and a slot is free again after a quarter of an hour. So no fifteen
minutes ever hold more tries than slots, and a refused try writes nothing (P7).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from allauth.core.internal.ratelimit import get_ip
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.models import AttemptSlot, User
from core import clock

WINDOW = timedelta(minutes=15)
FORGET = timedelta(days=1)
PER_ACCOUNT, PER_ADDRESS, PER_DEVICE = 10, 30, 10
DEVICE_SALT = "known device"
DEVICE_DAYS = 180
MOST_ACCOUNTS = 5  # that one device is known for


Budget = tuple[str, str, int]  # kind, name, slots


class TooManyAttemptsError(Exception):
    """No slot is free; `crowded` when it is not this person's doing but too many log in at this moment."""

    def __init__(self, *, crowded: bool = False) -> None:
        super().__init__()
        self.crowded = crowded


@dataclass(frozen=True)
class Taken:
    """A slot that was taken, so that it can be given back."""

    slot_id: int
    at: datetime


def take(kind: str, name: str, *, limit: int, window: timedelta = WINDOW) -> Taken:
    """Take one of `limit` slots of this key, or raise TooManyAttemptsError."""
    key, now = _key(kind, name), clock.now()
    free_since = now - window
    if _is_full(key, limit, free_since):
        raise TooManyAttemptsError
    for _try in range(limit):
        taken = _claim(key, limit, now, free_since)
        if taken is not None:
            return taken
        if _is_full(key, limit, free_since):
            break
    raise TooManyAttemptsError


def take_both(first: Budget, second: Budget) -> tuple[Taken, Taken]:
    """Take one of each, or none and raise TooManyAttemptsError."""
    free_since = clock.now() - WINDOW
    if any(_is_full(_key(kind, name), limit, free_since) for kind, name, limit in (first, second)):
        raise TooManyAttemptsError
    taken = take(first[0], first[1], limit=first[2])
    try:
        return taken, take(second[0], second[1], limit=second[2])
    except TooManyAttemptsError:
        give_back(taken)
        raise


def is_used_up(kind: str, name: str, *, limit: int) -> bool:
    return _is_full(_key(kind, name), limit, clock.now() - WINDOW)


def give_back(taken: Taken) -> None:
    AttemptSlot.objects.filter(pk=taken.slot_id, taken_at=taken.at).update(taken_at=taken.at - WINDOW)


def address_of(request: HttpRequest) -> str:
    """The visitor's address; of IPv6 the network of one household."""
    address = get_ip(request)
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, 64), strict=False).network_address)
    return address


def known_device(request: HttpRequest, user: User | None) -> str:
    """The name of the device if `user` has logged in with it before; empty otherwise."""
    if user is None:
        return ""
    device, accounts = _read_device(request)
    return f"{device} {user.uid}" if str(user.uid) in accounts else ""


def has_known_device(request: HttpRequest) -> bool:
    """Whether somebody has logged in with this device before; whose it is for is asked later."""
    return bool(_read_device(request)[1])


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    device, accounts = _read_device(request)
    accounts = [*[uid for uid in accounts if uid != str(user.uid)], str(user.uid)][-MOST_ACCOUNTS:]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([device or uuid4().hex, accounts], salt=DEVICE_SALT),
        max_age=DEVICE_DAYS * 86_400,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def _read_device(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        device, accounts = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=DEVICE_SALT, max_age=DEVICE_DAYS * 86_400
        )
    except (signing.BadSignature, ValueError, TypeError):
        return "", []
    return device, accounts


def _key(kind: str, name: str) -> str:
    return sha256(f"{kind}:{name.strip().lower()}".encode()).hexdigest()


def _is_full(key: str, limit: int, free_since: datetime) -> bool:
    return AttemptSlot.objects.filter(key=key, taken_at__gt=free_since).count() >= limit


def _claim(key: str, limit: int, now: datetime, free_since: datetime) -> Taken | None:
    """Take over a slot that is free again, or open the next number. None when somebody was faster."""
    free = AttemptSlot.objects.filter(key=key, number__lt=limit, taken_at__lte=free_since)
    slot_id = free.order_by("number").values_list("pk", flat=True).first()
    if slot_id is not None:
        return Taken(slot_id, now) if free.filter(pk=slot_id).update(taken_at=now) else None
    number = AttemptSlot.objects.filter(key=key).count()
    if number >= limit:
        return None
    if number == 0:
        _forget(now)
    try:
        with transaction.atomic():
            return Taken(AttemptSlot.objects.create(key=key, number=number, taken_at=now).pk, now)
    except IntegrityError:
        return None


def _forget(now: datetime) -> None:
    """A few of the oldest go whenever a new key comes, so the table never grows for good."""
    old = AttemptSlot.objects.filter(taken_at__lt=now - FORGET).order_by("taken_at").values_list("pk", flat=True)[:40]
    AttemptSlot.objects.filter(pk__in=list(old), taken_at__lt=now - FORGET).delete()
