"""What a line of the Today queue says: title, reason with numbers, the rule behind it, and its one main button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.display import day_text, decimal_text, when_text
from core.pictures import band_of
from engagement.models import Meeting
from engagement.queries.reminder_words import reminder_text
from health.labels import name_of
from health.plays import play_text
from lifecycle.models import Stage
from lifecycle.rules import TYPICAL_DAYS
from workspace.queries.queue import Item
from workspace.queries.queue_sources import Candidate

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


@dataclass(slots=True)
class Line:
    """One queue item in words; `place` is its number on the page. `band` is None where the kind's tag is shown instead of a health band."""

    item: Item
    place: int
    look: KindLook
    title: str
    url: str
    reason: str
    rule: str
    action: Action
    band: str | None = None
    score: Decimal | None = None
    falls: tuple[tuple[str, Decimal], ...] = ()
    play: str = ""

    @property
    def candidate(self) -> Candidate:
        return self.item.candidate


@dataclass(frozen=True, slots=True)
class Text:
    """What the words of one kind come to, before they are put together with the item."""

    title: str
    reason: str
    rule: str
    action: Action
    extra: dict[str, Any] | None = None


def tell(item: Item, *, may_edit: bool, today: date) -> Line:
    candidate = item.candidate
    text = TELLERS[candidate.kind](candidate, today)
    action = text.action
    if action.writes and not may_edit:
        action = Action(_("Open partner"), partner_url(candidate), "building")
    return Line(
        item=item, place=0, look=KINDS[candidate.kind], title=text.title, url=partner_url(candidate),
        reason=text.reason, rule=text.rule, action=action, **(text.extra or {}),
    )  # fmt: skip


def partner_url(candidate: Candidate) -> str:
    return reverse("workspace:partner_detail", args=[candidate.slug])


def _health(candidate: Candidate, _today: date) -> Text:
    row, name = candidate.row, candidate.name
    data = row["data"]
    alerts = [row, *row["also"]]
    kinds = {alert["kind"] for alert in alerts}
    falls = [(str(_(name_of(one["key"]))), Decimal(one["points"])) for one in data.get("rows", ())]
    reasons = [row["why"]] if row["why"] else []
    if candidate.form == "band":
        before = data.get("before")
        now = band_of(data.get("band")).label
        title = (
            _("{partner} fell from {before} to {band}").format(partner=name, before=band_of(before).label, band=now)
            if before
            else _("{partner} is {band}").format(partner=name, band=now)
        )
        rule = _("Health fell to band D or E")
    elif candidate.form == "drop":
        title = _("{partner} lost {points} points in 14 days").format(
            partner=name, points=decimal_text(Decimal(data["points"]))
        )
        rule = _("Score fell by 10 points or more in 14 days")
    elif candidate.form == "exception":
        names = ", ".join(str(_(name_of(f"exception:{key}"))) for key in data.get("exceptions", ()))
        title = _("{partner}: {exceptions}").format(partner=name, exceptions=names)
        rule = _("An exception caps the score")
    else:
        percent = decimal_text(Decimal(data["coverage"]) * 100, places=0)
        title = _("Too little is known about {partner}").format(partner=name)
        reasons.insert(0, _("Only {percent} % of the signals that count have data.").format(percent=percent))
        rule = _("Coverage fell below what a score needs")
    drop = next((alert for alert in row["also"] if alert["kind"] == "drop"), None)
    if drop:
        points = decimal_text(Decimal(drop["data"]["points"]))
        reasons.append(_("Lost {points} points in 14 days.").format(points=points))
    if "exception" in kinds and candidate.form != "exception":
        reasons.append(_("An exception is open."))
    quiet = bool(data.get("rows")) and data["rows"][0]["key"].startswith("touchpoint_frequency")
    action = log_touch(candidate) if quiet or candidate.form == "coverage" else _open_health(candidate)
    play = data.get("play", "")
    return Text(
        title, " ".join(_sentence(reason) for reason in reasons), rule, action,
        {
            "band": row["band"] or "", "score": row["score"], "falls": tuple(falls),
            "play": str(_(play_text(play))) if play else "",
        },
    )  # fmt: skip


def _meeting(candidate: Candidate, today: date) -> Text:
    row = candidate.row
    name = candidate.name
    kind = Meeting.Kind(row["kind"]).label
    days = (row["starts_at"].date() - today).days
    opening = Action(_("Open meeting"), reverse("engagement:meeting_detail", args=[row["uid"]]), "calendar")
    when = when_text(row["starts_at"])
    if candidate.form == "missed":
        title = _("{kind} with {partner} was missed").format(kind=kind, partner=name)
        reason = _("It was to take place on {when}.").format(when=when)
        if row["postponed"]:
            reason += " " + ngettext("Postponed once.", "Postponed {count} times.", row["postponed"]).format(
                count=row["postponed"]
            )
        return Text(title, reason, _("A review was missed"), schedule(candidate))
    if candidate.form == "not_closed":
        title = _("{kind} with {partner} is not closed").format(kind=kind, partner=name)
        reason = (
            _("It was invited for {when}: record what was agreed, or mark it as missed.")
            if row["invited_at"]
            else _("It was planned for {when} and nobody was invited: move it or cancel it.")
        )
        return Text(title, reason.format(when=when), _("A planned meeting has passed"), opening)
    title = (
        ngettext("{kind} with {partner} in {days} day", "{kind} with {partner} in {days} days", days)
        if days > 0
        else _("{kind} with {partner} today")
    ).format(kind=kind, partner=name, days=days)
    reasons = [_("It starts on {when}.").format(when=when)]
    if row["missing"]:
        missing = _(" and ").join(str(PREPARATION[part]) for part in row["missing"])
        reasons.append(_("Still missing: {things}.").format(things=missing))
    if row["reminder"]:
        reasons.append(reminder_text(row["reminder"], ours=True))
    rule = _("A reminder of the review is due") if row["reminder"] else _("A review within 14 days is not prepared")
    return Text(title, " ".join(reasons), rule, opening)


