"""Contact with the partner: touches, meetings, what was decided in them, and the rules that bring the next one."""

from engagement.models.cadence import CadenceInput, CadenceRule, HolidayOverride, Reminder, ReminderDelivery
from engagement.models.commitments import AGREED, Commitment
from engagement.models.feeds import CalendarFeed
from engagement.models.meetings import KNOWN_TO_PARTNER, OPEN_STATUSES, TOPICS_CLOSE, AgendaItem, Attendee, Meeting
from engagement.models.replies import ActionLink, MeetingReply
from engagement.models.touchpoints import Touchpoint

__all__ = [
    "AGREED",
    "KNOWN_TO_PARTNER",
    "OPEN_STATUSES",
    "TOPICS_CLOSE",
    "ActionLink",
    "AgendaItem",
    "Attendee",
    "CadenceInput",
    "CadenceRule",
    "CalendarFeed",
    "Commitment",
    "HolidayOverride",
    "Meeting",
    "MeetingReply",
    "Reminder",
    "ReminderDelivery",
    "Touchpoint",
]
