"""P29, P30: mass assignment, hostile JSON, injection strings, long and slow texts. 0 server errors, 0 effects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.apps import apps
from django.core.cache import cache
from django.db.models import Field, Max
from drf_spectacular.generators import SchemaGenerator

from core import clock
from tests.attack.payloads import PAYLOADS
from tests.isolation.cast import Actor
from tests.isolation.forms import forms_of, pages_of
from tests.isolation.test_smuggled_ids import by_name, operations
from tests.isolation.walk import Walk, clean, undone

WHO = ("portfolio manager", "A admin", "administrator")
INJECTIONS = (
    "' OR 1=1--",
    "'; DROP TABLE partners_partner;--",
    '" OR ""="',
    "1) UNION SELECT password FROM accounts_user--",
    "%' AND 1=0 UNION ALL SELECT NULL--",
    "id__in",
    "_connector",
    "password__startswith",
    "user__email__regex",
    "-created,(select 1)",
    "name__contains",
    "a.b",
    "`id`",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "../../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/passwd\x00.csv",
    "a\x00b",
    "$where",
    "[$ne]",
    "*)(uid=*",
    "|id",
    "$(id)",
    "`id`;",
    "\U0001f600" * 50,
    "İıſK",
    "a\u0301",
    "%",
    "_",
    "%%%",
    "\\",
    "'",
    '"',
    "-1",
    "1e400",
    "NaN",
    "Infinity",
    "0x7f",
    "9" * 400,
    "٣",
    "None",
    "true",
)
SLOW = (
    "a" * 50_000,
    "a" * 50_000 + "!",
    " " * 50_000,
    "a@" * 25_000,
    "0." * 25_000,
    "((a+)+)+" * 6_000,
    "<" * 50_000,
    "&" * 50_000,
    "\u0300" * 50_000,
    "-" * 50_000 + "x",
    "a," * 25_000,
    "x=" * 25_000,
    "\t\n" * 25_000,
    "http://" * 7_000,
    "[" * 50_000,
)
ODD_JSON = {
    "deep": "[" * 10_000 + "]" * 10_000,
    "deep object": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "nan": '{"name": NaN}',
    "infinity": '{"name": Infinity}',
    "huge float": '{"amount_minor": 1e400}',
    "twice": '{"name": "a", "name": "b"}',
    "array": "[]",
    "scalar": "7",
    "null": "null",
    "empty": "",
    "bom": '\ufeff{"name": "a"}',
    "surrogate": '{"name": "\\ud800"}',
    "nul": '{"name": "a\\u0000"}',
    "digits": '{"amount_minor": ' + "9" * 300 + "}",
    "not utf-8": b'{"name": "\xff"}',
    "proto": '{"__proto__": {"is_staff": true}, "constructor": {"prototype": 1}}',
    "comment": '{"name": "a" /* x */}',
    "wrong": '{"name": {"$ne": 1}, "tier": ["gold"], "owner": {}}',
    "long": json.dumps({"name": "a" * 1_000_000}),
}


def every_field() -> list[str]:
    """The name of every field of every model of ours, and what frameworks call the rest."""
    names = {
        name.name
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.split(".")[0] in OURS
        for name in model._meta.get_fields()
    }
    return sorted(
        {*names, "pk", "partner_id", "owner_id", "user_id", "is_staff", "is_superuser", "_state", "__class__"}
    )


PARAMETERS = (
    "partner", "name", "owner", "tier", "stage", "band", "email", "role", "kind", "source", "external_id", "since",
    "until", "status", "updated_since", "key", "cursor", "page_size",
)  # fmt: skip
OURS = (
    "core",
    "accounts",
    "partners",
    "deals",
    "lifecycle",
    "engagement",
    "health",
    "workspace",
    "portal",
    "enablement",
)


@contextmanager
def repeatable(moment: datetime) -> Iterator[None]:
    """What is random is the same each time, and no time goes by: two runs differ only in what was sent."""
    stream = Random(7)
    with (
        patch("os.urandom", stream.randbytes),
        patch("random._urandom", stream.randbytes),
        patch("knox.crypto.generate_bytes", stream.randbytes),
        time_machine.travel(moment, tick=False),
    ):
        yield


class Tables:
    """Every row of ours as text. `newest`: the last row of each model; later ones get another number each try."""

    SKIPPED = ("accounts_auditentry", "core_submissionkey")

    def __init__(self) -> None:
        self.models = [
            model
            for model in apps.get_models(include_auto_created=True)
            if model._meta.db_table not in self.SKIPPED and model.__module__.split(".")[0] in OURS
        ]
        self.newest = {model: model._base_manager.aggregate(last=Max("pk"))["last"] or 0 for model in self.models}
        self.before = self.rows()
        self.moment = clock.now()

    def rows(self) -> set[str]:
        found = set()
        for model in self.models:
            fields = [name for name in model._meta.concrete_fields if not name.primary_key]
            for row in model._base_manager.values_list(*(name.attname for name in fields)):
                texts = [self._text(name, value) for name, value in zip(fields, row, strict=True)]
                found.add(f"{model._meta.label} {texts}")
        return found

    def _text(self, name: Field, value: object) -> object:
        last = self.newest.get(name.related_model)
        return "new" if isinstance(value, int) and last is not None and value > last else value

    def changed_by(self, actor: Actor, url: str, body: dict[str, Any], walk: Walk) -> list[str]:
        """The rows that are different after this form was sent; undone afterwards."""
        with repeatable(self.moment), undone(actor):
            walk.requests += 1
            cache.clear()
            response = actor.client.post(url, body)
            assert response.status_code < 500, url
            return sorted(self.rows() ^ self.before)


@pytest.mark.slow
def test_forms_take_what_they_ask_for_and_nothing_else(walk: Walk, actors: list[Actor]):
    """Each form as it is, then with every field of every model beside it: the same rows change in the same way."""
    tables = Tables()
    hostile = {"is_active": "1", "shared": "1", "is_staff": "1", "role": "admin", "version": "999", "status": "sent"}
    assigned, tried = [], 0
    for actor in by_name(actors, *WHO):
        for form in forms_of(walk, actor):
            body = form.body()
            extra = {name: hostile.get(name, str(walk.theirs.partner.pk)) for name in every_field()}
            extra = {name: value for name, value in extra.items() if name not in body and name not in WORDS}
            plain = tables.changed_by(actor, form.action, body, walk)
            more = tables.changed_by(actor, form.action, {**extra, **body}, walk)
            tried += 1
            if plain != more:
                assigned.append(f"{actor.name} {form.action}: {sorted(set(plain) ^ set(more))[:2]}")
    print(f"\nattack: {tried} forms x {len(every_field())} fields of models, {len(assigned)} assigned")
    assert tried > 20
    assert assigned == []


# Parameters by which a page is told which of its own things to do; they name no column.
WORDS = {"key", "kind", "query", "to", "act", "partner", "version", "stage", "contacts", "note", "order"}


def test_api_refuses_every_field_it_did_not_ask_for(walk: Walk, actors: list[Actor]):
    (token,) = by_name(actors, "portfolio write token")
    url_of = {"{uid}": str(walk.ours.partner.uid)}
    taken, tried = [], 0
    for method, path, body in operations():
        url = path.replace("{uid}", url_of["{uid}"])
        own = {**body, **({"partner": url_of["{uid}"]} if "partner" in body else {})}
        known = set(_schema_fields(method, path))
        extra = {name: 1 for name in every_field() if name not in known}
        response = getattr(token.client, method.lower())(
            url, json.dumps({**own, **extra}), content_type="application/json", headers=token.headers
        )
        tried += len(extra)
        refused = (
            {error["attr"] for error in response.json().get("errors", ())} if response.status_code == 400 else set()
        )
        taken += [f"{method} {path} {name}" for name in extra if name not in refused]
    print(f"\nattack: {tried} foreign fields in API bodies, {len(taken)} taken")
    assert taken == []
    clean(walk)


def _schema_fields(method: str, path: str) -> list[str]:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shape = schema["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return list(schema["components"]["schemas"][shape.rsplit("/", 1)[1]]["properties"])


def test_api_refuses_odd_json(walk: Walk, actors: list[Actor]):
    (token,) = by_name(actors, "portfolio write token")
    wrong = []
    for method, path, _body in operations():
        url = path.replace("{uid}", str(walk.ours.partner.uid))
        for name, text in ODD_JSON.items():
            answer = walk.send(token, method, url, data=text, json=True)
            if answer.status not in (400, 413):
                wrong.append(f"{method} {path} {name}: {answer.status}")
    print(f"\nattack: {len(ODD_JSON)} bodies x {len(operations())} operations, {len(wrong)} taken")
    assert wrong == []
    clean(walk)


@pytest.mark.slow
def test_injection_in_api_parameters_has_no_effect(walk: Walk, actors: list[Actor]):
    (token,) = by_name(actors, "portfolio read token")
    wrong, tried = [], 0
    for name in ("partners", "contacts", "revenue", "touchpoints", "meetings", "health"):
        url = f"/api/v1/{name}/"
        for parameter in PARAMETERS:
            for text in INJECTIONS:
                answer = walk.send(token, "GET", url, data={parameter: text})
                tried += 1
                empty = answer.status == 200 and b'"results":[]' in answer.body
                if answer.status not in (400, 404) and not empty and parameter not in ("cursor", "name"):
                    wrong.append(f"{url}?{parameter}={text[:40]!r}: {answer.status}")
    print(f"\nattack: {tried} injections in API parameters, {len(wrong)} with an effect")
    assert wrong == []
    clean(walk)


@pytest.mark.slow
def test_hostile_parameters_break_no_page(walk: Walk, actors: list[Actor]):
    """Injection strings in every parameter a page knows, all at once, and one 50 kB text after the other."""
    tried = 0
    for actor in by_name(actors, "portfolio manager", "A seller"):
        for page in list(pages_of(walk, actor)):
            names = sorted(page.names - {"csrfmiddlewaretoken"}) or ["q"]
            for number in range(0, len(INJECTIONS), 3):
                data = {name: INJECTIONS[(number + place) % len(INJECTIONS)] for place, name in enumerate(names)}
                walk.send(actor, "GET", page.url, data=data)
                tried += len(names)
            for text in SLOW[:: 1 if "q" in names else 5]:
                walk.send(actor, "GET", page.url, data={"q": text[:10_000], "search": text[:10_000], names[0]: text})
                tried += 1
    print(f"\nattack: {tried} hostile parameters to pages, {len(walk.failed)} errors")
    clean(walk)


@pytest.mark.slow
def test_hostile_form_values_break_nothing(walk: Walk, actors: list[Actor]):
    """Every field of every form with injections, payloads and 50 kB texts: refused or kept as text, never an error."""
    tried = 0
    texts = [*INJECTIONS[::3], *PAYLOADS[::8], *SLOW[::4]]
    for actor in by_name(actors, "portfolio manager", "A admin"):
        for form in forms_of(walk, actor):
            body = form.body()
            for text in texts:
                walk.send(actor, "POST", form.action, data=dict.fromkeys(body, text))
                tried += len(body)
            for name in body:
                walk.send(actor, "POST", form.action, data={**body, name: texts[tried % len(texts)]})
                tried += 1
    print(f"\nattack: {tried} hostile values in forms, {len(walk.failed)} errors")
    clean(walk)


def test_days_at_the_ends_of_the_calendar_break_no_form(walk: Walk, actors: list[Actor]):
    """Taken or refused, and what was taken breaks no page afterwards either (6.3, dates)."""
    tried = 0
    for actor in by_name(actors, "portfolio manager", "A admin"):
        for form in forms_of(walk, actor):
            for name in form.days:
                for day in ("0001-01-01", "9999-12-31", "2028-02-29"):
                    moment = f"{day}T23:59" if "T" in str(form.body()[name]) else day
                    walk.send(actor, "POST", form.action, data={**form.body(), name: moment})
                    tried += 1
    print(f"\nattack: {tried} days at the ends of the calendar, {len(walk.failed)} errors")
    assert tried > 20
    clean(walk)
