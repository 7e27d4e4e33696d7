"""P1: every address and method against every actor, with rows of one's own, of the other partner, and of nobody."""

from __future__ import annotations

import pytest

from tests.isolation.addresses import UNREACHED, address, asked, fixed, missing
from tests.isolation.cast import Actor
from tests.isolation.expectations import (
    ACCOUNT,
    ADMIN,
    API,
    IN,
    KIND_TO_MISSING,
    LOGIN,
    POLICIES,
    expected,
    is_closed_in_admin,
    policy_of,
)
from tests.isolation.routes import MISSING, ODD, Route, every_route
from tests.isolation.walk import Answer, Walk, clean, outcome

# One actor of each kind is enough where a method is refused before anybody is asked who they are.
RARE = ("PUT", "PATCH", "DELETE")
RARELY = ("anonymous", "A admin", "portfolio manager", "administrator", "portfolio write token")
# In Django's admin every door is the same one; besides administrators a few of the refused are enough.
AT_ADMIN = ("anonymous", "A admin", "portfolio manager", "lead", "administrator")


def test_every_route_has_an_expectation():
    undecided = [route.path for route in every_route() if policy_of(route) not in {*POLICIES, "api", "portal_api"}]
    assert undecided == []


def test_no_expectation_is_left_of_a_route_that_is_gone():
    names = {route.name for route in every_route()}
    assert {*ACCOUNT, *ADMIN, *API} - names == set()


@pytest.mark.slow
def test_every_cell_is_as_expected(walk: Walk, actors: list[Actor]):
    wrong: list[str] = []
    differ: list[str] = []
    unknown: list[str] = []
    for route in every_route():
        values = address(walk, route, walk.ours, _finders(actors))
        if values is None and route.path not in UNREACHED:
            unknown.append(route.path)
        if values is None:
            continue
        theirs = address(walk, route, walk.theirs, _finders(actors))
        for actor in (one.at(route.path) for one in _at(route, actors)):
            mine = theirs if actor.name.startswith("B ") else values
            other = values if actor.name.startswith("B ") else theirs
            for method in _methods(route, actor):
                answer = walk.send(actor, method, route.url(mine), route=route, asked=asked(mine))
                wrong += _against(route, actor, method, answer)
                if method == "GET" and answer.status == 200 and "html" in answer.kind:
                    walk.send(actor, "HEAD", route.url(mine), route=route, asked=asked(mine))
                    walk.send(actor, "GET", route.url(mine), htmx=True, asked=asked(mine))
            if route.objects and actor.user and len(actor.sees) == 1 and route.area != "admin":
                differ += _foreign_is_missing(walk, route, actor, mine, other)
    assert unknown == [], "say in tests/isolation/addresses.py why nobody can open a row there"
    assert wrong[:8] == []
    assert differ[:8] == []
    clean(walk)


def _finders(actors: list[Actor]) -> list[Actor]:
    """Those who together may open every row of A."""
    return [actor for actor in actors if actor.name in ("administrator", "portfolio manager", "A admin", "A seller")]


def _at(route: Route, actors: list[Actor]) -> list[Actor]:
    if route.area == "admin":
        return [actor for actor in actors if actor.name in AT_ADMIN]
    if route.area != "api":
        return [actor for actor in actors if not actor.token or actor.name == "portfolio write token"]
    return actors


def _methods(route: Route, actor: Actor) -> tuple[str, ...]:
    return ("GET", "POST", *(RARE if actor.name in RARELY and route.area != "admin" else ()))


def _against(route: Route, actor: Actor, method: str, answer: Answer) -> list[str]:
    wanted, got = expected(route, actor.kind, method), outcome(answer)
    right = got == wanted if wanted != IN else got not in (LOGIN, 401, 403) and answer.status < 500
    if wanted == IN and policy_of(route) in ("public", "django_admin", "account"):
        right = answer.status < 500  # who may do what there is Django's and allauth's own
        if actor.user and actor.kind == "admin" and policy_of(route) == "django_admin" and got in (403, LOGIN):
            right = got == 403 and is_closed_in_admin(route, actor.user)
    return [] if right else [f"{actor.name} {method} {route.path}: {got}, not {wanted}"]


def _foreign_is_missing(
    walk: Walk, route: Route, actor: Actor, mine: dict[str, str], other: dict[str, str]
) -> list[str]:
    """A row of the other partner answers what a row answers that does not exist, byte for byte."""
    found = []
    for part in route.objects:
        foreign, gone = {**mine, part: other[part]}, missing(route, mine, part)
        for method, htmx in (("GET", False), ("GET", True), ("POST", False), ("POST", True)):
            if htmx and expected(route, actor.kind, method) != IN:
                continue
            a = walk.send(actor, method, route.url(foreign), htmx=htmx, asked=asked(foreign))
            b = walk.send(actor, method, route.url(gone), htmx=htmx, asked=asked(gone))
            if (a.status, a.body, a.headers) != (b.status, b.body, b.headers):
                found.append(f"{actor.name} {method} {route.path} {part}: {a.status} and {b.status} differ")
            kind = route.name.rsplit(":", 1)[-1].removeprefix("portal_") in KIND_TO_MISSING
            if not kind and expected(route, actor.kind, method) == IN and a.status not in (404, 405):
                found.append(f"{actor.name} {method} {route.path} {part}: foreign answers {a.status}")
    return found


@pytest.mark.slow
def test_ids_of_the_wrong_kind_are_as_missing(walk: Walk, actors: list[Actor]):
    """Other types, huge and negative numbers, lists, names of other things: refused, never an error, never a row."""
    opened = []
    kinds = {actor.name: actor for actor in actors}
    for route in every_route():
        if not route.objects or route.area == "admin":
            continue
        base = {**fixed(route), "slug": walk.ours.partner.slug, "uid": MISSING["uid"]}
        who = kinds["portfolio write token" if route.area == "api" else "portfolio manager"]
        if policy_of(route).startswith("partner"):
            who = kinds["A admin"]
        for part in route.objects:
            strange = [
                *ODD,
                str(walk.theirs.partner.pk),
                str(walk.theirs.partner.uid),
                str(walk.theirs.people["seller"].uid),
            ]
            for number, text in enumerate(strange):
                method = "POST" if number % 3 == 2 else "GET"
                answer = walk.send(who, method, route.url({**base, part: text}), asked=tuple(strange))
                if answer.status not in (400, 404, 405, expected(route, who.kind, method)):
                    opened.append(f"{who.name} {method} {route.path} {part}={text[:40]}: {answer.status}")
    assert opened == []
    clean(walk)
