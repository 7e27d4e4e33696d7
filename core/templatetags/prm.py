"""The house's template tags (built in: no load needed). Examples of each are in `docs/front-end.md`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.paginator import Page
from django.forms import BoundField, CheckboxInput, Form
from django.forms.widgets import CheckboxSelectMultiple, RadioSelect, Select
from django.http import QueryDict
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core import display, pictures
from core.icons import ICONS

register = template.Library()
SPRITE = "vendor/icons.svg"


@lru_cache(maxsize=1)
def sprite_url() -> str:
    """Address of the icon sprite, or "" when the front-end assets were not fetched."""
    try:
        url = staticfiles_storage.url(SPRITE)
    except ValueError:  # manifest storage: not collected
        return ""
    return url if finders.find(SPRITE) or staticfiles_storage.exists(SPRITE) else ""


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A decorative icon; give the button or link its own words. Without the sprite: a plain character or nothing."""
    return _icon_markup(name, size, sprite_url())


@lru_cache(maxsize=512)
def _icon_markup(name: str, size: str, url: str) -> SafeString:
    css = f"icon icon-{size}" if size else "icon"
    fallback = ICONS[name][1]
    if url:
        return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', css, url, name)
    return format_html('<span class="{}" aria-hidden="true">{}</span>', css, fallback) if fallback else SafeString("")


@register.simple_tag
def band(code: object, score: pictures.Number | None = None, large: bool = False, word: str = "") -> SafeString:
    return pictures.badge(code, score if score != "" else None, large=large, word=word)


@register.filter
def band_label(code: object) -> str:
    return str(pictures.band_of(code).label)


@register.simple_tag
def sparkline(values: Sequence[pictures.Number | None], band: object = None) -> SafeString:
    return pictures.sparkline(values or [], band)


@register.simple_tag
def contribution_bar(points: pictures.Number | None, largest: pictures.Number) -> SafeString:
    return pictures.contribution_bar(points, largest)


@register.simple_tag
def strip(counts: Mapping[str, int] | Iterable[tuple[str, int]], href: str = "") -> SafeString:
    return pictures.strip(counts, href=href)


@register.simple_tag
def progress(have: pictures.Number, need: pictures.Number, label: str, text: str = "") -> SafeString:
    return pictures.progress(have, need, label, text)


@register.simple_tag
def score_line(
    points: Sequence[tuple[date, pictures.Number | None]],
    edges: Sequence[tuple[pictures.Number, str]] | None = None,
    events: Sequence[tuple[date, str]] | None = None,
) -> SafeString:
    return pictures.score_line(points, edges or pictures.EDGES, events or ())


@register.simple_tag
def delta(value: pictures.Number | None, places: int = 1) -> SafeString:
    """A change with arrow and words for readers of the page aloud."""
    if value is None or value == "":
        return format_html(
            '<span class="muted" title="{0}">–<span class="visually-hidden"> {0}</span></span>', _("none")
        )
    text = display.points_text(value, places=places)
    if text.startswith("+"):
        kind, arrow, word = "up", "▲", _("up")
    elif text.startswith(display.MINUS):
        kind, arrow, word = "down", "▼", _("down")
    else:
        return format_html('<span class="delta muted">{}</span>', text)
    return format_html(
        '<span class="delta delta-{}"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span> {}</span>',
        kind,
        arrow,
        word,
        text[1:],
    )


@register.simple_tag
def ago(value: date | datetime | None) -> SafeString:
    return _time(value, display.ago_text)


@register.simple_tag
def when(value: date | datetime | None) -> SafeString:
    return _time(value, display.when_text)


def _time(value: date | datetime | None, words: Any) -> SafeString:
    if not value:
        return format_html('<span class="muted">–<span class="visually-hidden"> {}</span></span>', _("none"))
    stamp = display.as_local(value).isoformat()
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp, display.exact_text(value), words(value))


@register.simple_tag
def points(value: pictures.Number | None, places: int = 1) -> str:
    return display.points_text(value if value != "" else None, places=places)


@register.simple_tag
def number(value: pictures.Number | None, places: int = 0) -> str:
    return display.decimal_text(value if value != "" else None, places=places)


