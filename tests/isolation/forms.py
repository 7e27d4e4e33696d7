"""The forms a page offers, read from its HTML: where each goes, and with what it would be sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.isolation.addresses import address, asked, fixed
from tests.isolation.cast import Actor
from tests.isolation.routes import Route, every_route
from tests.isolation.walk import Walk


@dataclass
class Form:
    """`fields`: what is sent when nobody touches the form, filled where it must not be empty. `links`: fields that
    hold the id of a row: options, ticks and hidden values."""

    action: str
    method: str = "get"
    fields: dict[str, list[str]] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    empty: dict[str, str] = field(default_factory=dict)
    days: set[str] = field(default_factory=set)

    @property
    def shape(self) -> tuple[str, ...]:
        """The address without its ids, and the names: one of a kind is tried."""
        path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|zz[ab]-\d+-partner-slug", "*", urlsplit(self.action).path)
        return (path, *sorted(self.fields))

    def body(self) -> dict[str, Any]:
        guesses = {name: [GUESSES.get(kind, "Some text")] for name, kind in self.empty.items()}
        return {**self.fields, **guesses}


GUESSES = {
    "date": "2027-03-01",
    "datetime-local": "2027-03-01T10:00",
    "number": "3",
    "email": "new@a.example",
    "url": "https://a.example",
}


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.forms: list[Form] = []
        self.names: set[str] = set()
        self.form: Form | None = None
        self.choice = self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        for name in ("href", "action", "hx-get", "hx-post", "src"):
            self.names |= {
                key for key, _value in parse_qsl(urlsplit(given.get(name, "")).query, keep_blank_values=True)
            }
        if tag == "form":
            self.form = Form(given.get("action") or self.page, given.get("method", "get").lower())
            self.forms.append(self.form)
        name = given.get("name", "")
        if not name:
            if tag == "option" and self.choice and self.form:
                self._option(given)
            return
        self.names.add(name)
        form = self.form or next((one for one in self.forms if given.get("form")), None)
        if form is None or name == "csrfmiddlewaretoken":
            return
        kind = given.get("type", "text") if tag == "input" else tag
        if kind in ("checkbox", "radio"):
            form.links.add(name)
            if "checked" in given or kind == "checkbox":
                form.fields.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "select":
            self.choice = name
            form.fields.setdefault(name, [])
        elif tag == "textarea":
            self.text = name
            form.fields[name] = [""]
        elif tag == "button" or kind == "submit":
            form.fields.setdefault(name, [given.get("value", "")])
        elif kind != "file":
            form.fields.setdefault(name, []).append(given.get("value", ""))
            if kind in ("date", "datetime-local"):
                form.days.add(name)
            if kind == "hidden":
                form.links.add(name)
            elif not given.get("value") and "required" in given:
                form.empty[name] = kind

    def _option(self, given: dict[str, str]) -> None:
        assert self.form
        self.form.links.add(self.choice)
        if "selected" in given or (not self.form.fields[self.choice] and given.get("value")):
            self.form.fields[self.choice] = [given.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self.text and self.form:
            self.form.fields[self.text] = [self.form.fields[self.text][0] + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.choice = ""
        elif tag == "textarea":
            self.text = ""


def read_forms(page: str, html: str) -> tuple[list[Form], set[str]]:
    """(forms, names of all parameters the page itself uses)"""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms, reader.names


@dataclass
class Page:
    route: Route
    url: str
    html: str
    forms: list[Form]
    names: set[str]


def pages_of(walk: Walk, actor: Actor, areas: tuple[str, ...] = ("own",)) -> Iterator[Page]:
    """Every HTML page this actor can open with rows of A."""
    for route in every_route():
        if route.area not in areas:
            continue
        values = address(walk, route, walk.ours, [actor]) if route.objects else fixed(route)
        if values is None:
            continue
        url = route.url(values)
        answer = walk.send(actor, "GET", url, asked=asked(values))
        if answer.status == 200 and answer.kind.startswith("text/html"):
            html = answer.body.decode()
            forms, names = read_forms(url, html)
            yield Page(route, url, html, forms, names)


def forms_of(walk: Walk, actor: Actor) -> list[Form]:
    """One of each kind of POST form on the pages of the actor that goes to our own addresses."""
    found: dict[tuple[str, ...], Form] = {}
    for page in pages_of(walk, actor):
        for form in page.forms:
            if form.method == "post" and not form.action.startswith("/accounts/"):
                found.setdefault(form.shape, form)
    return list(found.values())
