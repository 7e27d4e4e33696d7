"""Every write of the engagement room."""

from engagement.services.acting import DeadLinkError, use_link
from engagement.services.agenda import (
    add_agenda_item,
    edit_agenda_item,
    move_agenda_item,
    propose_topic,
    remove_agenda_item,
    save_notes,
    use_agenda_template,
)
from engagement.services.closing import hold_meeting, mark_missed, send_summary
from engagement.services.commitments import (
    add_commitment,
    complete_commitment,
    confirm_decision,
    remove_commitment,
    tick_action,
)
from engagement.services.feeds import feed_owner, forget_feeds, renew_feed, revoke_feed
from engagement.services.meetings import (
    cancel_meeting,
    default_title,
    reschedule_meeting,
    schedule_meeting,
    set_attendees,
)
from engagement.services.notices import tell_due_commitments
from engagement.services.planning import Planned, Situation, note_situations, plan_reviews, recompute_instants
from engagement.services.reminders import queue_due_reminders
from engagement.services.replies import answer_summary, propose_date, withdraw_date
from engagement.services.touches import log_touch, restore_touch, retract_touch
from engagement.services.verdicts import accept_date, answer_objection, decline_date

__all__ = [
    "DeadLinkError",
    "Planned",
    "Situation",
    "accept_date",
    "add_agenda_item",
    "add_commitment",
    "answer_objection",
    "answer_summary",
    "cancel_meeting",
    "complete_commitment",
    "confirm_decision",
    "decline_date",
    "default_title",
    "edit_agenda_item",
    "feed_owner",
    "forget_feeds",
    "hold_meeting",
    "log_touch",
    "mark_missed",
    "move_agenda_item",
    "note_situations",
    "plan_reviews",
    "propose_date",
    "propose_topic",
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
    "tell_due_commitments",
    "tick_action",
    "use_agenda_template",
    "use_link",
    "withdraw_date",
]
