from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry, User
from core import clock
from core.errors import DomainError
from deals import services
from deals.models import RevenueEntry
from deals.signals import deals_changed, revenue_changed
from partners.models import Partner
from tests.factories import make_deal

MOMENT = datetime(2026, 1, 5, 10, tzinfo=UTC)


def record(partner: Partner, actor: User, **changes: Any) -> tuple[RevenueEntry, str]:
    facts: dict[str, Any] = {
        "partner_id": partner.pk,
        "external_id": "INV-1",
        "amount_minor": 12_345,
        "currency": "EUR",
        "occurred_at": MOMENT,
        "actor": actor,
    }
    return services.record_revenue(**{**facts, **changes})


@pytest.fixture
def heard() -> Any:
    calls: list[list[int]] = []

    def listen(partner_ids: list[int], **_: Any) -> None:
        calls.append(partner_ids)

    revenue_changed.connect(listen)
    deals_changed.connect(listen)
    yield calls
    revenue_changed.disconnect(listen)
    deals_changed.disconnect(listen)


def test_record_revenue_creates_once(
    partner: Partner, manager: User, heard: list[list[int]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        entry, outcome = record(partner, manager)
    assert outcome == "created"
    assert (entry.source, entry.kind, entry.known_asserted) == ("api", "sale", False)
    assert abs(clock.now() - entry.known_at) < timedelta(minutes=1)
    assert heard == [[partner.pk]]
    with django_capture_on_commit_callbacks(execute=True):
        again, outcome = record(partner, manager)
    assert (again.pk, outcome) == (entry.pk, "same")
    assert heard == [[partner.pk]]
    assert RevenueEntry.objects.count() == 1
    audit = AuditEntry.objects.get(action="deals.revenue_created")
    assert (audit.partner_uid, audit.actor) == (partner.uid, manager)


def test_record_revenue_corrects_by_a_new_row(
    partner: Partner,
    other_partner: Partner,
    manager: User,
    heard: list[list[int]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    first, _outcome = record(partner, manager)
    with django_capture_on_commit_callbacks(execute=True):
        second, outcome = record(other_partner, manager, amount_minor=-5)
    first.refresh_from_db()
    assert outcome == "updated"
    assert first.superseded_at == second.known_at
    assert (second.kind, second.partner_id) == ("reversal", other_partner.pk)
    assert heard == [sorted([partner.pk, other_partner.pk])]
    assert AuditEntry.objects.filter(action="deals.revenue_updated").count() == 1


def test_record_revenue_keeps_sources_apart(partner: Partner, manager: User) -> None:
    record(partner, manager)
    _entry, outcome = record(partner, manager, source="shop")
    assert outcome == "created"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"external_id": "  "}, "external_id"),
        ({"external_id": "x" * 121}, "external_id"),
        ({"external_id": "a\0b"}, "external_id"),
        ({"source": ""}, "source"),
        ({"currency": "EUX"}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"amount_minor": 10**15 + 1}, "amount_minor"),
        ({"amount_minor": -5, "kind": "sale"}, "amount_minor"),
        ({"kind": "gift"}, "kind"),
        ({"country": "x" * 61}, "country"),
        ({"occurred_at": datetime(2026, 1, 5)}, "occurred_at"),  # noqa: DTZ001
        ({"occurred_at": datetime(1969, 1, 5, tzinfo=UTC)}, "occurred_at"),
        ({"occurred_at": datetime(9999, 1, 5, tzinfo=UTC)}, "occurred_at"),
        ({"partner_id": 0}, "partner"),
    ],
)
def test_record_revenue_refuses_and_names_the_field(
    partner: Partner, manager: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        record(partner, manager, **changes)
    assert refusal.value.field == field
    assert RevenueEntry.objects.count() == 0


def test_record_revenue_takes_a_reversal_of_nothing(partner: Partner, manager: User) -> None:
    entry, _outcome = record(partner, manager, amount_minor=0, kind="reversal")
    assert entry.kind == "reversal"


def test_open_deal_opens_today(
    partner: Partner, manager: User, heard: list[list[int]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        deal = services.open_deal(
            partner_id=partner.pk,
            name=" Roll-out ",
            customer="Acme",
            currency="EUR",
            actor=manager,
            value_minor=5,
        )
    assert (deal.name, deal.status, deal.opened_on) == ("Roll-out", "open", clock.today())
    assert AuditEntry.objects.get(action="deals.deal_opened").partner_uid == partner.uid
    assert heard == [[partner.pk]]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"customer": ""}, "customer"),
        ({"currency": "XYZ"}, "currency"),
        ({"value_minor": -1}, "value_minor"),
        ({"opened_on": date(9999, 1, 1)}, "opened_on"),
        ({"opened_on": date(2026, 1, 2), "expected_on": date(2026, 1, 1)}, "expected_on"),
        ({"partner_id": 0}, "partner"),
    ],
)
def test_open_deal_refuses_and_names_the_field(
    partner: Partner, manager: User, changes: dict[str, Any], field: str
) -> None:
    facts: dict[str, Any] = {"partner_id": partner.pk, "name": "A", "customer": "B", "currency": "EUR"}
    with pytest.raises(DomainError) as refusal:
        services.open_deal(**{**facts, **changes}, actor=manager)
    assert refusal.value.field == field


def test_close_deal_is_known_from_now_on(
    partner: Partner, manager: User, heard: list[list[int]], django_capture_on_commit_callbacks: Any
) -> None:
    deal = make_deal(partner=partner, opened_on=date(2026, 1, 1))
    with django_capture_on_commit_callbacks(execute=True):
        closed = services.close_deal(deal_id=deal.pk, won=True, actor=manager, closed_at=MOMENT)
    assert (closed.status, closed.closed_at) == ("won", MOMENT)
    assert closed.known_closed_at is not None
    assert abs(clock.now() - closed.known_closed_at) < timedelta(minutes=1)
    assert heard == [[partner.pk]]
    with pytest.raises(DomainError, match="closed already: Won"):
        services.close_deal(deal_id=deal.pk, won=False, actor=manager)


@pytest.mark.parametrize("moment", [datetime(2025, 12, 31, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)])
def test_close_deal_refuses_impossible_dates(partner: Partner, manager: User, moment: datetime) -> None:
    deal = make_deal(partner=partner, opened_on=date(2026, 1, 1))
    with pytest.raises(DomainError) as refusal:
        services.close_deal(deal_id=deal.pk, won=False, actor=manager, closed_at=moment)
    assert refusal.value.field == "closed_at"
