"""Plain sentences for the lines of a score, filled with raw numbers.

    measure_sentence(entry, row) -> "Answered 2 of 6 expected two-way contacts in 90 days (33 of 100): -1.3"

Pure: the caller passes its translation functions in `Words`; `gettext_noop` marks the templates for extraction. A
suppressed survey measure says so and shows no number. Every template names fields of the reading (or of the configured
targets) and these derived ones: `n`, `window`, `percent` (the value as a percentage, signed for growth).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from health import labels, rhythm
from health.labels import gettext_noop
from health.scoring.decimals import ONE, TENTH, number, rounded
from health.scoring.display import ASK, Help
from health.scoring.model import Entry, Profile
from health.scoring.reading import OK, SUPPRESSED, growth_base
from health.scoring.results import MISSING, STALE, Row

WHOLE = Decimal(1)
LIKERT = gettext_noop("%(label)s: %(mean)s of 5 on average (answers: %(n)s)")
TEMPLATES = {
    "approval_cycle_time": gettext_noop(
        "Approvals took %(median)s business days (median of %(n)s in %(window)s days; target %(target)s)"
    ),
    "requirement_clarity.rework": gettext_noop("%(returned)s of %(items)s items came back for clarification"),
    "touchpoint_frequency": gettext_noop(
        "Answered %(count)s of %(expected)s expected two-way contacts in %(window)s days"
    ),
    "cost_savings": gettext_noop("Savings reached %(percent)s %% of the plan"),
    "joint_wins": gettext_noop("Won %(won)s of %(closed)s joint deals closed in %(window)s days"),
    "customer_acquisition": gettext_noop("Signed %(signed)s of %(target)s planned new customers"),
    "joint_marketing": gettext_noop("%(opportunities)s of %(leads)s joint leads became opportunities"),
    "sentiment": gettext_noop("Would recommend working with us: %(mean)s of 10 on average (answers: %(n)s)"),
    "co_investment.matched": gettext_noop("Co-invested %(percent)s %% of the agreed plan"),
    "joint_innovation.pilots": gettext_noop("Pilots in %(window)s days: %(count)s of %(target)s expected"),
    "on_time_delivery": gettext_noop("Delivered %(on_time)s of %(due)s milestones on time in %(window)s days"),
    "defect_rate": gettext_noop("%(defects)s defects accepted in %(deliverables)s deliverables"),
    "issue_resolution.sla": gettext_noop("Resolved %(in_time)s of %(closed)s issues in the agreed time"),
    "issue_resolution.backlog": gettext_noop("Oldest open issue is %(oldest_overdue)s business days past its time"),
    "renewal_likelihood.owner": gettext_noop("The partner manager judges renewal as %(category)s"),
    "goals_attainment": gettext_noop("Goals stand at %(percent)s %% of what was expected by now"),
    "engagement.users": gettext_noop("%(active)s of %(invited)s invited people used the portal in %(window)s days"),
    "engagement.days": gettext_noop("In the portal on %(days)s of the last %(window)s days"),
    "engagement.actions": gettext_noop("%(count)s of %(expected)s expected programme actions in %(window)s days"),
    "engagement.attendance": gettext_noop(
        "Of %(invited)s invitations to meetings in the last %(window)s days, %(attended)s were attended"
    ),
    "onboarding_progress": gettext_noop("Onboarding stands at %(percent)s %% of what was due by now"),
    "training.certified": gettext_noop("%(certified)s of %(required)s required people are certified"),
    "training.current": gettext_noop("%(current)s of %(held)s certificates stay valid for 60 days"),
    "trade_depth": gettext_noop("Trades %(percent)s %% of what the typical partner trades in %(window)s days"),
}
GROWTH = {  # (against the 180 days before for want of a year-earlier figure?, is it a fall?)
    (False, False): gettext_noop("Revenue of %(window)s days is %(percent)s %% above a year earlier"),
    (False, True): gettext_noop("Revenue of %(window)s days is %(percent)s %% below a year earlier"),
    (True, False): gettext_noop(
        "Revenue of %(window)s days is %(percent)s %% above the %(window)s days before (no year-earlier figure)"
    ),
    (True, True): gettext_noop(
        "Revenue of %(window)s days is %(percent)s %% below the %(window)s days before (no year-earlier figure)"
    ),
}
RHYTHM_CHANCE = gettext_noop("%(rhythm)s; %(percent)s %% likely to order in the next %(window)s days")
MORE_BACK_THAN_SOLD = gettext_noop("More was reversed than sold in %(window)s days")
GENERIC = gettext_noop("%(label)s: %(value)s")


def one_or_many(singular: str, plural: str, count: int) -> str:
    """English plural, for callers without translations."""
    return singular if count == 1 else plural


@dataclass(frozen=True, slots=True)
class Words:
    """The caller's translation functions; English without them."""

    gettext: Callable[[str], str] = str
    ngettext: Callable[[str, str, int], str] = one_or_many


ENGLISH = Words()


