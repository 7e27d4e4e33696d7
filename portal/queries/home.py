"""The partner's Home: what waits for us, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import PARTNER_EDITOR_ROLES
from core import clock
from enablement.queries import to_acknowledge
from engagement.models import Commitment, Touchpoint
from engagement.queries.shared import AtHand, open_agreed
from partners.models import Partner, SharingRule
from portal.queries.meetings import agreed_line

Topic = SharingRule.Topic
SOON = timedelta(days=14)
NOTES = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for the partner: what it is, why now, and the one button that leads to it."""

    title: str
    why: str
    url: str
    button: str
    late: bool = False


def waiting_for(
    user: Any, partner: Partner, topics: frozenset[str], at_hand: AtHand | None, *, at: datetime
) -> list[Waiting]:
    """What the partner's people are asked to do, late things first; nothing is asked of those who only read.

    `at_hand`: None when meetings are not shared.
    """
    found: list[Waiting] = []
    if user.role not in PARTNER_EDITOR_ROLES:
        return found
    if at_hand is not None:
        found += _of_meetings(user, partner, at_hand)
    if Topic.NEWS in topics:
        found += [
            Waiting(
                notice.title,
                _("Please confirm that you have read this."),
                reverse("portal:notice_detail", args=[notice.uid]),
                _("Read it"),
            )
            for notice in to_acknowledge([partner.pk], at=at).get(partner.pk, [])
        ]
    return sorted(found, key=lambda one: not one.late)


def _of_meetings(user: Any, partner: Partner, at_hand: AtHand) -> Iterator[Waiting]:
    today = clock.today()
    for meeting in at_hand.to_confirm:
        page = reverse("portal:meeting_detail", args=[meeting.uid])
        yield Waiting(meeting.title, _("Is the summary right?"), f"{page}#summary", _("Check the summary"))
    agreed = reverse("portal:meeting_list")
    for row in open_agreed(user):
        line, place = agreed_line(row, partner, today), f"{agreed}#agreed-{row.uid}"
        if row.kind == Commitment.Kind.DECISION:
            yield Waiting(row.text, _("A decision to confirm"), place, pgettext("button", "Open"))
        elif row.is_partners_action and (row.due_on is None or row.due_on <= today + SOON):
            due = line.due or _("Agreed without a date")
            yield Waiting(
                row.text, f"{line.who} · {due}" if line.who else due, place, pgettext("button", "Open"), line.late
            )


def shared_notes(user: Any) -> list[Touchpoint]:
    """The newest touches that the vendor marked as shared."""
    rows = Touchpoint.objects.visible_to(user).current().filter(shared=True, meeting__isnull=True).exclude(text="")
    return list(rows.select_related("actor").order_by("-occurred_at", "-id")[:NOTES])
