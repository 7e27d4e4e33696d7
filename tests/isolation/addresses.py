"""Which row an address is about, found by trying: nobody has to say it for a new page."""

from __future__ import annotations

from health.models import HealthModelVersion
from tests.isolation.cast import Actor
from tests.isolation.routes import MISSING, Route, candidates, words
from tests.isolation.twins import Twin
from tests.isolation.walk import Walk

# Addresses with a row in them that nobody of the cast can open, and why.
_PROVIDER = "public, and answered only with an answer of the provider: tests/portal/test_sso_*.py"
UNREACHED: dict[str, str] = {
    f"sso/<uuid:uid>/{rest}": _PROVIDER for rest in ("", "callback/", "acs/", "finish/", "metadata/")
}
# Number of the candidate that answered, by path and who tried: the twins are built alike each time.
_known: dict[tuple[str, ...], int] = {}


def fixed(route: Route) -> dict[str, str]:
    return words(route, HealthModelVersion.objects.active().get().name)


def address(walk: Walk, route: Route, twin: Twin, actors: list[Actor]) -> dict[str, str] | None:
    """Values of the captured parts with rows of `twin`; None when no row of it can be opened there."""
    if not route.objects:
        return fixed(route)
    tried = [{**fixed(route), **one} for one in candidates(route, twin)]
    key = (route.path, *(actor.name for actor in actors))
    if key not in _known:
        own = [{**fixed(route), **one} for one in candidates(route, walk.ours)]
        _known[key] = _found(walk, route, own, actors)
    number = _known[key]
    return tried[number] if number >= 0 else None


def missing(route: Route, known: dict[str, str], part: str) -> dict[str, str]:
    """The same address with an id in one part that no row has."""
    return {**known, part: MISSING[part]}


def asked(values: dict[str, str]) -> tuple[str, ...]:
    """What an answer may repeat, because the address said it."""
    return tuple(sorted(set(values.values()), key=len, reverse=True))


def _found(walk: Walk, route: Route, tried: list[dict[str, str]], actors: list[Actor]) -> int:
    if "uid" not in route.parts:
        return 0
    for number, values in enumerate(tried):
        for actor in actors:
            method = "GET"
            status = walk.send(actor, method, route.url(values), asked=asked(values)).status
            if status == 405:
                status = walk.send(actor, "POST", route.url(values), asked=asked(values)).status
            if status not in (401, 403, 404, 405) and status < 500:
                return number
    return -1
