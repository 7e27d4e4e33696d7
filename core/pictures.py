"""Drawings as SVG: sparkline, bars, strip, score line. Geometry in attributes, colour in CSS classes, a text twin each.

Strict CSP: no style attributes, no script. Every function returns safe markup.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.display import decimal_text, points_text

Number = Decimal | float | int

TICK = "M5 8.2l2.1 2.1L11.2 6"
OCTAGON = "M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2z"


@dataclass(frozen=True)
class Band:
    """How one health band is shown: word, colour class, and shape (markup inside a 16 x 16 view box)."""

    key: str
    label: str | Promise
    tone: str
    shape: SafeString


def _shape(markup: str) -> SafeString:
    return SafeString(markup)


BANDS: dict[str, Band] = {
    "A": Band(
        "A",
        gettext_lazy("Thriving"),
        "healthy",
        _shape(
            '<path fill="currentColor" fill-rule="evenodd" d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm3.9 5.6-4.6 4.7-3-3 '
            '1.2-1.2 1.8 1.8 3.4-3.5z"/>'
        ),
    ),
    "B": Band(
        "B",
        gettext_lazy("Healthy"),
        "healthy",
        _shape(
            f'<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/>'
            f'<path d="{TICK}" fill="none" stroke="currentColor" stroke-width="1.6"/>'
        ),
    ),
    "C": Band(
        "C",
        gettext_lazy("Watch"),
        "watch",
        _shape(
            '<path d="M8 2.2 14.4 13.4H1.6z" fill="none" stroke="currentColor" stroke-width="1.6"/>'
            '<path d="M8 6.2v3.2M8 11v.8" stroke="currentColor" stroke-width="1.6"/>'
        ),
    ),
    "D": Band(
        "D",
        gettext_lazy("At risk"),
        "risk",
        _shape(
            f'<path d="{OCTAGON}" fill="currentColor"/><path class="cut" d="M8 4v4.6M8 10.4V12" stroke-width="1.8"/>'
        ),
    ),
    "E": Band(
        "E",
        gettext_lazy("Critical"),
        "critical",
        _shape(
            f'<path d="{OCTAGON}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
            '<path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" stroke="currentColor" stroke-width="1.8"/>'
        ),
    ),
}
NO_DATA = Band(
    "",
    gettext_lazy("No data"),
    "unknown",
    _shape(
        '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.4 2"/>'
        '<path d="M8 4.8v3.6M8 10.2v1" stroke="currentColor" stroke-width="1.6"/>'
    ),
)
EDGES: tuple[tuple[Number, str], ...] = ((80, "A"), (65, "B"), (50, "C"), (35, "D"), (0, "E"))


def band_of(code: object) -> Band:
    """The band for a letter A to E; anything else (empty, None, "insufficient") is "No data"."""
    return BANDS.get(str(code or "").upper(), NO_DATA)


def badge(code: object, score: Number | None = None, *, large: bool = False, word: str = "") -> SafeString:
    """Word + shape + colour, with the score to one decimal if known. `word`: instead of the band's own."""
    band = band_of(code)
    number = "" if score is None or band is NO_DATA else f" {decimal_text(score)}"
    return format_html(
        '<span class="band band-{}{}"><svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">{}</svg>'
        "{}{}</span>",
        band.tone,
        " band-lg" if large else "",
        band.shape,
        word or band.label,
        number,
    )


def sparkline(values: Sequence[Number | None], band: object = None) -> SafeString:
    """Up to 12 weekly scores, oldest first, on a fixed 0 to 100 scale; None leaves a gap. End dot in band colour."""
    shown = list(values)[-12:]
    known = [(index, float(value)) for index, value in enumerate(shown) if value is not None]
    if not known:
        return format_html('<span class="muted small">{}</span>', _("no history"))
    step = 66 / max(len(shown) - 1, 1)
    spot = [(round(3 + index * step, 1), round(19 - value * 0.18, 1)) for index, value in known]
    if len(known) == 1:
        label = _("{score}, one reading").format(score=decimal_text(known[0][1]))
    else:
        label = _("From {first} to {last}").format(first=decimal_text(known[0][1]), last=decimal_text(known[-1][1]))
    runs: list[list[tuple[float, float]]] = []
    for place, ((index, _value), point) in enumerate(zip(known, spot, strict=True)):
        if place == 0 or known[place - 1][0] != index - 1:
            runs.append([])
        runs[-1].append(point)
    lines = format_html_join(
        "", '<polyline points="{}"/>', ((" ".join(f"{x:g},{y:g}" for x, y in run),) for run in runs if len(run) > 1)
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 72 20" width="72" height="20" role="img" aria-label="{}">{}'
        '<circle class="f-{}" cx="{}" cy="{}" r="2.5"/></svg>',
        label,
        lines,
        band_of(band).tone,
        f"{spot[-1][0]:g}",
        f"{spot[-1][1]:g}",
    )


