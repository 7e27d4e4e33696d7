"""Reads of the engagement room for other rooms and for its pages."""

from engagement.queries.facts import (
    TimelineEntry,
    attendance,
    last_touches,
    next_meetings,
    source_delivery,
    timeline,
    two_way_counts,
)
from engagement.queries.meetings import (
    MeetingFilter,
    Readiness,
    last_held_on,
    meeting_counts,
    meeting_rows,
    open_commitments,
    partner_meetings,
    planned_review,
    readiness,
    reasons,
)
from engagement.queries.shared import Promise, Promises, open_agreed, promises, summaries_to_confirm
from engagement.queries.times import ZonedTime, wall_text, zoned_times

__all__ = [
    "MeetingFilter",
    "Promise",
    "Promises",
    "Readiness",
    "TimelineEntry",
    "ZonedTime",
    "attendance",
    "last_held_on",
    "last_touches",
    "meeting_counts",
    "meeting_rows",
    "next_meetings",
    "open_agreed",
    "open_commitments",
    "partner_meetings",
    "planned_review",
    "promises",
    "readiness",
    "reasons",
    "source_delivery",
    "summaries_to_confirm",
    "timeline",
    "two_way_counts",
    "wall_text",
    "zoned_times",
]