@register.simple_tag
def money(minor: int | None, currency: str, whole: bool = False) -> str:
    return display.money_text(minor if minor != "" else None, currency, whole=whole)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """The present query string with `changes`; None or "" drops a key, a list repeats it. Always starts with "?"."""
    return _query(context, changes)


def _query(context: Context, changes: Mapping[str, Any]) -> str:
    request = context.get("request")
    params = request.GET.copy() if request else QueryDict(mutable=True)
    for key, value in changes.items():
        if value is None or value == "":
            params.pop(key, None)
        else:
            params.setlist(key, [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)])
    return f"?{params.urlencode()}"


@register.inclusion_tag("components/_sort_header.html", takes_context=True)
def sort_header(
    context: Context, key: str, label: str, css: str = "", target: str = "#rows", first: str = "asc"
) -> dict[str, Any]:
    """A `<th>` whose link sorts by `key` (`?sort=key`, `?sort=-key`); `first` is the direction of the first press."""
    request = context.get("request")
    current = context.get("sort") or (request.GET.get("sort", "") if request else "")
    rising, falling = current == key, current == f"-{key}"
    following = f"-{key}" if rising or (first == "desc" and not falling) else key
    state = "ascending" if rising else "descending" if falling else ""
    return {
        "label": label,
        "css": css,
        "target": target,
        "state": state,
        "href": _query(context, {"sort": following, "page": None}),
    }


@register.inclusion_tag("components/_pager.html", takes_context=True)
def pager(context: Context, page: Page, target: str = "#rows") -> dict[str, Any]:
    """Numbered pages with stable addresses."""
    paginator = page.paginator
    links = [
        {
            "number": one,
            "href": _query(context, {"page": one}) if isinstance(one, int) else "",
            "current": one == page.number,
        }
        for one in paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    ]
    previous = _query(context, {"page": page.number - 1}) if page.has_previous() else ""
    following = _query(context, {"page": page.number + 1}) if page.has_next() else ""
    return {"page": page, "links": links, "previous": previous, "following": following, "target": target}


@register.inclusion_tag("components/_nav_link.html", takes_context=True)
def nav_link(
    context: Context, href: str, label: str, icon: str = "", go: str = "", css: str = "", count: str = ""
) -> dict[str, Any]:
    """A shell link: `aria-current` on its own page, and on pages below it except for the root entry."""
    request = context.get("request")
    path = request.path if request else ""
    here = "page" if path == href else "true" if href.count("/") > 2 and path.startswith(href) else ""
    counts = context.get("nav_counts") or {}
    return {
        "href": href, "label": label, "icon": icon, "go": go, "css": css, "here": here,
        "count_id": count, "count": counts.get(count) or "",
    }  # fmt: skip


@register.inclusion_tag("components/_field.html")
def field(bound: BoundField, hint: str = "", css: str = "", unlabelled: bool = False) -> dict[str, Any]:
    """A labelled form field with hint and errors tied to it."""
    widget = bound.field.widget
    group = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    single = isinstance(widget, CheckboxInput)
    attrs: dict[str, str] = {}
    if not group and not single:
        attrs["class"] = "form-select" if isinstance(widget, Select) else "form-control"
    described = [bound.auto_id + "_hint"] if (hint or bound.help_text) and bound.auto_id else []
    described += [bound.auto_id + "_error"] if bound.errors and bound.auto_id else []
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=attrs) if not group else "",
        "hint": hint or bound.help_text,
        "group": group,
        "single": single,
        "css": css,
        "unlabelled": unlabelled,
        "shown": getattr(bound.form, "shown_to_partner", {}).get(bound.name, ""),
    }


@register.inclusion_tag("components/_form.html")
def form_fields(form: Form) -> dict[str, Any]:
    """Summary of errors, hidden fields and every visible field."""
    return {"form": form}


@register.inclusion_tag("components/_form_errors.html")
def form_errors(form: Form) -> dict[str, Any]:
    """The summary above a form that was refused; nothing for a form without errors."""
    return {"form": form}