def contribution_bar(points: Number | None, largest: Number) -> SafeString:
    """A bar left (negative, outlined) or right (positive, filled) of the middle; `largest` fills half the width."""
    amount = float(points or 0)
    width = min(abs(amount) / float(largest), 1) * 48 if largest else 0
    bar = SafeString("")
    if width > 0:
        bar = format_html(
            '<rect class="{}" x="{}%" y="1" width="{}%" height="12" rx="2"/>',
            "neg" if amount < 0 else "pos",
            f"{50 - width if amount < 0 else 50:.2f}",
            f"{max(width, 0.8):.2f}",
        )
    return format_html(
        '<svg class="cb" width="100%" height="14" aria-hidden="true">{}'
        '<rect class="mid" x="50%" width="1" height="14"/></svg>',
        bar,
    )


def strip(counts: Mapping[str, int] | Iterable[tuple[str, int]], *, href: str = "") -> SafeString:
    """The book as one segmented bar with a labelled count per band; `href` + band key makes each count a link."""
    given = dict(counts)
    merged = dict.fromkeys((*BANDS, ""), 0)
    for code, count in given.items():
        merged[band_of(code).key] += count
    total = sum(merged.values())
    sentence = ", ".join(f"{count} {band_of(key).label}" for key, count in merged.items() if count)
    parts, offset = [], 0.0
    for key, count in merged.items():
        if not count:
            continue
        width = count / total * 100
        tone = "thriving" if key == "A" else band_of(key).tone
        parts.append((tone, f"{offset:.3f}", f"{width:.3f}"))
        offset += width
    bars = format_html_join("", '<rect class="f-{}" x="{}%" width="{}%" height="16"/>', parts)
    items = []
    for key, count in merged.items():
        band = band_of(key)
        words = format_html("{} <b>{}</b> {}", _swatch(band), count, band.label)
        items.append((format_html('<a href="{}{}">{}</a>', href, key or "none", words) if href else words,))
    return format_html(
        '<div class="strip"><svg width="100%" height="16" role="img" aria-label="{}">{}</svg>'
        '<ul class="legend">{}</ul></div>',
        sentence or _("No partners"),
        bars,
        format_html_join("", "<li>{}</li>", items),
    )


def _swatch(band: Band) -> SafeString:
    return format_html(
        '<svg class="sw ink-{}" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">{}</svg>',
        band.tone,
        band.shape,
    )


def progress(have: Number, need: Number, label: str, text: str = "") -> SafeString:
    """A requirement bar with its words: `text` defaults to "have of need"."""
    share = 0.0 if not need else max(0.0, min(float(have) / float(need), 1.0))
    words = text or _("{have} of {need}").format(have=have, need=need)
    return format_html(
        '<div class="meter"><div class="meter-head"><span>{label}</span><span>{words}</span></div>'
        '<svg class="pbar{done}" role="progressbar" aria-label="{label}" aria-valuenow="{now}" aria-valuemin="0" '
        'aria-valuemax="100" aria-valuetext="{words}" width="100%" height="8">'
        '<rect class="trk" width="100%" height="8" rx="4"/><rect class="val" width="{now}%" height="8" rx="4"/></svg>'
        "</div>",
        label=label,
        words=words,
        done=" done" if need and have >= need else "",
        now=round(share * 100),
    )


PLOT_HEIGHT = 160
PIN_ROW = 22


def score_line(
    points: Sequence[tuple[date, Number | None]],
    edges: Sequence[tuple[Number, str]] = EDGES,
    events: Sequence[tuple[date, str]] = (),
) -> SafeString:
    """52 weeks of scores over the band areas with numbered event pins; sentence and table as text twin.

    `points` oldest first, None = no score that week; `edges` (lower edge, band letter) from the top down.
    """
    known = [(day, float(score)) for day, score in points if score is not None]
    if not known:
        return format_html('<p class="muted">{}</p>', _("No scores yet."))
    first, last = points[0][0], points[-1][0]
    span = max((last - first).days, 1)
    ordered = sorted(edges, key=lambda edge: -float(edge[0]))
    marks = [(number, day, text) for number, (day, text) in enumerate(events, start=1) if first <= day <= last]
    return format_html(
        '<figure class="stack-sm"><figcaption>{}</figcaption>'
        '<svg class="score-line" width="100%" height="{}" role="img" aria-label="{}">{}{}{}{}</svg>{}{}</figure>',
        _sentence(known),
        PIN_ROW + PLOT_HEIGHT + 18,
        _("Score by week"),
        _areas(ordered),
        _plot(points, first=first, span=span),
        _pins(marks, first=first, span=span),
        _axis(first, last),
        _event_list(marks),
        _table(points),
    )


