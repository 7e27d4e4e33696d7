"""The stages of a partnership and the moves between them: a table, no framework."""

ORDER = ("recruit", "onboarding", "growth", "evaluation", "expansion", "exit")

ALLOWED_MOVES: dict[str, frozenset[str]] = {
    "recruit": frozenset({"onboarding", "exit"}),
    "onboarding": frozenset({"growth", "exit"}),
    "growth": frozenset({"evaluation", "exit"}),
    "evaluation": frozenset({"growth", "expansion", "exit"}),
    "expansion": frozenset({"growth", "evaluation", "exit"}),
    "exit": frozenset({"recruit"}),
}

# Days after which a stay in a stage deserves a question; None: no limit.
TYPICAL_DAYS: dict[str, int | None] = {
    "recruit": 60,
    "onboarding": 90,
    "growth": None,
    "evaluation": 45,
    "expansion": None,
    "exit": 90,
}
REASON_NEEDED = frozenset({"exit"})
REASON_MIN_LENGTH = 10


def days_over_limit(stage: str, days: int) -> int:
    """Days beyond the typical stay; 0 when within it or when the stage has no limit."""
    limit = TYPICAL_DAYS[stage]
    return max(0, days - limit) if limit is not None else 0
