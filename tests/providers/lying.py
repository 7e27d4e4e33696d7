"""An OpenID Connect provider on loopback that signs whatever a test asks it to."""

from __future__ import annotations

import json
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from core import clock

CLIENT = "prm-client"


@cache
def first_key() -> rsa.RSAPrivateKey:
    return new_key()


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class LyingProvider:
    """`claims` and `header` are laid over an honest token; `sign` replaces the signing; `asked` is what was fetched."""

    def __init__(self) -> None:
        self.key, self.kid = first_key(), "key-1"
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {}
        self.user_info: dict[str, Any] | None = None
        self.sign: Any = None
        self.status = 200
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.nonce = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def token(self) -> str:
        now = int(clock.now().timestamp())
        honest = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "subject-1",
            "email": "nora@contoso.test",
            "email_verified": True,
            "name": "Nora",
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 300,
        }
        claims = {name: value for name, value in {**honest, **self.claims}.items() if value is not None}
        if self.sign:
            return str(self.sign(claims))
        headers = {name: value for name, value in {"kid": self.kid, **self.header}.items() if value is not None}
        return jwt.encode(claims, self.key, algorithm="RS256", headers=headers)

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/me",
                **self.discovery,
            }
        if path == "/keys":
            return {"keys": [{**json.loads(RSAAlgorithm.to_jwk(self.key.public_key())), "kid": self.kid, "use": "sig"}]}
        if path == "/me":
            return self.user_info or {}
        self.forms.append(form)
        return {"token_type": "Bearer", "access_token": "access", "id_token": self.token()}


def _handler(provider: LyingProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            body = json.dumps(provider.answer(urlsplit(self.path).path, form)).encode()
            self.send_response(provider.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  the name http.server asks for

        def log_message(self, *args: Any) -> None:
            return

    return Handler
