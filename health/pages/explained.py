"""An explanation (methods.md 1.9) laid out for the page. Every number comes from the explanation; nothing is computed
anew but sums that the page shows, to prove that they agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.display import decimal_text, points_text
from health import labels
from health.models import Alert, Band
from health.plays import play_text

ZERO = Decimal(0)
REASONS = 2
PARTS = ("value", "freshness", "reweight", "evidence", "adjustment")
# Where a partner's missing data come from, and the page that repairs it (route with the partner's slug).
FIXES: dict[str, tuple[str, str]] = {
    "touchpoints": ("log", "engagement:touch_create"),
    "meetings": ("invite", "engagement:meeting_create"),
    "sales": ("wait", ""),
    "deals": ("close", ""),
}


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure as the explanation gives it, with its facts in words."""

    given: Mapping[str, Any]
    facts: str
    raw: str
    source: str

    @property
    def known(self) -> bool:
        return self.given["status"] == "ok"


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One line of the table of contributions. `points` is the printed figure, `exact` the sum of its measures."""

    key: str
    label: str
    points: Decimal
    exact: Decimal
    weight: Decimal
    evidence: str
    freshness: str
    measures: list[MeasureLine]


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    contribution: Decimal
    signals: list[SignalLine]


@dataclass(frozen=True, slots=True)
class Gap:
    """A measure that is connected but has no value for this partner: counts as neutral."""

    label: str
    weight: Decimal
    text: str
    fix: str
    route: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    label: str
    parts: list[Decimal]
    total: Decimal


@dataclass(frozen=True, slots=True)
class ChangeTable:
    """The change table with its sums. `before`: the score it counts from."""

    since: date
    before: Decimal
    total: Decimal
    rows: list[ChangeLine]
    sums: list[Decimal]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the page of one partner's score prints."""

    as_of: date
    score: Decimal
    shown: Decimal
    band: str
    sentence: str
    groups: list[Group]
    largest: Decimal
    baseline: Decimal
    baseline_shown: Decimal
    adjustments: list[tuple[str, Decimal, Decimal]]
    terms: list[tuple[str, str, Mapping[str, Any] | None]]
    total: Decimal
    change: ChangeTable | None
    gaps: list[Gap]
    not_applicable: list[str]
    not_connected: list[str]
    without_override: Decimal | None
    given: Mapping[str, Any] = field(repr=False)

    @property
    def agrees(self) -> bool:
        """Whether the printed terms add up to the score to the last digit."""
        return self.total == self.score


def page_of(given: Mapping[str, Any], facts: Mapping[str, str]) -> Page:
    """The page of one explanation. `facts`: the raw numbers of each known measure in words, by measure key."""
    score = Decimal(given["score"])
    lines = {key: Decimal(amount) for key, amount in given["displayed"]["lines"].items()}
    groups = [_group(group, lines, facts) for group in given["groups"]]
    adjustments = [(item["label"], lines[item["key"]], Decimal(item["contribution"])) for item in given["adjustments"]]
    signals = [signal for group in groups for signal in group.signals]
    terms = _terms(given)
    override = sum((Decimal(item["contribution"]) for item in given["adjustments"] if item["key"] == "override"), ZERO)
    overridden = any(item["key"] == "override" for item in given["adjustments"])
    change = _change(given, score)
    return Page(
        as_of=date.fromisoformat(given["as_of"]),
        score=score,
        shown=Decimal(given["displayed"]["score"]),
        band=given["published_band"] or "",
        sentence=_sentence(given, change, facts),
        groups=groups,
        largest=max(
            [abs(line.points) for line in signals] + [abs(shown) for _label, shown, _exact in adjustments] + [ZERO]
        ),
        baseline=Decimal(given["baseline"]),
        baseline_shown=lines["baseline"],
        adjustments=adjustments,
        terms=terms,
        total=sum((Decimal(text) for _label, text, _measure in terms), ZERO),
        change=change,
        gaps=_gaps(given),
        not_applicable=[
            signal["label"]
            for group in given["groups"]
            for signal in group["signals"]
            if all(measure["status"] == "not_applicable" for measure in signal["measures"])
        ],
        not_connected=[_(labels.name_of(key)) for key in given["not_connected"]],
        without_override=score - override if overridden else None,
        given=given,
    )


def _group(group: Mapping[str, Any], lines: Mapping[str, Decimal], facts: Mapping[str, str]) -> Group:
    signals = []
    for signal in group["signals"]:
        measures = [
            MeasureLine(
                given=measure,
                facts=facts.get(measure["key"], ""),
                raw=_raw(measure["raw"]),
                source=_(labels.source_name(measure["source"])),
            )
            for measure in signal["measures"]
            if measure["status"] != "not_applicable"
        ]
        if measures:
            signals.append(
                SignalLine(
                    key=signal["key"],
                    label=signal["label"],
                    points=lines[signal["key"]],
                    exact=Decimal(signal["contribution"]),
                    weight=sum((Decimal(line.given["w"]) for line in measures), ZERO) * 100,
                    evidence=_evidence(measures),
                    freshness=_freshness(measures),
                    measures=measures,
                )
            )
    return Group(group["label"], Decimal(group["contribution"]), signals)


def _raw(raw: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in raw.items())


def _evidence(measures: Sequence[MeasureLine]) -> str:
    known = [line.facts or line.given["sentence"] for line in measures if line.known]
    if not known:
        return measures[0].given["sentence"] if len(measures) == 1 else _("Not known: counts as neutral")
    return "; ".join(known)


