"""The model definition `methods-1`: the expert defaults of the health method, as plain data.

Shape: one JSON-able dict, stored unchanged in `HealthModelVersion.definition`. Fractions are strings, so that no
float ever enters the arithmetic. Weights are percent of the score per lifecycle stage; a stage that is absent from a
signal's weights has weight 0. All numbers are expert defaults, not facts about the world.

Raw values a room may deliver are the fields named in `input` and `needs` of each measure. A field that the room does
not deliver is taken from `targets` (per tier and stage), so configuration stays versioned.
"""

from typing import Any

STAGES = ["recruit", "onboarding", "growth", "evaluation", "expansion", "exit"]
GROUPS = ["process", "outcome", "relationship", "delivery", "commitment", "engagement"]

LIKERT5 = [["1", "0"], ["5", "100"]]
SCALE11 = [["0", "0"], ["10", "100"]]
SHARE = [["0", "0"], ["1", "100"]]


def _signal(key: str, group: str, *weights: int) -> dict[str, Any]:
    """One signal with its weights in the order of STAGES; 0 is left out."""
    return {
        "key": key,
        "group": group,
        "weights": {stage: weight for stage, weight in zip(STAGES, weights, strict=True) if weight},
    }


def _survey(key: str, share: str = "1", knots: list[list[str]] | None = None, unit: str = "mean_1_5") -> dict[str, Any]:
    """One survey item: the mean over the partner's answers in the latest closed wave."""
    return {
        "key": key,
        "signal": key.partition(".")[0],
        "share": share,
        "source": "surveys",
        "decay": "survey",
        "unit": unit,
        "window": None,
        "input": {"kind": "value", "field": "mean"},
        "knots": knots or LIKERT5,
        "needs": [{"field": "n", "min": "1"}],
    }


