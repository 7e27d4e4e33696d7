"""Sends requests and looks at everything that came of them: the answer, mails, logs, and rows of the other partner."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import unquote

from django.db import connection, models, transaction
from django.urls import reverse

from accounts.middleware import REFUSED
from core.models import Outbox
from tests.isolation.cast import VENDOR, Actor
from tests.isolation.routes import Route
from tests.isolation.twins import ROW_NUMBERS, Twin

UUIDS = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32,}\b", re.IGNORECASE)
DIGITS = re.compile(r"(?<![\w.,-])\d[\d.,'\u202f\xa0]*\d(?![\w-])")
ROW_NUMBER = re.compile(rf"(?<!\d){str(ROW_NUMBERS)[:4]}\d{{5}}(?!\d)")
CURSOR = re.compile(r"cursor=([\w%=-]+)")
WRITE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO|TRUNCATE)\s+(?:ONLY\s+)?"?(\w+)"?', re.IGNORECASE)
# A reading may write these: what no partner's business stands in. Each with its reason.
MAY_BE_TOUCHED = {
    "django_session": "the visit itself: last seen, what was opened last",
    "django_cache": "throttling counters and numbers kept for a minute, each per person",
    "partners_portalday": "that one of the partner's own people was here today",
    "accounts_attemptslot": "counters of attempts to log in",
    "accounts_apitoken": "the day a token was last used",
    "accounts_user": "the day of the last log-in, written by Django when a session begins",
    "engagement_calendarfeed": "the day the calendar was last fetched",
}
# Pages whose reading leaves a trace of itself.
WRITTEN_BY_READING = {
    "/app/partners/export/": {"accounts_auditentry": "who took the list out of the house is written down (P46)"},
    "/portal/my-data/download/": {"accounts_auditentry": "who took personal data along is written down (P46)"},
    "/portal/sales/export/": {"accounts_auditentry": "who took the sales along is written down (P46)"},
    "/accounts/email/": {
        "account_emailaddress": "allauth lists the address of the log-in itself when it is first opened"
    },
}
PER_ANSWER = (
    re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"'),
    re.compile(rb'"X-CSRFToken": ?"[^"]*"'),
    re.compile(rb"X-CSRFToken&quot;: ?&quot;\w*"),
)


@dataclass
class Answer:
    """`body` and `headers` as they were sent, without what is different in every answer."""

    status: int
    body: bytes
    headers: str
    location: str
    writes: set[str]
    found: list[str]
    kind: str


@dataclass
class Walk:
    """What one run did and found."""

    ours: Twin
    theirs: Twin
    requests: int = 0
    cells: set[tuple[str, str, str]] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    cached: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.patterns = {twin.mark: re.compile(rf"{twin.mark}(?:[-_ +]|%20)", re.IGNORECASE) for twin in self.twins}
        self.numbers = {twin.mark: prefixes(twin.numbers) for twin in self.twins}
        self.standing = {twin.mark: checksum(twin) for twin in self.twins}

    @property
    def twins(self) -> tuple[Twin, Twin]:
        return (self.ours, self.theirs)

    def send(
        self,
        actor: Actor,
        method: str,
        url: str,
        *,
        route: Route | None = None,
        data: Any = None,
        json: bool = False,
        htmx: bool = False,
        asked: tuple[str, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request whose effects are looked at and then undone. `asked`: what the address itself said."""
        self.requests += 1
        extra = {**actor.headers, **(headers or {}), **({"HX-Request": "true"} if htmx else {})}
        options: dict[str, Any] = {"headers": extra}
        if json or (data is not None and method != "POST"):
            options["content_type"] = "application/json"
        self.log.clear()
        writes: set[str] = set()
        with connection.execute_wrapper(lambda run, sql, *rest: _noting(writes, run, sql, *rest)), undone(actor):
            call = getattr(actor.client, method.lower())
            response = call(url, data, **options) if data is not None else call(url, **options)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            told = " ".join(f"{name}: {value}" for name, value in response.headers.items())
            told += " ".join(str(cookie) for cookie in response.cookies.values())
            text = f"{told}\n{_readable(body, response)}"
            where = f"{actor.name} {method}{' htmx' if htmx else ''} {url}"
            found = self._look(actor, where, text, _said(url, asked), len(told))
            business = writes - set(MAY_BE_TOUCHED)
            if business:
                found += self._consequences(actor, where, business)
            traces = set(WRITTEN_BY_READING.get(url.split("?", 1)[0], ()))
            if response.status_code in REFUSED or url.startswith("/sso/"):
                traces.add("accounts_auditentry")  # who was refused what, also by their own provider (P46)
            if method in ("GET", "HEAD") and business - traces:
                self.written.append(f"{where}: {sorted(business)}")
            unreachable = response.status_code == 503 and url.startswith("/sso/")  # the partner's own provider is
            if response.status_code >= 500 and not unreachable:
                self.failed.append(f"{where}: {response.status_code} {self.log[-1:]}")
            routed = "json" in response.headers.get("Content-Type", "") or not actor.token  # else nobody read the token
            if routed and actor.is_known_at(url) and "no-store" not in response.headers.get("Cache-Control", ""):
                self.cached.append(f"{where}: {response.status_code} {response.headers.get('Cache-Control', '')}")
            answer = Answer(
                response.status_code, _same(body, asked), _same(told.encode(), asked).decode(),
                response.headers.get("Location", "") or response.headers.get("HX-Redirect", ""),
                writes, found, response.headers.get("Content-Type", ""),
            )  # fmt: skip
        self.statuses[answer.status] += 1
        if route:
            self.cells.add((route.path, actor.name, method))
        self.leaks += found
        return answer

    def _look(self, actor: Actor, where: str, text: str, asked: tuple[str, ...], head: int) -> list[str]:
        """Marks and numbers of a partner the actor may not see, in what was sent; anybody's in what was logged."""
        for line in self.log:  # a request's path is logged, and it may name a partner by its address
            for one in (*asked, *(twin.partner.slug for twin in self.twins)):
                line = line.replace(one, "")
            self.logged += [f"{where}: {line}" for pattern in self.patterns.values() if pattern.search(line)]
        if all(actor.may_see(twin) for twin in self.twins):
            return []
        numbers = UUIDS.sub("", text[head:])
        for one in asked:
            text = text.replace(one, "").replace(one.replace("-", "%2D"), "")
        found = []
        digits: set[str] | None = None
        for twin in self.twins:
            if actor.may_see(twin):
                continue
            found += [f"{where}: …{_around(text, hit)}…" for hit in self.patterns[twin.mark].finditer(text)][:3]
            if digits is None:
                digits = {re.sub(r"\D", "", one) for one in set(DIGITS.findall(numbers))}
            found += [f"{where}: the number {number}" for number in digits & self.numbers[twin.mark]]
        if actor.kind not in VENDOR:
            found += [f"{where}: a row's number {hit[0]}" for hit in ROW_NUMBER.finditer(_decoded(UUIDS.sub("", text)))]
        return found

    def _consequences(self, actor: Actor, where: str, written: set[str]) -> list[str]:
        """After a write and before it is undone: the other partner is as it was, and no mail mixes the two."""
        for twin in self.twins:
            if actor.may_see(twin):
                continue
            standing = self.standing[twin.mark]
            changed = [name for name, value in checksum(twin, written).items() if standing[name] != value]
            if changed:
                self.damage.append(f"{where}: {twin.mark} changed in {changed}")
        found: list[str] = []
        if Outbox._meta.db_table not in written:
            return found
        known = {row.pk for twin in self.twins for row in twin.rows[Outbox]}
        for mail in Outbox.objects.exclude(pk__in=known):
            text = f"{mail.subject} {mail.body} {mail.attachments}"
            for twin, other in ((self.ours, self.theirs), (self.theirs, self.ours)):
                foreign = mail.partner_uid == twin.partner.uid or mail.to.endswith(f"@{twin.letter.lower()}.example")
                if foreign and self.patterns[other.mark].search(text):
                    found.append(f"{where}: mail to {mail.to} holds {other.mark}")
        return found

    @property
    def summary(self) -> str:
        actors = {actor for _path, actor, _method in self.cells}
        pairs = {(path, actor) for path, actor, _method in self.cells}
        return (
            f"{len(pairs)} cells of {len({path for path, _actor in pairs})} routes and {len(actors)} actors,"
            f" {self.requests} requests, {len(self.leaks)} markers, {len(self.damage)} foreign changes,"
            f" {len(self.written)} writes by reading, {len(self.logged)} names logged, {len(self.failed)} failures"
        )


