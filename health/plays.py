"""The proposed play of an alert: one thing to do, chosen by what pulled the score down. Pure; texts are message ids."""

from collections.abc import Sequence

from health.labels import gettext_noop

BY_EXCEPTION = {
    "notice_received": gettext_noop("Call the sponsor within two days: repair, renegotiate, or plan a clean exit."),
    "compliance_breach": gettext_noop("Involve the programme owner and agree in writing what is repaired by when."),
    "escalation_overdue": gettext_noop("Give the escalation an owner with a date, and tell the partner both today."),
    "payment_dispute": gettext_noop("Bring both finance contacts to one call and settle the open items one by one."),
    "sponsor_departed": gettext_noop("Find the new sponsor and ask for an introduction within two weeks."),
    "renewal_unprepared": gettext_noop("Start the renewal conversation: send the value file and propose a date."),
    "strategy_conflict": gettext_noop("Put both roadmaps side by side in an executive review."),
}
BY_SIGNAL = {
    "deal_rhythm": gettext_noop("Ask what has changed since the last order, and what stands in the way of the next."),
    "trade_depth": gettext_noop("Plan one joint offer with a named customer for the next 30 days."),
    "revenue_growth": gettext_noop("Hold a joint pipeline review: which deals slipped, which are missing."),
    "joint_wins": gettext_noop("Review the last lost deals together and agree one change in how you sell."),
    "touchpoint_frequency": gettext_noop("Call this week and agree a fixed rhythm of contact."),
    "engagement": gettext_noop("Propose a date for the next review that suits both sides, with a short agenda."),
    "goals_attainment": gettext_noop("Re-plan the goals of the quarter with both owners."),
    "approval_cycle_time": gettext_noop("Clear the approvals that wait on our side."),
    "sentiment": gettext_noop("Ask the people who answered what one change would help most."),
    "perceived_fairness": gettext_noop("Walk through the terms with the programme owner and the partner."),
    "onboarding_progress": gettext_noop("Go through the onboarding plan and unblock the oldest task."),
}
BY_KIND = {
    "coverage": gettext_noop("Collect what is missing: log the last contacts and ask for the open answers."),
    "drop": gettext_noop("Write down the root cause within three days."),
    "band": gettext_noop("Agree a plan with at most three actions on the largest losses."),
    "exception": gettext_noop("Decide today who owns the exception and what happens next."),
}


def play_for(kind: str, keys: Sequence[str], exceptions: Sequence[str] = ()) -> str:
    """Key of the play: of the exception, else of the first reason that has one, else of the kind of alert."""
    if kind == "exception":
        known = [key for key in exceptions if key in BY_EXCEPTION]
        return f"exception:{known[0]}" if known else kind
    if kind != "coverage":
        for key in keys:
            signal = key.partition(".")[0]
            if signal in BY_SIGNAL:
                return signal
            if key.startswith("exception:") and key.partition(":")[2] in BY_EXCEPTION:
                return key
    return kind


def play_text(key: str) -> str:
    """Message id of a play by its key."""
    if key.startswith("exception:"):
        return BY_EXCEPTION[key.partition(":")[2]]
    return BY_SIGNAL.get(key) or BY_KIND[key]
