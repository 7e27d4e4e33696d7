"""What a run found among its partners: per signal how many are known, the median and the worst; bands, confidence.

Each chunk counts; the counts of all chunks merge to the run's summary, so the result does not depend on how the
partners were cut into chunks. Scores are counted in tenths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from health.scoring import Result, display_score

WORST = 5


def found_among(results: Mapping[int, Result], bands: Mapping[int, str]) -> dict[str, Any]:
    """Counts of one chunk as JSON values. `bands`: published band by partner."""
    known: dict[str, Counter[str]] = {}
    judged: Counter[str] = Counter()
    worst: dict[str, list[tuple[Decimal, int]]] = {}
    total = Decimal(0)
    for partner_id, result in results.items():
        total += result.score
        signals: dict[str, tuple[Decimal, Decimal]] = {}
        for entry, row in zip(result.profile.entries, result.rows, strict=True):
            signal = entry.measure.signal
            if signal not in signals:
                signals[signal] = (Decimal(0), Decimal(0))
            if row.s is not None:
                weighted, weight = signals[signal]
                signals[signal] = (weighted + row.w * row.s, weight + row.w)
        for signal, (weighted, weight) in signals.items():
            judged[signal] += 1
            if weight:
                value = display_score(weighted / weight)
                known.setdefault(signal, Counter())[str(value)] += 1
                worst.setdefault(signal, []).append((value, partner_id))
    return {
        "partners": len(results),
        "total": str(total),
        "bands": dict(Counter(bands.values())),
        "confidence": dict(Counter(result.confidence for result in results.values())),
        "signals": {
            signal: {
                "judged": number,
                "scores": dict(known.get(signal, ())),
                "worst": [[str(value), partner_id] for value, partner_id in sorted(worst.get(signal, ()))[:WORST]],
            }
            for signal, number in judged.items()
        },
    }


def summary(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The counts of all chunks as the run's summary."""
    partners, total = 0, Decimal(0)
    bands: Counter[str] = Counter()
    confidence: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    scores: dict[str, Counter[Decimal]] = {}
    worst: dict[str, list[tuple[Decimal, int]]] = {}
    for part in parts:
        partners += part["partners"]
        total += Decimal(part["total"])
        bands.update(part["bands"])
        confidence.update(part["confidence"])
        for signal, found in part["signals"].items():
            judged[signal] += found["judged"]
            counted = scores.setdefault(signal, Counter())
            for value, number in found["scores"].items():
                counted[Decimal(value)] += number
            worst.setdefault(signal, []).extend((Decimal(value), partner) for value, partner in found["worst"])
    return {
        "partners": partners,
        "mean": str(display_score(total / partners)) if partners else None,
        "bands": dict(sorted(bands.items())),
        "confidence": dict(sorted(confidence.items())),
        "signals": {
            signal: {
                "known_percent": round(100 * scores[signal].total() / judged[signal], 1),
                "median": _median(scores[signal]),
                "worst": [
                    {"score": str(value), "partner_id": partner} for value, partner in sorted(worst[signal])[:WORST]
                ],
            }
            for signal in sorted(judged)
        },
    }


def _median(scores: Counter[Decimal]) -> str | None:
    """Middle score, the mean of the two middle ones for an even number; None without any."""
    number = scores.total()
    if not number:
        return None
    wanted = ((number - 1) // 2, number // 2)
    found: list[Decimal] = []
    passed = 0
    for value in sorted(scores):
        passed += scores[value]
        while len(found) < 2 and wanted[len(found)] < passed:
            found.append(value)
    return str(display_score((found[0] + found[1]) / 2))
