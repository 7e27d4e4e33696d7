"""Whom to save first, drawn: value against score, every dot a link. SVG without style or script.

The drawing is for eyes and pointers only; the table beside it holds the same partners and links for everybody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.display import decimal_text, exponent, money_text
from core.pictures import band_of
from health.pages.portfolio import BELOW_HEALTHY, Rescue

TOP = 12
HEIGHT = 290
FOOT = 36
LEFT = 7.0
WIDTH = 91.0
NUMBERED = 10
Edges = Sequence[tuple[Decimal, str]]


@dataclass(frozen=True, slots=True)
class Scale:
    """Score from 0 to `right` along the width; value from 10^low to 10^high minor units upwards."""

    right: Decimal
    low: int
    high: int

    def x(self, score: Decimal) -> float:
        return LEFT + float(min(score, self.right) / self.right) * WIDTH

    def y(self, minor: float) -> float:
        return TOP + (self.high - math.log10(minor)) / (self.high - self.low) * HEIGHT


def scatter(rows: Sequence[Rescue], *, edges: Edges) -> SafeString:
    """Dots from left (low score) to right, value upwards on a logarithmic scale. Numbers are places in the ranking.

    `rows` in order of the ranking; those without a positive value are not drawn. `edges` (lower edge, band) downwards.
    """
    drawn = [(place, row, row.value) for place, row in enumerate(rows, start=1) if row.value and row.value > 0]
    if not drawn:
        return SafeString("")
    spans = _spans(edges)
    values = [math.log10(value) for _place, _row, value in drawn]
    low, high = math.floor(min(values)), math.ceil(max(values))
    scale = Scale(max(upper for _lower, upper, _band in spans), low, max(high, low + 1))
    return format_html(
        '<svg class="scatter" width="100%" height="{}" aria-hidden="true">{}{}{}</svg>',
        TOP + HEIGHT + FOOT,
        _areas(spans, scale),
        _rules(scale),
        _dots(drawn, scale),
    )


def _spans(edges: Edges) -> list[tuple[Decimal, Decimal, str]]:
    """(lower, upper, band) of the bands below healthy, the best first."""
    uppers = [Decimal(100), *(lower for lower, _band in edges)]
    spans = [(lower, upper, band) for (lower, band), upper in zip(edges, uppers, strict=False)]
    return [span for span in spans if span[2] in BELOW_HEALTHY] or spans


def _areas(spans: Sequence[tuple[Decimal, Decimal, str]], scale: Scale) -> SafeString:
    """The bands as upright stripes, each with its name and its upper edge below it."""
    rows = []
    for lower, upper, code in spans:
        band, start, end = band_of(code), scale.x(lower), scale.x(upper)
        rows.append(
            (
                band.tone,
                f"{start:.2f}",
                TOP,
                f"{end - start:.2f}",
                HEIGHT,
                f"{(start + end) / 2:.2f}",
                TOP + HEIGHT + 16,
                band.label,
                f"{end:.2f}",
                TOP + HEIGHT + 32,
                decimal_text(upper, places=0),
            )
        )
    stripes = format_html_join(
        "",
        '<rect class="area-{}" x="{}%" y="{}" width="{}%" height="{}"/>'
        '<text x="{}%" y="{}" text-anchor="middle">{}</text>'
        '<text x="{}%" y="{}" text-anchor="middle">{}</text>',
        rows,
    )
    return format_html(
        '{}<text x="{}%" y="{}" text-anchor="middle">{}</text>',
        stripes,
        LEFT,
        TOP + HEIGHT + 32,
        decimal_text(0, places=0),
    )


def _rules(scale: Scale) -> SafeString:
    """One line for each power of ten of money."""
    digits = exponent(settings.REPORTING_CURRENCY)
    rows = []
    for power in range(scale.low, scale.high + 1):
        y = scale.y(10.0**power)
        text = money_text(10**power, settings.REPORTING_CURRENCY, whole=power >= digits)
        rows.append((LEFT, LEFT + WIDTH, f"{y:.1f}", f"{y:.1f}", LEFT - 0.6, f"{y + 4:.1f}", text))
    return format_html_join(
        "",
        '<line class="rule" x1="{}%" x2="{}%" y1="{}" y2="{}"/><text x="{}%" y="{}" text-anchor="end">{}</text>',
        rows,
    )


def _dots(drawn: Sequence[tuple[int, Rescue, int]], scale: Scale) -> SafeString:
    """The partners, the first of the ranking on top."""
    rows = []
    for place, row, value in reversed(drawn):
        x, y = f"{scale.x(row.score):.2f}", scale.y(value)
        first = place <= NUMBERED
        number = format_html('<text class="n" x="{}%" y="{}">{}</text>', x, f"{y + 3.5:.1f}", place) if first else ""
        label = _("{name}: score {score}, value {value}").format(
            name=row.partner.name,
            score=decimal_text(row.score),
            value=money_text(value, settings.REPORTING_CURRENCY, whole=True),
        )
        href = reverse("health:partner_health", args=[row.partner.slug])
        rows.append((href, label, band_of(row.band).tone, x, f"{y:.1f}", 11 if first else 5, number))
    return format_html_join(
        "", '<a href="{}" tabindex="-1"><title>{}</title><circle class="dot-{}" cx="{}%" cy="{}" r="{}"/>{}</a>', rows
    )