def _measure(
    key: str,
    source: str,
    unit: str,
    window: int | None,
    value: dict[str, Any],
    knots: list[list[str]],
    *,
    share: str = "1",
    decay: str = "event",
    needs: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """One measure whose raw fields become `x` by `value` and a score by `knots`."""
    return {
        "key": key,
        "signal": key.partition(".")[0],
        "share": share,
        "source": source,
        "decay": decay,
        "unit": unit,
        "window": window,
        "input": value,
        "knots": knots,
        "needs": needs or [],
    }


def _ratio(top: str, bottom: str, **more: str) -> dict[str, Any]:
    return {"kind": "ratio", "top": top, "bottom": bottom, **more}


def _shrink(top: str, bottom: str, p0: str, m: str, *, relative: bool = False) -> dict[str, Any]:
    return {"kind": "shrink", "top": top, "bottom": bottom, "p0": p0, "m": m, "relative": relative}


SIGNALS = [
    _signal("approval_cycle_time", "process", 10, 6, 4, 4, 4, 6),
    _signal("requirement_clarity", "process", 10, 8, 4, 4, 4, 6),
    _signal("touchpoint_frequency", "process", 15, 8, 5, 5, 4, 8),
    _signal("communication_quality", "process", 10, 6, 4, 5, 4, 12),
    _signal("revenue_growth", "outcome", 0, 0, 12, 9, 12, 0),
    _signal("cost_savings", "outcome", 0, 0, 2, 3, 4, 0),
    _signal("joint_wins", "outcome", 0, 4, 7, 6, 8, 0),
    _signal("customer_acquisition", "outcome", 0, 0, 4, 4, 5, 0),
    _signal("joint_marketing", "outcome", 0, 2, 4, 3, 3, 0),
    _signal("sentiment", "relationship", 5, 8, 6, 7, 5, 8),
    _signal("co_investment", "relationship", 10, 3, 3, 3, 6, 0),
    _signal("perceived_fairness", "relationship", 5, 3, 4, 5, 4, 10),
    _signal("trust", "relationship", 5, 5, 5, 6, 5, 8),
    _signal("enthusiasm", "relationship", 15, 6, 3, 3, 4, 0),
    _signal("joint_innovation", "relationship", 0, 0, 2, 2, 5, 0),
    _signal("on_time_delivery", "delivery", 0, 3, 5, 5, 3, 14),
    _signal("defect_rate", "delivery", 0, 2, 4, 3, 3, 8),
    _signal("issue_resolution", "delivery", 0, 4, 5, 6, 4, 14),
    _signal("renewal_likelihood", "commitment", 0, 0, 4, 6, 3, 0),
    _signal("goals_attainment", "commitment", 0, 4, 7, 6, 5, 6),
    _signal("engagement", "engagement", 15, 8, 4, 3, 3, 0),
    _signal("onboarding_progress", "engagement", 0, 15, 0, 0, 0, 0),
    _signal("training", "engagement", 0, 5, 2, 2, 2, 0),
]

MEASURES = [
    _measure(
        "approval_cycle_time",
        "approvals",
        "business_days",
        90,
        _ratio("median", "target"),
        [["0.5", "100"], ["1", "80"], ["2", "40"], ["4", "0"]],
        needs=[{"field": "n", "min": "3"}],
    ),
    _survey("requirement_clarity.survey", "0.7"),
    _measure(
        "requirement_clarity.rework",
        "deliverables",
        "share",
        90,
        _shrink("returned", "items", "0.15", "10"),
        [["0", "100"], ["1", "0"]],
        share="0.3",
        needs=[{"field": "items", "min": "3"}],
    ),
    _measure(
        "touchpoint_frequency",
        "touchpoints",
        "contacts",
        90,
        _ratio("count", "expected"),
        [["0", "0"], ["0.5", "50"], ["1", "90"], ["1.25", "100"]],
        needs=[{"field": "expected", "above": "0"}],
    ),
    _survey("communication_quality"),
    _measure(
        "revenue_growth",
        "sales",
        "growth",
        180,
        {"kind": "growth", "now": "now", "before": "year_ago", "else_before": "previous", "floor": "floor"},
        [["-0.5", "0"], ["-0.2", "30"], ["0", "60"], ["0.1", "75"], ["0.25", "90"], ["0.5", "100"]],
    ),
    _measure(
        "cost_savings",
        "savings",
        "ratio",
        365,
        _ratio("realised", "planned"),
        [["0", "0"], ["0.5", "50"], ["1", "85"], ["1.2", "100"]],
        needs=[{"field": "planned", "above": "0"}],
    ),
    _measure(
        "joint_wins",
        "deals",
        "share",
        180,
        _shrink("won", "closed", "0.25", "4", relative=True),
        [["0.4", "0"], ["1", "60"], ["2", "100"]],
        needs=[{"field": "closed", "min": "1"}],
    ),
    _measure(
        "customer_acquisition",
        "customers",
        "ratio",
        180,
        _ratio("signed", "target"),
        [["0", "0"], ["0.5", "45"], ["1", "85"], ["1.25", "100"]],
        needs=[{"field": "target", "above": "0"}],
    ),
    _measure(
        "joint_marketing",
        "campaigns",
        "share",
        180,
        _shrink("opportunities", "leads", "0.10", "20", relative=True),
        [["0.25", "0"], ["1", "60"], ["2", "100"]],
        needs=[{"field": "leads", "min": "10"}],
    ),
    _survey("sentiment", knots=SCALE11, unit="mean_0_10"),
    _survey("co_investment.survey", "0.5"),
    _measure(
        "co_investment.matched",
        "co_investment",
        "ratio",
        365,
        _ratio("matched", "planned"),
        [["0", "0"], ["0.5", "50"], ["1", "90"], ["1.2", "100"]],
        share="0.5",
        needs=[{"field": "planned", "above": "0"}],
    ),
    _survey("perceived_fairness"),
    _survey("trust"),
    _survey("enthusiasm"),
    _survey("joint_innovation.survey", "0.6"),
    _measure(
        "joint_innovation.pilots",
        "pilots",
        "pilots",
        180,
        _ratio("count", "target"),
        [["0", "0"], ["0.5", "50"], ["1", "100"]],
        share="0.4",
    ),
    _measure(
        "on_time_delivery",
        "milestones",
        "share",
        180,
        _shrink("on_time", "due", "0.9", "4"),
        [["0.5", "0"], ["0.8", "50"], ["0.9", "75"], ["0.98", "100"]],
        needs=[{"field": "due", "min": "1"}],
    ),
    _measure(
        "defect_rate",
        "deliverables",
        "share",
        180,
        _ratio("defects", "deliverables", target="target"),
        [["0", "100"], ["1", "75"], ["2", "40"], ["4", "0"]],
        needs=[{"field": "deliverables", "min": "5"}],
    ),
    _measure(
        "issue_resolution.sla",
        "issues",
        "share",
        90,
        _shrink("in_time", "closed", "0.85", "4"),
        [["0.4", "0"], ["0.7", "40"], ["0.85", "75"], ["0.95", "95"], ["1", "100"]],
        share="0.6",
        needs=[{"field": "closed", "min": "1"}],
    ),
    _measure(
        "issue_resolution.backlog",
        "issues",
        "business_days",
        None,
        {"kind": "value", "field": "oldest_overdue"},
        [["0", "100"], ["5", "60"], ["15", "20"], ["30", "0"]],
        share="0.4",
    ),
    {
        "key": "renewal_likelihood.owner",
        "signal": "renewal_likelihood",
        "share": "0.6",
        "source": "assessments",
        "decay": "owner",
        "unit": "category",
        "window": None,
        "input": {"kind": "category", "field": "category"},
        "map": {"committed": "95", "likely": "80", "uncertain": "50", "unlikely": "20", "lost": "0"},
        "needs": [{"field": "reason", "present": True}],
    },
    _survey("renewal_likelihood.survey", "0.4"),
    _measure(
        "goals_attainment",
        "goals",
        "ratio",
        None,
        {"kind": "value", "field": "ratio"},
        [["0", "0"], ["0.6", "40"], ["0.9", "75"], ["1", "90"], ["1.15", "100"]],
        decay="goals",
        needs=[{"field": "n", "min": "1"}],
    ),
    _measure(
        "engagement.users",
        "portal",
        "share",
        30,
        _ratio("active", "invited"),
        [["0", "0"], ["0.3", "60"], ["0.6", "100"]],
        share="0.25",
        needs=[{"field": "invited", "min": "1"}],
    ),
    _measure(
        "engagement.days",
        "portal",
        "days",
        30,
        {"kind": "value", "field": "days"},
        [["0", "0"], ["4", "50"], ["12", "100"]],
        share="0.25",
    ),
    _measure(
        "engagement.actions",
        "portal",
        "ratio",
        90,
        _ratio("count", "expected"),
        [["0", "0"], ["1", "85"], ["1.5", "100"]],
        share="0.25",
        needs=[{"field": "expected", "above": "0"}],
    ),
    _measure(
        "engagement.attendance",
        "meetings",
        "share",
        180,
        _ratio("attended", "invited"),
        [["0", "0"], ["0.5", "70"], ["0.8", "100"]],
        share="0.25",
        needs=[{"field": "invited", "min": "2"}],
    ),
    _measure(
        "onboarding_progress",
        "onboarding",
        "ratio",
        None,
        _ratio("done", "expected"),
        [["0", "0"], ["0.5", "40"], ["0.9", "80"], ["1", "95"], ["1.1", "100"]],
        needs=[{"field": "expected", "above": "0"}],
    ),
    _measure(
        "training.certified",
        "training",
        "share",
        None,
        _ratio("certified", "required"),
        SHARE,
        share="0.6",
        needs=[{"field": "required", "above": "0"}],
    ),
    _measure(
        "training.current",
        "training",
        "share",
        None,
        _ratio("current", "held"),
        SHARE,
        share="0.4",
        needs=[{"field": "held", "min": "1"}],
    ),
]

METHODS_1: dict[str, Any] = {
    "key": "methods-1",
    "baseline": "60",
    "help_target": "80",
    "stages": STAGES,
    "groups": GROUPS,
    "signals": SIGNALS,
    "measures": MEASURES,
    "targets": {
        "approval_cycle_time": {"target": {"default": "3"}},
        "touchpoint_frequency": {
            "expected": {
                "default": "1",
                "tiers": {"strategic": "12", "gold": "6", "silver": "3", "registered": "1"},
                "stages": {"onboarding": "2"},
            }
        },
        "revenue_growth": {"floor": {"default": "5000"}},
        "joint_innovation.pilots": {"target": {"default": "2"}},
        "defect_rate": {"target": {"default": "0.05"}},
        "engagement.actions": {
            "expected": {
                "default": "2",
                "tiers": {"strategic": "20", "gold": "10", "silver": "5", "registered": "2"},
            }
        },
    },
    "parameters": {},
    "decay": {
        "event": None,
        "survey": {"grace": 120, "half_life": 90, "gone_after": 400},
        "owner": {"grace": 45, "half_life": 45, "gone_after": 180},
        "goals": {"grace": 35, "half_life": 30, "gone_after": 180},
    },
    "liveness": {"grace": 7, "half_life": 14, "gone_after": 60},
    "evidence": {"full_answers": 3, "classes": ["survey"]},
    "confidence": {"high": "0.75", "medium": "0.50", "low": "0.35"},
    "bands": [
        {"key": "A", "from": "80", "label": "thriving"},
        {"key": "B", "from": "65", "label": "healthy"},
        {"key": "C", "from": "50", "label": "watch"},
        {"key": "D", "from": "35", "label": "at risk"},
        {"key": "E", "from": "0", "label": "critical"},
    ],
    "hysteresis": {
        "down_margin": "2",
        "down_runs": 2,
        "at_once_margin": "8",
        "up_margin": "2",
        "up_runs": 3,
        "max_gap_days": 3,
        "unstable_changes": 3,
        "unstable_window_days": 30,
        "unstable_mute_days": 14,
    },
    "trend": {"days": [30, 90], "tolerance_days": 3, "rising": "5", "falling": "-5"},
    "alerts": {
        "bands": ["D", "E"],
        "band_coverage": "medium",
        "drop_points": "10",
        "drop_days": 14,
        "drop_confidence": "medium",
        "renotify_days": 14,
        "close_after_runs": 3,
    },
    "exceptions": [
        {"key": "notice_received", "cap": "20"},
        {"key": "compliance_breach", "cap": "34"},
        {"key": "escalation_overdue", "cap": "49"},
        {"key": "payment_dispute", "cap": "64"},
        {"key": "sponsor_departed", "cap": "64"},
        {"key": "renewal_unprepared", "cap": "64"},
        {"key": "strategy_conflict", "cap": "64"},
    ],
}
