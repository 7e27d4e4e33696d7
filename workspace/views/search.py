"""Search and the command palette: the same answer as a page and as the options under Ctrl-K."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.policies import staff_only
from core import clock
from core.display import when_text
from core.pictures import band_of
from partners.models import Tier
from partners.rules import normalise
from workspace.opened import last_opened
from workspace.queries import search as find
from workspace.views.answers import wants_fragment

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: a link, or (`appearance`) a button of the appearance form in the header."""

    label: str
    icon: str
    href: str = ""
    sub: str = ""
    appearance: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    label: str
    options: list[Option]
    more_href: str = ""
    more_label: str = ""


# (name of the route, label, icon, other words it is found by, only for those who may open the admin)
PAGES = (
    ("workspace:today", gettext_lazy("Today"), "home", "queue start", False),
    ("workspace:partner_list", gettext_lazy("Partners"), "building", "list accounts", False),
    ("workspace:lifecycle_board", gettext_lazy("Lifecycle"), "lifecycle", "board stages pipeline", False),
    ("health:portfolio", gettext_lazy("Health"), "health", "risk score portfolio", False),
    ("health:model_list", gettext_lazy("Health models"), "health", "weights signals", False),
    ("engagement:meeting_list", gettext_lazy("Meetings"), "calendar", "qbr reviews", False),
    ("workspace:today_aside", gettext_lazy("Put aside"), "clock", "snoozed done undo", False),
    ("workspace:settings", gettext_lazy("Settings"), "settings", "preferences", False),
    ("workspace:outbox", gettext_lazy("Outbox"), "mail", "mails sent failed", False),
    ("accounts:profile_edit", gettext_lazy("My profile"), "user", "name time zone language shortcuts", False),
    ("accounts:token_list", gettext_lazy("API tokens"), "key", "api", False),
    ("engagement:calendar_settings", gettext_lazy("Calendar feed"), "calendar", "ics subscribe", False),
    ("api_docs", gettext_lazy("API documentation"), "file", "openapi swagger", False),
    ("admin:index", gettext_lazy("Admin"), "shield", "people roles", True),
)
# Actions on one partner: (words that ask for it, label, icon, name of the route)
ON_PARTNER = (
    ("log touch", gettext_lazy("Log touch for {partner}"), "phone", "engagement:touch_create"),
    ("schedule qbr meeting", gettext_lazy("Schedule QBR with {partner}"), "calendar-plus", "engagement:meeting_create"),
    ("move stage", gettext_lazy("Move {partner}…"), "move", "lifecycle:journey_move"),
)
GENERAL = (
    ("log touch for", gettext_lazy("Log touch for…"), "phone", "engagement:touch_create"),
    ("schedule qbr meeting", gettext_lazy("Schedule QBR…"), "calendar-plus", "engagement:meeting_create"),
    ("new partner create add", gettext_lazy("New partner"), "plus", "workspace:partner_create"),
)
LOOKS = (
    ("dark", gettext_lazy("Dark mode"), "moon"),
    ("light", gettext_lazy("Light mode"), "sun"),
    ("system", gettext_lazy("Appearance as the device"), "settings"),
)


