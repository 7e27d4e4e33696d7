"""A model definition for people: weights per stage, knots, thresholds in words, and how two of them differ."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from health import labels
from health.models import Band, HealthModelVersion
from lifecycle.models import Stage
from partners.models import Tier

Definition = Mapping[str, Any]
LONGEST = 400_000
DEEPEST = 40
FLAT_LIST = re.compile(r"\[\n\s+([^\[\]{}]*?)\n\s+\]")
LINE_BREAK = re.compile(r",\n\s+")


class NotJsonError(ValueError):
    """The text is no JSON document; the message says where and why."""


def read_json(text: str) -> Any:
    """The definition in `text`; fractions stay text, so that nothing is rounded. NotJsonError when it is not one."""
    if len(text) > LONGEST:
        raise NotJsonError(_("The definition is longer than {} characters.").format(LONGEST))
    if "\\u0000" in text or "\x00" in text:
        raise NotJsonError(_("The definition holds a NUL character."))
    try:
        found = json.loads(text, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_once)
        depth = _depth(found)
    except json.JSONDecodeError as error:
        raise NotJsonError(
            _("Line {line}, column {column}: this is not JSON ({why}).").format(
                line=error.lineno, column=error.colno, why=error.msg
            )
        ) from error
    except RecursionError as error:
        raise NotJsonError(_("The definition is nested too deeply.")) from error
    except ValueError as error:
        raise NotJsonError(str(error)) from error
    if depth > DEEPEST:
        raise NotJsonError(_("The definition is nested too deeply."))
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(_("{} is not a number.").format(name))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: the second of two equal ones would hide the first."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_("“{}” is given twice in the same object.").format(twice[:60]))
    return found


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(one) for one in inner), default=0)


def as_text(definition: Definition) -> str:
    """The definition as indented JSON, short lists on one line each."""
    text = json.dumps(definition, indent=1, ensure_ascii=False)
    return FLAT_LIST.sub(lambda found: f"[{LINE_BREAK.sub(', ', found[1])}]", text)


# --- weights ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WeightRow:
    label: str
    weights: list[str]


@dataclass(frozen=True, slots=True)
class WeightGroup:
    label: str
    rows: list[WeightRow]
    totals: list[str]


def stage_labels(definition: Definition) -> list[str]:
    return [_stage(stage) for stage in definition["stages"]]


def weights(definition: Definition) -> list[WeightGroup]:
    """Percent of the score per signal and stage, by group, with the total of each group."""
    stages = definition["stages"]
    groups = []
    for group in definition["groups"]:
        members = [signal for signal in definition["signals"] if signal["group"] == group]
        if members:
            totals = [
                sum((Decimal(str(one["weights"].get(stage, 0))) for one in members), Decimal(0)) for stage in stages
            ]
            rows = [
                WeightRow(_(labels.name_of(one["key"])), [str(one["weights"].get(stage, "")) for stage in stages])
                for one in members
            ]
            groups.append(WeightGroup(_(labels.name_of(group)), rows, [f"{total.normalize():f}" for total in totals]))
    return groups


# --- measures --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MeasureText:
    label: str
    signal: str
    share: str
    source: str
    window: str
    needs: str
    decay: str
    knots: list[tuple[str, str]]
    targets: str


def measures(definition: Definition) -> list[MeasureText]:
    """Every measure in words. `knots`: (value, score) pairs, or (category, score)."""
    found = []
    for measure in definition["measures"]:
        pairs = measure.get("knots") or list(measure.get("map", {}).items())
        found.append(
            MeasureText(
                label=_(labels.name_of(measure["key"])),
                signal=_(labels.name_of(measure["signal"])),
                share=_percent(measure["share"]),
                source=_(labels.source_name(measure["source"])),
                window=_days(measure["window"]) if measure.get("window") else "",
                needs="; ".join(_need(need) for need in measure.get("needs", [])),
                decay=_(labels.decay_name(measure["decay"])),
                knots=[(_category(str(value)), str(score)) for value, score in pairs],
                targets="; ".join(
                    _target(name, target) for name, target in definition["targets"].get(measure["key"], {}).items()
                ),
            )
        )
    return found


def _category(text: str) -> str:
    return _(labels.CATEGORIES[text]) if text in labels.CATEGORIES else text


def _need(need: Mapping[str, Any]) -> str:
    name = need["field"].replace("_", " ")
    if need.get("present"):
        return _("{} is given").format(name)
    if "min" in need:
        return _("{name} at least {number}").format(name=name, number=need["min"])
    return _("{name} above {number}").format(name=name, number=need["above"])


def _target(name: str, target: Mapping[str, Any]) -> str:
    parts = [f"{_(labels.target_name(name))} {target['default']}"]
    parts += [f"{_tier(tier)} {value}" for tier, value in target.get("tiers", {}).items()]
    parts += [
        _("{stage} times {factor}").format(stage=_stage(stage), factor=value)
        for stage, value in target.get("stages", {}).items()
    ]
    return ", ".join(parts)


# --- thresholds ------------------------------------------------------------------------


def thresholds(definition: Definition) -> list[tuple[str, list[str]]]:
    """(heading, sentences) for bands, confidence, decay, hysteresis, trend, alerts and caps."""
    hysteresis, trend, alerts = definition["hysteresis"], definition["trend"], definition["alerts"]
    confidence, liveness = definition["confidence"], definition["liveness"]
    return [
        (_("Start"), [_("Every score starts at {}.").format(definition["baseline"])]),
        (
            _("Bands"),
            [_("{band} from {edge}").format(band=_band(band), edge=band["from"]) for band in definition["bands"]],
        ),
        (
            _("Confidence by coverage"),
            [
                _("high from {}").format(_percent(confidence["high"])),
                _("medium from {}").format(_percent(confidence["medium"])),
                _("low from {}").format(_percent(confidence["low"])),
                _("below that: not enough data, no band"),
            ],
        ),
        (
            _("Age of a value"),
            [_decay(name, law) for name, law in definition["decay"].items()]
            + [_("a source that is silent: {}").format(_law(liveness))],
        ),
        (
            _("When a band changes"),
            [
                _("down: {margin} points below the edge on {runs} runs in a row, at once at {far} points below").format(
                    margin=hysteresis["down_margin"], runs=hysteresis["down_runs"], far=hysteresis["at_once_margin"]
                ),
                _("up: {margin} points above the edge on {runs} runs in a row").format(
                    margin=hysteresis["up_margin"], runs=hysteresis["up_runs"]
                ),
                _("unstable after more than {changes} changes in {days} days: no band alerts for {mute} days").format(
                    changes=hysteresis["unstable_changes"],
                    days=hysteresis["unstable_window_days"],
                    mute=hysteresis["unstable_mute_days"],
                ),
            ],
        ),
        (
            _("Trend and alerts"),
            [
                _("rising from {up} points in 30 days, falling from {down}").format(
                    up=f"+{trend['rising']}", down=trend["falling"]
                ),
                _("drop alert: {points} points in {days} days").format(
                    points=alerts["drop_points"], days=alerts["drop_days"]
                ),
                _("band alert: {}").format(
                    ", ".join(_band(band) for band in definition["bands"] if band["key"] in alerts["bands"])
                ),
                _("sent again after {again} days, closed after {runs} quiet runs").format(
                    again=alerts["renotify_days"], runs=alerts["close_after_runs"]
                ),
            ],
        ),
        (
            _("Exceptions"),
            [
                _("{name}: at most {cap}").format(name=_(labels.name_of(one["key"])), cap=one["cap"])
                for one in definition["exceptions"]
            ],
        ),
    ]


def _band(band: Mapping[str, Any]) -> str:
    key = band["key"]
    return f"{key} {Band(key).label}" if key in Band.values else f"{key} {band.get('label', '')}".strip()


def _decay(key: str, law: Mapping[str, Any] | None) -> str:
    name = _(labels.decay_name(key))
    if law is None:
        return _("{name}: counted anew each day, never ages").format(name=name)
    return f"{name}: {_law(law)}"


def _law(law: Mapping[str, Any]) -> str:
    return _("full say for {grace} days, half after {half} more, gone after {gone}").format(
        grace=law["grace"], half=law["half_life"], gone=law["gone_after"]
    )


# --- differences -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `before` or `after` is empty when it is only in one of the two."""

    what: str
    before: str
    after: str


