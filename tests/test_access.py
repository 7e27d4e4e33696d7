"""Every route has exactly one policy, the table below equals the resolver, and each role gets what its policy says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Role
from tests.access_table import EXPECTED, FOREIGN_PREFIXES, arguments
from tests.factories import make_member, make_partner, make_user

ROLES = ["anonymous", "member", "head", "viewer", "manager", "lead", "admin"]
# What a GET answers before the view itself decides: "in" is anything but a refusal.
REFUSAL = {
    "public": {},
    "signed_in": {"anonymous": "login"},
    "partner": {"anonymous": "login", "viewer": 404, "manager": 404, "lead": 404, "admin": 404},
    "partner_editor": {"anonymous": "login", "viewer": 404, "manager": 404, "lead": 404, "admin": 404},
    "partner_admin": {"anonymous": "login", "member": 403, "viewer": 404, "manager": 404, "lead": 404, "admin": 404},
    "staff": {"anonymous": "login", "member": 404, "head": 404},
    "editor": {"anonymous": "login", "member": 404, "head": 404, "viewer": 403},
    "lead": {"anonymous": "login", "member": 404, "head": 404, "viewer": 403, "manager": 403},
    "admin": {"anonymous": "login", "member": 404, "head": 404, "viewer": 403, "manager": 403, "lead": 403},
}


def routes(patterns: list[Any], prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = ":".join(part for part in (namespace, pattern.namespace) if part)
            yield from routes(pattern.url_patterns, path, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}:{pattern.name}" if namespace else str(pattern.name), path, pattern.callback


OWN = [route for route in routes(get_resolver().url_patterns) if not route[1].startswith(FOREIGN_PREFIXES)]


def test_table_equals_resolver():
    assert {name: getattr(view, "policy", "MISSING") for name, _path, view in OWN} == EXPECTED


def test_foreign_routes_are_only_the_known_ones():
    foreign = {path for _name, path, _view in routes(get_resolver().url_patterns) if path.startswith(FOREIGN_PREFIXES)}
    assert {path.split("/")[0] for path in foreign} == {"accounts", "admin", "api"}


def test_public_routes_say_why():
    assert [name for name, _path, view in OWN if view.policy == "public" and not view.because] == []


@pytest.fixture
def cast(db):
    partner = make_partner(name="Northwind", slug="northwind")
    make_partner(name="Helix", slug="helix")
    users = {
        "member": make_member(partner=partner),
        "head": make_member(partner=partner, role=Role.PARTNER_ADMIN),
        "viewer": make_user(role=Role.VIEWER),
        "manager": make_user(role=Role.MANAGER),
        "lead": make_user(role=Role.LEAD),
        "admin": make_user(role=Role.ADMIN),
    }
    clients = {"anonymous": Client()}
    for name, user in users.items():
        clients[name] = Client()
        clients[name].force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return partner, clients


def outcome(response: Any) -> Any:
    if response.status_code == 302 and settings.LOGIN_URL and reverse(settings.LOGIN_URL) in response["Location"]:
        return "login"
    return response.status_code


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_policy_says(cast, role):
    partner, clients = cast
    wrong = []
    for name, path, view in OWN:
        url = reverse(name, kwargs=arguments(path, partner))
        got = outcome(clients[role].get(url))
        expected = REFUSAL[view.policy].get(role, "in")
        if expected == "in":
            allowed = got not in ("login", 403) and got < 500
            if not allowed and view.policy != "public":
                wrong.append((name, role, got, expected))
        elif got != expected:
            wrong.append((name, role, got, expected))
    assert wrong == []


def api_lists(*, portal: bool) -> list[str]:
    paths = [
        "/" + path.replace("^", "").replace("$", "")
        for name, path, _view in routes(get_resolver().url_patterns)
        if path.startswith("api/v1/") and name.endswith(("-list", "_me"))
    ]
    return [path for path in paths if path.startswith("/api/v1/portal/") == portal]


@pytest.mark.parametrize("role", ["anonymous", "member", "head"])
def test_api_is_closed_to_strangers_and_partner_users(cast, role):
    _partner, clients = cast
    answers = {path: clients[role].get(path).status_code for path in api_lists(portal=False)}

    assert answers
    assert set(answers.values()) == {401 if role == "anonymous" else 403}


@pytest.mark.parametrize("role", ROLES)
def test_portal_api_is_for_the_people_of_partners(cast, role):
    _partner, clients = cast
    answers = {path: clients[role].get(path).status_code for path in api_lists(portal=True)}

    assert len(answers) == 4
    assert set(answers.values()) == {{"anonymous": 401, "member": 200, "head": 200}.get(role, 403)}


def test_headings_of_the_administration_differ(cast):
    _partner, clients = cast
    page = clients["admin"].get("/admin/").content.decode()
    headings = re.findall(r'class="section"[^>]*>\s*(.*?)\s*</a>', page, re.DOTALL)
    assert len(headings) > 8
    assert len(set(headings)) == len(headings)


def test_admin_is_for_administrators(cast):
    _partner, clients = cast
    assert {role: clients[role].get("/admin/").status_code for role in ROLES} == {
        "anonymous": 302,
        "member": 302,
        "head": 302,
        "viewer": 302,
        "manager": 302,
        "lead": 302,
        "admin": 200,
    }
