"""No server-side request reaches the inside (reliability P31): a listener on loopback stands for the inside."""

from __future__ import annotations

import itertools
import socket
import threading
import time

import pytest

from core import outbound
from core.outbound import OutboundError, fetch, is_public, may_be_asked

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255",
    "::1", "::", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1",
    "2002:7f00:1::", "2001::1", "fc00::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1", "5f00::1",
]  # fmt: skip
SPELLINGS = ["2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001", "0177.0.0.1", "127.0.0.1.", "[::1]"]
SCHEMES = ["file:///etc/passwd", "gopher://{}/", "ftp://{}/", "dict://{}/", "http://{}/", "HTTP://{}/", "//{}/", "{}"]


class Inside:
    """A listener that counts who came and answers with what it was given."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ninside", drip: float = 0) -> None:
        self.visits = 0
        self.answer, self.drip, self.said_all = answer, drip, False
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _address = self.server.accept()
            except OSError:
                return
            self.visits += 1
            with caller:
                caller.recv(4096)
                try:
                    if self.drip:
                        for byte in self.answer:
                            caller.sendall(bytes([byte]))
                            time.sleep(self.drip)
                        self.said_all = True
                    else:
                        caller.sendall(self.answer)
                except OSError:
                    continue


@pytest.fixture
def inside(request):
    listener = Inside(**getattr(request, "param", {}))
    yield listener
    listener.server.close()


@pytest.fixture
def open_loopback(settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = True


@pytest.fixture
def inside_on_every_port(inside, monkeypatch):
    """Whatever port is asked for, the connection would land at the listener."""
    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda _address, **more: real(("127.0.0.1", inside.port), **more))
    return inside


@pytest.mark.parametrize("address", INSIDE)
def test_inside_addresses_are_not_public(address):
    assert is_public(address) is False


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450::1"])
def test_outside_addresses_are_public(address):
    assert is_public(address) is True


def test_names_are_not_addresses():
    assert is_public("example.com") is False


def test_no_inside_address_is_reached_in_any_spelling(inside_on_every_port):
    hosts = [f"[{address}]" if ":" in address else address for address in INSIDE] + SPELLINGS
    hosts += ["localhost", "LOCALHOST", "localhost.", "ⓛocalhost", "127。0。0。1", "①②⑦.0.0.1"]
    refused = 0
    for host, port in itertools.product(hosts, ["", ":443", ":8443", ":6379", ":5432", ":25", ":80"]):
        with pytest.raises(OutboundError):
            fetch(f"https://{host}{port}/", seconds=2)
        refused += 1
    assert (refused, inside_on_every_port.visits) == (len(hosts) * 7, 0)


@pytest.mark.parametrize("form", SCHEMES)
def test_other_schemes_are_refused(form, inside):
    with pytest.raises(OutboundError):
        fetch(form.format(f"127.0.0.1:{inside.port}"))
    assert inside.visits == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://user@example.com/", "https://user:pw@example.com/", "https://example.com@127.0.0.1/",
        "https://example.com:22/", "https://exa mple.com/", "https://example.com\\@127.0.0.1/", "https://[::1%25lo]/",
        "https://example.com%2f@127.0.0.1/", "https:///x", "https://", "https://exam\nple.com/", "https://a_b\x00.com/",
        "https://example.com:99999/", "https://" + "a" * 3000 + ".com/",
    ],
)  # fmt: skip
def test_tricky_forms_are_refused(url):
    assert may_be_asked(url) is False


def test_name_with_one_inside_address_is_refused(monkeypatch, inside_on_every_port):
    answers = [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: answers)

    with pytest.raises(OutboundError):
        fetch("https://rebind.example/")
    assert inside_on_every_port.visits == 0


def test_connection_that_lands_elsewhere_is_dropped(monkeypatch, inside_on_every_port):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: [(2, 1, 6, "", ("93.184.216.34", 443))])

    with pytest.raises(OutboundError):
        fetch("https://public-then-inside.example/", seconds=2)


def test_name_is_resolved_once(monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: asked.append(args) or [])

    with pytest.raises(OutboundError):
        fetch("https://example.com/")
    assert len(asked) == 1


def test_name_server_that_is_silent_is_not_waited_for(monkeypatch):
    given_up, too_late = threading.Event(), []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: too_late.append(not given_up.wait(20)) or [])

    with pytest.raises(OutboundError):
        fetch("https://example.com/", seconds=0.3)
    assert too_late == []
    given_up.set()


def test_loopback_answers_when_the_setting_allows_it(open_loopback, inside):
    answer = fetch(f"http://127.0.0.1:{inside.port}/x?y=1")

    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"inside", "6")


def test_setting_for_loopback_opens_nothing_else(open_loopback, inside_on_every_port):
    for host in ("10.0.0.1", "169.254.169.254", "[fe80::1]", "93.184.216.34"):
        with pytest.raises(OutboundError):
            fetch(f"http://{host}:{inside_on_every_port.port}/", seconds=1)
    assert inside_on_every_port.visits == 0


REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"
SLOW_LINE = b"HTTP/1.1 200 OK\r\n" + b"X-Long: yes\r\n" * 30
HUGE = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (outbound.MOST_BYTES + 1)


@pytest.mark.parametrize(
    "inside", [{"answer": REDIRECT}, {"answer": HUGE}, {"answer": b"nonsense"}, {"answer": b""}], indirect=True
)
def test_answers_that_lead_on_or_never_end_are_refused(open_loopback, inside):
    with pytest.raises(OutboundError):
        fetch(f"http://127.0.0.1:{inside.port}/")
    assert inside.visits == 1


@pytest.mark.parametrize("inside", [{"answer": SLOW_LINE, "drip": 0.05}], indirect=True)
def test_dripping_answer_is_cut_off(open_loopback, inside):
    with pytest.raises(OutboundError):
        fetch(f"http://127.0.0.1:{inside.port}/", seconds=0.4)
    assert (inside.visits, inside.said_all) == (1, False)


def test_environment_cannot_put_a_proxy_between(open_loopback, inside, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert fetch(f"http://127.0.0.1:{inside.port}/").status == 200


def test_refusal_and_silence_read_the_same(open_loopback):
    texts = set()
    for url in ("https://10.0.0.1/", "http://127.0.0.1:1/", "ftp://example.com/", "https://localhost:9/"):
        with pytest.raises(OutboundError) as error:
            fetch(url, seconds=1)
        texts.add(str(error.value))
    assert len(texts) == 1
