"""What makes a model definition valid. Every error is one sentence that names the entry to repair.

Pure: the caller passes its translation function; the messages are marked for extraction by the name `_`.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise
from typing import Any

INPUT_FIELDS = {
    "value": ("field",),
    "ratio": ("top", "bottom"),
    "growth": ("now", "before", "floor"),
    "shrink": ("top", "bottom", "p0", "m"),
    "category": ("field",),
}
LEVELS = ("high", "medium", "low")
SECTIONS = {
    "stages": list,
    "groups": list,
    "signals": list,
    "measures": list,
    "bands": list,
    "exceptions": list,
    "targets": dict,
    "parameters": dict,
    "decay": dict,
    "liveness": dict,
    "evidence": dict,
    "confidence": dict,
    "hysteresis": dict,
    "trend": dict,
    "alerts": dict,
}
COUNTS = ("down_runs", "up_runs", "max_gap_days", "unstable_changes", "unstable_window_days", "unstable_mute_days")
MARGINS = ("down_margin", "at_once_margin", "up_margin")


def validate_definition(definition: Any, translate: Callable[[str], str] = str) -> list[str]:
    """Errors of a definition in the admin's words, in the order of the document; empty when it may be published."""
    return _Check(translate).run(definition)


class _Check:
    """One pass over one definition; collects sentences in `errors`."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        self._ = translate
        self.errors: list[str] = []

    def say(self, message: str, **params: object) -> None:
        self.errors.append(message % params if params else message)

    def run(self, definition: Any) -> list[str]:
        if self.shape(definition):
            self.head(definition)
            self.signals(definition)
            self.measures(definition)
            self.targets(definition)
            self.decay(definition)
            self.thresholds(definition)
            self.bands(definition)
            self.exceptions(definition)
        return self.errors

    def shape(self, definition: Any) -> bool:
        """Whether every section has its kind; without that nothing else can be checked."""
        _ = self._
        if not isinstance(definition, dict):
            self.say(_("The definition is not an object of named sections."))
            return False
        for section, kind in SECTIONS.items():
            if not isinstance(definition.get(section), kind):
                self.say(_("Section %(section)s is missing or of the wrong kind."), section=section)
        for section in ("signals", "measures", "bands", "exceptions"):
            entries = definition.get(section)
            if isinstance(entries, list) and not all(_is_entry(entry) for entry in entries):
                self.say(_("Each entry of %(section)s needs a key."), section=section)
        for section in ("stages", "groups"):
            names = definition.get(section)
            if isinstance(names, list) and not all(isinstance(name, str) for name in names):
                self.say(_("Section %(section)s holds something that is not a name."), section=section)
        return not self.errors

    def head(self, definition: Mapping[str, Any]) -> None:
        _ = self._
        if not isinstance(definition.get("key"), str) or not definition["key"]:
            self.say(_("The model needs a key."))
        for field in ("baseline", "help_target"):
            if not _between(definition.get(field), 0, 100):
                self.say(_("%(field)s is not a number from 0 to 100."), field=field)
        for section in ("signals", "measures", "bands", "exceptions"):
            for key in _repeated(entry["key"] for entry in definition[section]):
                self.say(_("%(key)s is listed twice in %(section)s."), key=key, section=section)
        for section in ("stages", "groups"):
            for key in _repeated(definition[section]):
                self.say(_("%(key)s is listed twice in %(section)s."), key=key, section=section)

    def signals(self, definition: Mapping[str, Any]) -> None:
        _ = self._
        sums = {stage: Fraction(0) for stage in definition["stages"]}
        for signal in definition["signals"]:
            if not _known(signal.get("group"), definition["groups"]):
                self.say(_("Signal %(key)s belongs to no known group."), key=signal["key"])
            weights = signal.get("weights")
            if not isinstance(weights, dict):
                self.say(_("Signal %(key)s has no weights per stage."), key=signal["key"])
                continue
            for stage, weight in weights.items():
                if stage not in sums:
                    self.say(
                        _("Signal %(key)s has a weight in an unknown stage %(stage)s."), key=signal["key"], stage=stage
                    )
                elif not _between(weight, 0, 100):
                    self.say(
                        _("The weight of %(key)s in %(stage)s is not a number from 0 to 100."),
                        key=signal["key"],
                        stage=stage,
                    )
                else:
                    sums[stage] += Fraction(_number(weight) or 0)
        for stage, total in sums.items():
            if total != 100:
                self.say(_("Weights of stage %(stage)s add up to %(total)s, not 100."), stage=stage, total=_show(total))

    def measures(self, definition: Mapping[str, Any]) -> None:
        _ = self._
        shares: dict[str, Fraction] = {signal["key"]: Fraction(0) for signal in definition["signals"]}
        counted = set()
        for measure in definition["measures"]:
            key = measure["key"]
            signal = measure.get("signal")
            if not _known(signal, shares):
                self.say(_("Measure %(key)s belongs to no known signal."), key=key)
            elif not _between(measure.get("share"), 0, 1):
                self.say(_("The share of %(key)s is not a number from 0 to 1."), key=key)
            else:
                counted.add(signal)
                shares[signal] += Fraction(_number(measure["share"]) or 0)
            if not isinstance(measure.get("source"), str) or not measure["source"]:
                self.say(_("Measure %(key)s names no source."), key=key)
            if not _known(measure.get("decay"), definition["decay"]):
                self.say(_("Measure %(key)s has an unknown decay class."), key=key)
            self.one_input(measure)
            self.one_scale(measure)
            self.needs(measure)
        for signal, total in shares.items():
            if signal not in counted:
                self.say(_("Signal %(key)s has no measure."), key=signal)
            elif total != 1:
                self.say(_("Shares of signal %(key)s add up to %(total)s, not 1."), key=signal, total=_show(total))

    def one_input(self, measure: Mapping[str, Any]) -> None:
        _ = self._
        value = measure.get("input")
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(kind, str) or kind not in INPUT_FIELDS:
            self.say(_("Measure %(key)s does not say how its value is computed."), key=measure["key"])
            return
        for field in INPUT_FIELDS[kind]:
            if not isinstance(value.get(field), str):
                self.say(_("The input of %(key)s lacks %(field)s."), key=measure["key"], field=field)
        if kind == "shrink" and not (_between(value.get("p0"), 0, 1) and (_number(value.get("p0")) or 0) > 0):
            self.say(_("The base rate p0 of %(key)s is not between 0 and 1."), key=measure["key"])
        if kind == "shrink" and (_number(value.get("m")) or 0) <= 0:
            self.say(_("The prior weight m of %(key)s is not above 0."), key=measure["key"])

    def one_scale(self, measure: Mapping[str, Any]) -> None:
        _ = self._
        key = measure["key"]
        if isinstance(measure.get("input"), dict) and measure["input"].get("kind") == "category":
            scores = measure.get("map")
            if not isinstance(scores, dict) or not scores:
                self.say(_("Measure %(key)s has no scores for its categories."), key=key)
            elif not all(_between(score, 0, 100) for score in scores.values()):
                self.say(_("A category score of %(key)s is not a number from 0 to 100."), key=key)
            return
        knots = measure.get("knots")
        if not isinstance(knots, list) or len(knots) < 2 or not all(_is_knot(knot) for knot in knots):
            self.say(_("Measure %(key)s needs at least two knots (value, score), scores from 0 to 100."), key=key)
            return
        xs = [_number(knot[0]) or Decimal(0) for knot in knots]
        scores = [_number(knot[1]) or Decimal(0) for knot in knots]
        if any(left >= right for left, right in pairwise(xs)):
            self.say(_("The knot values of %(key)s do not rise from one to the next."), key=key)
        if scores not in (sorted(scores), sorted(scores, reverse=True)):
            self.say(_("The knot scores of %(key)s rise and fall; they must go one way only."), key=key)

    def needs(self, measure: Mapping[str, Any]) -> None:
        _ = self._
        needs = measure.get("needs", [])
        if not isinstance(needs, list) or not all(_is_need(need) for need in needs):
            self.say(_("Measure %(key)s has a minimum that is not understood."), key=measure["key"])

    def targets(self, definition: Mapping[str, Any]) -> None:
        _ = self._
        known = {measure["key"] for measure in definition["measures"]}
        for section in ("targets", "parameters"):
            for key in definition[section]:
                if key not in known:
                    self.say(_("%(section)s has an entry for an unknown measure %(key)s."), section=section, key=key)
        for key, fields in definition["targets"].items():
            values = fields.values() if isinstance(fields, dict) else [None]
            if not all(_is_target(target) for target in values):
                self.say(_("A target of %(key)s is not a number above 0."), key=key)

    def decay(self, definition: Mapping[str, Any]) -> None:
        _ = self._
        for name, law in [*definition["decay"].items(), ("liveness", definition["liveness"])]:
            if law is not None and not _is_decay(law):
                self.say(
                    _("Decay %(name)s needs whole days: grace 0 or more, half-life above 0, gone after the grace."),
                    name=name,
                )
        evidence = definition["evidence"]
        if not _is_count(evidence.get("full_answers")) or not isinstance(evidence.get("classes"), list):
            self.say(_("The number of answers that count in full is not a whole number above 0."))

    def thresholds(self, definition: Mapping[str, Any]) -> None:
        _ = self._
        levels = [definition["confidence"].get(level) for level in LEVELS]
        if not all(_between(level, 0, 1) for level in levels):
            self.say(_("Confidence needs the levels high, medium and low, each from 0 to 1."))
        else:
            numbers = [_number(level) or Decimal(0) for level in levels]
            if not numbers[0] > numbers[1] > numbers[2]:
                self.say(_("Confidence levels must fall from high to medium to low."))
        hysteresis, trend, alerts = definition["hysteresis"], definition["trend"], definition["alerts"]
        for name in COUNTS:
            if not _is_count(hysteresis.get(name)):
                self.say(_("%(name)s is not a whole number above 0."), name=name)
        for name in MARGINS:
            if not _between(hysteresis.get(name), 0, 100):
                self.say(_("%(name)s is not a number from 0 to 100."), name=name)
        days = trend.get("days")
        if not isinstance(days, list) or not days or not all(_is_count(day) for day in days):
            self.say(_("Trend needs a list of days above 0."))
        if not _is_count(trend.get("tolerance_days")):
            self.say(_("%(name)s is not a whole number above 0."), name="tolerance_days")
        if not (_between(trend.get("rising"), 0, 100) and _between(trend.get("falling"), -100, 0)):
            self.say(_("Trend needs a rising limit of 0 or more and a falling limit of 0 or less."))
        for name in ("drop_days", "renotify_days", "close_after_runs"):
            if not _is_count(alerts.get(name)):
                self.say(_("%(name)s is not a whole number above 0."), name=name)
        if not _between(alerts.get("drop_points"), 0, 100):
            self.say(_("%(name)s is not a number from 0 to 100."), name="drop_points")
        for name in ("band_coverage", "drop_confidence"):
            if not _known(alerts.get(name), LEVELS):
                self.say(_("%(name)s is none of high, medium, low."), name=name)

    def bands(self, definition: Mapping[str, Any]) -> None:
        _ = self._
        edges = [_number(band.get("from")) for band in definition["bands"]]
        known = [edge for edge in edges if edge is not None]
        if len(known) != len(edges) or not known or known[-1] != 0 or known[0] > 100:
            self.say(_("Each band needs a lower edge from 0 to 100, and the last one starts at 0."))
        elif any(upper <= lower for upper, lower in pairwise(known)):
            self.say(_("Band edges must fall from one band to the next."))
        named = {band["key"] for band in definition["bands"]}
        alarming = definition["alerts"].get("bands")
        if not isinstance(alarming, list) or not all(_known(key, named) for key in alarming):
            self.say(_("Alerts name a band that does not exist."))

    def exceptions(self, definition: Mapping[str, Any]) -> None:
        _ = self._
        for exception in definition["exceptions"]:
            if not _between(exception.get("cap"), 0, 100):
                self.say(_("The cap of %(key)s is not a number from 0 to 100."), key=exception["key"])


def _number(value: Any) -> Decimal | None:
    """A finite number given as int or text; floats and booleans are refused, so nothing is rounded unseen."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _between(value: Any, low: int, high: int) -> bool:
    number = _number(value)
    return number is not None and low <= number <= high