@staff_only
def search(request: HttpRequest) -> HttpResponse:
    """Results by group; before anything is typed, what was opened last and what is done often."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    groups = [group for group in _groups(request, text) if group.options]
    context = {"q": text, "groups": groups, "create": "" if groups else _create_url(request.user, text)}
    name = "workspace/_search_options.html" if wants_fragment(request) else "workspace/search.html"
    response = render(request, name, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _groups(request: HttpRequest, text: str) -> list[Group]:
    user = request.user
    if not text:
        opened = [_partner_option(one) for one in find.by_ids(user, last_opened(request))]
        return [Group("opened", _("Opened last"), opened), _actions(user, "", []), _pages(user, "")]
    mark, rest = (text[0], text[1:].strip()) if text[0] in {">", "@"} else ("", text)
    if mark == ">":
        return [_actions(user, rest, []), _pages(user, rest)]
    if mark == "@":
        return [_people(user, rest, asked_for=True)]
    found = find.partners(user, text)
    return [
        Group(
            "partners", _("Partners"), [_partner_option(one) for one in found],
            more_href=_all_partners(text) if len(found) == find.PER_GROUP else "",
            more_label=_("All partners with “{text}”").format(text=text),
        ),
        _people(user, text, asked_for=False),
        _meetings(user, found),
        _actions(user, text, found),
        _pages(user, text),
    ]  # fmt: skip


def _all_partners(text: str) -> str:
    return f"{reverse('workspace:partner_list')}?{urlencode({'q': text})}"


def _partner_option(one: find.FoundPartner) -> Option:
    sub = str(Tier(one.tier).label)
    if one.band:
        sub = f"{band_of(one.band).label} · {sub}"
    return Option(one.name, "building", reverse("workspace:partner_detail", args=[one.slug]), sub)


def _people(user: User, text: str, *, asked_for: bool) -> Group:
    options = [
        Option(
            one.name, "user", reverse("workspace:partner_detail", args=[one.slug]),
            " · ".join(part for part in (one.title, one.partner) if part),
        )
        for one in find.people(user, text, asked_for=asked_for)
    ]  # fmt: skip
    return Group("people", _("People"), options)


def _meetings(user: User, found: list[find.FoundPartner]) -> Group:
    options = [
        Option(
            f"{one.get_kind_display()} · {one.partner}", "calendar",
            reverse("engagement:meeting_detail", args=[one.uid]), when_text(one.starts_at),
        )
        for one in find.meetings(user, [partner.pk for partner in found], now=clock.now())
    ]  # fmt: skip
    return Group("meetings", _("Meetings"), options)


def _pages(user: User, text: str) -> Group:
    if not text:
        return Group("pages", _("Pages"), [])
    options = [
        Option(str(label), icon, reverse(route))
        for route, label, icon, words, admin in PAGES
        if (user.is_staff or not admin) and _asks(text, str(label), words)
    ]
    return Group("pages", _("Pages"), options[: find.PER_GROUP])


def _actions(user: User, text: str, found: list[find.FoundPartner]) -> Group:
    """What can be done: for the partner that was found, for the one named after a verb, or in general."""
    options: list[Option] = []
    if user.may_edit:
        first, _space, rest = text.partition(" ")
        verbs = [one for one in ON_PARTNER if rest and any(word.startswith(first.lower()) for word in one[0].split())]
        if verbs and (named := find.partners(user, _without_fillers(rest))):
            options += [_on_partner(verb, one) for verb in verbs for one in named[:3]]
        elif found:
            options += [_on_partner(verb, found[0]) for verb in ON_PARTNER]
        options += [
            Option(str(label), icon, reverse(route))
            for words, label, icon, route in GENERAL
            if not text or _asks(text, str(label), words)
        ]
    if text:
        options += [
            Option(str(label), icon, appearance=value)
            for value, label, icon in LOOKS
            if _asks(text, str(label), "mode theme appearance")
        ]
    return Group("actions", _("Actions"), options[: find.PER_GROUP])


def _on_partner(verb: tuple[str, Any, str, str], one: find.FoundPartner) -> Option:
    _words, label, icon, route = verb
    return Option(str(label).format(partner=one.name), icon, reverse(route, args=[one.slug]))


def _without_fillers(text: str) -> str:
    """ "touch for nor" asks about "nor"."""
    words = text.split()
    while len(words) > 1 and words[0].lower() in {"touch", "qbr", "for", "with", "a", "meeting"}:
        words = words[1:]
    return " ".join(words)


def _asks(text: str, label: str, words: str) -> bool:
    """Whether every word of the text begins a word of the label or of its other names."""
    known = normalise(f"{label} {words}").split()
    return all(any(word.startswith(part) for word in known) for part in normalise(text).split())


def _create_url(user: User, text: str) -> str:
    if not user.may_edit or len(text) < 2 or text[0] in {">", "@"}:
        return ""
    return f"{reverse('workspace:partner_create')}?{urlencode({'name': text})}"
