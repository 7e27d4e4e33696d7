"""The worked examples of the method as readings: raw inputs in, golden numbers out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from health.definitions import METHODS_1, derive
from health.scoring import Reading, Result, compile_model, score

GOLDEN_FILES = Path(__file__).parent.parent / "golden"
GOLDEN: dict[str, Any] = json.loads((GOLDEN_FILES / "health.json").read_text())
OTHER: dict[str, Any] = json.loads((GOLDEN_FILES / "other.json").read_text())
MODEL = compile_model(METHODS_1)
PLAIN_DEFINITION = derive(
    METHODS_1,
    key="plain",
    measures={
        measure["key"]: {
            "input": {"kind": "value", "field": "s"},
            "knots": [["0", "0"], ["100", "100"]],
            "needs": [],
        }
        for measure in METHODS_1["measures"]
    },
)
PLAIN_MODEL = compile_model(PLAIN_DEFINITION)

SURVEY_MEANS = {
    "requirement_clarity.survey": "4.0",
    "communication_quality": "4.2",
    "sentiment": "8.2",
    "co_investment.survey": "3.6",
    "perceived_fairness": "3.4",
    "trust": "4.1",
    "enthusiasm": "4.0",
    "joint_innovation.survey": "3.8",
    "renewal_likelihood.survey": "4.4",
}


def survey(mean: str, *, age: int, n: int = 3) -> Reading:
    return Reading({"mean": Decimal(mean)}, n=n, age_days=age)


def fact(**raw: Any) -> Reading:
    """A reading of things that happened; whole numbers stay int, text becomes Decimal."""
    return Reading({key: Decimal(value) if isinstance(value, str) else value for key, value in raw.items()})


def plain(s: str, *, age: int = 0, n: int = 3, liveness: int | None = None) -> Reading:
    """A reading for PLAIN_MODEL, where the raw value is the score itself."""
    return Reading({"s": Decimal(s)}, n=n, age_days=age, liveness_days=liveness)


def owner(category: str, *, age: int) -> Reading:
    return Reading({"category": category, "reason": "Said so in the last review."}, age_days=age)


def example_1(survey_age: int = 40) -> dict[str, Reading]:
    """Gold partner, growth, everything observed."""
    return {
        **{key: survey(mean, age=survey_age) for key, mean in SURVEY_MEANS.items()},
        "approval_cycle_time": Reading({"median": Decimal("2.4")}, n=12),
        "requirement_clarity.rework": fact(returned=3, items=20),
        "touchpoint_frequency": fact(count=5),
        "revenue_growth": fact(now=11200, year_ago=10000),
        "cost_savings": fact(realised=9000, planned=10000),
        "joint_wins": fact(won=6, closed=14),
        "customer_acquisition": fact(signed=7, target=8),
        "joint_marketing": fact(opportunities=9, leads=80),
        "co_investment.matched": fact(matched=8, planned=10),
        "joint_innovation.pilots": fact(count=1),
        "on_time_delivery": fact(on_time=17, due=19),
        "defect_rate": fact(defects=4, deliverables=100),
        "issue_resolution.sla": fact(in_time=11, closed=12),
        "issue_resolution.backlog": fact(oldest_overdue=0),
        "renewal_likelihood.owner": owner("likely", age=20),
        "goals_attainment": Reading({"ratio": Decimal("0.95")}, n=4, age_days=12),
        "engagement.users": fact(active=9, invited=20),
        "engagement.days": fact(days=9),
        "engagement.actions": fact(count=12),
        "engagement.attendance": fact(attended=6, invited=10),
        "training.certified": fact(certified=4, required=5),
        "training.current": fact(current=4, held=4),
    }


def example_2() -> dict[str, Reading]:
    """Gold partner, day 50 of onboarding, sparse and partly stale."""
    return {
        "approval_cycle_time": Reading({"median": Decimal("6.0")}, n=3),
        "touchpoint_frequency": fact(count=4),
        "sentiment": survey("6.5", age=210),
        "trust": survey("3.5", age=210),
        "enthusiasm": survey("4.5", age=210),
        "issue_resolution.sla": fact(in_time=0, closed=0),
        "issue_resolution.backlog": fact(oldest_overdue=18),
        "goals_attainment": Reading({"ratio": Decimal("0.5")}, n=2, age_days=50),
        "engagement.users": fact(active=3, invited=20),
        "engagement.days": fact(days=2),
        "engagement.attendance": fact(attended=1, invited=4),
        "onboarding_progress": fact(done="0.30", expected="0.60"),
        "training.certified": fact(certified=1, required=4),
        "training.current": fact(current=1, held=1),
    }


def example_3_later() -> dict[str, Reading]:
    """Example 1 after 31 days: stage evaluation, revenue down, contacts few, savings lost."""
    later = {
        **example_1(survey_age=161),
        "revenue_growth": fact(now=8500, year_ago=10000),
        "touchpoint_frequency": fact(count=2),
        "issue_resolution.sla": fact(in_time=7, closed=13),
        "issue_resolution.backlog": fact(oldest_overdue=9),
        "renewal_likelihood.owner": owner("uncertain", age=3),
        "goals_attainment": Reading({"ratio": Decimal("0.95")}, n=4, age_days=43),
    }
    del later["cost_savings"]
    return later


def scored(stage: str, readings: Mapping[str, Reading], *, not_applicable: tuple[str, ...] = (), **more: Any) -> Result:
    return score(MODEL.profile(stage, tier="gold", not_applicable=not_applicable), readings, **more)


def as_golden(result: Result) -> dict[str, Any]:
    """A result in the shape of the golden file, numbers as text to the last digit."""
    return {
        "stage": result.profile.stage,
        "score": str(result.score),
        "model_score": str(result.model_score),
        "coverage": str(result.coverage),
        "confidence": result.confidence,
        "band": result.raw_band,
        "rows": {
            row.key: {
                "w": str(row.w),
                "s": None if row.s is None else str(row.s),
                "f": str(row.f),
                "v": str(row.v),
                "c": str(row.c),
            }
            for row in result.rows
        },
        "adjustments": {key: str(amount) for key, amount in result.adjustments},
    }