def clean(walk: Walk) -> None:
    """Say what was done, and that nothing was found."""
    print(f"\nisolation: {walk.summary}")
    assert walk.leaks == []
    assert walk.damage == []
    assert walk.written == []
    assert walk.logged == []
    assert [one[:150] + " … " + one[-900:] for one in walk.failed[:6]] == []
    assert walk.cached == []


@contextmanager
def undone(actor: Actor) -> Iterator[None]:
    """What happens inside is rolled back, in the database and in the actor's browser."""
    mark, cookies = transaction.savepoint(), SimpleCookie(actor.client.cookies)
    try:
        yield
    finally:
        actor.client.cookies = cookies
        connection.needs_rollback = False
        transaction.savepoint_rollback(mark)
        transaction.savepoint_commit(mark)
        connection.run_on_commit = []


@contextmanager
def listening(walk: Walk) -> Iterator[None]:
    """Collect what is logged meanwhile."""

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            walk.log.append(self.format(record))

    root = logging.getLogger()
    others, root.handlers = root.handlers, [Ear(logging.INFO)]
    try:
        yield
    finally:
        root.handlers = others


def outcome(answer: Answer) -> object:
    """The answer in the words of the expectations."""
    login = (reverse("account_login"), reverse("admin:login"))
    if answer.status in (302, 401) and answer.location.split("?", 1)[0] in login:
        return "login"
    return answer.status


