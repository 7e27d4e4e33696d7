"""One plain line per partner for lists: what pulls the score down most."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.conf import settings
from django.utils import translation

from health import labels, queries
from health.scoring import Result
from health.sentences import Words, facts_sentence

LONGEST = 300
WORTH_SAYING = Decimal("-0.5")  # points; less than that is no reason


def why(result: Result) -> dict[str, str]:
    """The reason in every language of the product, for whoever reads it; empty when nothing pulls much."""
    reason = _reason(result)
    told: dict[str, str] = {}
    if reason is not None:
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                told[language] = reason(queries.words())[:LONGEST]
    return told


def _reason(result: Result) -> Callable[[Words], str] | None:
    """The binding exception, else the facts of the largest negative line."""
    capped = [key for key, amount in result.adjustments if key.startswith("exception:") and amount < 0]
    if capped:
        return lambda words: words.gettext(labels.name_of(capped[0]))
    lowest = None
    for index, row in enumerate(result.rows):
        if row.c <= WORTH_SAYING and (lowest is None or row.c < result.rows[lowest].c):
            lowest = index
    if lowest is None:
        return None
    entry, row = result.profile.entries[lowest], result.rows[lowest]
    return lambda words: facts_sentence(entry, row, words)
