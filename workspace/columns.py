"""The columns of the partners list: what each shows on the page, and what it writes to the CSV.

Cells are made here and not in the template, and what repeats is drawn once: fifty rows of a dozen columns are six
hundred cells, and the list is the page people wait for most. A row is a dict of `queries.partners.row_values`.
Every `cell` returns markup: text that people wrote goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from html import escape
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from core import clock, display, pictures
from core.csv_export import Cell
from core.templatetags import prm
from engagement.models import Meeting
from health.models import Confidence
from lifecycle.models import Stage
from partners.models import Tier

Row = Mapping[str, Any]
Label = str | Promise


@dataclass(frozen=True)
class Column:
    """`cell` gives the markup inside the table cell, `fields` the CSV columns as (key, header, value)."""

    key: str
    label: Label
    cell: Callable[[Row], str]
    fields: tuple[tuple[str, Label, Callable[[Row], Cell]], ...]
    css: str = ""
    sort: str = ""
    short: Label = ""  # shown in the head of the table and, as a label, on small screens

    @property
    def head(self) -> Label:
        return self.short or self.label

    def opening(self) -> str:
        """The tag that opens this column's cells; the first column's cell is the header of its row."""
        if self.key == "name":
            return '<th scope="row">'
        css = f' class="{self.css}"' if self.css else ""
        label = "" if self.key in {"health", "why"} else f' data-l="{escape(str(self.head))}"'
        return f"<td{css}{label}>"


# What many cells have in common is drawn once per language. The cached values are small and few: scores have 1,001
# tenths, dates of a list a few hundred days.
@lru_cache(maxsize=64)
def _none_in(_language: str) -> str:
    return format_html('<span class="muted">–<span class="visually-hidden"> {}</span></span>', _("none"))


def _none() -> str:
    return _none_in(get_language() or "")


@lru_cache(maxsize=8192)
def _badge_in(_language: str, band: str, tenths: Decimal | None) -> str:
    return pictures.badge(band, tenths)


@lru_cache(maxsize=8192)
def _delta_in(_language: str, tenths: Decimal | None) -> str:
    return prm.delta(tenths)


@lru_cache(maxsize=4096)
def _day_in(_language: str, day: date, _today: date) -> str:
    return prm.when(day)


@lru_cache(maxsize=256)
def _label_in(_language: str, choices: Any, value: str) -> str:
    return str(choices(value).label)


def _has_score(row: Row) -> bool:
    """Below the least coverage a partner has no band, and its number is not shown in lists."""
    return bool(row["health__band"])


def _tenths(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)


def _score(row: Row) -> Decimal | None:
    return _tenths(row["health__score"]) if _has_score(row) else None


def _change(row: Row) -> Decimal | None:
    return _tenths(row["health__change_30"]) if _has_score(row) else None


def _weeks(row: Row) -> list[float]:
    """The weekly scores, oldest first; stored as [date, score]."""
    return [score for _day, score in row["health__spark"] or ()] if _has_score(row) else []


@lru_cache(maxsize=4096)
def _spark_in(_language: str, weeks: tuple[float, ...], band: str) -> str:
    return pictures.sparkline(weeks, band)


def _spark(row: Row) -> str:
    weeks = _weeks(row)
    return _spark_in(get_language() or "", tuple(weeks), row["health__band"]) if weeks else _none()


def _spark_text(row: Row) -> str:
    return " ".join(str(_tenths(Decimal(str(score)))) for score in _weeks(row))


def _name(row: Row) -> str:
    return f'<a href="/app/partners/{escape(row["slug"])}/" data-open>{escape(row["name"])}</a>'


def _raw(field: str) -> Callable[[Row], Cell]:
    return lambda row: row[field]


def _choice(field: str, choices: Any) -> Callable[[Row], str]:
    """The label of a stored choice, "" for none."""

    def label(row: Row) -> str:
        value = row[field]
        return _label_in(get_language() or "", choices, value) if value else ""

    return label


def _text(words: Callable[[Row], Any]) -> Callable[[Row], str]:
    """A cell with plain text, or the sign for none."""

    def cell(row: Row) -> str:
        text = words(row)
        return escape(str(text)) if text else _none()

    return cell


def _owner(row: Row) -> str:
    return row["owner__name"] or row["owner__email"] or ""


def _why(row: Row) -> str:
    if row["health__why"]:
        return escape(row["health__why"])
    return _none() if _has_score(row) else escape(_("Not enough is known for a score"))


def _meeting_day(row: Row) -> date | None:
    """The day of the next appointment on the wall where it takes place, else the day by which one is due."""
    meeting: Meeting | None = row["next"]
    if meeting is None:
        return None
    return meeting.due_day if meeting.is_only_due else meeting.wall.date()


def _meeting_words(row: Row) -> str:
    """ "QBR" for an appointment, "QBR due" for what the cadence asks for; "" for none."""
    meeting: Meeting | None = row["next"]
    if meeting is None:
        return ""
    kind = _label_in(get_language() or "", Meeting.Kind, meeting.kind)
    return _("{kind} due").format(kind=kind) if meeting.is_only_due else kind


def _next(row: Row) -> str:
    day = _meeting_day(row)
    if day is None:
        return _none()
    shown = f"{escape(_meeting_words(row))} {_day_in(get_language() or '', day, clock.today())}"
    if not row["next"].is_only_due:
        return shown
    return f'<span class="{"late" if day < clock.today() else "muted"}">{shown}</span>'


def _date(field: str) -> Callable[[Row], str]:
    return lambda row: _day_in(get_language() or "", row[field], clock.today()) if row[field] else _none()


def _days(row: Row) -> int | None:
    entered = row["journey__entered_at"]
    return None if entered is None else max(0, (clock.now() - entered).days)


def _days_text(row: Row) -> str:
    days = _days(row)
    return "" if days is None else ngettext("%d day", "%d days", days) % days


def _percent(row: Row) -> str:
    value = row["health__coverage"]
    return "" if value is None else f"{display.decimal_text(value * 100, places=0)} %"


def _tags(row: Row) -> str:
    return ", ".join(row["tags"] or ())


def _deals_text(row: Row) -> str:
    """ "3, 42,000": how many, and their value in the reporting currency where it is known."""
    if row["deals"] is None:
        return ""
    number, value = row["deals"]
    return f"{number}" if value is None else f"{number}, {display.decimal_text(value, places=0)}"


def _deal_part(place: int) -> Callable[[Row], Cell]:
    return lambda row: _hundredths(row["deals"][place]) if row["deals"] else None


def _hundredths(value: Decimal | int | None) -> Decimal | int | None:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN) if isinstance(value, Decimal) else value


def _revenue_text(row: Row) -> str:
    return "" if row["revenue"] is None else display.decimal_text(row["revenue"], places=0)


def _contact_day(row: Row) -> date | None:
    return display.as_local(row["contact"]).date() if row["contact"] else None


STAGE, TIER = _choice("journey__stage", Stage), _choice("tier", Tier)
CONFIDENCE = _choice("health__confidence", Confidence)


def _column(
    key: str, label: Label, cell: Callable[[Row], str], *values: Any, css: str = "", sort: str = "", short: Label = ""
) -> Column:
    """`values`: either one function for a single CSV column named as the column, or (key, header, function) each."""
    fields = tuple(values) if isinstance(values[0], tuple) else ((key, label, values[0]),)
    return Column(key, label, cell, fields, css, sort, short)


ALL: dict[str, Column] = {
    column.key: column
    for column in (
        _column("name", gettext_lazy("Partner"), _name, _raw("name"), sort="name"),
        _column(
            "health",
            gettext_lazy("Health"),
            lambda row: _badge_in(get_language() or "", row["health__band"] or "", _score(row)),
            ("health", gettext_lazy("Health"), lambda row: str(pictures.band_of(row["health__band"]).label)),
            ("score", gettext_lazy("Score"), _score),
            sort="score",
        ),
        _column(
            "change",
            gettext_lazy("30-day change"),
            lambda row: _delta_in(get_language() or "", _change(row)),
            _change,
            css="num",
            sort="change",
            short=gettext_lazy("30 days"),
        ),
        _column("spark", gettext_lazy("12-week line"), _spark, _spark_text, css="p4", short=gettext_lazy("12 weeks")),
        _column("why", gettext_lazy("Why"), _why, _raw("health__why"), css="why"),
        _column("stage", gettext_lazy("Stage"), _text(STAGE), STAGE, sort="stage"),
        _column("tier", gettext_lazy("Tier"), _text(TIER), TIER, css="p3", sort="tier"),
        _column("owner", gettext_lazy("Owner"), _text(_owner), _owner, css="p3 nowrap"),
        _column(
            "next",
            gettext_lazy("Next meeting"),
            _next,
            ("next", gettext_lazy("Next meeting"), _meeting_words),
            ("next_on", gettext_lazy("Next meeting on"), _meeting_day),
            css="next",
            short=gettext_lazy("Next"),
        ),
        _column(
            "contact", gettext_lazy("Last contact"), lambda row: prm.ago(row["contact"]), _contact_day, css="nowrap"
        ),
        _column(
            "deals",
            gettext_lazy("Open deals"),
            _text(_deals_text),
            ("open_deals", gettext_lazy("Open deals"), _deal_part(0)),
            ("open_value", gettext_lazy("Value of open deals"), _deal_part(1)),
            css="num",
        ),
        _column(
            "revenue",
            gettext_lazy("Revenue of 12 months"),
            _text(_revenue_text),
            _raw("revenue"),
            css="num",
            short=gettext_lazy("12 months"),
        ),
        _column("country", gettext_lazy("Country"), _text(_raw("country")), _raw("country")),
        _column("kind", gettext_lazy("Type"), _text(_raw("kind")), _raw("kind")),
        _column("tags", gettext_lazy("Tags"), _text(_tags), _tags),
        _column(
            "days", gettext_lazy("Days in stage"), _text(_days_text), _days, css="num", short=gettext_lazy("In stage")
        ),
        _column(
            "ending", gettext_lazy("Contract ends"), _date("contract_ends_on"), _raw("contract_ends_on"), css="nowrap"
        ),
        _column("coverage", gettext_lazy("Coverage"), _text(_percent), _raw("health__coverage"), css="num"),
        _column("confidence", gettext_lazy("Confidence"), _text(CONFIDENCE), CONFIDENCE),
    )
}


def chosen(keys: Sequence[str]) -> list[Column]:
    return [ALL[key] for key in keys]


def table_body(rows: Sequence[Row], columns: Sequence[Column], *, selectable: bool) -> SafeString:
    """The rows of the table as markup, each with a checkbox when the reader may work on several at once."""
    drawn = [(column.opening(), column.cell, "</th>" if column.key == "name" else "</td>") for column in columns]
    select = escape(_("Select"))
    lines = []
    for row in rows:
        cells = "".join([f"{start}{cell(row)}{end}" for start, cell, end in drawn])
        if selectable:
            cells = (
                f'<td class="sel"><label class="check-box"><input type="checkbox" name="partner" value="{row["uid"]}"'
                f' aria-label="{select} {escape(row["name"])}"></label></td>{cells}'
            )
        lines.append(f'<tr data-item tabindex="-1">{cells}</tr>\n')
    return SafeString("".join(lines))


def csv_header(columns: Sequence[Column], *, keys: bool = False) -> list[str]:
    return [key if keys else str(label) for column in columns for key, label, _value in column.fields]


def csv_row(row: Row, columns: Sequence[Column]) -> list[Cell]:
    return [value(row) for column in columns for _key, _label, value in column.fields]