def _commitment(candidate: Candidate, today: date) -> Text:
    row = candidate.row
    late = (today - row["due_on"]).days
    days = ngettext("{days} day late", "{days} days late", late).format(days=late)
    who = row["owner__name"] or row["owner_name"]
    if candidate.form == "ours":
        title = _("We owe {partner}: {what}").format(partner=candidate.name, what=row["text"])
    else:
        title = _("{partner} owes us: {what}").format(partner=candidate.name, what=row["text"])
    reason = _("Due on {day}, {days}.").format(day=day_text(row["due_on"]), days=days)
    if who:
        reason += " " + _("With {person}.").format(person=who)
    if row["meeting_uid"]:
        url = reverse("engagement:meeting_detail", args=[row["meeting_uid"]])
        action = Action(_("Open meeting"), url, "calendar")
    else:
        action = Action(_("Open partner"), partner_url(candidate), "building")
    return Text(title, reason, _("The date of a commitment has passed"), action)


def _stage(candidate: Candidate, today: date) -> Text:
    row = candidate.row
    stage = Stage(row["stage"]).label
    days, limit = (today - row["entered_at"].date()).days, TYPICAL_DAYS[row["stage"]]
    title = _("{partner} is in {stage} for {days} days").format(partner=candidate.name, stage=stage, days=days)
    reason = _("Typical are {limit} days; it entered on {day}.").format(limit=limit, day=day_text(row["entered_at"]))
    url = reverse("lifecycle:journey_move", args=[candidate.slug]) + "?next=/app/"
    action = Action(_("Move…"), url, "move", dialog=True, writes=True)
    return Text(title, reason, _("Longer in a stage than is typical"), action)


def _contract(candidate: Candidate, today: date) -> Text:
    row = candidate.row
    assert candidate.due_on is not None
    left = (candidate.due_on - today).days
    title = ngettext(
        "Notice for {partner} is possible for {days} more day",
        "Notice for {partner} is possible for {days} more days",
        left,
    ).format(partner=candidate.name, days=left)
    reason = _("The contract ends on {end} with {notice} days of notice: decide by {day}.").format(
        end=day_text(row["contract_ends_on"]), notice=row["notice_days"], day=day_text(candidate.due_on)
    )
    return Text(title, reason, _("Last day for notice within 90 days"), schedule(candidate))


def _silent(candidate: Candidate, today: date) -> Text:
    last = candidate.row["last"]
    if last is None:
        title = _("Nobody has spoken with {partner} yet").format(partner=candidate.name)
        reason = _("No two-way contact was ever logged.")
    else:
        days = (today - last.date()).days
        title = _("No contact with {partner} for {days} days").format(partner=candidate.name, days=days)
        reason = _("The last two-way contact was on {day}.").format(day=day_text(last))
    return Text(title, reason, _("No two-way contact for 60 days or longer than the cadence"), log_touch(candidate))


def _good(candidate: Candidate, _today: date) -> Text:
    row = candidate.row
    title = _("{partner} rose to {band}").format(partner=candidate.name, band=band_of(row["band"]).label)
    reason = _("{points} points more than 30 days ago. Tell them what went well.").format(
        points=decimal_text(row["change_30"])
    )
    return Text(
        title, reason, _("Rose to a healthy band"), log_touch(candidate), {"band": row["band"], "score": row["score"]}
    )


def log_touch(candidate: Candidate) -> Action:
    url = reverse("engagement:touch_create", args=[candidate.slug])
    return Action(_("Log a touch"), url, "phone", dialog=True, writes=True)


def schedule(candidate: Candidate) -> Action:
    url = reverse("engagement:meeting_create", args=[candidate.slug])
    return Action(_("Schedule QBR"), url, "calendar-plus", dialog=True, writes=True)


def _open_health(candidate: Candidate) -> Action:
    return Action(_("Open health"), reverse("health:partner_health", args=[candidate.slug]), "health")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


TELLERS: dict[str, Callable[[Candidate, date], Text]] = {
    "health": _health,
    "meeting": _meeting,
    "commitment": _commitment,
    "stage": _stage,
    "contract": _contract,
    "silent": _silent,
    "good": _good,
}
