"""The table of routes and policies. A route that is not here, or has another policy, fails the build."""

import re
from typing import Any

FOREIGN_PREFIXES = ("accounts/", "admin/", "api/v1/", "api/schema/")  # allauth, Django admin, DRF: their own guards

EXPECTED = {
    "accounts:profile_edit": "signed_in",
    "accounts:appearance_set": "signed_in",
    "accounts:token_list": "staff",
    "accounts:token_revoke": "staff",
    "lifecycle:journey_move": "editor",
    "lifecycle:journey_undo": "editor",
    "workspace:home": "signed_in",
    "workspace:today": "staff",
    "workspace:queue_mark": "staff",
    "workspace:queue_unmark": "staff",
    "workspace:today_aside": "staff",
    "workspace:checklist_hide": "staff",
    "workspace:checklist_show": "staff",
    "workspace:lifecycle_board": "staff",
    "workspace:search": "staff",
    "workspace:settings": "staff",
    "workspace:outbox": "staff",
    "workspace:outbox_detail": "staff",
    "workspace:outbox_retry": "lead",
    "api_docs": "signed_in",
    "csp_report": "public",
    "engagement:touch_create": "editor",
    "engagement:touch_retract": "editor",
    "engagement:touch_restore": "editor",
    "engagement:meeting_list": "staff",
    "engagement:meeting_create": "editor",
    "engagement:meeting_detail": "staff",
    "engagement:meeting_ics": "staff",
    "engagement:meeting_move": "editor",
    "engagement:meeting_cancel": "editor",
    "engagement:meeting_people": "editor",
    "engagement:meeting_hold": "editor",
    "engagement:meeting_missed": "editor",
    "engagement:summary_send": "editor",
    "engagement:partner_panel": "staff",
    "engagement:agenda_add": "editor",
    "engagement:agenda_fill": "editor",
    "engagement:agenda_move": "editor",
    "engagement:agenda_remove": "editor",
    "engagement:item_notes_save": "editor",
    "engagement:notes_save": "editor",
    "engagement:commitment_add": "editor",
    "engagement:commitment_done": "editor",
    "engagement:commitment_remove": "editor",
    "engagement:calendar_settings": "staff",
    "engagement:calendar_revoke": "staff",
    "engagement:calendar_feed": "public",
    "health:portfolio": "staff",
    "health:model_list": "staff",
    "health:model_create": "lead",
    "health:model_detail": "staff",
    "health:model_download": "staff",
    "health:model_edit": "lead",
    "health:model_dry_run": "lead",
    "health:model_publish": "lead",
    "health:partner_health": "staff",
    "health:override_create": "lead",
    "health:override_end": "lead",
    "health:exception_create": "editor",
    "health:exception_clear": "editor",
}


def arguments(path: str, partner: Any) -> dict[str, Any]:
    """Values for the captured parts of a path, of an object that may or may not exist."""
    values: dict[str, Any] = {
        "slug": partner.slug,
        "uid": "00000000-0000-4000-8000-000000000000",
        "pk": 1,
        "secret": "nobody-has-this-secret",
    }
    return {name: values.get(name, "1") for name in re.findall(r"<(?:\w+:)?(\w+)>", path)}
