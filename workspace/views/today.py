"""Today: the queue of what needs a person, and putting its items aside."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts.models import User
from accounts.policies import staff_only
from core import clock
from core.display import day_text
from core.errors import DomainError
from workspace.context import TODAY_COUNT
from workspace.forms import SnoozeForm
from workspace.queries.queue import Queue, collect
from workspace.queries.queue_words import KINDS, Line, Teller
from workspace.queries.today import (
    CHECKLIST,
    figures,
    keep_walk,
    next_meetings,
    open_steps,
    owns_partners,
    partners_of,
    put_aside,
    recent_walk,
)
from workspace.queue_state import MORE, MOST, QueueState
from workspace.services.queue import bring_back, mark_done, next_week, snooze
from workspace.views.answers import wants_fragment

KIND_KEYS = tuple(KINDS)
ACTS = ("done", "tomorrow", "week", "date")
GROUP_LABELS = {
    "": gettext_lazy("Ranked"),
    "partner": gettext_lazy("By partner"),
    "kind": gettext_lazy("By kind"),
    "due": gettext_lazy("By date"),
}


@staff_only
def today(request: HttpRequest) -> HttpResponse:
    """The queue, and around it the book, the next meetings and, at first, the steps to get going."""
    context = _queue_context(request, QueueState.from_params(request.GET, kinds=KIND_KEYS))
    if wants_fragment(request):
        response = render(request, "workspace/_queue.html", context)
    else:
        response = render(request, "workspace/today.html", context | _surroundings(request, context))
    patch_vary_headers(response, ["HX-Request"])
    return response


@staff_only
@require_POST
def queue_mark(request: HttpRequest) -> HttpResponse:
    """Done or snoozed, by the pressed button: the queue without the item, and an undo."""
    state = QueueState.from_query(request.POST.get("back", ""), kinds=KIND_KEYS)
    act = next((name for name in ACTS if name in request.POST), "")
    key, place = _pressed(request.POST.get(act, ""))
    form = SnoozeForm(request.POST if act == "date" else None)
    try:
        text = _put_aside(request.user, act, key, form)
    except DomainError as error:
        if act == "date":
            form.add_error("until", error.message)
            return _snooze_page(request, form, item=request.POST["date"], back=state.query(), status=422)
        if wants_fragment(request):
            return render(request, "workspace/_told.html", {"text": error.message, "level": "error"}, status=422)
        messages.error(request, error.message)
        return redirect(reverse("workspace:today") + state.query())
    if not wants_fragment(request):
        messages.success(request, text)
        return redirect(reverse("workspace:today") + state.query())
    undo_url = f"{reverse('workspace:queue_unmark')}?{urlencode({'key': key})}"
    context = _queue_context(request, state) | {"toast": text, "undo_url": undo_url}
    response = render(request, "workspace/_queue.html", context)
    shown = len(context["lines"])
    focus = f"#item-{min(place, shown)}" if shown else "#queue-title"
    trigger_client_event(response, "prm:close", {"value": ""}, after="settle")
    return trigger_client_event(response, "prm:focus", {"value": focus}, after="settle")


@staff_only
def queue_snooze(request: HttpRequest) -> HttpResponse:
    """Pick the day until which an item is snoozed."""
    back = QueueState.from_query(request.GET.get("back", ""), kinds=KIND_KEYS).query()
    return _snooze_page(request, SnoozeForm(), item=request.GET.get("item", "")[:200], back=back)


@staff_only
@require_POST
def queue_unmark(request: HttpRequest) -> HttpResponse:
    """Bring an item back."""
    key = request.POST.get("key") or request.GET.get("key", "")
    found = bring_back(user=request.user, key=key)
    text = _("It is back in the queue.") if found else _("It was not put aside any more.")
    if not wants_fragment(request):
        messages.success(request, text)
        return redirect("workspace:today_aside")
    response = render(request, "workspace/_told.html", {"text": text, "level": "success"})
    trigger_client_event(response, "prm:focus", {"value": "#queue-title"}, after="settle")
    return trigger_client_event(response, "prm:refresh", {"value": ["queue"]}, after="settle")


@staff_only
@require_POST
def checklist_hide(request: HttpRequest) -> HttpResponse:
    mark_done(user=request.user, key=CHECKLIST)
    messages.success(request, _("The first steps are hidden. They stand under Settings too."))
    return redirect("workspace:today")


@staff_only
def today_aside(request: HttpRequest) -> HttpResponse:
    """What one put aside, to bring it back."""
    marks = [mark for mark in put_aside(request.user, today=clock.today()) if mark.key != CHECKLIST]
    partners = partners_of(marks)
    rows = [
        {"mark": mark, "look": KINDS.get(mark.key.partition(":")[0]), "partner": partners.get(mark.key)}
        for mark in marks
    ]
    return render(request, "workspace/today_aside.html", {"rows": [row for row in rows if row["look"]]})


def _snooze_page(request: HttpRequest, form: SnoozeForm, *, item: str, back: str, status: int = 200) -> HttpResponse:
    fragment = wants_fragment(request)
    name = "workspace/_snooze_dialog.html" if fragment else "workspace/queue_snooze.html"
    response = render(request, name, {"form": form, "item": item, "back": back}, status=status)
    return reswap(retarget(response, "#dialog"), "innerHTML") if fragment else response


def _put_aside(user: User, act: str, key: str, form: SnoozeForm) -> str:
    """Do what the pressed button says; returns the words for it."""
    day = clock.today()
    if act == "done":
        mark_done(user=user, key=key)
        return _("Done. It comes back when there is something new.")
    if act == "date" and not form.is_valid():
        raise DomainError(_("Choose a day after today."), field="until")
    until = (
        form.cleaned_data["until"] if act == "date" else next_week(day) if act == "week" else day + timedelta(days=1)
    )
    snooze(user=user, key=key, until=until)
    return _("Snoozed until {day}.").format(day=day_text(until))


def _pressed(value: str) -> tuple[str, int]:
    """Key and place of the item whose button was pressed."""
    key, _at, place = value[:200].partition("@")
    return key, max(int(place), 1) if place.isascii() and place.isdigit() and len(place) < 6 else 1


def _queue_context(request: HttpRequest, state: QueueState) -> dict[str, Any]:
    day = clock.today()
    mine = state.scope == "mine" or (state.scope == "" and owns_partners(request.user))
    book = figures(request.user, mine=mine)
    walk = recent_walk(request.user, mine=mine, book=book)
    queue = collect(
        request.user,
        mine=mine,
        now=clock.now(),
        today=day,
        typical_minor=book.typical_minor,
        silence=book.silence,
        walk=walk,
    )
    if walk is None:
        keep_walk(queue.walk, request.user, mine=mine, book=book)
    items = [item for item in queue.items if not state.kind or item.candidate.kind == state.kind]
    teller = Teller(may_edit=request.user.may_edit, today=day)
    shown = [teller.tell(item) for item in items[: state.n]]
    groups = _grouped(shown, state.group, day)
    lines = [line for _name, members in groups for line in members]
    for place, line in enumerate(lines, start=1):
        line.place = str(place)
    printed = [(name, [line.shown() for line in members]) for name, members in groups]
    left = len(items) - len(shown)
    if state.scope == "" and request.session.get(TODAY_COUNT) != len(queue.items):
        request.session[TODAY_COUNT] = len(queue.items)
    scopes = [(_("Mine"), "mine", mine), (_("All"), "all", not mine)]
    return {
        "state": state, "mine": mine, "book": book, "queue": queue, "groups": printed,
        "lines": [line for _name, members in printed for line in members],
        "total": len(queue.items), "chips": _chips(queue, state), "day": day,
        "back_query": quote(state.query()),
        "left": min(left, MORE), "more": state.change(n=min(state.n + MORE, MOST)).query() if left else "",
        "scopes": [(label, state.change(scope=scope).query(), on) for label, scope, on in scopes],
        "grouping": [
            (label, state.change(group=name).query(), state.group == name) for name, label in GROUP_LABELS.items()
        ],
        "failed": [KINDS[kind].label for kind in queue.failed],
    }  # fmt: skip


def _chips(queue: Queue, state: QueueState) -> list[dict[str, Any]]:
    """Counts per kind as links."""
    chips = []
    for kind, look in KINDS.items():
        count = queue.counts.get(kind, 0)
        if count:
            on = state.kind == kind
            href = state.change(kind="" if on else kind).query() or "?"
            text = f"{count}+" if kind in queue.capped else str(count)
            chips.append({"look": look, "count": text, "href": href, "on": on})
    return chips


def _grouped(lines: list[Line], group: str, day: date) -> list[tuple[str, list[Line]]]:
    """Lines under headings, in the order in which the headings first come up; one nameless group if not grouped."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(_heading(line, group, day), []).append(line)
    if group == "due":
        groups = {name: groups[name] for name in sorted(groups, key=lambda name: _soonest(groups[name]))}
    return list(groups.items())


def _heading(line: Line, group: str, day: date) -> str:
    if group == "partner":
        return line.candidate.name
    if group == "kind":
        return str(line.look.label)
    if group == "due":
        due = line.candidate.due_on
        if due is None:
            return _("Without a date")
        if due < day:
            return _("Late")
        return _("Today and this week") if due <= next_week(day) else _("Later")
    return ""


def _soonest(lines: list[Line]) -> date:
    return min(line.candidate.due_on or date.max for line in lines)


def _surroundings(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    steps = open_steps(request.user)
    return {
        "meetings": next_meetings(request.user, mine=context["mine"], now=clock.now(), book=context["book"]),
        "steps": steps,
        "steps_done": sum(step.done for step in steps),
        "first_run": any(step.key == "partners" and not step.done for step in steps),
    }