def differences(old: Definition, new: Definition) -> list[Difference]:
    """What the new definition changes: weights by signal and stage first, then everything else in document order."""
    found: list[Difference] = []
    was, now = _by_key(old["signals"]), _by_key(new["signals"])
    for key in dict.fromkeys((*was, *now)):
        name = _(labels.name_of(key))
        before, after = was.get(key, {}), now.get(key, {})
        for stage in dict.fromkeys((*old["stages"], *new["stages"])):
            left, right = before.get("weights", {}).get(stage), after.get("weights", {}).get(stage)
            if _plain(left) != _plain(right):
                what = _("Weight of {signal} in {stage}, %").format(signal=name, stage=_stage(stage))
                found.append(Difference(what, _plain(left), _plain(right)))
        if before and after and before["group"] != after["group"]:
            found.append(Difference(_("Group of {}").format(name), before["group"], after["group"]))
    for section in dict.fromkeys((*old, *new)):
        if section not in {"key", "signals"}:
            found += _differ(section.replace("_", " "), old.get(section), new.get(section))
    return found


def _differ(what: str, old: Any, new: Any) -> list[Difference]:
    old, new = _keyed(old), _keyed(new)
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            one
            for name in dict.fromkeys((*old, *new))
            for one in _differ(
                f"{what} › {_(labels.name_of(str(name))) if _named(name) else name}", old.get(name), new.get(name)
            )
        ]
    left, right = _plain(old), _plain(new)
    return [] if left == right else [Difference(what, left, right)]