def _known(name: Any, names: Container[str]) -> bool:
    return isinstance(name, str) and name in names


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("key"), str) and bool(entry["key"])


def _is_knot(knot: Any) -> bool:
    return isinstance(knot, list) and len(knot) == 2 and _number(knot[0]) is not None and _between(knot[1], 0, 100)


def _is_need(need: Any) -> bool:
    if not isinstance(need, dict) or not isinstance(need.get("field"), str) or len(need) != 2:
        return False
    return need.get("present") is True or _number(need.get("min", need.get("above"))) is not None


def _is_decay(law: Any) -> bool:
    if not isinstance(law, dict):
        return False
    grace, half, gone = (law.get(name) for name in ("grace", "half_life", "gone_after"))
    if not isinstance(grace, int) or not isinstance(gone, int) or isinstance(grace, bool):
        return False
    return grace >= 0 and _is_count(half) and _is_count(gone) and gone > grace


def _is_target(target: Any) -> bool:
    if not isinstance(target, dict) or "default" not in target:
        return False
    tiers, stages = target.get("tiers", {}), target.get("stages", {})
    if not isinstance(tiers, dict) or not isinstance(stages, dict):
        return False
    return all((_number(value) or 0) > 0 for value in [target["default"], *tiers.values(), *stages.values()])


def _repeated(keys: Iterable[str]) -> list[str]:
    return [key for key, count in Counter(keys).items() if count > 1]


def _show(total: Fraction) -> str:
    """A sum as a plain decimal number of at most six places."""
    return f"{round(Decimal(total.numerator) / Decimal(total.denominator), 6).normalize():f}"