def _freshness(measures: Sequence[MeasureLine]) -> str:
    known = [line.given for line in measures if line.known]
    if not known:
        return _("not known")
    least = min(known, key=lambda given: Decimal(given["f"]))
    if Decimal(least["f"]) < 1:
        percent = decimal_text(Decimal(least["f"]) * 100, places=0)
        if least["age_days"] is not None:
            return ngettext(
                "counted at %(percent)s %%, %(days)s day old",
                "counted at %(percent)s %%, %(days)s days old",
                least["age_days"],
            ) % {"percent": percent, "days": least["age_days"]}
        return _("counted at %(percent)s %%") % {"percent": percent}
    if least["value_as_of"]:
        return _("fresh, last fact %(day)s") % {"day": day_text(date.fromisoformat(least["value_as_of"]))}
    return _("fresh")


def _terms(given: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any] | None]]:
    """(label, exact amount as given, measure or None): the neutral start, every measure, every adjustment."""
    terms: list[tuple[str, str, Mapping[str, Any] | None]] = [(_(labels.name_of("baseline")), given["baseline"], None)]
    measures = [one for group in given["groups"] for signal in group["signals"] for one in signal["measures"]]
    terms += [(one["label"], one["c"], one) for one in measures if one["status"] != "not_applicable"]
    return terms + [(item["label"], item["contribution"], None) for item in given["adjustments"]]


def _gaps(given: Mapping[str, Any]) -> list[Gap]:
    """Connected measures without a value, heaviest first, with what would bring one."""
    wording = {
        "log": _("Log a contact"),
        "invite": _("Schedule a meeting"),
        "wait": _("Comes with more sales"),
        "close": _("Record how joint deals ended"),
    }
    gaps = []
    for group in given["groups"]:
        for signal in group["signals"]:
            for measure in signal["measures"]:
                if measure["status"] in {"missing", "stale", "suppressed"}:
                    kind, route = FIXES.get(measure["source"], ("", ""))
                    text = {
                        "missing": _("no value yet"),
                        "stale": _("the last value is too old to count"),
                        "suppressed": _("too few answers to show"),
                    }[measure["status"]]
                    fix = wording.get(kind) or _("Record it under %(source)s") % {
                        "source": _(labels.source_name(measure["source"]))
                    }
                    gaps.append(Gap(measure["label"], Decimal(measure["w"]) * 100, text, fix, route))
    return sorted(gaps, key=lambda gap: (-gap.weight, gap.label))


def _change(given: Mapping[str, Any], score: Decimal) -> ChangeTable | None:
    change = given["change"]
    if change is None:
        return None
    rows = [
        ChangeLine(row["label"], [Decimal(row[part]) for part in PARTS], Decimal(row["total"]))
        for row in change["rows"]
    ]
    total = Decimal(change["total"])
    sums = [sum((row.parts[place] for row in rows), ZERO) for place in range(len(PARTS))]
    return ChangeTable(date.fromisoformat(change["since"]), score - total, total, rows, sums)


def _sentence(given: Mapping[str, Any], change: ChangeTable | None, facts: Mapping[str, str]) -> str:
    """ "31.4, was 49.2 on 22 Oct: mostly because of Deal rhythm −10.1 (silent for 74 days)."""
    now = decimal_text(Decimal(given["displayed"]["score"]))
    if change is None:
        return _("%(now)s. There is no earlier score to compare with yet.") % {"now": now}
    day, before = day_text(change.since), decimal_text(change.before)
    if not change.rows or points_text(change.total) == decimal_text(ZERO):
        return _("%(now)s, as on %(day)s (%(before)s).") % {"now": now, "day": day, "before": before}
    sign = 1 if change.total > 0 else -1
    pulling = [row for row in given["change"]["rows"] if Decimal(row["total"]) * sign > 0][:REASONS]
    reasons = []
    for row in pulling:
        fact = facts.get(row["key"], "")
        points = points_text(Decimal(row["total"]))
        reasons.append(f"{row['label']} {points} ({fact})" if fact else f"{row['label']} {points}")
    return _("%(now)s, was %(before)s on %(day)s: mostly because of %(reasons)s.") % {
        "now": now,
        "before": before,
        "day": day,
        "reasons": _(" and ").join(reasons),
    }


def day_text(day: date) -> str:
    return date_format(day, "j M Y")


# --- alerts ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert in words: what happened, the rows that pulled the score down most, what to do."""

    alert: Alert
    text: str
    reasons: str
    play: str


def alert_lines(alerts: Iterable[Alert]) -> list[AlertLine]:
    return [AlertLine(alert, _alert_text(alert), _alert_reasons(alert), _alert_play(alert)) for alert in alerts]


def _alert_text(alert: Alert) -> str:
    data = alert.data
    if alert.kind == Alert.Kind.BAND:
        band = Band(data.get("band") or "").label
        if data.get("before") and data["before"] != data.get("band"):
            return _("Fell from %(before)s to %(band)s") % {"before": Band(data["before"]).label, "band": band}
        return _("Is %(band)s") % {"band": band}
    if alert.kind == Alert.Kind.DROP:
        return _("Lost %(points)s points in two weeks") % {"points": decimal_text(Decimal(data["points"]))}
    if alert.kind == Alert.Kind.EXCEPTION:
        return "; ".join(_(labels.name_of(f"exception:{key}")) for key in data.get("exceptions", []))
    percent = decimal_text(Decimal(data["coverage"]) * 100, places=0)
    return _("Too little data: %(percent)s %% of the weight is known") % {"percent": percent}


def _alert_reasons(alert: Alert) -> str:
    rows = alert.data.get("rows", [])
    return ", ".join(f"{_(labels.name_of(row['key']))} {points_text(Decimal(row['points']))}" for row in rows)


def _alert_play(alert: Alert) -> str:
    play = alert.data.get("play")
    return _(play_text(play)) if play else ""
