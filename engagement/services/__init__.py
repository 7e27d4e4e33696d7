"""Every write of the engagement room."""

from engagement.services.agenda import (
    add_agenda_item,
    edit_agenda_item,
    move_agenda_item,
    remove_agenda_item,
    save_notes,
    use_agenda_template,
)
from engagement.services.closing import hold_meeting, mark_missed, send_summary
from engagement.services.commitments import add_commitment, complete_commitment, remove_commitment
from engagement.services.feeds import feed_owner, renew_feed, revoke_feed
from engagement.services.meetings import (
    cancel_meeting,
    default_title,
    reschedule_meeting,
    schedule_meeting,
    set_attendees,
)
from engagement.services.planning import Planned, Situation, note_situations, plan_reviews, recompute_instants
from engagement.services.reminders import queue_due_reminders
from engagement.services.touches import log_touch, restore_touch, retract_touch

__all__ = [
    "Planned",
    "Situation",
    "add_agenda_item",
    "add_commitment",
    "cancel_meeting",
    "complete_commitment",
    "default_title",
    "edit_agenda_item",
    "feed_owner",
    "hold_meeting",
    "log_touch",
    "mark_missed",
    "move_agenda_item",
    "note_situations",
    "plan_reviews",
    "queue_due_reminders",
    "recompute_instants",
    "remove_agenda_item",
    "remove_commitment",
    "renew_feed",
    "reschedule_meeting",
    "restore_touch",
    "retract_touch",
    "revoke_feed",
    "save_notes",
    "schedule_meeting",
    "send_summary",
    "set_attendees",
    "use_agenda_template",
]
