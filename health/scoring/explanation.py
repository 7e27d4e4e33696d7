"""The explanation of a score: the one structure that page, API, command and CSV show.

Numbers are text with all their digits ("78.1419"), so nothing is rounded on the way; `displayed` has the printed lines.
Groups, signals and measures come in the model's order. Measures that are not applicable are listed with weight 0;
measures that are not connected are not lines of this partner, only names in `not_connected`.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from health import labels, sentences
from health.scoring.changes import Change, ChangeRow
from health.scoring.display import Help, display_lines, display_score, helps
from health.scoring.model import Entry, Measure
from health.scoring.reading import SEQUENTIAL, SUPPRESSED, Reading, growth_base
from health.scoring.results import NO_SCORE, NO_WEIGHT, Result, Row
from health.sentences import ENGLISH, Words

NOT_APPLICABLE = "not_applicable"


def explain(
    result: Result,
    *,
    as_of: date,
    model_version: str,
    published_band: str | None,
    change: Change | None = None,
    since: date | None = None,
    words: Words = ENGLISH,
) -> dict[str, Any]:
    """The contract of a score's explanation as plain JSON values. `since` is the day the change counts from."""
    profile = result.profile
    return {
        "as_of": as_of.isoformat(),
        "model_version": model_version,
        "stage": profile.stage,
        "score": str(result.score),
        "model_score": str(result.model_score),
        "raw_band": result.raw_band,
        "published_band": published_band,
        "confidence": result.confidence,
        "coverage": str(result.coverage),
        "breadth": str(result.breadth),
        "basis": sentences.basis_sentence(profile, words),
        "sources": list(profile.sources),
        "not_connected": list(profile.not_connected),
        "baseline": str(profile.model.baseline),
        "groups": _groups(result, words),
        "adjustments": [
            {"key": key, "label": words.gettext(labels.name_of(key)), "contribution": str(amount)}
            for key, amount in result.adjustments
        ],
        "exceptions": list(result.exceptions),
        "change": None if change is None else _change(change, since, words),
        "helps": [_help(advice, words) for advice in helps(result)],
        "displayed": {
            "score": str(display_score(result.score)),
            "lines": {key: str(amount) for key, amount in display_lines(result).items()},
        },
    }


def _groups(result: Result, words: Words) -> list[dict[str, Any]]:
    """Groups with their signals with their measures; each contribution is the sum of those below it."""
    model, profile = result.profile.model, result.profile
    lines: dict[str, list[dict[str, Any]]] = {}
    for entry, row in zip(profile.entries, result.rows, strict=True):
        lines.setdefault(entry.measure.signal, []).append(_measure(entry, row, words))
    for measure in model.measures.values():
        if measure.signal in profile.not_applicable_signals:
            lines.setdefault(measure.signal, []).append(_absent(measure, words))
    signals = result.signal_contributions()
    groups = result.group_contributions()
    tree = []
    for group in model.groups:
        members = [key for key in model.signal_group if model.signal_group[key] == group and key in lines]
        if members:
            tree.append(
                {
                    "key": group,
                    "label": words.gettext(labels.name_of(group)),
                    "contribution": str(groups.get(group, NO_SCORE)),
                    "signals": [
                        {
                            "key": key,
                            "label": words.gettext(labels.name_of(key)),
                            "contribution": str(signals.get(key, NO_SCORE)),
                            "measures": lines[key],
                        }
                        for key in members
                    ],
                }
            )
    return tree


def _measure(entry: Entry, row: Row, words: Words) -> dict[str, Any]:
    """One measure line. Of a suppressed reading neither the numbers nor how many answered are told."""
    measure, reading = entry.measure, row.reading or Reading({})
    hidden = row.status == SUPPRESSED
    return {
        "key": row.key,
        "label": words.gettext(labels.name_of(row.key)),
        "raw": {} if hidden else reading.to_json()["raw"],
        "unit": measure.unit,
        "n": None if hidden else reading.n,
        "window": reading.window or measure.window,
        "value_as_of": reading.value_as_of,
        "age_days": reading.age_days,
        "flags": [] if hidden else sorted(_flags(entry, reading)),
        "s": _text(row.s),
        "f": str(row.f),
        "w": str(row.w),
        "v": str(row.v),
        "c": str(row.c),
        "status": row.status,
        "source": reading.source or measure.source,
        "sentence": sentences.measure_sentence(entry, row, words),
    }


def _absent(measure: Measure, words: Words) -> dict[str, Any]:
    """The line of a measure whose signal does not apply to this partner."""
    return {
        "key": measure.key,
        "label": words.gettext(labels.name_of(measure.key)),
        "raw": {},
        "unit": measure.unit,
        "n": None,
        "window": measure.window,
        "value_as_of": None,
        "age_days": None,
        "flags": [],
        "s": None,
        "f": "0",
        "w": str(NO_WEIGHT),
        "v": str(NO_WEIGHT),
        "c": str(NO_SCORE),
        "status": NOT_APPLICABLE,
        "source": measure.source,
        "sentence": sentences.not_applicable_sentence(measure.key, words),
    }


def _flags(entry: Entry, reading: Reading) -> Iterable[str]:
    spec = entry.measure.spec
    if spec["kind"] == "growth" and growth_base(spec, reading.raw, entry.targets)[1]:
        return reading.flags | {SEQUENTIAL}
    return reading.flags


def _change(change: Change, since: date | None, words: Words) -> dict[str, Any]:
    """The change table: rows that moved, largest first; their totals sum exactly to `total`."""
    return {
        "since": None if since is None else since.isoformat(),
        "total": str(change.total),
        "rows": [_change_row(row, words) for row in change.moved()],
    }


def _change_row(row: ChangeRow, words: Words) -> dict[str, Any]:
    return {
        "key": row.key,
        "label": words.gettext(labels.name_of(row.key)),
        "total": str(row.total),
        "value": str(row.value),
        "freshness": str(row.freshness),
        "reweight": str(row.reweight),
        "evidence": str(row.evidence),
        "adjustment": str(row.adjustment),
    }


def _help(advice: Help, words: Words) -> dict[str, Any]:
    return {
        "key": advice.key,
        "label": words.gettext(labels.name_of(advice.key)),
        "kind": advice.kind,
        "gain": str(advice.gain),
        "sentence": sentences.help_sentence(advice, words),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
