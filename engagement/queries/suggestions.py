"""What a form about a meeting starts with, so that sending it is one press: date, hour, zone, people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.conf import settings

from accounts.models import EDITOR_ROLES, User
from engagement.models import Meeting
from engagement.queries.calendars import read_calendars, usable_zone
from engagement.queries.meetings import planned_review, reasons
from engagement.queries.people import suggested_contacts
from engagement.rules.business_days import add_business_days
from partners.models import Contact, Partner

DEFAULT_LEAD = 10
DEFAULT_HOUR = time(10)
MAX_COLLEAGUES = 30


@dataclass(frozen=True)
class Suggestion:
    """`planned` is the meeting the cadence waits to have scheduled; `reasons` say why on that day."""

    wall: datetime
    zone: str
    minutes: int
    place: str
    contact_ids: list[int]
    user_ids: list[int]
    planned: Meeting | None
    reasons: list[str]


def suggest_meeting(partner: Partner, kind: str, user: User, *, at: datetime, today: date) -> Suggestion:
    """From the planned review if it lies ahead, else two weeks of working days from now; people as last time."""
    planned = planned_review(partner.pk, kind)
    people = [one.pk for one in suggested_contacts(partner)]
    colleagues = sorted({user.pk, *([partner.owner_id] if partner.owner_id else [])})
    if planned is not None and planned.starts_at > at:
        wall, zone = planned.wall, usable_zone(planned.time_zone)
    else:
        day = add_business_days(today, DEFAULT_LEAD, read_calendars().shared_with(partner.country_code))
        wall, zone = datetime.combine(day, DEFAULT_HOUR), usable_zone(user.time_zone)
    return Suggestion(
        wall=wall,
        zone=zone,
        minutes=planned.minutes if planned else 60,
        place=planned.place if planned else "",
        contact_ids=people,
        user_ids=colleagues,
        planned=planned,
        reasons=reasons(planned) if planned else [],
    )


def zones_for(partner: Partner, user: User, *more: str) -> list[str]:
    """The zones worth choosing from: of the meeting, the user, the partner and its people, the installation, UTC."""
    known = [*more, user.time_zone, partner.time_zone, settings.REPORTING_TIME_ZONE, "UTC"]
    known += Contact.objects.filter(partner=partner).exclude(time_zone="").values_list("time_zone", flat=True)
    return list(dict.fromkeys(usable_zone(zone) for zone in known if zone))


def people_choices(partner: Partner) -> list[tuple[int, str]]:
    """The partner's present people with what they do, by name."""
    rows = Contact.objects.filter(partner=partner, left_on__isnull=True).order_by("name")[:100]
    return [(one.pk, f"{one.name}, {one.title or one.get_role_display()}") for one in rows]


def colleague_choices(*first: int) -> list[tuple[int, str]]:
    """Colleagues who may take part: those named first, then others by name."""
    rows = User.objects.filter(is_active=True, role__in=EDITOR_ROLES).order_by("name", "pk")
    named = list(rows.filter(pk__in=first))
    others = list(rows.exclude(pk__in=first)[: max(0, MAX_COLLEAGUES - len(named))])
    return [(one.pk, str(one)) for one in (*named, *others)]
