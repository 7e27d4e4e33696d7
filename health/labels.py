"""English names of groups, signals, measures, sources and adjustments: message ids, translated by whoever prints them.

Pure. A key without a name (a measure an admin added) is shown as words made from the key.
"""


def gettext_noop(message: str) -> str:
    """Marks a message for extraction and leaves it as it is."""
    return message


GROUPS = {
    "process": gettext_noop("Process"),
    "outcome": gettext_noop("Outcome"),
    "relationship": gettext_noop("Relationship"),
    "delivery": gettext_noop("Delivery"),
    "commitment": gettext_noop("Commitment"),
    "engagement": gettext_noop("Engagement"),
}

SIGNALS = {
    "approval_cycle_time": gettext_noop("Approval time"),
    "requirement_clarity": gettext_noop("Clarity of requirements"),
    "touchpoint_frequency": gettext_noop("Two-way contacts"),
    "communication_quality": gettext_noop("Quality of communication"),
    "revenue_growth": gettext_noop("Revenue growth"),
    "cost_savings": gettext_noop("Cost savings"),
    "joint_wins": gettext_noop("Joint wins"),
    "customer_acquisition": gettext_noop("New customers"),
    "joint_marketing": gettext_noop("Joint marketing"),
    "sentiment": gettext_noop("Sentiment"),
    "co_investment": gettext_noop("Co-investment"),
    "perceived_fairness": gettext_noop("Fairness of terms"),
    "trust": gettext_noop("Trust"),
    "enthusiasm": gettext_noop("Enthusiasm"),
    "joint_innovation": gettext_noop("Joint innovation"),
    "on_time_delivery": gettext_noop("On-time delivery"),
    "defect_rate": gettext_noop("Defect rate"),
    "issue_resolution": gettext_noop("Issue resolution"),
    "renewal_likelihood": gettext_noop("Likelihood of renewal"),
    "goals_attainment": gettext_noop("Goals"),
    "engagement": gettext_noop("Engagement"),
    "onboarding_progress": gettext_noop("Onboarding progress"),
    "training": gettext_noop("Training"),
    "deal_rhythm": gettext_noop("Deal rhythm"),
    "trade_depth": gettext_noop("Depth of trade"),
}

MEASURES = {
    "requirement_clarity.survey": gettext_noop("Requirements are clear (survey)"),
    "requirement_clarity.rework": gettext_noop("Items returned for clarification"),
    "co_investment.survey": gettext_noop("Willing to co-invest (survey)"),
    "co_investment.matched": gettext_noop("Co-invested share of the plan"),
    "joint_innovation.survey": gettext_noop("Appetite for joint innovation (survey)"),
    "joint_innovation.pilots": gettext_noop("Pilots"),
    "issue_resolution.sla": gettext_noop("Issues resolved in time"),
    "issue_resolution.backlog": gettext_noop("Oldest overdue issue"),
    "renewal_likelihood.owner": gettext_noop("Renewal as the manager sees it"),
    "renewal_likelihood.survey": gettext_noop("Intends to continue (survey)"),
    "engagement.users": gettext_noop("Active portal users"),
    "engagement.days": gettext_noop("Days in the portal"),
    "engagement.actions": gettext_noop("Programme actions"),
    "engagement.attendance": gettext_noop("Attendance"),
    "training.certified": gettext_noop("People certified"),
    "training.current": gettext_noop("Certificates in force"),
}

SOURCES = {
    "approvals": gettext_noop("approvals"),
    "surveys": gettext_noop("surveys"),
    "deliverables": gettext_noop("deliverables"),
    "touchpoints": gettext_noop("contacts"),
    "sales": gettext_noop("sales"),
    "savings": gettext_noop("savings"),
    "deals": gettext_noop("deals"),
    "customers": gettext_noop("customers"),
    "campaigns": gettext_noop("campaigns"),
    "co_investment": gettext_noop("co-investment plans"),
    "pilots": gettext_noop("pilots"),
    "milestones": gettext_noop("milestones"),
    "issues": gettext_noop("issues"),
    "assessments": gettext_noop("assessments"),
    "goals": gettext_noop("goals"),
    "portal": gettext_noop("portal use"),
    "meetings": gettext_noop("meetings"),
    "onboarding": gettext_noop("onboarding plans"),
    "training": gettext_noop("training"),
}

DECAYS = {
    "event": gettext_noop("something that happened"),
    "survey": gettext_noop("an answer to a survey"),
    "owner": gettext_noop("the owner's opinion"),
    "goals": gettext_noop("a reported goal"),
}

TARGETS = {
    "expected": gettext_noop("expected"),
    "floor": gettext_noop("floor"),
    "target": gettext_noop("target"),
}

ADJUSTMENTS = {
    "baseline": gettext_noop("Neutral start"),
    "rounding": gettext_noop("Rounding of weights"),
    "override": gettext_noop("Set by hand"),
    "exception:notice_received": gettext_noop("Capped: notice received"),
    "exception:compliance_breach": gettext_noop("Capped: compliance breach"),
    "exception:escalation_overdue": gettext_noop("Capped: escalation overdue"),
    "exception:payment_dispute": gettext_noop("Capped: payment dispute"),
    "exception:sponsor_departed": gettext_noop("Capped: sponsor departed"),
    "exception:renewal_unprepared": gettext_noop("Capped: renewal not prepared"),
    "exception:strategy_conflict": gettext_noop("Capped: strategy conflict"),
}

CATEGORIES = {
    "committed": gettext_noop("committed"),
    "likely": gettext_noop("likely"),
    "uncertain": gettext_noop("uncertain"),
    "unlikely": gettext_noop("unlikely"),
    "lost": gettext_noop("lost"),
}


def name_of(key: str) -> str:
    """Message id for the key of a group, signal, measure, adjustment; words made from the key if it has none."""
    for names in (MEASURES, SIGNALS, GROUPS, ADJUSTMENTS):
        if key in names:
            return names[key]
    return key.rpartition(":")[2].replace("_", " ").replace(".", ": ").capitalize()


def decay_name(key: str) -> str:
    """Message id for how a kind of value ages; the key as words if it has none."""
    return DECAYS.get(key, key.replace("_", " "))


def target_name(key: str) -> str:
    """Message id for the key of a target; the key as words if it has none."""
    return TARGETS.get(key, key.replace("_", " "))


def source_name(key: str) -> str:
    """Message id for the key of a source; the key as words if it has none."""
    return SOURCES.get(key, key.replace("_", " "))
