"""P3: no filter, order or page number tells anything: what a list does not offer is refused or does nothing."""

from __future__ import annotations

import re

import pytest
from django.db import models

from tests.isolation.cast import Actor
from tests.isolation.forms import Page, pages_of
from tests.isolation.twins import filled
from tests.isolation.walk import Walk, clean

LISTS = ("partners", "contacts", "revenue", "touchpoints", "meetings", "health")
MARKS = re.compile(r"zz[ab]-\d+-[a-z]+-[a-z_]+", re.IGNORECASE)
DEPTH, BATCH = 3, 60
ORDERS = ("id", "-id", "pk", "?", "partner__memberships__user__password", "-owner__password", "name,(select 1)", "a.b")
# Pages that say which parameters they left out.
SAYS_SO = {"/app/partners/"}


def paths_from(model: type[models.Model], depth: int = DEPTH) -> list[str]:
    """Every look-up path from the model: fields, relations and relations of relations."""
    found = []
    for name in model._meta.get_fields():
        found.append(name.name)
        target = getattr(name, "related_model", None)
        if depth > 1 and isinstance(target, type) and issubclass(target, models.Model):
            found += [f"{name.name}__{rest}" for rest in paths_from(target, depth - 1)]
    return found


def lookups() -> list[str]:
    """All paths of all models that can lead to a partner, each once, plain and as the beginning of a text."""
    plain = sorted({path for model in filled() for path in paths_from(model, 2)} | set(paths_from(filled()[0], DEPTH)))
    return [*plain, *(f"{path}__startswith" for path in plain)]


@pytest.mark.parametrize("name", LISTS)
def test_api_list_refuses_every_path(walk: Walk, actors: list[Actor], name: str):
    (token,) = (actor for actor in actors if actor.name == "portfolio read token")
    url = f"/api/v1/{name}/"
    offered = set(_offered(walk, token, url))
    every = [path for path in lookups() if path not in offered]
    let_in = []
    for start in range(0, len(every), BATCH):
        batch = every[start : start + BATCH]
        with_values = dict.fromkeys(batch, walk.theirs.mark)
        response = token.client.get(url, with_values, headers=token.headers)
        walk.requests += 1
        refused = (
            {error["attr"] for error in response.json().get("errors", ())} if response.status_code == 400 else set()
        )
        let_in += [path for path in batch if path not in refused]
    for order in ORDERS:
        for parameter in ("ordering", "order_by", "sort", "fields", "expand", "search", "format"):
            let_in += [f"{parameter}={order}"] * (walk.send(token, "GET", url, data={parameter: order}).status < 400)
    print(f"\nfilters: /api/v1/{name}/ {len(every)} paths, {len(let_in)} let in")
    assert let_in == []
    clean(walk)


def _offered(walk: Walk, token: Actor, url: str) -> list[str]:
    """The parameters a list knows: those it does not call unknown."""
    names = sorted({path for path in lookups() if "__" not in path})
    response = token.client.get(url, dict.fromkeys(names, "x"), headers=token.headers)
    unknown = {error["attr"] for error in response.json()["errors"]}
    return [name for name in names if name not in unknown]


@pytest.mark.slow
def test_pages_ignore_every_path(walk: Walk, actors: list[Actor]):
    """The rows shown are the same with and without; the partners list says what it left out."""
    changed, silent, sent = [], [], 0
    every = lookups()
    for actor in actors:
        if actor.name not in ("portfolio manager", "A seller"):
            continue
        for page in list(pages_of(walk, actor)):
            unknown = [path for path in every if path not in page.names and path.split("__")[0] not in KNOWN]
            step = BATCH * 6 if page.url not in SAYS_SO else BATCH * 2
            for start in range(0, len(unknown), step):
                batch = dict.fromkeys(unknown[start : start + step], walk.theirs.mark)
                answer = walk.send(actor, "GET", page.url, data=batch)
                sent += len(batch)
                if _rows(answer.body.decode()) != _rows(page.html):
                    changed.append(f"{actor.name} {page.url} {list(batch)[:3]}")
                if page.url in SAYS_SO and next(iter(batch)) not in answer.body.decode():
                    silent.append(page.url)
            for order in ORDERS:
                answer = walk.send(actor, "GET", page.url, data={"ordering": order, "sort": order, "order_by": order})
                if sorted(_rows(answer.body.decode())) != sorted(_rows(page.html)):
                    changed.append(f"{actor.name} {page.url} sort={order}")
    print(f"\nfilters: {sent} parameters sent to pages, {len(changed)} changed what is shown")
    assert (changed, silent) == ([], [])
    clean(walk)


# Words that are parameters of some page and the name of some field alike.
KNOWN = {
    "q",
    "kind",
    "key",
    "owner",
    "tier",
    "stage",
    "status",
    "partner",
    "back",
    "query",
    "sort",
    "page",
    "view",
    "country",
    "health",
    "tag",
    "tags",
    "archived",
    "band",
    "contact",
    "contacts",
    "name",
}


def _rows(html: str) -> list[str]:
    """The texts of rows a page shows, its own address left aside."""
    shown = MARKS.findall(re.sub(r'(?:href|action|hx-get|value)="[^"]*"', "", html))
    return [one for one in shown if not one.endswith("partner-slug")]


@pytest.mark.slow
def test_portal_pages_show_no_row_number(walk: Walk, actors: list[Actor]):
    """Ids in the portal are random: no page, address, file name or form of it holds the number of a row."""
    pages: list[Page] = []
    for actor in actors:
        if actor.kind.startswith("partner_") and not actor.token:
            pages += pages_of(walk, actor)
    numbers = [
        f"{page.url}: {found}"
        for page in pages
        for found in re.findall(r'(?:href|action|src|hx-\w+)="[^"]*/\d+(?:[/?][^"]*)?"', page.html)
    ]
    assert len(pages) >= 5
    assert numbers == []
    clean(walk)
