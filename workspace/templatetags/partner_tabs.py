"""The sections of a partner's 360: its own pages and those of the rooms below stand under the same tabs."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners.models import Partner

register = template.Library()

OWN, ELSEWHERE = "workspace", "elsewhere"  # a section of the page itself, or a page of another room
SECTIONS = (
    ("overview", _("Overview"), "workspace:partner_detail", OWN),
    ("health", _("Health"), "health:partner_health", ELSEWHERE),
    ("sales", _("Sales"), "workspace:partner_sales", OWN),
    ("meetings", _("Meetings & decisions"), "engagement:partner_panel", ELSEWHERE),
    ("people", _("People"), "workspace:partner_people", OWN),
    ("files", _("Files"), "enablement:partner_panel", ELSEWHERE),
    ("history", _("History"), "workspace:partner_history", OWN),
)


@register.inclusion_tag("workspace/_partner_tabs.html")
def partner_tabs(partner: Partner, current: str, *, oob: bool = False) -> dict[str, Any]:
    """The tabs with `current` marked; sections of the same page are swapped in place when one of them is shown."""
    kinds = {name: kind for name, _label, _route, kind in SECTIONS}
    return {
        "oob": oob,
        "tabs": [
            {
                "key": str(number),
                "label": label,
                "href": reverse(route, args=[partner.slug]),
                "in_place": kind == OWN and kinds.get(current, OWN) == OWN,
                "on": name == current,
            }
            for number, (name, label, route, kind) in enumerate(SECTIONS, start=1)
        ],
    }
