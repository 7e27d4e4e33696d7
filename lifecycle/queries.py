"""Reads of the lifecycle room for other rooms."""

from collections.abc import Sequence
from datetime import datetime

from lifecycle.models import StageChange


def stages_as_of(partner_ids: Sequence[int], *, at: datetime, known: datetime) -> dict[int, tuple[str, datetime]]:
    """Stage of each partner as of `at` and when it was entered. A partner whose journey had not begun is absent."""
    rows = (
        StageChange.objects.as_of(at, known=known)
        .filter(partner_id__in=partner_ids)
        .order_by("occurred_at", "id")
        .values_list("partner_id", "to_stage", "occurred_at")
    )
    return {partner_id: (stage, entered) for partner_id, stage, entered in rows}


def history(partner_id: int) -> list[StageChange]:
    """All moves of one partner, newest first, with who made them; one taken back has `superseded_at`."""
    rows = StageChange.objects.filter(partner_id=partner_id).select_related(
        "actor"
    )  # visible: caller fetched the partner
    return list(rows.order_by("-occurred_at", "-id"))