def checksum(twin: Twin, tables: set[str] | None = None) -> dict[str, str]:
    """What stands in the rows of a twin, by model, in these tables or all; a column that notes a visit is no change."""
    result = {}
    for model, rows in twin.rows.items():
        table = model._meta.db_table
        if table in MAY_BE_TOUCHED or (tables is not None and table not in tables):
            continue
        found = model._base_manager.filter(pk__in=[row.pk for row in rows]).order_by("pk").values_list()
        result[model._meta.label] = hashlib.sha256(repr(list(found)).encode()).hexdigest()
        if any(name.name == "partner" for name in model._meta.concrete_fields):
            number = model._base_manager.filter(partner=twin.partner).count()
            result[f"{model._meta.label} count"] = str(number)
    return result


def prefixes(numbers: set[str]) -> set[str]:
    """Each number and what is left of it when its last digits are cut off or rounded away, to five digits."""
    return {number[:length] for number in numbers for length in range(5, len(number) + 1)}


def crossed(twins: tuple[Twin, Twin]) -> list[str]:
    """Rows whose relations belong to different partners: a link that must never be stored."""
    found = []
    for model in twins[0].rows:
        owner = {name.name for name in model._meta.concrete_fields} & {"partner"}
        for name in model._meta.concrete_fields:
            other = name.related_model if isinstance(name, models.ForeignKey) else None
            if not owner or other is None or "partner" not in {one.name for one in other._meta.concrete_fields}:
                continue
            wrong = model._base_manager.exclude(**{f"{name.name}__partner": models.F("partner")})
            found += [f"{model._meta.label}.{name.name}" for _row in wrong.filter(**{f"{name.name}__isnull": False})]
    return found


def _noting(writes: set[str], run: Any, sql: str, *rest: Any) -> Any:
    if hit := WRITE.match(sql):
        writes.add(hit[2])
    return run(sql, *rest)


def _readable(body: bytes, response: Any) -> str:
    text = body.decode("utf-8", "replace")
    return f"{text}\n{unescape(unquote(text))}" if "&" in text or "%" in text else text


def _said(url: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    """What may be repeated, longest first: the path, and ids that are long enough to be nothing else."""
    return tuple(sorted({url.split("?", 1)[0], *(one for one in asked if len(one) > 3)}, key=len, reverse=True))


def _decoded(text: str) -> str:
    """The text with what its page addresses hold, which is written in base 64."""
    return text + "".join(
        base64.b64decode(unquote(hit[1]) + "==", validate=False).decode("latin-1") for hit in CURSOR.finditer(text)
    )


def _around(text: str, hit: re.Match[str]) -> str:
    return " ".join(text[max(0, hit.start() - 60) : hit.end() + 60].split())


def _same(body: bytes, asked: tuple[str, ...]) -> bytes:
    for one in asked:
        body = body.replace(one.encode(), b"ID")
    for pattern in PER_ANSWER:
        body = pattern.sub(b"TOKEN", body)
    body = re.sub(rb"(?i)(x-request-id: )\S+", rb"\1ID", body)
    return re.sub(rb"expires=[^;]*;", b"", body)
