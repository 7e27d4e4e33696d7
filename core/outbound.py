"""The only way out of the house: one client for every address that somebody typed in (reliability R16, P31).

The name is resolved once, every address is held against our own list, and the connection is made to the address that
was checked. No redirects, no proxies of the environment, 64 kB and a few seconds at most. Whatever goes wrong reads the
same to the caller, so that an answer never tells what stands inside.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, urlsplit

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

log = structlog.get_logger(__name__)
PORTS = frozenset({443, 8443})
SECONDS = 15.0
MOST_BYTES = 64 * 1024
HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?\.?", re.IGNORECASE)
UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")

# `ipaddress.is_global` calls multicast and 192.0.0.8 global, and knows neither NAT64 nor 6to4: this list is our own.
CLOSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24"
        " 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15"
        " 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
    ).split()
)
# Of IPv6 only what is given out to the public; so v4-mapped, NAT64, site-local and all later inventions are closed.
OPEN_V6 = ipaddress.IPv6Network("2000::/3")
CLOSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split()
)


class OutboundError(Exception):
    """No usable answer; `str()` is for people and the same for "not allowed" and "nobody answered"."""

    def __init__(self) -> None:
        super().__init__(_("This address gave no usable answer."))


@dataclass(frozen=True)
class Answer:
    """`headers` with lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_public(address: str) -> bool:
    """Whether an address (not a name) lies outside: reachable for everybody on the internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in CLOSED_V4)
    return found in OPEN_V6 and not any(found in network for network in CLOSED_V6)


def may_be_asked(url: str) -> bool:
    """Whether the address has a form that `fetch` would try; says nothing about where its name leads."""
    return _parts(url) is not None


def fetch(
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> Answer:
    """Ask an address outside and return its answer, of whatever status but a redirect. Raises OutboundError."""
    parts = _parts(url)
    if parts is None:
        raise _refused("form")
    deadline = time.monotonic() + min(seconds, SECONDS)
    try:
        return _ask(parts, method, body, dict(headers or {}), deadline)
    except (OSError, HTTPException, ValueError) as error:
        raise _refused(type(error).__name__) from None


def _refused(why: str) -> OutboundError:
    log.warning("outbound_refused", problem=why)
    return OutboundError()


def _parts(url: str) -> SplitResult | None:
    if len(url) > 2000 or UNSAFE.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        return None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc or "%" in parts.netloc:
        return None
    if not (HOST.fullmatch(host) or _is_address(host)):
        return None
    if parts.scheme == "https" and (port in PORTS or settings.OUTBOUND_ALLOW_LOOPBACK):
        return parts
    return parts if parts.scheme == "http" and settings.OUTBOUND_ALLOW_LOOPBACK else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ask(parts: SplitResult, method: str, body: bytes | None, headers: dict[str, str], deadline: float) -> Answer:
    host = (parts.hostname or "").encode("idna").decode()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with _connected(host, port, deadline, secure=parts.scheme == "https") as sock:
        connection = HTTPConnection(host, port)
        connection.sock = sock
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        plain = {"User-Agent": "prm", "Accept-Encoding": "identity", "Connection": "close"}
        connection.request(method, path, body=body, headers={**plain, **headers})
        response = connection.getresponse()
        if 300 <= response.status < 400:
            raise ValueError("redirect")
        content = response.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES or time.monotonic() > deadline:
            raise ValueError("too much")
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


@contextmanager
def _connected(host: str, port: int, deadline: float, *, secure: bool) -> Iterator[socket.socket]:
    """A socket to a checked address, cut off at the deadline whatever it is doing: a drip of bytes gains no time."""
    sock = _first_that_answers(_allowed_addresses(host, port, deadline, secure=secure), port, deadline)
    holder = [sock]
    guard = threading.Timer(max(deadline - time.monotonic(), 0), _cut, [holder])
    guard.daemon = True
    guard.start()
    try:
        if secure:
            holder[0] = sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
        yield sock
    finally:
        guard.cancel()
        holder[0].close()


def _cut(holder: list[socket.socket]) -> None:
    try:
        holder[0].shutdown(socket.SHUT_RDWR)
    except OSError:
        log.info("outbound_already_closed")


def _allowed_addresses(host: str, port: int, deadline: float, *, secure: bool) -> list[str]:
    """What the name leads to. One closed address among them refuses the whole name (rebinding)."""
    addresses = _resolved(host, port, deadline)
    plain_inside = settings.OUTBOUND_ALLOW_LOOPBACK and all(
        ipaddress.ip_address(address).is_loopback for address in addresses
    )
    if addresses and (plain_inside or (secure and port in PORTS and all(is_public(address) for address in addresses))):
        return addresses
    raise ValueError("not allowed")


def _resolved(host: str, port: int, deadline: float) -> list[str]:
    """Ask the system for the addresses of a name, for no longer than the deadline."""
    found: list[str] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(dict.fromkeys(str(row[4][0]) for row in rows))

    worker = threading.Thread(target=look_up, daemon=True)
    worker.start()
    worker.join(max(deadline - time.monotonic(), 0))
    return [] if worker.is_alive() else found


def _first_that_answers(addresses: list[str], port: int, deadline: float) -> socket.socket:
    problem: OSError = TimeoutError()
    for address in addresses:
        try:
            sock = socket.create_connection((address, port), timeout=max(deadline - time.monotonic(), 0.001))
        except OSError as error:
            problem = error
            continue
        if sock.getpeername()[0] == address:
            return sock
        sock.close()
    raise problem
