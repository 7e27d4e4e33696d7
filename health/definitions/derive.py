"""New definitions from old ones, and the fingerprint of a definition. Nothing is changed in place.

Errors: `KeyError` for a signal, measure or stage the base does not know, `ValueError` for a key that is taken or a
weight outside 0..100.
"""

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

Definition: TypeAlias = dict[str, Any]
Number: TypeAlias = int | str | Decimal


def definition_hash(definition: Definition) -> str:
    """SHA-256 (64 hex digits) of the definition as canonical JSON: key order and spacing do not matter."""
    canonical = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def with_measure(
    base: Definition,
    *,
    key: str,
    measure: Mapping[str, Any],
    weights: Mapping[str, Number],
    targets: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Definition:
    """A definition called `key`, with one more measure that forms a signal of its own.

    `measure` has the shape of an entry of `measures` plus `group`; `signal`, `share` and `needs` may be left out.
    `weights` is percent of the score per stage: the other signals of such a stage are scaled to the rest, so each stage
    still sums to 100. `targets` and `parameters` are stored under the measure's key.
    """
    derived = copy.deepcopy(base)
    for stage, weight in weights.items():
        _make_room(derived, stage, Decimal(weight))
    _add(derived, measure, weights)
    name = measure["key"]
    return derive(
        derived,
        key=key,
        targets={name: targets} if targets else None,
        parameters={name: parameters} if parameters else None,
    )


def derive(
    base: Definition,
    *,
    key: str,
    added: Iterable[Mapping[str, Any]] = (),
    stage_weights: Mapping[str, Mapping[str, Number]] | None = None,
    weights: Mapping[str, Mapping[str, Number]] | None = None,
    measures: Mapping[str, Mapping[str, Any]] | None = None,
    targets: Mapping[str, Mapping[str, Any]] | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> Definition:
    """A definition called `key` with entries added or replaced; nothing is scaled.

    `added`: measures as in `with_measure`, each a signal of its own with no weight yet. `stage_weights`: stage ->
    signal -> percent, replaces all weights of that stage. `weights`: signal -> stage -> percent, sets single ones.
    `measures`: measure -> fields to replace. `targets`, `parameters`: measure -> the whole new entry. Check the result
    with `validate_definition`.
    """
    derived = copy.deepcopy(base)
    for measure in added:
        _add(derived, measure, {})
    for stage, table in (stage_weights or {}).items():
        for signal in derived["signals"]:
            signal["weights"].pop(stage, None)
        for name, weight in table.items():
            _set_weight(derived, name, stage, weight)
    for name, per_stage in (weights or {}).items():
        for stage, weight in per_stage.items():
            _set_weight(derived, name, stage, weight)
    for name, changes in (measures or {}).items():
        _entry(derived["measures"], name).update(copy.deepcopy(dict(changes)))
    for section, replacements in (("targets", targets), ("parameters", parameters)):
        for name, replacement in (replacements or {}).items():
            _entry(derived["measures"], name)
            derived[section][name] = copy.deepcopy(dict(replacement))
    derived["key"] = key
    return derived


def _add(definition: Definition, measure: Mapping[str, Any], weights: Mapping[str, Number]) -> None:
    """Append a measure and its signal."""
    entry = {"share": "1", "signal": measure["key"], "needs": [], **copy.deepcopy(dict(measure))}
    group = entry.pop("group")
    if any(existing["key"] == entry["key"] for existing in definition["measures"]):
        raise ValueError(f"Measure {entry['key']} exists already.")
    if any(existing["key"] == entry["signal"] for existing in definition["signals"]):
        raise ValueError(f"Signal {entry['signal']} exists already.")
    signal = {"key": entry["signal"], "group": group, "weights": {}}
    definition["signals"].append(signal)
    definition["measures"].append(entry)
    for stage, weight in weights.items():
        _set_weight(definition, entry["signal"], stage, weight)


def _set_weight(definition: Definition, signal: str, stage: str, weight: Number) -> None:
    if stage not in definition["stages"]:
        raise KeyError(stage)
    _entry(definition["signals"], signal)["weights"][stage] = weight if isinstance(weight, int) else str(weight)


def _entry(entries: list[dict[str, Any]], key: str) -> dict[str, Any]:
    for entry in entries:
        if entry["key"] == key:
            return entry
    raise KeyError(key)


def _make_room(definition: Definition, stage: str, weight: Decimal) -> None:
    """Scale every signal of `stage` to what is left beside a new one of `weight` percent."""
    if stage not in definition["stages"]:
        raise KeyError(stage)
    if not 0 <= weight <= 100:
        raise ValueError(f"Weight {weight} of stage {stage} is not between 0 and 100.")
    for signal in definition["signals"]:
        if stage in signal["weights"]:
            scaled = Decimal(signal["weights"][stage]) * (100 - weight) / 100
            signal["weights"][stage] = f"{scaled.normalize():f}"
