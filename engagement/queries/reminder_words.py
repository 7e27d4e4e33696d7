"""What each reminder asks of its reader."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from engagement.models import Meeting
from engagement.rules.reminders import ReminderKind

SUBJECTS: dict[str, str] = {
    ReminderKind.DATA_FREEZE: gettext_noop("{title}: hand in the figures"),
    ReminderKind.AGENDA_DRAFT: gettext_noop("{title}: draft the agenda and the scorecard"),
    ReminderKind.SCORECARD: gettext_noop("{title}: the scorecard is final"),
    ReminderKind.LAST_ACTIONS: gettext_noop("{title}: finish the open actions"),
    ReminderKind.PERSONAL: gettext_noop("{title} is on the next working day"),
    ReminderKind.MINUTES_DUE: gettext_noop("{title}: write down minutes and decisions"),
    ReminderKind.ACTION_CHECK: gettext_noop("{title}: check what was agreed"),
}
TEXTS: dict[str, str] = {
    ReminderKind.DATA_FREEZE: gettext_noop(
        "Bring figures, deals and plans up to date now; from here on they are frozen."
    ),
    ReminderKind.AGENDA_DRAFT: gettext_noop("Draft agenda and scorecard and invite the people who are still missing."),
    ReminderKind.SCORECARD: gettext_noop("Read scorecard and agenda; what is missing can still be added."),
    ReminderKind.LAST_ACTIONS: gettext_noop("Close what was agreed last time, or note why it is not done."),
    ReminderKind.PERSONAL: gettext_noop("Have your points ready."),
    ReminderKind.MINUTES_DUE: gettext_noop("Close the meeting with its decisions and dates, and send the summary."),
    ReminderKind.ACTION_CHECK: gettext_noop("Look at the actions agreed in this meeting and mark what is done."),
}
FOR_PARTNERS: dict[str, str] = {
    ReminderKind.DATA_FREEZE: gettext_noop(
        "Please send us your figures, deals and plans, so that they can be discussed."
    ),
    ReminderKind.SCORECARD: gettext_noop("If you would like to add a topic, please tell us now."),
}


def reminder_subject(kind: str, meeting: Meeting) -> str:
    return gettext(SUBJECTS[kind]).format(title=meeting.title)


def reminder_text(kind: str, *, ours: bool) -> str:
    """In the reader's words: our side is told what to prepare, the partner what we ask for."""
    return gettext((TEXTS if ours else {**TEXTS, **FOR_PARTNERS})[kind])