def plain(value: object) -> str:
    """A number without trailing zeros or exponent; anything else as text."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def signed(points: Decimal) -> str:
    """Points with one decimal and a sign: +1.2, -1.3, 0.0."""
    tenths = rounded(points, TENTH)
    return f"{tenths:+f}" if tenths else "0.0"


def measure_sentence(entry: Entry, row: Row, words: Words = ENGLISH) -> str:
    """One line of a score in words, with the raw numbers, what they are worth, and the points they give."""
    label = words.gettext(labels.name_of(row.key))
    reading = row.reading
    if row.status == SUPPRESSED:
        return words.gettext("%(label)s: too few answers to show them without giving people away") % {"label": label}
    if row.status == STALE:
        return words.gettext("%(label)s: the last value is too old to count") % {"label": label}
    if row.status == MISSING or row.s is None or reading is None:
        return words.gettext("%(label)s: not enough data, counts as neutral") % {"label": label}
    parts = {"text": _facts(entry, row, words), "s": plain(rounded(row.s, WHOLE)), "c": signed(row.c)}
    if row.f == ONE:
        return words.gettext("%(text)s (%(s)s of 100): %(c)s") % parts
    parts["percent"] = plain(rounded(row.f * 100, WHOLE))
    return words.gettext("%(text)s, counted at %(percent)s %% (%(s)s of 100): %(c)s") % parts


def facts_sentence(entry: Entry, row: Row, words: Words = ENGLISH, *, forecast: bool = True) -> str:
    """The raw numbers of an ok row in words, without score and points: what a list shows as the reason.

    `forecast=False` leaves out what is expected of the partner.
    """
    return _facts(entry, row, words, forecast=forecast)


def not_applicable_sentence(signal: str, words: Words = ENGLISH) -> str:
    return words.gettext("%(label)s: does not apply to this partner") % {"label": words.gettext(labels.name_of(signal))}


def help_sentence(advice: Help, words: Words = ENGLISH) -> str:
    """One piece of advice in words: points to gain, or coverage that an answer would add."""
    label = words.gettext(labels.name_of(advice.key))
    if advice.kind == ASK:
        percent = plain(rounded(advice.gain * 100, TENTH))
        return words.gettext("Ask for %(label)s: adds up to %(percent)s %% of coverage") % {
            "label": label,
            "percent": percent,
        }
    return words.gettext("%(label)s: about %(gain)s points") % {"label": label, "gain": signed(advice.gain)}


def basis_sentence(profile: Profile, words: Words = ENGLISH) -> str:
    """What the score rests on when a part of the model is not connected ("Based on sales only."); else empty."""
    if not profile.not_connected:
        return ""
    names = [words.gettext(labels.source_name(source)) for source in profile.sources]
    if not names:
        return words.gettext("No source of data is connected yet.")
    if len(names) == 1:
        return words.gettext("Based on %(source)s only.") % {"source": names[0]}
    return words.gettext("Based on %(sources)s; %(percent)s %% of the model is connected.") % {
        "sources": ", ".join(names),
        "percent": plain(rounded(profile.breadth * 100, WHOLE)),
    }


def biggest_reasons(names: Sequence[tuple[str, Decimal]], words: Words = ENGLISH) -> str:
    """Keys with points as one line: "Two-way contacts -2.2, Revenue growth -4.1"."""
    return ", ".join(f"{words.gettext(labels.name_of(key))} {signed(points)}" for key, points in names)


def _facts(entry: Entry, row: Row, words: Words, *, forecast: bool = True) -> str:
    """The raw numbers of an ok row in words, without score and points."""
    measure, reading = entry.measure, row.reading
    if reading is None or row.status != OK:
        return ""
    if measure.key == "deal_rhythm" and {"repeats", "t_last", "age"} <= reading.raw.keys():
        text = rhythm.sentence(
            int(reading.raw["repeats"]),
            float(reading.raw["t_last"]),
            float(reading.raw["age"]),
            gettext=words.gettext,
            ngettext=words.ngettext,
        )
        text = text[:1].upper() + text[1:]
        if reading.raw.get("probability") is None or not forecast:
            return text
        chance = plain(rounded(number(reading.raw["probability"]) * 100, WHOLE))
        return words.gettext(RHYTHM_CHANCE) % {"rhythm": text, "percent": chance, "window": measure.window}
    return words.gettext(_template(entry, row)) % _fields(entry, row, words)


def _template(entry: Entry, row: Row) -> str:
    measure, reading = entry.measure, row.reading
    assert reading is not None
    value = measure.reader(reading.raw, entry.targets) if measure.reader is not None else None
    if measure.spec["kind"] == "growth" and value is not None:
        return GROWTH[growth_base(measure.spec, reading.raw, entry.targets)[1], value < 0]
    if measure.key == "trade_depth" and value is not None and value < 0:
        return MORE_BACK_THAN_SOLD
    return TEMPLATES.get(measure.key, LIKERT if "mean" in reading.raw else GENERIC)


class _Fields(dict[str, str]):
    """Template parameters; a field that the reading does not have prints as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def _fields(entry: Entry, row: Row, words: Words) -> Mapping[str, str]:
    measure, reading = entry.measure, row.reading
    raw: Mapping[str, Any] = {} if reading is None else reading.raw
    value = measure.reader(raw, entry.targets) if measure.reader is not None else None
    fields = _Fields({name: plain(target) for name, target in entry.targets.items()})
    fields.update({name: plain(_as_number(given)) for name, given in raw.items()})
    if "category" in raw:
        fields["category"] = words.gettext(labels.CATEGORIES.get(str(raw["category"]), str(raw["category"])))
    fields["label"] = words.gettext(labels.name_of(measure.key))
    fields["n"] = "?" if reading is None or reading.n is None else str(reading.n)
    window = (reading.window if reading is not None else None) or measure.window
    fields["window"] = "?" if window is None else str(window)
    if value is not None:
        percent = rounded(value * 100, WHOLE)
        fields["percent"] = plain(abs(percent) if measure.spec["kind"] == "growth" else percent)
        fields["value"] = plain(rounded(value, Decimal("0.01")))
    return fields


def _as_number(given: object) -> object:
    """Digits stored as text become a number again, so that 2.40 prints as 2.4; words stay words."""
    if isinstance(given, str) and given.lstrip("+-").replace(".", "", 1).isdigit():
        return number(given)
    return given
