"""Rows written without model objects: every character survives, conflicts end as the database is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from health import bulk
from health.ids import Ids
from health.models import HealthModelVersion, HealthRequest, HealthSnapshot, HealthState
from partners.models import Partner
from tests.factories import make_partner

NOW = datetime(2026, 6, 30, 12, 0, 0, 123456, tzinfo=UTC)
AWKWARD = 'tab\there, "quotes", back\\slash, line\nend, \\N, \r, é – 中, \\.'
COLUMNS = (
    "partner", "snapshot", "score", "band", "band_since", "confidence", "coverage", "breadth", "change_30", "spark",
    "why", "counters",
)  # fmt: skip


def snapshot(partner, **fields):
    return HealthSnapshot.objects.create(
        partner=partner,
        model=HealthModelVersion.objects.active().get(),
        as_of=date(2026, 6, 30),
        known_cutoff=NOW,
        stage="growth",
        score=50,
        model_score=50,
        coverage=1,
        breadth=1,
        confidence="high",
        detail={},
        **fields,
    )


def advance(partner, *, day, score, why=None, known=NOW):
    row = (
        partner.pk,
        HealthSnapshot.objects.get(partner=partner).pk,
        score,
        "C",
        day,
        "high",
        Decimal("0.5"),
        Decimal(1),
        None,
        [["2026-06-30", 1.5]],
        why or {},
        {"track": {"published": AWKWARD}},
    )
    same = {"as_of": day, "known_cutoff": known, "updated_at": NOW}
    bulk.insert_or_advance(HealthState, COLUMNS, [row], key="partner", clock=("as_of", "known_cutoff"), constants=same)


def test_values_come_back_as_they_were_given(db):
    partner = make_partner()
    snapshot(partner)
    advance(partner, day=date(2026, 6, 30), score=Decimal("61.2345"), why={"en": AWKWARD})
    state = HealthState.objects.get()
    assert (state.why, state.counters) == (AWKWARD, {"track": {"published": AWKWARD}})
    assert (state.score, state.change_30, state.known_cutoff, state.as_of) == (
        Decimal("61.2345"),
        None,
        NOW,
        date(2026, 6, 30),
    )
    assert state.spark == [["2026-06-30", 1.5]]


def test_row_only_moves_forward(db):
    partner = make_partner()
    snapshot(partner)
    day = date(2026, 6, 30)
    advance(partner, day=day, score=Decimal(50))
    advance(partner, day=day - timedelta(days=1), score=Decimal(40), known=NOW + timedelta(days=9))
    advance(partner, day=day, score=Decimal(30), known=NOW - timedelta(seconds=1))
    assert HealthState.objects.get().score == 50
    advance(partner, day=day, score=Decimal(60))
    advance(partner, day=day + timedelta(days=1), score=Decimal(70))
    assert HealthState.objects.get().score == 70


def test_existing_row_is_left_as_it_is(db):
    partners = [make_partner() for _ in range(3)]
    HealthRequest.objects.create(partner=partners[1], due_at=NOW, requested_at=NOW)
    later = {"due_at": NOW + timedelta(days=1), "requested_at": NOW}
    bulk.insert_or_ignore(HealthRequest, ("partner",), [(partner.pk,) for partner in partners], constants=later)
    due = dict(HealthRequest.objects.values_list("partner_id", "due_at"))
    assert due == {
        partners[0].pk: later["due_at"],
        partners[1].pk: NOW,
        partners[2].pk: later["due_at"],
    }


def test_no_rows_are_no_statement(db):
    with CaptureQueriesContext(connection) as captured:
        bulk.insert_or_ignore(HealthRequest, ("partner",), [])
    assert len(captured) == 0


@pytest.mark.parametrize("chosen", [[], [0], [0, 2]])
def test_ids_select_their_rows_and_are_a_list(db, chosen):
    partners = [make_partner() for _ in range(3)]
    wanted = [partners[index].pk for index in chosen]
    ids = Ids(wanted)
    assert (list(ids), len(ids), bool(ids), ids[:1]) == (wanted, len(wanted), bool(wanted), wanted[:1])
    assert list(Partner.objects.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)) == wanted
    assert HealthRequest.objects.filter(partner_id__in=ids).count() == 0


def test_ids_take_integers_only():
    with pytest.raises(ValueError, match="invalid literal"):
        Ids(["1); DROP TABLE partners_partner; --"])
