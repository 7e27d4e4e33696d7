"""P1: ids of the other partner in query, form, JSON and header reach nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from engagement.models import AgendaItem, Commitment, Meeting, Touchpoint
from partners.models import Contact
from tests.isolation.cast import Actor
from tests.isolation.forms import forms_of, pages_of
from tests.isolation.twins import Twin
from tests.isolation.walk import Walk, clean, crossed, undone

WHO = ("portfolio manager", "A admin", "A seller")
IDS = (
    "partner",
    "partner_id",
    "uid",
    "id",
    "pk",
    "slug",
    "contact",
    "contacts",
    "user",
    "owner",
    "meeting",
    "item",
    "key",
    "kind",
    "q",
    "from",
    "back",
    "next",
    "query",
    "shown",
    "view",
    "after",
    "before",
    "focus",
    "sort",
)
HEADERS = (
    "X-Partner",
    "X-Partner-Id",
    "X-Tenant",
    "X-User-Id",
    "X-Forwarded-User",
    "X-Original-URL",
    "X-Rewrite-URL",
    "HX-Current-URL",
    "HX-Target",
    "HX-Prompt",
    "HX-Trigger",
    "Referer",
    "Idempotency-Key",
    "Accept-Language",
)


def ids_of(twin: Twin) -> list[str]:
    """What names rows of the twin: addresses, random ids, and the numbers that must stay inside."""
    rows = [twin.row(model, 0) for model in (Contact, Meeting, AgendaItem, Commitment, Touchpoint, User)]
    return [
        twin.partner.slug,
        str(twin.partner.uid),
        str(twin.partner.pk),
        twin.partner.name,
        *(str(row.uid) for row in rows),
        *(str(row.pk) for row in rows),
    ]


def by_name(actors: list[Actor], *names: str) -> list[Actor]:
    return [actor for actor in actors if actor.name in names]


@pytest.mark.slow
def test_ids_in_query_and_headers_show_nothing(walk: Walk, actors: list[Actor]):
    """All names at once, one id at a time; and a list, a nested name and a name sent twice."""
    ids = ids_of(walk.theirs)
    for actor in by_name(actors, *WHO):
        for page in list(pages_of(walk, actor)):
            names = [name for name in IDS if name in page.names] or ["partner"]
            for number, value in enumerate(ids[:4] + ids[4:10:2]):
                query = {name: value for name in IDS if name != "next"}
                if number == 0:
                    query |= {"partner[]": value, "filter[partner]": value, "partner__slug": value}
                walk.send(actor, "GET", page.url, data=query, asked=(value, *ids))
            walk.send(actor, "GET", page.url, data={names[0]: [walk.ours.partner.slug, ids[0]]}, asked=tuple(ids))
            walk.send(
                actor,
                "GET",
                page.url,
                htmx=True,
                asked=tuple(ids),
                headers={name: f"/app/partners/{ids[0]}/" if "URL" in name else ids[2] for name in HEADERS},
            )
    clean(walk)


@pytest.mark.slow
def test_ids_in_forms_reach_nothing(walk: Walk, actors: list[Actor]):
    """Every form as its page offers it, with each id field naming a row of B in turn."""
    tried = 0
    for actor in by_name(actors, *WHO):
        ids = ids_of(walk.theirs)
        for form in forms_of(walk, actor):
            body = form.body()
            walk.send(actor, "POST", form.action, data=body)
            tried += 1
            for name in form.links:
                for value in (*ids[:3], *ids[4:10:2]):
                    walk.send(actor, "POST", form.action, data={**body, name: [value]}, asked=tuple(ids))
            everything = {name: ids[1] for name in IDS if name not in form.fields}
            _kept(walk, actor, form.action, {**body, **everything}, tuple(ids))
    assert tried > 20
    clean(walk)


def _kept(walk: Walk, actor: Actor, url: str, body: dict[str, Any], ids: tuple[str, ...]) -> None:
    """Send once more without undoing, to look for links across partners; then undo."""
    with undone(actor):
        actor.client.post(url, body)
        assert crossed(walk.twins) == [], url
    walk.requests += 1


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, valid body) of every API operation that writes, from its own schema."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    parts = schema["components"]["schemas"]
    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if content:
                shape = parts[content["schema"]["$ref"].rsplit("/", 1)[1]]
                names = {*shape.get("required", ()), *(("name",) if method == "patch" else ())}
                found.append(
                    (method.upper(), path, {name: _example(name, shape["properties"][name], parts) for name in names})
                )
    return found


def _example(name: str, shape: dict[str, Any], parts: dict[str, Any]) -> Any:
    special = {
        "currency": "EUR",
        "local_start": "2027-03-01T10:00",
        "external_id": "x-1",
        "time_zone": "UTC",
        "version": 1,
    }
    if name in special:
        return special[name]
    if "$ref" in shape:
        shape = parts[shape["$ref"].rsplit("/", 1)[1]]
    if "enum" in shape:
        return shape["enum"][0]
    kind = shape.get("type")
    if kind == "array":
        return []
    if kind in ("integer", "number"):
        return 5
    if kind == "boolean":
        return False
    formats = {"date-time": "2026-03-01T10:00:00Z", "date": "2026-03-01", "uuid": "", "email": "new@a.example"}
    return formats.get(shape.get("format", ""), "Some text")


@pytest.mark.slow
def test_ids_in_api_bodies_reach_nothing(walk: Walk, actors: list[Actor]):
    ids = ids_of(walk.theirs)
    ours = str(walk.ours.partner.uid)
    (token,) = by_name(actors, "portfolio write token")
    made = 0
    for method, path, body in operations():
        own = {**body, **({"partner": ours} if "partner" in body else {})}
        url = path.replace("{uid}", ours)
        made += walk.send(token, method, url, data=json.dumps(own), json=True, asked=(ours,)).status < 300
        for value in ids:
            for sent in (
                {**own, "partner": value},
                {**own, "partner": [ours, value]},
                {**own, "partner": {"uid": value}},
                {**own, "contacts": [value]},
                {**own, "owner": value},
                {**own, "uid": value, "id": value},
            ):
                answer = walk.send(token, method, url, data=json.dumps(sent), json=True, asked=(*ids, ours))
                assert answer.status < 500
            foreign = walk.send(
                token, method, path.replace("{uid}", value), data=json.dumps(own), json=True, asked=(*ids, ours)
            )
            assert "{uid}" not in path or foreign.status == 404
        for value in (str(walk.theirs.partner.uid), "00000000-0000-4000-8000-00000000dead"):
            body["partner"] = value
    assert made >= 4
    clean(walk)
