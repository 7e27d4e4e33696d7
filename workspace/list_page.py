"""What the partners list shows around its rows: tabs, chips, heads of columns, pages, notes, and its addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from core.display import decimal_text
from core.pictures import band_of
from lifecycle.models import Stage
from partners.models import Tier
from workspace import columns
from workspace.listing import BUILT_IN, NUMBERED_PAGES, PAGE_SIZE, Ignored, ListState, parse
from workspace.models import SavedView
from workspace.queries import partners as partner_queries
from workspace.queries.views import OpenView, open_view, owner_names, saved_views

GROUP_NAMES: dict[str, str | Promise] = {
    "healthy": gettext_lazy("Thriving or healthy"),
    "watch": gettext_lazy("Watch"),
    "risk": gettext_lazy("At risk or critical"),
    "none": gettext_lazy("Not enough data"),
}


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    href: str
    current: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    key: str
    label: str
    css: str
    href: str
    sorted: str  # "", "ascending", "descending"


@dataclass(frozen=True)
class PartnerList:
    """The list as one user asked for it. Reading a property runs its query; each runs once."""

    user: User
    state: ListState
    view: OpenView
    tabs: list[Link]
    ignored: list[Ignored]
    owners: dict[str, str]

    @cached_property
    def page(self) -> partner_queries.ListPage:
        return partner_queries.page_of(self.user, self.state)

    @cached_property
    def body(self) -> SafeString:
        shown = columns.chosen(self.state.cols)
        return columns.table_body(self.page.rows, shown, selectable=self.user.may_edit)

    @property
    def url(self) -> str:
        return self.href(self.state)

    def query(self, state: ListState | None = None) -> str:
        return (state or self.state).query(view=self.view.key, base=self.view.state)

    def href(self, state: ListState) -> str:
        return f"{reverse('workspace:partner_list')}{self.query(state)}"

    @property
    def query_all_pages(self) -> str:
        """The query string without the page: what export, columns, filters and saved views speak of."""
        return self.query(replace(self.state, page=1, after="", before=""))

    @property
    def full_query(self) -> str:
        """The same without leaning on a view: what a view is saved as."""
        return replace(self.state, page=1, after="", before="").query()

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the search form sends besides its text, so that typing keeps filters, sort and columns."""
        pairs = [("view", self.view.key)] if self.view.key else []
        whole = replace(self.state, page=1, after="", before="")
        return pairs + [(name, value) for name, value in whole.pairs(base=self.view.state) if name != "q"]

    @property
    def edited(self) -> bool:
        return self.state.differs_from(self.view.state)

    @property
    def may_save(self) -> bool:
        return self.view.may_be_saved_by(self.user)

    @property
    def nothing_at_all(self) -> bool:
        return not self.page.rows and not self.state.is_filtered

    @property
    def clear_href(self) -> str:
        return self.href(self.state.unfiltered())

    @property
    def is_wide(self) -> bool:
        return len(self.state.cols) > 9

    @property
    def count_text(self) -> str:
        count = self.page.count
        if self.page.capped:
            return _("more than {} partners").format(decimal_text(count, places=0))
        return ngettext("{} partner", "{} partners", count).format(decimal_text(count, places=0))

    @property
    def announcement(self) -> str:
        count = self.page.count
        if self.page.capped:
            return _("More than {} partners found.").format(count)
        return ngettext("{} partner found.", "{} partners found.", count).format(count)

    @property
    def range_text(self) -> str:
        total = decimal_text(self.page.count, places=0) + ("+" if self.page.capped else "")
        return _("{first}–{last} of {total}").format(
            first=decimal_text(self.page.first, places=0), last=decimal_text(self.page.last, places=0), total=total
        )

    @property
    def heads(self) -> list[Head]:
        return [self._head(column) for column in columns.chosen(self.state.cols)]

    def _head(self, column: columns.Column) -> Head:
        if not column.sort:
            return Head(column.key, str(column.head), column.css, "", "")
        here = self.state.sort_key == column.sort
        down = here and self.state.descending
        following = f"-{column.sort}" if here and not down else column.sort
        state = "descending" if down else "ascending" if here else ""
        return Head(column.key, str(column.head), column.css, self.href(self.state.change(sort=following)), state)

    @property
    def chips(self) -> list[Link]:
        """One chip per filter: what it says and the address without it."""
        return [
            Link(text, self.href(self.state.without(name)), key=name)
            for name, text in chip_texts(self.state, self.owners).items()
        ]

    @property
    def previous_href(self) -> str:
        page = self.page
        if page.number <= 1:
            return ""
        if page.number <= NUMBERED_PAGES + 1:
            return self.href(self.state.change(page=page.number - 1, after="", before=""))
        return self.href(self.state.change(page=page.number - 1, before=self._slug(0), after=""))

    @property
    def next_href(self) -> str:
        page = self.page
        if not page.has_next:
            return ""
        if page.number < NUMBERED_PAGES:
            return self.href(self.state.change(page=page.number + 1, after="", before=""))
        return self.href(self.state.change(page=page.number + 1, after=self._slug(-1), before=""))

    def _slug(self, index: int) -> str:
        return str(self.page.rows[index]["slug"])

    @property
    def pages(self) -> list[Link]:
        """Links to numbered pages near the present one, an empty href for a gap."""
        total = min(NUMBERED_PAGES, -(-self.page.count // PAGE_SIZE))
        number = self.page.number
        near = {1, total, *range(number - 2, number + 3)} & set(range(1, total + 1))
        links: list[Link] = []
        for one in sorted(near):
            if links and int(links[-1].label) != one - 1:
                links.append(Link(str(one - 1), ""))
            links.append(Link(str(one), self.href(self.state.change(page=one, after="", before="")), one == number))
        if number > NUMBERED_PAGES:
            links += [Link(str(number - 1), ""), Link(str(number), self.url, current=True)]
        return links


def open_list(user: User, params: Mapping[str, Sequence[str]]) -> PartnerList:
    """Read the query string of the partners list for this user; what it does not know is dropped and named."""
    saved = saved_views(user)
    key = (params.get("view") or [""])[-1].strip()
    view = open_view(key, saved)
    ignored = [] if view else [Ignored("view", key[:40])]
    view = view or OpenView("", str(BUILT_IN[0].label), ListState())
    state, unknown = parse(params, base=view.state)
    owners = owner_names([one for one in state.owner if one not in {"me", "none"}])
    strangers = [one for one in state.owner if one not in {"me", "none"} and one not in owners]
    if strangers:
        unknown += [Ignored("owner", one) for one in strangers]
        state = state.change(owner=tuple(one for one in state.owner if one not in strangers))
    return PartnerList(user, state, view, _tabs(view, saved), ignored + unknown, owners)


def _tabs(view: OpenView, saved: Sequence[SavedView]) -> list[Link]:
    named = [(tab.key, str(tab.label)) for tab in BUILT_IN] + [(str(one.uid), one.name) for one in saved]
    base = reverse("workspace:partner_list")
    return [Link(name, f"{base}?view={key}" if key else base, key == view.key, key) for key, name in named]


def chip_texts(state: ListState, owners: Mapping[str, str]) -> dict[str, str]:
    """Each filter in words, by name, in the order of the filter form."""
    names = {"me": _("me"), "none": _("nobody"), **owners}
    texts = {
        "q": _("“{}”").format(state.q),
        "health": _("Health: {}").format(_listed(health_name(one) for one in state.health)),
        "stage": _("Stage: {}").format(_listed(Stage(one).label for one in state.stage)),
        "tier": _("Tier: {}").format(_listed(Tier(one).label for one in state.tier)),
        "owner": _("Owner: {}").format(_listed(names[one] for one in state.owner)),
        "tag": _("Tag: {}").format(_listed(state.tag)),
        "country": _("Country: {}").format(_listed(state.country)),
        "silent": _("No contact for {}").format(_days(state.silent)),
        "ending": _("Contract ends within {}").format(_days(state.ending)),
        "joined": _("Partner for less than {}").format(_days(state.joined)),
        "archived": _("Archived"),
    }
    return {name: text for name, text in texts.items() if getattr(state, name)}


def health_name(value: str) -> str:
    return str(GROUP_NAMES.get(value) or band_of(value).label)


def _days(number: int | None) -> str:
    return ngettext("{} day", "{} days", number or 0).format(number)


def _listed(words: Iterable[object]) -> str:
    return ", ".join(str(word) for word in words)