def _keyed(value: Any) -> Any:
    """A list of entries with keys as a mapping, so that moved entries are not differences."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and "key" in one for one in value):
        return _by_key(value)
    return value


def _named(name: object) -> bool:
    return name in labels.SIGNALS or name in labels.MEASURES


def _by_key(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {entry["key"]: entry for entry in entries}


def _plain(value: Any) -> str:
    """A value as short text; lists of knots as "0 → 0, 1 → 100"."""
    if value is None:
        return ""
    if isinstance(value, list) and value and all(isinstance(one, list) and len(one) == 2 for one in value):
        return ", ".join(f"{left} → {right}" for left, right in value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _stage(key: str) -> str:
    return str(Stage(key).label) if key in Stage.values else key


def _tier(key: str) -> str:
    return str(Tier(key).label) if key in Tier.values else key


def _percent(share: object) -> str:
    return f"{(Decimal(str(share)) * 100).normalize():f} %"


def _days(days: int) -> str:
    return ngettext("%d day", "%d days", days) % days


# --- reads -----------------------------------------------------------------------------


def versions() -> list[HealthModelVersion]:
    """All versions: the active one, drafts, then retired ones, newest first."""
    order = {HealthModelVersion.Status.ACTIVE: 0, HealthModelVersion.Status.DRAFT: 1}
    rows = HealthModelVersion.objects.select_related("published_by").defer("definition").order_by("-created_at", "-id")
    return sorted(rows, key=lambda version: order.get(HealthModelVersion.Status(version.status), 2))


def version_called(name: str) -> HealthModelVersion | None:
    return HealthModelVersion.objects.select_related("published_by").filter(name=name).first()