def _sentence(known: Sequence[tuple[date, float]]) -> str:
    low_day, low = min(known, key=lambda point: point[1])
    high_day, high = max(known, key=lambda point: point[1])
    return _(
        "{last} on {last_day}, {change} since {first_day}. Lowest {low} on {low_day}, highest {high} on {high_day}."
    ).format(
        last=decimal_text(known[-1][1]),
        last_day=_day(known[-1][0]),
        change=points_text(known[-1][1] - known[0][1]),
        first_day=_day(known[0][0]),
        low=decimal_text(low),
        low_day=_day(low_day),
        high=decimal_text(high),
        high_day=_day(high_day),
    )


def _day(day: date) -> str:
    return date_format(day, "j M Y")


def _height(score: float) -> float:
    return PIN_ROW + (100 - score) / 100 * PLOT_HEIGHT


def _areas(edges: Sequence[tuple[Number, str]]) -> SafeString:
    rows, upper = [], 100.0
    for lower, code in edges:
        band = band_of(code)
        top, bottom = _height(upper), _height(float(lower))
        tone = "thriving" if band.key == "A" else band.tone
        rows.append((tone, f"{top:.1f}", f"{bottom - top:.1f}", f"{(top + bottom) / 2 + 4:.1f}", band.label))
        upper = float(lower)
    return format_html_join(
        "", '<rect class="area-{}" y="{}" width="100%" height="{}"/><text x="6" y="{}">{}</text>', rows
    )


def _plot(points: Sequence[tuple[date, Number | None]], *, first: date, span: int) -> SafeString:
    runs: list[list[str]] = [[]]
    end = (0.0, 0.0)
    for day, score in points:
        if score is None:
            runs.append([])
            continue
        end = ((day - first).days / span * 100, _height(float(score)))
        runs[-1].append(f"{end[0] * 10:.1f},{end[1] - PIN_ROW:.1f}")
    lines = format_html_join(
        "",
        '<polyline class="line" vector-effect="non-scaling-stroke" points="{}"/>',
        ((" ".join(run),) for run in runs if len(run) > 1),
    )
    return format_html(
        '<svg y="{}" width="100%" height="{}" viewBox="0 0 1000 {}" preserveAspectRatio="none" overflow="visible">'
        "{}</svg>"
        '<circle class="pin" cx="{}%" cy="{}" r="4"/>',
        PIN_ROW,
        PLOT_HEIGHT,
        PLOT_HEIGHT,
        lines,
        f"{end[0]:.2f}",
        f"{end[1]:.1f}",
    )


def _pins(marks: Sequence[tuple[int, date, str]], *, first: date, span: int) -> SafeString:
    rows = []
    for number, day, _text in marks:
        place = f"{min(max((day - first).days / span * 100, 1.5), 98.5):.2f}"
        rows.append((place, place, PIN_ROW, PIN_ROW + PLOT_HEIGHT, place, place, number))
    return format_html_join(
        "",
        '<line class="mark" x1="{}%" x2="{}%" y1="{}" y2="{}"/><circle class="pin" cx="{}%" cy="10" r="8"/>'
        '<text class="pin-n" x="{}%" y="13.5">{}</text>',
        rows,
    )


def _axis(first: date, last: date) -> SafeString:
    middle = first + (last - first) / 2
    foot = PIN_ROW + PLOT_HEIGHT + 15
    return format_html(
        '<text x="0" y="{}">{}</text><text x="50%" y="{}" text-anchor="middle">{}</text>'
        '<text x="100%" y="{}" text-anchor="end">{}</text>',
        *(part for day in (first, middle, last) for part in (foot, date_format(day, "M Y"))),
    )


def _event_list(marks: Sequence[tuple[int, date, str]]) -> SafeString:
    if not marks:
        return SafeString("")
    rows = ((day.isoformat(), _day(day), text) for _number, day, text in marks)
    return format_html(
        '<ol class="small">{}</ol>',
        format_html_join("", '<li><time class="muted" datetime="{}">{}</time> {}</li>', rows),
    )


def _table(points: Sequence[tuple[date, Number | None]]) -> SafeString:
    rows = (
        (day.isoformat(), _day(day), decimal_text(score) if score is not None else _("no score"))
        for day, score in reversed(points)
    )
    return format_html(
        '<details class="twin"><summary>{}</summary><table class="tbl"><thead><tr><th scope="col">{}</th>'
        '<th scope="col" class="num">{}</th></tr></thead><tbody>{}</tbody></table></details>',
        _("Show as table"),
        _("Week"),
        _("Score"),
        format_html_join(
            "", '<tr><th scope="row"><time datetime="{}">{}</time></th><td class="num">{}</td></tr>', rows
        ),
    )
