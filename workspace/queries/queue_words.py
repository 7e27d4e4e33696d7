"""What a line of the Today queue says: title, reason with numbers, the rule behind it, and its one main button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from core.display import ago_text, day_text, decimal_text, money_text, when_text
from core.pictures import band_of
from engagement.models import Meeting
from engagement.queries.reminder_words import reminder_text
from engagement.queries.times import wall_words
from health.labels import name_of
from health.plays import play_text
from lifecycle.models import Stage
from lifecycle.rules import TYPICAL_DAYS
from workspace.queries.queue import Item
from workspace.queries.queue_sources import Candidate
from workspace.ranking import Rank

PREPARATION = {"invitation": gettext_lazy("the invitation"), "agenda": gettext_lazy("an agenda")}


@dataclass(frozen=True, slots=True)
class KindLook:
    """How a kind is named in counts and filters, and drawn when there is no band to show."""

    label: str | Promise
    icon: str
    css: str = ""


KINDS: dict[str, KindLook] = {
    "health": KindLook(gettext_lazy("Health"), "health", "tag-bad"),
    "meeting": KindLook(gettext_lazy("Meeting"), "calendar", "tag-warn"),
    "commitment": KindLook(gettext_lazy("Commitment"), "list", "tag-warn"),
    "reply": KindLook(gettext_lazy("Reply"), "notes", "tag-warn"),
    "stage": KindLook(gettext_lazy("Stage"), "lifecycle"),
    "contract": KindLook(gettext_lazy("Contract"), "file", "tag-warn"),
    "silent": KindLook(gettext_lazy("Contact"), "phone"),
    "good": KindLook(gettext_lazy("Good news"), "star", "tag-good"),
}


@dataclass(frozen=True, slots=True)
class Action:
    """The main button. `dialog`: htmx opens it in place. `writes`: only for those who may edit."""

    label: str
    url: str
    icon: str
    dialog: bool = False
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """What the words of one kind come to, before they are put together with the item.

    `band` is None where the kind's tag is shown instead of a health band.
    """

    title: str
    reason: str
    rule: str
    action: Action
    band: str | None = None
    score: Decimal | None = None
    falls: Sequence[tuple[str, Decimal]] = ()
    play: str = ""


@dataclass(slots=True)
class Line:
    """One queue item in words. `place` is its number on the page; `when` and `sales` are ready to print."""

    item: Item
    look: KindLook
    text: Text
    action: Action
    url: str
    when: str
    late: bool
    sales: str
    rank: str
    place: str = ""

    @property
    def candidate(self) -> Candidate:
        return self.item.candidate

    def shown(self) -> dict[str, Any]:
        """What the template prints, flat: a page holds many lines. `mark` is what a button sends: key and place."""
        text, candidate = self.text, self.item.candidate
        return {
            "place": self.place,
            "mark": f"{candidate.key}@{self.place}",
            "name": candidate.name,
            "look": self.look,
            "banded": text.band is not None,
            "band": text.band,
            "score": text.score,
            "title": text.title,
            "url": self.url,
            "reason": text.reason,
            "falls": text.falls,
            "play": text.play,
            "rule": text.rule,
            "due": candidate.due_on is not None,
            "late": self.late,
            "when": self.when,
            "sales": self.sales,
            "rank": self.rank,
            "label": self.action.label,
            "href": self.action.url,
            "icon": self.action.icon,
            "dialog": self.action.dialog,
        }


class Teller:
    """Says what items say, in the language in force. Routes are resolved once per answer, words of days kept longer."""

    def __init__(self, *, may_edit: bool, today: date) -> None:
        self.may_edit = may_edit
        self.today = today
        self._routes: dict[str, str] = {}
        self._reader = (get_language(), timezone.get_current_timezone_name(), today)

    def tell(self, item: Item) -> Line:
        candidate = item.candidate
        text = TELLERS[candidate.kind](self, candidate)
        action = text.action
        if action.writes and not self.may_edit:
            action = self.open_partner(candidate)
        due, sales = candidate.due_on, item.sales_minor
        return Line(
            item=item,
            look=KINDS[candidate.kind],
            text=text,
            action=action,
            url=self.partner_url(candidate),
            when=self.day(due) if due is not None else self.age(candidate.since),
            late=due is not None and due < self.today,
            rank=self.rank(item.rank),
            sales=money_text(sales, settings.REPORTING_CURRENCY, whole=True) if sales else "",
        )

    def day(self, value: date) -> str:
        return _day_words(value.date() if isinstance(value, datetime) else value, self._reader)

    def rank(self, rank: Rank) -> str:
        """The arithmetic of a rank as it is printed."""
        parts = ((rank.severity, 2), (rank.value, 2), (rank.urgency, 2), (rank.total, 2))
        severity, value, urgency, total = (_figure(number, places, self._reader[0]) for number, places in parts)
        return f"{severity} × {value} × {urgency} = {total}"

    def age(self, value: date) -> str:
        return _age_words(value, self._reader)

    def instant(self, value: datetime) -> str:
        return _instant_words(value, self._reader)

    def address(self, route: str, argument: str | UUID) -> str:
        """The address of a route with one argument; the pattern is resolved once."""
        stand_in = UID if isinstance(argument, UUID) else SLUG
        if route not in self._routes:
            self._routes[route] = reverse(route, args=[stand_in])
        return self._routes[route].replace(stand_in, str(argument))

    def partner_url(self, candidate: Candidate) -> str:
        return self.address("workspace:partner_detail", candidate.slug)

    def open_partner(self, candidate: Candidate) -> Action:
        return Action(_("Open partner"), self.partner_url(candidate), "building")

    def open_health(self, candidate: Candidate) -> Action:
        return Action(_("Open health"), self.address("health:partner_health", candidate.slug), "health")

    def open_meeting(self, uid: UUID) -> Action:
        return Action(_("Open meeting"), self.address("engagement:meeting_detail", uid), "calendar")

    def log_touch(self, candidate: Candidate) -> Action:
        url = self.address("engagement:touch_create", candidate.slug)
        return Action(_("Log a touch"), url, "phone", dialog=True, writes=True)

    def schedule(self, candidate: Candidate) -> Action:
        url = self.address("engagement:meeting_create", candidate.slug)
        return Action(_("Schedule QBR"), url, "calendar-plus", dialog=True, writes=True)

    def move(self, candidate: Candidate) -> Action:
        url = self.address("lifecycle:journey_move", candidate.slug) + "?next=/app/"
        return Action(_("Move…"), url, "move", dialog=True, writes=True)


# Words of a day depend on the reader: language, time zone, and what is today.
Reader = tuple[str | None, str, date]


@lru_cache(maxsize=4096)
def _day_words(value: date, _reader: Reader) -> str:
    return day_text(value)


@lru_cache(maxsize=4096)
def _figure(value: float, places: int, _language: str | None) -> str:
    return decimal_text(value, places=places)


@lru_cache(maxsize=4096)
def _age_words(value: date, _reader: Reader) -> str:
    return ago_text(value)


@lru_cache(maxsize=4096)
def _instant_words(value: datetime, _reader: Reader) -> str:
    return when_text(value)


SLUG = "slug-of-somebody"
UID = "00000000-0000-4000-8000-000000000000"


def _health(teller: Teller, candidate: Candidate) -> Text:
    row, name, data = candidate.row, candidate.name, candidate.row["data"]
    reasons = [row["why"]] if row["why"] else []
    if candidate.form == "band":
        title, rule = _fallen(name, data), _("Health fell to band D or E")
    elif candidate.form == "drop":
        points = decimal_text(Decimal(data["points"]))
        title = _("{partner} lost {points} points in 14 days").format(partner=name, points=points)
        rule = _("Score fell by 10 points or more in 14 days")
    elif candidate.form == "exception":
        names = ", ".join(_(name_of(f"exception:{key}")) for key in data.get("exceptions", ()))
        title = _("{partner}: {exceptions}").format(partner=name, exceptions=names)
        rule = _("An exception caps the score")
    else:
        percent = decimal_text(Decimal(data["coverage"]) * 100, places=0)
        title = _("Too little is known about {partner}").format(partner=name)
        reasons.insert(0, _("Only {percent} % of the signals that count have data.").format(percent=percent))
        rule = _("Coverage fell below what a score needs")
    for other in row["also"]:
        if other["kind"] == "drop":
            points = decimal_text(Decimal(other["data"]["points"]))
            reasons.append(_("Lost {points} points in 14 days.").format(points=points))
        elif other["kind"] == "exception":
            reasons.append(_("An exception is open."))
    falls = [(_(name_of(one["key"])), Decimal(one["points"])) for one in data.get("rows", ())]
    quiet = bool(data.get("rows")) and data["rows"][0]["key"].startswith("touchpoint_frequency")
    play = data.get("play", "")
    return Text(
        title,
        " ".join(_sentence(reason) for reason in reasons),
        rule,
        teller.log_touch(candidate) if quiet or candidate.form == "coverage" else teller.open_health(candidate),
        band=row["band"] or "",
        score=row["score"],
        falls=falls,
        play=_(play_text(play)) if play else "",
    )


def _fallen(name: str, data: dict[str, Any]) -> str:
    now, before = band_of(data.get("band")).label, data.get("before")
    if before and before != data.get("band"):
        return _("{partner} fell from {before} to {band}").format(partner=name, before=band_of(before).label, band=now)
    return _("{partner} is {band}").format(partner=name, band=now)


def _meeting(teller: Teller, candidate: Candidate) -> Text:
    row, name = candidate.row, candidate.name
    kind = Meeting.Kind(row["kind"]).label
    when = teller.instant(row["starts_at"])
    opening = teller.open_meeting(row["uid"])
    if candidate.form == "missed":
        reason = _("It was to take place on {when}.").format(when=when)
        times = row["postponed"]
        if times:
            reason += " " + ngettext("Postponed once.", "Postponed {count} times.", times).format(count=times)
        title = _("{kind} with {partner} was missed").format(kind=kind, partner=name)
        return Text(title, reason, _("A review was missed"), teller.schedule(candidate))
    if candidate.form == "not_closed":
        title = _("{kind} with {partner} is not closed").format(kind=kind, partner=name)
        if row["invited_at"]:
            reason = _("It was invited for {when}: record what was agreed, or mark it as missed.")
        else:
            reason = _("It was planned for {when} and nobody was invited: move it or cancel it.")
        return Text(title, reason.format(when=when), _("A planned meeting has passed"), opening)
    only_due = row["automatic"] and row["status"] == Meeting.Status.PLANNED
    days = (row["starts_at"].date() - teller.today).days
    if only_due:
        title = _("{kind} with {partner} is to be scheduled")
    elif days > 0:
        title = ngettext("{kind} with {partner} in {days} day", "{kind} with {partner} in {days} days", days)
    else:
        title = _("{kind} with {partner} today")
    starts = _("The cadence asks for it and suggests {when}.") if only_due else _("It starts on {when}.")
    reasons = [starts.format(when=when)]
    if row["missing"]:
        missing = _(" and ").join(str(PREPARATION[part]) for part in row["missing"])
        reasons.append(_("Still missing: {things}.").format(things=missing))
    if row["reminder"]:
        reasons.append(reminder_text(row["reminder"], ours=True))
    rule = _("A reminder of the review is due") if row["reminder"] else _("A meeting within 14 days is not prepared")
    return Text(title.format(kind=kind, partner=name, days=days), " ".join(reasons), rule, opening)


def _commitment(teller: Teller, candidate: Candidate) -> Text:
    row = candidate.row
    late = (teller.today - row["due_on"]).days
    days = ngettext("{days} day late", "{days} days late", late).format(days=late)
    who = row["owner__name"] or row["owner_name"]
    if candidate.form == "ours":
        title = _("We owe {partner}: {what}").format(partner=candidate.name, what=row["text"])
    else:
        title = _("{partner} owes us: {what}").format(partner=candidate.name, what=row["text"])
    reason = _("Due on {day}, {days}.").format(day=teller.day(row["due_on"]), days=days)
    if who:
        reason += " " + _("With {person}.").format(person=who)
    action = teller.open_meeting(row["meeting_uid"]) if row["meeting_uid"] else teller.open_partner(candidate)
    return Text(title, reason, _("The date of a commitment has passed"), action)


def _reply(teller: Teller, candidate: Candidate) -> Text:
    row = candidate.row
    opening = teller.open_meeting(row["meeting_uid"])
    if candidate.form == "date":
        title = _("{partner} proposes another date").format(partner=candidate.name)
        when = wall_words(row["local_start"].replace(tzinfo=None), row["time_zone"])
        reason = _("{person} proposes {when} for “{meeting}”.").format(
            person=row["said_by"], when=when, meeting=row["about"]
        )
        return Text(title, reason, _("A proposed date waits for an answer"), opening)
    title = _("{partner} says a summary is not what was agreed").format(partner=candidate.name)
    reason = _("{person} about “{meeting}”: {text}").format(
        person=row["said_by"], meeting=row["about"], text=row["text"][:200]
    )
    return Text(title, reason, _("An objection waits for an answer"), opening)


def _stage(teller: Teller, candidate: Candidate) -> Text:
    row = candidate.row
    stage = Stage(row["stage"]).label
    days, limit = (teller.today - row["entered_at"].date()).days, TYPICAL_DAYS[row["stage"]]
    title = _("{partner} is in {stage} for {days} days").format(partner=candidate.name, stage=stage, days=days)
    reason = _("Typical are {limit} days; it entered on {day}.").format(limit=limit, day=teller.day(row["entered_at"]))
    return Text(title, reason, _("Longer in a stage than is typical"), teller.move(candidate))


def _contract(teller: Teller, candidate: Candidate) -> Text:
    row = candidate.row
    last = row["contract_ends_on"] - timedelta(days=row["notice_days"])
    left = (last - teller.today).days
    title = ngettext(
        "Notice for {partner} is possible for {days} more day",
        "Notice for {partner} is possible for {days} more days",
        left,
    ).format(partner=candidate.name, days=left)
    reason = _("The contract ends on {end} with {notice} days of notice: decide by {day}.").format(
        end=teller.day(row["contract_ends_on"]), notice=row["notice_days"], day=teller.day(last)
    )
    return Text(title, reason, _("Last day for notice within 90 days"), teller.schedule(candidate))


def _silent(teller: Teller, candidate: Candidate) -> Text:
    last = candidate.row["last"]
    if last is None:
        title = _("Nobody has spoken with {partner} yet").format(partner=candidate.name)
        reason = _("No two-way contact was ever logged.")
    else:
        days = (teller.today - last.date()).days
        title = _("No contact with {partner} for {days} days").format(partner=candidate.name, days=days)
        reason = _("The last two-way contact was on {day}.").format(day=teller.day(last))
    rule = _("No two-way contact for 60 days or longer than the cadence")
    return Text(title, reason, rule, teller.log_touch(candidate))


def _good(teller: Teller, candidate: Candidate) -> Text:
    row = candidate.row
    title = _("{partner} rose to {band}").format(partner=candidate.name, band=band_of(row["band"]).label)
    reason = _("{points} points more than 30 days ago. Tell them what went well.").format(
        points=decimal_text(row["change_30"])
    )
    action = teller.log_touch(candidate)
    return Text(title, reason, _("Rose to a healthy band"), action, band=row["band"], score=row["score"])


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


TELLERS: dict[str, Callable[[Teller, Candidate], Text]] = {
    "health": _health,
    "meeting": _meeting,
    "commitment": _commitment,
    "reply": _reply,
    "stage": _stage,
    "contract": _contract,
    "silent": _silent,
    "good": _good,
}
