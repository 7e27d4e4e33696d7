"""One plain line per partner for lists: what pulls the score down most."""

from __future__ import annotations

from decimal import Decimal

from health import labels
from health.scoring import Result
from health.sentences import Words, facts_sentence

LONGEST = 300
WORTH_SAYING = Decimal("-0.5")  # points; less than that is no reason


def why(result: Result, words: Words) -> str:
    """The binding exception, else the facts of the largest negative line; empty when nothing pulls much."""
    capped = [key for key, amount in result.adjustments if key.startswith("exception:") and amount < 0]
    if capped:
        return words.gettext(labels.name_of(capped[0]))[:LONGEST]
    lowest = None
    for index, row in enumerate(result.rows):
        if row.c <= WORTH_SAYING and (lowest is None or row.c < result.rows[lowest].c):
            lowest = index
    if lowest is None:
        return ""
    return facts_sentence(result.profile.entries[lowest], result.rows[lowest], words)[:LONGEST]
