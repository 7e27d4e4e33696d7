"""The portal's sections as data: what each is called, where it is, and when it is worth an entry.

A section is shown when the vendor shares its topic and there is something in it: a small partner sees few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from deals.models import RevenueEntry
from enablement.queries.news import has_news
from engagement.models import Meeting
from health.models import HealthState
from partners.models import SharingRule
from partners.seats import Seat

Topic = SharingRule.Topic


@dataclass(frozen=True)
class Section:
    """`used`: says of a partner (an OuterRef to its id) whether there is anything; None when it is always useful."""

    key: str
    label: str | Promise
    route: str
    icon: str
    topic: str = ""
    used: Callable[[OuterRef], Exists] | None = None
    allowed: Callable[[Seat], bool] = lambda seat: True
    in_bar: bool = False


SECTIONS: tuple[Section, ...] = (
    Section("home", _("Home"), "portal:home", "home", in_bar=True),
    Section(
        "meetings",
        _("Meetings"),
        "portal:meeting_list",
        "calendar",
        Topic.MEETINGS,
        lambda partner: Exists(Meeting.objects.shared().filter(partner=partner)),
        in_bar=True,
    ),
    Section(
        "health",
        _("Health"),
        "portal:health",
        "health",
        Topic.HEALTH,
        lambda partner: Exists(HealthState.objects.filter(partner=partner)),
    ),
    Section(
        "sales",
        _("Our sales"),
        "portal:sales",
        "coins",
        Topic.SALES,
        lambda partner: Exists(RevenueEntry.objects.filter(partner=partner)),
        in_bar=True,
    ),
    Section("files", _("Files"), "portal:file_list", "file", topic=Topic.FILES, in_bar=True),
    Section("news", _("News"), "portal:notice_list", "bell", topic=Topic.NEWS, used=has_news),
    Section("team", _("Team and access"), "portal:team", "users"),
    Section("log", _("Log"), "portal:log", "list", allowed=lambda seat: seat.role == Role.PARTNER_ADMIN),
    Section("my_data", _("My data"), "privacy:my_data", "shield", allowed=lambda seat: seat.observer is None),
)
