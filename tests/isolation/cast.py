"""Everybody who may knock: the people of both partners, the vendor's roles, tokens of every kind, and nobody."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import ApiToken, Role, User
from accounts.services import create_token
from core import clock
from partners.middleware import SEE_AS
from tests.factories import make_user
from tests.isolation.twins import Twin


@dataclass
class Actor:
    """`kind` decides what a policy answers; `sees` are the marks of the twins this actor may read."""

    name: str
    kind: str
    sees: tuple[str, ...]
    client: Client
    user: User | None = None
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def may_see(self, twin: Twin) -> bool:
        return twin.mark in self.sees

    def is_known_at(self, url: str) -> bool:
        """Whether a request is somebody's: a session's everywhere, a token's at the API, nobody's after log-out."""
        if self.kind in ("nobody", "dead_token") or url.startswith("/accounts/logout/"):
            return False
        return not self.token or url.startswith("/api/v1/")

    def at(self, path: str) -> Actor:
        """Who this is there: outside the portal an observer is the colleague, who sees every partner."""
        return replace(self, kind="manager", sees=("ZZA", "ZZB")) if self._is_colleague(path) else self

    def _is_colleague(self, path: str) -> bool:
        return self.kind == "observer" and not path.startswith("portal/")


VENDOR = ("viewer", "manager", "lead", "admin")
# kind -> what it is; the expectations speak of kinds, the summary of actors
KINDS = (
    "nobody", "partner_admin", "partner_seller", "partner_viewer", "ended", "observer",
    *VENDOR, "read_token", "write_token", "dead_token", "partner_token",
)  # fmt: skip


def cast_of(ours: Twin, theirs: Twin) -> list[Actor]:
    """All actors, with a log-in each. `ours` is A: whoever belongs to A may not see B, and the other way round."""
    both = (ours.mark, theirs.mark)
    actors = [Actor("anonymous", "nobody", (), Client())]
    actors += [
        _person(f"{twin.letter} {name}", kind, (twin.mark,) if kind != "nobody" else (), twin.people[name])
        for twin, name, kind in (
            (ours, "admin", "partner_admin"),
            (ours, "seller", "partner_seller"),
            (ours, "viewer", "partner_viewer"),
            (ours, "disabled", "nobody"),
            (ours, "ended", "ended"),
            (theirs, "seller", "partner_seller"),
        )
    ]
    actors += [
        _person("vendor viewer", "viewer", both, make_user(role=Role.VIEWER, name="Vera Viewer")),
        _person("portfolio manager", "manager", (ours.mark,), ours.owner),
        _person("vendor manager", "manager", both, make_user(role=Role.MANAGER, name="Max Manager")),
        _person("lead", "lead", both, make_user(role=Role.LEAD, name="Lea Lead")),
        _person("administrator", "admin", both, make_user(role=Role.ADMIN, name="Adi Admin")),
    ]
    actors.append(_observer(ours))
    actors += [
        _token("portfolio read token", "read_token", (ours.mark,), ours.owner, "read"),
        _token("portfolio write token", "write_token", (ours.mark,), ours.owner, "write"),
        _token("expired token", "dead_token", (), ours.owner, "write", dead="expired"),
        _token("revoked token", "dead_token", (), ours.owner, "write", dead="revoked"),
        _token("A seller's token", "partner_token", (ours.mark,), ours.people["seller"], "read"),
    ]
    return actors


def log_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    if user.is_active:
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client
    User.objects.filter(pk=user.pk).update(is_active=True)  # the session is older than the end of the account
    client.force_login(User.objects.get(pk=user.pk), backend=settings.AUTHENTICATION_BACKENDS[0])
    User.objects.filter(pk=user.pk).update(is_active=False)
    return client


def _person(name: str, kind: str, sees: tuple[str, ...], user: User) -> Actor:
    return Actor(name, kind, sees, log_in(user), user)


def _observer(twin: Twin) -> Actor:
    """A colleague who sees as the partner; may see every partner outside the portal, only this one inside."""
    actor = _person("observer of A", "observer", (twin.mark,), make_user(role=Role.MANAGER, name="Olga Observer"))
    session: Any = actor.client.session
    session[SEE_AS] = {"partner": twin.partner.pk, "until": clock.now().timestamp() + 1800}
    session.save()
    return actor


def _token(name: str, kind: str, sees: tuple[str, ...], user: User, scope: str, dead: str = "") -> Actor:
    token, secret = create_token(user=user, name="Harness", scope=scope, days=30)
    if dead == "expired":
        ApiToken.objects.filter(pk=token.pk).update(expiry=clock.now() - timedelta(days=1))
    elif dead == "revoked":
        token.delete()
    headers = {"Authorization": f"Bearer {secret}"}
    return Actor(name, kind, sees, Client(raise_request_exception=False), user, secret, headers)
