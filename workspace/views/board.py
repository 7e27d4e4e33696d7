"""The lifecycle board: where everyone is on the way and who is stuck; moving itself belongs to the lifecycle room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import ngettext
from django_htmx.http import trigger_client_event

from accounts.policies import staff_only
from core import clock
from lifecycle.models import Journey, Stage
from lifecycle.rules import ORDER
from partners.models import Tier
from workspace.listing import BAND_GROUPS
from workspace.queries.board import (
    CARDS,
    MOST_CARDS,
    BoardFilter,
    Column,
    Numbers,
    card_of,
    cards,
    columns,
    numbers,
    owners,
)
from workspace.views.answers import wants_fragment

TABLE_ROWS = 50
FIRST_OPEN = "onboarding"
UNDO_OFFERED = timedelta(hours=1)


@staff_only
def lifecycle_board(request: HttpRequest) -> HttpResponse:
    """Board or table; for htmx only the columns it names."""
    where = BoardFilter.from_params(request.GET)
    asked = [stage for stage in request.GET.getlist("columns") if stage in ORDER]
    if wants_fragment(request) and asked:
        return _columns(request, where, asked)
    stage = request.GET.get("stage", "")
    stage = stage if stage in ORDER else ""
    context = _shell(request, where, stage) | _undo(request)
    if request.GET.get("layout") == "table":
        response = render(request, "workspace/lifecycle_table.html", context | _table(request, where, stage))
    else:
        shown = _shown(request)
        found = columns(request.user, where, now=clock.now(), shown=shown)
        context |= {
            "columns": [_drawn(column, where) for column in found],
            "on": stage or FIRST_OPEN,
            "total": sum(column.count for column in found),
            "exit_open": stage == Stage.EXIT or Stage.EXIT in shown,
            "tabs": [_tab(one.stage, one.count, where, "", on=one.stage == (stage or FIRST_OPEN)) for one in found],
        }
        response = render(request, "workspace/lifecycle_board.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _columns(request: HttpRequest, where: BoardFilter, asked: list[str]) -> HttpResponse:
    """Some columns out of band: after a move, the card that was moved among them, or with more cards."""
    shown, focus, now = _shown(request), request.GET.get("focus", "")[:80], clock.now()
    found = columns(request.user, where, now=now, stages=asked, shown=shown)
    moved = card_of(request.user, where, focus, now=now) if focus else None
    for column in found:
        if moved and column.stage == moved.stage and moved.slug not in {card.slug for card in column.cards}:
            column.cards.insert(0, moved)
    response = render(
        request,
        "workspace/_lifecycle_columns.html",
        {"columns": [_drawn(column, where) for column in found], "on": asked[-1], "oob": True, "exit_open": True},
    )
    patch_vary_headers(response, ["HX-Request"])
    if focus:
        place = f"#card-{moved.slug}" if moved else f"#head-{found[-1].stage}"
        return trigger_client_event(response, "prm:focus", {"value": place}, after="settle")
    if len(found) == 1 and found[0].stage in shown:
        column, before = found[0], max(0, shown[found[0].stage] - CARDS)
        if len(column.cards) > before:
            card = column.cards[before]
            trigger_client_event(response, "prm:focus", {"value": f"#card-{card.slug}"}, after="settle")
            text = ngettext("{n} partner shown", "{n} partners shown", len(column.cards)).format(n=len(column.cards))
            trigger_client_event(response, "prm:announce", {"value": text}, after="settle")
    return response


def _shown(request: HttpRequest) -> dict[str, int]:
    """How many cards of a stage are asked for: `?growth=40`."""
    shown = {}
    for stage in ORDER:
        text = request.GET.get(stage, "")
        if text.isascii() and text.isdigit() and len(text) < 6:
            shown[stage] = min(max(int(text), CARDS), MOST_CARDS)
    return shown


def _drawn(column: Column, where: BoardFilter) -> dict[str, Any]:
    """A column with the address that shows more of it."""
    more = ""
    if column.left and len(column.cards) < MOST_CARDS:
        wanted = str(len(column.cards) + CARDS)
        more = "?" + urlencode([*where.pairs(), ("stage", column.stage), (column.stage, wanted)])
    rest = "?" + urlencode([*where.pairs(), ("layout", "table"), ("stage", column.stage)])
    return {"column": column, "more": more, "more_count": min(CARDS, column.left), "rest": rest}


def _shell(request: HttpRequest, where: BoardFilter, stage: str) -> dict[str, Any]:
    """What board and table share: filters and the switch between them."""
    table = request.GET.get("layout") == "table"
    kept = where.pairs() + ([("stage", stage)] if stage else [])
    return {
        "where": where, "stage": stage, "table": table, "owners": owners(), "tiers": Tier.choices,
        "bands": [*BAND_GROUPS], "filtered": bool(where.pairs()),
        "board_url": f"{reverse('workspace:lifecycle_board')}?{urlencode(kept)}",
        "table_url": f"{reverse('workspace:lifecycle_board')}?{urlencode([*kept, ('layout', 'table')])}",
        "stages": [(value, Stage(value).label) for value in ORDER], "may_edit": request.user.may_edit,
    }  # fmt: skip


def _undo(request: HttpRequest) -> dict[str, Any]:
    """Without JavaScript: the partner that was moved just now, to take the move back. `?moved=<slug>`."""
    moved = request.GET.get("moved", "")
    if not moved or not request.user.may_edit:
        return {}
    journey = Journey.objects.visible_to(request.user).filter(partner__slug=moved).select_related("partner").first()
    if journey is None or clock.now() - journey.entered_at > UNDO_OFFERED:
        return {}
    return {
        "undo_slug": moved, "undo_partner": journey.partner, "undo_stage": journey.get_stage_display(),
        "undo_version": journey.version,
    }  # fmt: skip


def _tab(stage: str, count: int, where: BoardFilter, layout: str, *, on: bool) -> dict[str, Any]:
    pairs = [*where.pairs(), ("stage", stage)] + ([("layout", layout)] if layout else [])
    return {"label": Stage(stage).label, "count": count, "href": f"?{urlencode(pairs)}", "on": on}


def _table(request: HttpRequest, where: BoardFilter, stage: str) -> dict[str, Any]:
    """One stage as a table, page by page along its index."""
    now = clock.now()
    known = numbers(request.user, where, now=now)
    stage = stage or next((one for one in ORDER if known.get(one, Numbers()).over), Stage.GROWTH)
    count = known.get(stage, Numbers()).count
    number = Paginator(range(count), TABLE_ROWS).get_page(request.GET.get("page"))
    rows = cards(request.user, where, stage, now=now, limit=TABLE_ROWS, offset=(number.number - 1) * TABLE_ROWS)
    return {
        "rows": rows,
        "page": Page(rows, number.number, number.paginator),
        "stage": stage,
        "stage_label": Stage(stage).label,
        "over": known.get(stage, Numbers()).over,
        "tabs": [_tab(one, known.get(one, Numbers()).count, where, "table", on=one == stage) for one in ORDER],
    }
