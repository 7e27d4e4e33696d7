"""The state of the partners list as its query string says it: filters, sort, columns, page. No database.

A saved view is a named query string. `view=` loads it, other parameters override it one by one (an empty value clears a
filter of the view), and values nobody knows are dropped and named, so that a shared link never fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lifecycle.rules import ORDER as STAGES
from partners.models import Tier

PAGE_SIZE = 50
NUMBERED_PAGES = 20  # beyond them pages are reached by key, with Next and Previous
MAX_PAGE = 100_000
MAX_DAYS = 3_650
MAX_TEXT = 120
MAX_VALUES = 30

BAND_GROUPS: dict[str, tuple[str, ...]] = {"healthy": ("A", "B"), "watch": ("C",), "risk": ("D", "E"), "none": ("",)}
HEALTH = (*BAND_GROUPS, "A", "B", "C", "D", "E")
COLUMNS = (
    "name", "health", "change", "spark", "why", "stage", "tier", "owner", "next",
    "contact", "deals", "revenue", "country", "kind", "tags", "days", "ending", "coverage", "confidence",
)  # fmt: skip
DEFAULT_COLUMNS = COLUMNS[:9]
SORTS = ("name", "score", "change", "stage", "tier")

CHOICES: dict[str, tuple[str, ...]] = {"health": HEALTH, "stage": STAGES, "tier": tuple(Tier.values)}
DAY_FILTERS = ("silent", "ending", "joined")
TEXT_LISTS = ("tag", "country")
PAGING = ("page", "after", "before")
FILTERS = ("q", "health", "stage", "tier", "owner", *TEXT_LISTS, *DAY_FILTERS, "archived")
SHAPE = (*FILTERS, "sort", "cols")
BESIDE = ("view", "bom", "keys")  # read by the view, not part of the state


@dataclass(frozen=True, slots=True)
class BuiltInView:
    """A tab everybody has."""

    key: str
    label: str | Promise
    query: str


BUILT_IN = (
    BuiltInView("", _("All"), ""),
    BuiltInView("mine", _("Mine"), "owner=me"),
    BuiltInView("at-risk", _("At risk"), "health=risk&sort=score"),
    BuiltInView("new", _("New 90 days"), "joined=90"),
    BuiltInView("silent", _("Silent 60 days"), "silent=60"),
)


@dataclass(frozen=True, slots=True)
class ListState:
    """Validated filters, sort, columns and page. Tuples are alternatives (OR); different filters narrow (AND).

    `health` holds bands A to E or groups; `owner` holds "me", "none" or a user's uid; the day filters hold a number of
    days: no contact for, contract ends within, partner since at most.
    """

    q: str = ""
    health: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    silent: int | None = None
    ending: int | None = None
    joined: int | None = None
    archived: bool = False
    sort: str = "name"
    cols: tuple[str, ...] = DEFAULT_COLUMNS
    page: int = 1
    after: str = ""
    before: str = ""

    @property
    def sort_key(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def is_filtered(self) -> bool:
        return any(getattr(self, name) for name in FILTERS)

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands asked for, "" being no band; empty when health is not filtered."""
        wanted = [band for value in self.health for band in BAND_GROUPS.get(value, (value,))]
        return tuple(dict.fromkeys(wanted))

    def change(self, **changes: Any) -> ListState:
        """Another state; unless the page is what changes, it starts on the first page."""
        if not set(changes) & set(PAGING):
            changes |= {"page": 1, "after": "", "before": ""}
        return replace(self, **changes)

    def without(self, name: str, value: str | None = None) -> ListState:
        """The state without one filter, or without one of its alternatives."""
        current = getattr(self, name)
        if isinstance(current, tuple) and value is not None:
            return self.change(**{name: tuple(one for one in current if one != value)})
        return self.change(**{name: _BLANK[name]})

    def unfiltered(self) -> ListState:
        return self.change(**{name: _BLANK[name] for name in FILTERS})

    def differs_from(self, other: ListState) -> bool:
        """Whether filters, sort or columns differ; the page does not count."""
        return any(getattr(self, name) != getattr(other, name) for name in SHAPE)

    def pairs(self, *, base: ListState | None = None) -> list[tuple[str, str]]:
        """Query parameters, in a fixed order, that lead from `base` (default: the plain list) to this state."""
        base = base or _PLAIN
        result: list[tuple[str, str]] = []
        for name in SHAPE:
            value = getattr(self, name)
            if value == getattr(base, name):
                continue
            if name in TEXT_LISTS:
                result += [(name, one) for one in value or ("",)]
            elif isinstance(value, tuple):
                result.append((name, ",".join(value)))
            else:
                result.append((name, "" if value in {None, False} else "1" if value is True else str(value)))
        if self.page > 1:
            result.append(("page", str(self.page)))
        result += [(name, getattr(self, name)) for name in ("after", "before") if getattr(self, name)]
        return result

    def query(self, *, view: str = "", base: ListState | None = None) -> str:
        """The query string of this state on top of a view, starting with "?"."""
        return f"?{urlencode(([('view', view)] if view else []) + self.pairs(base=base), safe=',')}"


