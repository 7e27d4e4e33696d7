"""New definitions from old ones, and the fingerprint of a definition. Nothing is changed in place.

Errors: `KeyError` for a signal, measure or stage the base does not know, `ValueError` for a key that is taken or a
weight outside 0..100.
"""

import copy
import hashlib
import json
from collections.abc import Mapping
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
    group: str,
    weights: Mapping[str, Number],
    targets: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Definition:
    """A definition called `key`, with one more measure that forms a signal of its own.

    `measure` has the shape of an entry of `measures`; `signal` and `share` may be left out. `weights` is percent of the
    score per stage: the other signals of such a stage are scaled to the rest, so each stage still sums to 100.
    `targets` and `parameters` are stored under the measure's key.
    """
    derived = copy.deepcopy(base)
    entry = {"share": "1", "signal": measure["key"], "needs": [], **copy.deepcopy(dict(measure))}
    if any(existing["key"] == entry["key"] for existing in derived["measures"]):
        raise ValueError(f"Measure {entry['key']} exists already.")
    if any(existing["key"] == entry["signal"] for existing in derived["signals"]):
        raise ValueError(f"Signal {entry['signal']} exists already.")
    for stage, weight in weights.items():
        _make_room(derived, stage, Decimal(weight))
    derived["signals"].append(
        {"key": entry["signal"], "group": group, "weights": {stage: str(weight) for stage, weight in weights.items()}}
    )
    derived["measures"].append(entry)
    if targets:
        derived["targets"][entry["key"]] = copy.deepcopy(dict(targets))
    if parameters:
        derived["parameters"][entry["key"]] = copy.deepcopy(dict(parameters))
    derived["key"] = key
    return derived


def derive(
    base: Definition,
    *,
    key: str,
    weights: Mapping[str, Mapping[str, Number]] | None = None,
    measures: Mapping[str, Mapping[str, Any]] | None = None,
    targets: Mapping[str, Mapping[str, Any]] | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> Definition:
    """A definition called `key` with some entries replaced.

    `weights`: signal -> stage -> percent, set as given (nothing is scaled). `measures`: measure -> fields to replace.
    `targets` and `parameters`: measure -> the whole new entry. Check the result with `validate_definition`.
    """
    derived = copy.deepcopy(base)
    signals = {entry["key"]: entry for entry in derived["signals"]}
    entries = {entry["key"]: entry for entry in derived["measures"]}
    for signal, per_stage in (weights or {}).items():
        for stage, weight in per_stage.items():
            if stage not in derived["stages"]:
                raise KeyError(stage)
            signals[signal]["weights"][stage] = str(weight)
    for name, changes in (measures or {}).items():
        entries[name].update(copy.deepcopy(dict(changes)))
    for section, replacements in (("targets", targets), ("parameters", parameters)):
        for name, replacement in (replacements or {}).items():
            if name not in entries:
                raise KeyError(name)
            derived[section][name] = copy.deepcopy(dict(replacement))
    derived["key"] = key
    return derived


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
