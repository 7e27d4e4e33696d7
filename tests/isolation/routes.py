"""Every address of the product, read from the resolver, and how its captured parts are filled."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from tests.isolation.twins import Twin

CAPTURED = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
MISSING = {"uid": "00000000-0000-4000-8000-00000000dead", "slug": "no-such-partner", "object_id": "987654321"}
# Parts that name nothing of a partner: a word that exists, or one that nobody can know.
WORDS = {
    "name": "{model_version}",
    "secret": "nobody-has-this-secret",
    "key": "nobody-has-this-key",
    "token": "nobody-has-this-token",
    "pk": "987654321",  # a passkey of nobody
    "uidb36": "zz",
    "app_label": "partners",
    "url": "nowhere/",
    "content_type_id": "1",
}
# What stands before an id in an address, and the model it is an id of. A noun that is not here is found by trying all.
NOUNS = {
    "access": "partners.Membership",
    "agenda": "engagement.AgendaItem",
    "commitments": "engagement.Commitment",
    "contacts": "partners.Contact",
    "exceptions": "health.ExceptionFlag",
    "files": "enablement.SharedFile",
    "inbox": "accounts.Notification",
    "invitations": "partners.Invitation",
    "meetings": "engagement.Meeting",
    "mutes": "accounts.Mute",
    "news": "enablement.Notice",
    "outbox": "core.Outbox",
    "partners": "partners.Partner",
    "people": "partners.Contact",
    "privacy": "privacy.ErasureRequest",
    "proposals": "engagement.MeetingReply",
    "replies": "engagement.MeetingReply",
    "sessions": "accounts.UserSession",
    "sso": "partners.IdentityProvider",
    "team": "partners.Membership",
    "tokens": "accounts.ApiToken",
    "touches": "engagement.Touchpoint",
    "touchpoints": "engagement.Touchpoint",
    "views": "workspace.SavedView",
}
OBJECTS = ("uid", "slug", "object_id")  # parts that name a row
# What is sent in the place of an id: other types, sizes and tricks.
ODD = (
    "0", "-1", "99999999999999999999999", "__proto__", "null", "%00", "..%2f..%2f", "[]", "{}", "1%27%20OR%201%3D1--",
    "a" * 300, "11111111-1111-1111-1111-111111111111,22222222-2222-2222-2222-222222222222", "%F0%9F%92%A9", "%c3%28",
)  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One pattern of the resolver. `template` is its address with `{name}` in the place of captured parts."""

    name: str
    path: str
    template: str
    parts: tuple[str, ...]
    view: Any

    @property
    def area(self) -> str:
        """ "own", or which foreign part of the house answers: "api", "admin", "account"."""
        first = self.path.split("/", 1)[0]
        if self.path.startswith(("api/v1/", "api/schema/")):
            return "api"
        return {"admin": "admin", "accounts": "account"}.get(first, "own")

    @property
    def objects(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if part in OBJECTS)

    @property
    def admin_model(self) -> Any:
        """The model an admin address is about, if it is about one."""
        found = re.match(r"admin/(\w+)/(\w+)/", self.path)
        return apps.get_model(found[1], found[2]) if found else None

    def url(self, values: dict[str, str]) -> str:
        return "/" + self.template.format(**values)


def every_route() -> list[Route]:
    return list(_routes(get_resolver().url_patterns))


def _routes(patterns: list[Any], prefix: str = "", namespace: str = "") -> Iterator[Route]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, path, ":".join(p for p in (namespace, pattern.namespace) if p))
        elif isinstance(pattern, URLPattern):
            name = f"{namespace}:{pattern.name}" if namespace else str(pattern.name)
            plain = path.replace("^", "").replace("\\Z", "").replace("\\.", ".")
            plain = re.sub(r"\$$", "", plain)
            parts = tuple(found[2] or found[3] for found in CAPTURED.finditer(plain))
            template = CAPTURED.sub(lambda found: "{" + (found[2] or found[3]) + "}", plain)
            yield Route(name, path, template, parts, pattern.callback)


def words(route: Route, model_version: str) -> dict[str, str]:
    """Values of the parts that name no row of a partner; a part nobody declared fails the build."""
    unknown = [part for part in route.parts if part not in OBJECTS and part not in WORDS]
    assert not unknown, f"{route.path}: say in tests/isolation/routes.py what {unknown} stands for"
    return {part: WORDS[part].format(model_version=model_version) for part in route.parts if part in WORDS}


def candidates(route: Route, twin: Twin) -> Iterator[dict[str, str]]:
    """Rows of a twin the address may be about, as values of its parts, the likeliest first."""
    base = {"slug": twin.partner.slug}
    if "object_id" in route.parts:
        rows = twin.rows.get(route.admin_model, []) if route.admin_model else [twin.partner]
        yield {**base, "object_id": str(rows[0].pk) if rows else MISSING["object_id"]}
    elif "uid" in route.parts:
        noun = re.search(r"(\w+)/\{uid\}", route.template)
        named = NOUNS.get(noun[1]) if noun else None
        tables = [rows for model, rows in twin.rows.items() if named in (None, model._meta.label)]
        for number in range(max(map(len, tables))):
            for rows in tables:
                if number < len(rows) and isinstance(getattr(rows[number], "uid", None), uuid.UUID):
                    yield {**base, "uid": str(rows[number].uid)}
    else:
        yield base