_BLANK: dict[str, Any] = {field.name: field.default for field in fields(ListState)}
_PLAIN = ListState()
_FIRST_PAGE = {name: _BLANK[name] for name in PAGING}


@dataclass(frozen=True, slots=True)
class Ignored:
    """A parameter or value that was dropped."""

    name: str
    value: str


def parse(params: Mapping[str, Sequence[str]], *, base: ListState | None = None) -> tuple[ListState, list[Ignored]]:
    """Read parameters (name -> values as sent) on top of `base`; return the state and what had to be ignored."""
    ignored: list[Ignored] = []
    values: dict[str, Any] = {}
    for name, given in params.items():
        if name in BESIDE:
            continue
        if name not in _BLANK:
            ignored.append(Ignored(name[:40], given[-1][:40] if given else ""))
            continue
        sent = [text.replace("\x00", "").strip() for text in given[:MAX_VALUES]]
        reader = _READERS[name]
        value, bad = reader(name, sent)
        ignored += [Ignored(name, one[:40]) for one in bad]
        if value is not None or not bad:
            values[name] = _BLANK[name] if value is None else value
    state = replace(base or _PLAIN, **(_FIRST_PAGE | values))
    if state.after and state.before:
        state = replace(state, before="")
    if state.page > NUMBERED_PAGES and not (state.after or state.before):
        ignored.append(Ignored("page", str(state.page)))
        state = replace(state, page=NUMBERED_PAGES)
    return state, ignored


def parse_query(query: str, *, base: ListState | None = None) -> ListState:
    """The state of a stored query string, for example a saved view's; what is not known any more is left out."""
    state, _ignored = parse(parse_qs(query.lstrip("?"), keep_blank_values=True, max_num_fields=200), base=base)
    return replace(state, **_FIRST_PAGE)


def _split(sent: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(part for text in sent for part in text.split(",") if part))


def _text(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    return " ".join(sent[-1].split())[:MAX_TEXT], []


def _chosen(name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    parts = _split(sent)
    good = tuple(part for part in parts if part in CHOICES[name])
    bad = [part for part in parts if part not in CHOICES[name]]
    return (good if good or not bad else None), bad


def _owners(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    parts = _split(sent)
    good = tuple(part for part in parts if part in {"me", "none"} or is_uuid(part))
    return (good if good or len(parts) == 0 else None), [part for part in parts if part not in good]


def is_uuid(text: str) -> bool:
    """Whether `text` is a uid as addresses and forms carry it."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _texts(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    return tuple(dict.fromkeys(text[:MAX_TEXT] for text in sent if text)), []


def _days(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    text = sent[-1]
    if not text:
        return None, []
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_DAYS:
        return int(text), []
    return None, [text]


def _flag(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    text = sent[-1]
    return (text == "1", []) if text in {"", "0", "1"} else (None, [text])


def _sort(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    text = sent[-1]
    if not text:
        return None, []
    return (text, []) if text.removeprefix("-") in SORTS else (None, [text])


def _columns(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    parts = _split(sent)
    good = [part for part in parts if part in COLUMNS]
    bad = [part for part in parts if part not in COLUMNS]
    if not good:
        return None, bad
    return ("name", *(part for part in good if part != "name")), bad


def _page(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    text = sent[-1]
    if not text:
        return None, []
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_PAGE:
        return int(text), []
    return None, [text]


def _slug(_name: str, sent: Sequence[str]) -> tuple[Any, list[str]]:
    text = sent[-1]
    if text and not (len(text) <= 80 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        return None, [text]
    return text, []


_READERS: dict[str, Any] = {
    "q": _text,
    **dict.fromkeys(CHOICES, _chosen),
    "owner": _owners,
    **dict.fromkeys(TEXT_LISTS, _texts),
    **dict.fromkeys(DAY_FILTERS, _days),
    "archived": _flag,
    "sort": _sort,
    "cols": _columns,
    "page": _page,
    "after": _slug,
    "before": _slug,
}
