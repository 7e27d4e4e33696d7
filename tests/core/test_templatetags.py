"""Tags that draw and word values: exact output where it is a promise, structure where it is a drawing."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from core import display, pictures
from core.icons import ICONS
from core.templatetags import prm

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context)).strip()


def with_query(path: str) -> Context:
    return Context({"request": RequestFactory().get(path)})


def drawing(markup: str) -> ET.Element:
    """Parsed as XML, so that an unclosed or unescaped piece fails."""
    return ET.fromstring(markup)


# --- words -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (4_200_000, "EUR", "en", "€42,000.00"),
        (-1, "EUR", "en", "−€0.01"),
        (4_200, "JPY", "en", "¥4,200"),
        (1_234_567, "KWD", "en", "KWD\u00a01,234.567"),
        (0, "USD", "en", "$0.00"),
        (4_200_050, "EUR", "de", "42.000,50\u00a0€"),
        (None, "EUR", "en", "–"),
        (99_999_999_999_999_999, "GBP", "en", "£999,999,999,999,999.99"),
    ],
)
def test_money_follows_the_exponent_and_the_language(
    minor: int | None, currency: str, language: str, text: str
) -> None:
    with translation.override(language):
        assert render("{% money minor currency %}", minor=minor, currency=currency) == text


def test_money_whole_rounds_half_even() -> None:
    assert [display.money_text(minor, "EUR", whole=True) for minor in (150, 250, -249)] == ["€2", "€2", "−€2"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.1200"), "+1.1"),
        (Decimal("-2.1336"), "−2.1"),
        (Decimal("-0.0400"), "0.0"),
        (0, "0.0"),
        (Decimal("0.0500"), "0.0"),
        (Decimal("0.1500"), "+0.2"),
        (None, "–"),
    ],
)
def test_points_are_signed_with_a_real_minus(value: Decimal | None, text: str) -> None:
    assert render("{% points value %}", value=value) == text


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-5), "5 minutes ago"),
        (timedelta(hours=-3), "3 hours ago"),
        (timedelta(days=-1), "yesterday"),
        (timedelta(days=-7), "7 days ago"),
        (timedelta(days=-8), "Fri 13 Nov"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=-100), "13 Aug 2026"),
    ],
)
def test_ago_is_relative_for_seven_days_then_a_date(gap: timedelta, text: str) -> None:
    assert display.ago_text(NOW + gap) == text


@time_machine.travel(NOW, tick=False)
def test_ago_of_a_plain_date_knows_today() -> None:
    assert [display.ago_text(date(2026, 11, day)) for day in (20, 21, 22)] == ["yesterday", "today", "tomorrow"]


@time_machine.travel(NOW, tick=False)
def test_when_shows_the_readers_zone_and_the_exact_date_in_the_title() -> None:
    with timezone.override("Europe/Oslo"):
        html = render("{% when at %}", at=datetime(2026, 11, 26, 23, 30, tzinfo=UTC))
    assert html == (
        '<time datetime="2026-11-27T00:30:00+01:00" title="Friday 27 November 2026, 00:30 CET">Fri 27 Nov, 00:30</time>'
    )


def test_when_of_nothing_is_a_dash_with_a_word() -> None:
    assert render("{% when at %}", at=None) == '<span class="muted">–<span class="visually-hidden"> none</span></span>'


# --- badge and change --------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "tone", "word"),
    [
        ("A", "healthy", "Thriving"),
        ("B", "healthy", "Healthy"),
        ("C", "watch", "Watch"),
        ("D", "risk", "At risk"),
        ("E", "critical", "Critical"),
        ("", "unknown", "No data"),
        (None, "unknown", "No data"),
        ("insufficient", "unknown", "No data"),
    ],
)
def test_band_has_word_shape_and_colour(code: str | None, tone: str, word: str) -> None:
    badge = drawing(render("{% band code %}", code=code))
    assert badge.get("class") == f"band band-{tone}"
    assert "".join(badge.itertext()) == word
    assert len(badge[0]) > 0


def test_band_shapes_differ_for_all_bands() -> None:
    shapes = [pictures.band_of(code).shape for code in ("A", "B", "C", "D", "E", "")]
    assert len(set(shapes)) == 6


def test_band_shows_the_score_to_one_decimal_but_not_without_data() -> None:
    assert "".join(drawing(render("{% band 'D' score %}", score=Decimal("31.2456"))).itertext()) == "At risk 31.2"
    assert "".join(drawing(render("{% band '' score %}", score=Decimal("31.2456"))).itertext()) == "No data"


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("4.2"), "▲up 4.2"), (Decimal("-18.2"), "▼down 18.2"), (0, "0.0"), (None, "– none")]
)
def test_delta_has_arrow_and_word(value: Decimal | None, text: str) -> None:
    assert "".join(drawing(render("{% delta value %}", value=value)).itertext()) == text


# --- drawings ----------------------------------------------------------------


def test_sparkline_is_fixed_to_100_with_an_end_dot_and_small() -> None:
    html = pictures.sparkline([0, 50, 100, 80, 70, 60, 50, 45, 40, 35, 33, Decimal("31.2")], "D")
    svg = drawing(html)
    assert svg.get("aria-label") == "From 0.0 to 31.2"
    assert svg[0].get("points", "").split()[:3] == ["3,19", "9,10", "15,1"]
    assert svg[1].attrib == {"class": "f-risk", "cx": "69", "cy": "13.4", "r": "2.5"}
    assert len(html) <= 350


def test_sparkline_leaves_a_gap_for_unknown_weeks() -> None:
    svg = drawing(pictures.sparkline([10, 20, None, 30, 40]))
    assert [len(line.get("points", "").split()) for line in svg.findall("polyline")] == [2, 2]


def test_sparkline_without_history_says_so() -> None:
    assert pictures.sparkline([None, None]) == '<span class="muted small">no history</span>'


@pytest.mark.parametrize(
    ("points", "kind", "x", "width"),
    [
        (Decimal("-10.4"), "neg", "2.00%", "48.00%"),
        (Decimal("5.2"), "pos", "50.00%", "24.00%"),
        (99, "pos", "50.00%", "48.00%"),
    ],
)
def test_contribution_bar_grows_from_the_middle(points: Decimal, kind: str, x: str, width: str) -> None:
    bar = drawing(pictures.contribution_bar(points, Decimal("10.4")))[0]
    assert (bar.get("class"), bar.get("x"), bar.get("width")) == (kind, x, width)


def test_contribution_bar_of_nothing_is_only_the_middle() -> None:
    assert [part.get("class") for part in drawing(pictures.contribution_bar(0, 10))] == ["mid"]


def test_strip_fills_the_width_and_labels_every_count() -> None:
    html = pictures.strip({"A": 1, "B": 2, "D": 1, "insufficient": 4}, href="?band=")
    strip = drawing(html)
    assert sum(float(rect.get("width", "").rstrip("%")) for rect in strip[0]) == 100.0
    assert strip[0].get("aria-label") == "1 Thriving, 2 Healthy, 1 At risk, 4 No data"
    assert ["".join(item.itertext()).split()[0] for item in strip[1]] == ["1", "2", "0", "1", "0", "4"]
    assert [item[0].get("href") for item in strip[1]][-1] == "?band=none"


def test_strip_of_nobody_draws_no_segment() -> None:
    strip = drawing(pictures.strip({}))
    assert (len(strip[0]), strip[0].get("aria-label")) == (0, "No partners")


def test_progress_says_have_of_need_and_stops_at_full() -> None:
    bar = drawing(pictures.progress(5, 4, "Certified people"))[1]
    assert (bar.get("aria-valuenow"), bar.get("aria-valuetext"), bar.get("class")) == ("100", "5 of 4", "pbar done")


def test_score_line_has_sentence_areas_pins_and_table() -> None:
    start = date(2025, 11, 22)
    points = [(start + timedelta(weeks=n), None if n == 5 else 60 - n / 2) for n in range(52)]
    figure = drawing(pictures.score_line(points, events=[(date(2026, 3, 1), "QBR <held>"), (date(2020, 1, 1), "old")]))
    svg = figure.find("svg")
    assert svg is not None
    assert "".join(figure.find("figcaption").itertext()).startswith("34.5 on 14 Nov 2026, −25.5 since 22 Nov 2025.")  # type: ignore[union-attr]
    assert [rect.get("class") for rect in svg.findall("rect")] == [
        "area-thriving", "area-healthy", "area-watch", "area-risk", "area-critical",
    ]  # fmt: skip
    assert len(svg.findall("svg/polyline")) == 2
    assert [text.text for text in svg.findall("text[@class='pin-n']")] == ["1"]
    assert len(figure.findall("details/table/tbody/tr")) == 52


def test_drawings_carry_no_style_and_no_script() -> None:
    everything = (
        pictures.sparkline([1, 2])
        + pictures.strip({"A": 1})
        + pictures.progress(1, 2, "x")
        + pictures.contribution_bar(1, 2)
        + pictures.score_line([(date(2026, 1, 1), 1), (date(2026, 1, 8), 2)])
    )
    assert re.findall(r"style=|<script|\son\w+=", everything) == []


# --- addresses ---------------------------------------------------------------


def test_query_changes_keeps_and_drops_keys() -> None:
    context = with_query("/app/partners/?tag=a&tag=b&page=2&sort=name")
    assert Template("{% query page=3 sort=None q='x y' %}").render(context) == "?tag=a&amp;tag=b&amp;page=3&amp;q=x+y"


@pytest.mark.parametrize(
    ("path", "first", "state", "href"),
    [
        ("/?page=4", "asc", None, "?sort=score"),
        ("/?sort=score", "asc", "ascending", "?sort=-score"),
        ("/?sort=-score", "asc", "descending", "?sort=score"),
        ("/", "desc", None, "?sort=-score"),
        ("/?sort=-score", "desc", "descending", "?sort=score"),
    ],
)
def test_sort_header_turns_round_and_forgets_the_page(path: str, first: str, state: str | None, href: str) -> None:
    html = Template("{% sort_header 'score' 'Health' first=first %}").render(
        Context({"request": RequestFactory().get(path), "first": first})
    )
    header = drawing(html)
    assert (header.get("aria-sort"), header[0].get("href"), header[0].get("hx-get")) == (state, href, href)


def test_pager_keeps_the_filters_and_marks_the_page() -> None:
    context = with_query("/app/partners/?q=a&page=3")
    context["page"] = Paginator(range(400), 50).page(3)
    html = Template("{% pager page %}").render(context)
    assert "101–150 of 400" in html
    assert re.findall(r'href="([^"]*)" aria-current="page"', html) == ["?q=a&amp;page=3"]
    assert "?q=a&amp;page=4" in html


def test_pager_of_one_page_is_silent() -> None:
    assert render("{% pager page %}", page=Paginator(range(3), 50).page(1)) == ""


@pytest.mark.parametrize(
    ("path", "href", "here"),
    [
        ("/app/", "/app/", "page"),
        ("/app/partners/", "/app/", None),
        ("/app/partners/northwind/", "/app/partners/", "true"),
        ("/app/partners/", "/app/partners/", "page"),
    ],
)
def test_nav_link_marks_where_one_is(path: str, href: str, here: str | None) -> None:
    link = drawing(Template(f"{{% nav_link '{href}' 'Words' %}}").render(with_query(path)))
    assert link.get("aria-current") == here


# --- icons and fields --------------------------------------------------------


def test_icon_points_into_the_sprite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prm, "sprite_url", lambda: "/static/vendor/icons.svg")
    assert render("{% icon 'plus' 'sm' %}") == (
        '<svg class="icon icon-sm" aria-hidden="true"><use href="/static/vendor/icons.svg#plus"/></svg>'
    )


def test_icon_without_sprite_is_a_character_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prm, "sprite_url", lambda: "")
    assert render("{% icon 'plus' %}{% icon 'mail' %}") == '<span class="icon" aria-hidden="true">+</span>'


def test_icon_names_are_words() -> None:
    assert [name for name in ICONS if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []


class PartnerForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As on agendas.")
    note = forms.CharField(label="Note", required=False)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    share = forms.BooleanField(label="Share", required=False)


def test_field_ties_hint_and_error_to_the_control() -> None:
    html = render("{% field form.name %}", form=PartnerForm({"kind": "a"}))
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_hint id_name_error"' in html
    assert 'id="id_name_hint">As on agendas.' in html
    assert re.search(r'id="id_name_error">.*This field is required\.', html, re.DOTALL)


def test_field_marks_what_is_optional() -> None:
    assert "(optional)" in render("{% field form.note %}", form=PartnerForm())
    assert "(optional)" not in render("{% field form.name %}", form=PartnerForm())


def test_field_of_choices_is_a_fieldset_with_a_legend() -> None:
    html = render("{% field form.kind %}", form=PartnerForm())
    assert html.startswith("<fieldset")
    assert (html.count("<legend"), html.count('type="radio"')) == (1, 2)


def test_form_fields_sum_up_the_errors_once() -> None:
    html = render("{% form_fields form %}", form=PartnerForm({}))
    assert html.count('role="alert"') == 1
    assert "2 fields need your attention." in html
