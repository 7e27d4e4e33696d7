"""Honest OpenID Connect providers as processes on loopback: `oidc-provider` (Node) and `oidc-provider-mock`."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from tools.assets import borrowed_npm, run, system_npm

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
INSTALLED = ROOT / "var" / "test-provider"
START_SECONDS = 30
CLIENT, SECRET = "prm-client", "a client secret of some length"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def node_provider(redirect_uri: str) -> Iterator[str]:
    """`oidc-provider` with one client; yields its issuer."""
    command = [*_node(), INSTALLED / "provider.mjs"]
    port = free_port()
    with _running([*command, port, CLIENT, SECRET, redirect_uri], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def python_provider() -> Iterator[str]:
    """`oidc-provider-mock`, which lets any client in; yields its issuer."""
    port = free_port()
    person = json.dumps({"sub": "nora", "email": "nora@contoso.test", "email_verified": True, "name": "Person nora"})
    with _running(
        [
            sys.executable,
            "-m",
            "oidc_provider_mock",
            "--port",
            port,
            "--require-nonce",
            "true",
            "--user-claims",
            person,
        ],
        port,
    ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: list[object], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [str(part) for part in command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("The provider did not start.")


def _node() -> list[object]:
    """The command that runs Node, with the provider's packages installed once per lock file."""
    stamp = INSTALLED / ".stamp"
    mark = sha256(b"".join((HERE / name).read_bytes() for name in (*NPM_FILES, "provider.mjs"))).hexdigest()
    npm = system_npm() or borrowed_npm(INSTALLED / "node")
    if not stamp.exists() or stamp.read_text() != mark:
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in (*NPM_FILES, "provider.mjs"):
            shutil.copy(HERE / name, INSTALLED / name)
        run(
            [*npm, "ci", "--loglevel=error", "--cache", INSTALLED / "cache"], label="Fetching a provider", cwd=INSTALLED
        )
        stamp.write_text(mark)
    return [shutil.which("node") or npm[0]]


class Person:
    """Somebody at a browser: follows redirects, fills in each form with their name, stops when sent back to us."""

    def __init__(self, name: str) -> None:
        self.fields = {"login": name, "sub": name, "password": "anything"}
        self.opener = build_opener(HTTPCookieProcessor(), _StopAtOurs())

    def go(self, address: str, ours: str) -> str:
        """The address below `ours` to which the provider sends this person in the end."""
        data = None
        for _step in range(12):
            try:
                with self.opener.open(Request(address, data=data), timeout=10) as page:
                    address, text = page.url, page.read().decode()
            except HTTPError as answer:
                address, data, text = urljoin(address, answer.headers.get("Location", "")), None, ""
                if address.startswith(ours):
                    return address
                if answer.code not in (302, 303):
                    raise
                continue
            form = _first_form(text)
            filled = {name: self.fields.get(name, value) for name, value in form.values.items()}
            address, data = urljoin(address, form.action or address), urlencode(filled).encode()
        raise AssertionError("The provider never sent this person back.")


class _StopAtOurs(HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


class _Form(HTMLParser):
    """The first form of a page: where it goes and what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.action, self.values, self.forms = "", {}, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.forms += tag == "form"
        if tag == "form" and self.forms == 1:
            self.action = found.get("action") or ""
        if tag in ("input", "button") and self.forms == 1 and found.get("name"):
            self.values.setdefault(str(found["name"]), found.get("value") or "")


def _first_form(text: str) -> _Form:
    form = _Form()
    form.feed(text)
    return form
