"""What other rooms are told about revenue and deals: right numbers, exact edges, nothing from the future."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from deals import queries
from deals.business_day import BusinessDay, offsets
from deals.models import ExchangeRate, ImportRun, RevenueEntry
from deals.queries import MonthRevenue, PurchaseHistory, RevenueWindows, SalesInWindow
from partners.models import Partner
from tests.factories import make_deal, make_partner, make_revenue

DAY = date(2026, 6, 30)
AT = clock.end_of_day(DAY)
INSTANT = timedelta(microseconds=1)


def days_ago(days: int) -> datetime:
    return AT - timedelta(days=days)


def old_source(partner: Partner | None = None) -> None:
    """The data of the source "test" begins long ago, with another partner."""
    make_revenue(partner=partner or make_partner(), occurred_at=days_ago(900), amount_minor=1)


def windows(partner: Partner, *, at: datetime = AT, known: datetime | None = None) -> RevenueWindows | None:
    return queries.revenue_windows([partner.pk], at=at, known=known or at).get(partner.pk)


def rate(currency: str, valid_on: date, value: str, known_at: datetime | None = None) -> None:
    start = datetime(valid_on.year, valid_on.month, valid_on.day, tzinfo=UTC)
    ExchangeRate.objects.create(currency=currency, valid_on=valid_on, rate=value, known_at=known_at or start)


# --- windows ----------------------------------------------------------------------


def test_revenue_windows_sum_what_lies_inside_to_the_microsecond(partner: Partner) -> None:
    old_source()
    for at, minor in (
        (AT, 1),
        (AT - INSTANT, 10),
        (days_ago(180), 100),
        (days_ago(180) - INSTANT, 1_000),
        (days_ago(360), 10_000),
        (days_ago(360) - INSTANT, 100_000),
        (days_ago(365), 1_000_000),
        (days_ago(365) - INSTANT, 10_000_000),
        (days_ago(545), 100_000_000),
        (days_ago(545) - INSTANT, 1_000_000_000),
    ):
        make_revenue(partner=partner, occurred_at=at, amount_minor=minor)
    assert windows(partner) == RevenueWindows(now=110, year_ago=110_000_000, previous=11_000, net_365=1_111_110)


def test_revenue_windows_are_net_of_reversals(partner: Partner) -> None:
    old_source()
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=5_000)
    make_revenue(partner=partner, occurred_at=days_ago(9), amount_minor=-2_000)
    assert windows(partner) == RevenueWindows(3_000, 0, 0, 3_000)


def test_revenue_windows_leave_out_partners_without_revenue(partner: Partner, other_partner: Partner) -> None:
    make_revenue(partner=partner, occurred_at=days_ago(10))
    make_revenue(partner=other_partner, occurred_at=AT + timedelta(days=1))
    assert list(queries.revenue_windows([partner.pk, other_partner.pk], at=AT, known=AT)) == [partner.pk]
    assert queries.revenue_windows([], at=AT, known=AT) == {}


def test_revenue_windows_of_a_silent_partner_are_zero_not_absent(partner: Partner) -> None:
    make_revenue(partner=partner, occurred_at=days_ago(800))
    assert windows(partner) == RevenueWindows(0, 0, 0, 0)


def test_revenue_windows_before_the_data_begins_are_unknown_not_a_fall(partner: Partner) -> None:
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=500)
    for begins, year_ago, previous in ((545, 0, 0), (544, None, 0), (360, None, 0), (359, None, None)):
        other = make_revenue(partner=make_partner(), occurred_at=days_ago(begins), amount_minor=1)
        assert windows(partner) == RevenueWindows(500, year_ago, previous, 500)
        other.delete()


def test_revenue_windows_ask_only_the_sources_a_partner_has(partner: Partner) -> None:
    old_source()
    make_revenue(partner=partner, occurred_at=days_ago(100), amount_minor=500, source="new-shop")
    assert windows(partner) == RevenueWindows(500, None, None, 500)
    make_revenue(partner=partner, occurred_at=days_ago(400), amount_minor=70)  # from "test", which is old
    assert windows(partner) == RevenueWindows(500, 70, 0, 500)


def test_revenue_windows_do_not_see_what_was_not_known(partner: Partner) -> None:
    old_source()
    yesterday = days_ago(1)
    make_revenue(partner=partner, occurred_at=yesterday, amount_minor=500, known_at=AT + timedelta(days=3))
    assert windows(partner) is None
    assert windows(partner, known=AT + timedelta(days=3)) is None
    assert windows(partner, known=AT + timedelta(days=3) + INSTANT) == RevenueWindows(500, 0, 0, 500)


def test_revenue_windows_read_a_correction_from_its_time_on(partner: Partner) -> None:
    old_source()
    corrected = AT + timedelta(days=5)
    make_revenue(partner=partner, occurred_at=days_ago(5), amount_minor=100, superseded_at=corrected, external_id="X")
    make_revenue(partner=partner, occurred_at=days_ago(5), amount_minor=900, known_at=corrected, external_id="X")
    seen = [windows(partner, known=known) for known in (AT, corrected, corrected + INSTANT)]
    assert [found.now for found in seen if found] == [100, 100, 900]


def test_revenue_windows_hide_the_beginning_that_was_not_known(partner: Partner) -> None:
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=500)
    make_revenue(partner=make_partner(), occurred_at=days_ago(900), known_at=AT + timedelta(days=9))
    assert windows(partner) == RevenueWindows(500, None, None, 500)
    assert windows(partner, known=AT + timedelta(days=10)) == RevenueWindows(500, 0, 0, 500)


# --- currency ----------------------------------------------------------------------


def test_revenue_windows_value_both_years_at_the_earlier_rate(partner: Partner) -> None:
    old_source()
    rate("GBP", date(2024, 1, 1), "1.25")
    rate("GBP", date(2026, 1, 1), "2")
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=1_000, currency="GBP")
    make_revenue(partner=partner, occurred_at=days_ago(400), amount_minor=1_000, currency="GBP")
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=7)
    assert windows(partner) == RevenueWindows(1_257, 1_250, 0, 1_257)


def test_revenue_windows_use_the_first_later_rate_where_the_table_begins_late(partner: Partner) -> None:
    rate("GBP", date(2026, 1, 1), "2")
    rate("GBP", date(2026, 2, 1), "3")
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=1_000, currency="GBP")
    found = windows(partner)
    assert found is not None
    assert found.now == 2_000


def test_revenue_windows_without_a_rate_say_so_and_never_use_one(partner: Partner) -> None:
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=1_000, currency="GBP")
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=1_000)
    missing = RevenueWindows(None, None, None, None, frozenset({"no_rate"}))
    assert windows(partner) == missing
    rate("GBP", date(2020, 1, 1), "2", known_at=AT)  # learned too late for this score
    rate("GBP", date(2026, 7, 1), "2", known_at=days_ago(1))  # not valid yet
    assert windows(partner) == missing


def test_revenue_windows_convert_between_exponents(partner: Partner) -> None:
    rate("JPY", date(2020, 1, 1), "0.00625")
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=10_000, currency="JPY")
    found = windows(partner)
    assert found is not None
    assert found.now == 6_250


def test_units_are_major_units_of_the_reporting_currency(settings: Any) -> None:
    assert queries.units(123_456) == Decimal("1234.56")
    assert queries.units(None) is None
    settings.REPORTING_CURRENCY = "JPY"
    assert queries.units(123_456) == Decimal(123_456)


# --- histories ----------------------------------------------------------------------


def history(partner: Partner) -> PurchaseHistory | None:
    alone = queries.purchase_histories([partner.pk], at=AT, known=AT).get(partner.pk)
    facts = queries.revenue_facts([partner.pk], at=AT, known=AT).get(partner.pk)
    assert (facts.history if facts else None) == alone
    return alone


def test_purchase_history_counts_days_with_sales(partner: Partner) -> None:
    for hours in (0, 1, 23, 24, 24 * 40):
        make_revenue(partner=partner, occurred_at=datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hours))
    make_revenue(partner=partner, occurred_at=datetime(2026, 4, 1, tzinfo=UTC), amount_minor=-5)
    assert history(partner) == PurchaseHistory(3, date(2026, 1, 5), date(2026, 2, 14))


def test_purchase_history_counts_one_day_of_two_currencies_and_sources_once(partner: Partner) -> None:
    for currency, source in (("EUR", "test"), ("GBP", "test"), ("EUR", "shop")):
        make_revenue(partner=partner, occurred_at=days_ago(10), currency=currency, source=source)
    assert history(partner) == PurchaseHistory(1, date(2026, 6, 21), date(2026, 6, 21))


def test_purchase_history_of_reversals_only_is_absent(partner: Partner) -> None:
    make_revenue(partner=partner, occurred_at=days_ago(10), amount_minor=-5)
    assert history(partner) is None
    assert windows(partner) is not None


@pytest.mark.parametrize(
    ("zone", "days"), [("UTC", 2), ("Europe/Berlin", 3), ("America/Los_Angeles", 2), ("Asia/Kathmandu", 2)]
)
def test_purchase_history_counts_days_of_the_reporting_time_zone(
    partner: Partner, settings: Any, zone: str, days: int
) -> None:
    settings.REPORTING_TIME_ZONE = zone
    for moment in (
        datetime(2026, 3, 28, 22, 30, tzinfo=UTC),
        datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 20, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 22, 30, tzinfo=UTC),
    ):
        make_revenue(partner=partner, occurred_at=moment)
    found = queries.purchase_histories([partner.pk], at=AT, known=AT)[partner.pk]
    stored = RevenueEntry.objects.order_by("occurred_at").values_list("occurred_at", flat=True)
    expected = {queries.day_of(moment) for moment in stored}
    assert found == PurchaseHistory(days, min(expected), max(expected))
    assert len(expected) == days


def test_business_day_in_the_database_equals_the_one_in_python(partner: Partner, settings: Any) -> None:
    settings.REPORTING_TIME_ZONE = "America/New_York"
    moments = [datetime(2025, 1, 1, 3, 59, 59, tzinfo=UTC) + timedelta(hours=31 * number) for number in range(300)]
    RevenueEntry.objects.bulk_create(
        [
            RevenueEntry(
                partner=partner,
                source="x",
                external_id=str(number),
                amount_minor=1,
                currency="EUR",
                known_at=moment,
                occurred_at=moment,
            )
            for number, moment in enumerate(moments)
        ]
    )
    rows = RevenueEntry.objects.annotate(day=BusinessDay("occurred_at")).values_list("occurred_at", "day")
    assert [(moment, str(day)) for moment, day in rows] == [(moment, str(queries.day_of(moment))) for moment in moments]


def test_offsets_name_the_minute_a_zone_changes() -> None:
    assert ("2026-03-29 01:00:00", 120) in offsets("Europe/Berlin")
    assert ("2026-10-25 01:00:00", 60) in offsets("Europe/Berlin")
    assert offsets("UTC") == (("1970-01-01 00:00:00", 0),)


# --- other reads ---------------------------------------------------------------------


def test_sales_in_window_leave_out_reversals_and_count_days(partner: Partner, other_partner: Partner) -> None:
    for days, minor in ((90, 100), (90, 50), (40, 7), (40, -7), (91, 1_000), (0, 9)):
        make_revenue(partner=partner, occurred_at=days_ago(days), amount_minor=minor)
    make_revenue(partner=other_partner, occurred_at=days_ago(5), amount_minor=4, currency="GBP")
    make_revenue(partner=other_partner, occurred_at=days_ago(5), amount_minor=4, source="shop")
    found = queries.sales_in_window([partner.pk, other_partner.pk], start=days_ago(90), end=AT, known=AT)
    assert found == {partner.pk: SalesInWindow(2, 157), other_partner.pk: SalesInWindow(1, None)}


def test_joint_deal_results_count_what_closed_in_the_window(partner: Partner, other_partner: Partner) -> None:
    for status, closed_at, known_at, joint in (
        ("won", days_ago(180), None, True),
        ("lost", AT - INSTANT, None, True),
        ("won", AT, None, True),
        ("won", days_ago(180) - INSTANT, None, True),
        ("won", days_ago(3), AT, True),
        ("won", days_ago(3), None, False),
    ):
        make_deal(
            partner=partner, status=status, closed_at=closed_at, known_closed_at=known_at or closed_at, joint=joint
        )
    make_deal(partner=other_partner)
    ids = [partner.pk, other_partner.pk]
    assert queries.joint_deal_results(ids, at=AT, known=AT) == {partner.pk: (1, 2)}
    assert queries.joint_deal_results(ids, at=AT, known=AT + INSTANT) == {partner.pk: (2, 3)}


def test_source_delivery_waits_for_the_first_row(partner: Partner) -> None:
    assert queries.source_delivery(at=AT, known=AT) == {"sales": False, "deals": False}
    make_revenue(partner=partner, occurred_at=days_ago(1), known_at=AT)
    make_deal(partner=partner)
    assert queries.source_delivery(at=AT, known=AT) == {"sales": False, "deals": False}
    make_deal(partner=partner, status="lost", closed_at=days_ago(1))
    assert queries.source_delivery(at=AT, known=AT + INSTANT) == {"sales": True, "deals": True}


def test_first_days_name_every_source_once(partner: Partner) -> None:
    assert queries.first_days(at=AT, known=AT) == {}
    for source, days in (("a", 5), ("a", 9), ("b", 3), ("c", -1)):
        make_revenue(partner=partner, occurred_at=days_ago(days), source=source)
    make_revenue(partner=partner, occurred_at=days_ago(99), source="b", superseded_at=days_ago(50))
    assert queries.first_days(at=AT, known=AT) == {"a": date(2026, 6, 22), "b": date(2026, 6, 28)}


def test_monthly_revenue_uses_the_mean_rate_of_each_month(partner: Partner) -> None:
    rate("GBP", date(2026, 5, 1), "1")
    rate("GBP", date(2026, 6, 16), "2")
    make_revenue(partner=partner, occurred_at=datetime(2026, 4, 10, tzinfo=UTC), amount_minor=500)
    make_revenue(partner=partner, occurred_at=datetime(2026, 6, 1, tzinfo=UTC), amount_minor=100, currency="GBP")
    make_revenue(partner=partner, occurred_at=datetime(2026, 6, 30, 23, tzinfo=UTC), amount_minor=-20, currency="GBP")
    assert queries.monthly_revenue(partner, 4, AT) == [
        MonthRevenue(date(2026, 3, 1), None),
        MonthRevenue(date(2026, 4, 1), 500),
        MonthRevenue(date(2026, 5, 1), 0),
        MonthRevenue(date(2026, 6, 1), 120),
    ]
    make_revenue(partner=partner, occurred_at=datetime(2026, 5, 2, tzinfo=UTC), currency="USD")
    assert queries.monthly_revenue(partner, 2, AT)[0] == MonthRevenue(date(2026, 5, 1), None, frozenset({"no_rate"}))


def test_recent_entries_are_current_and_newest_first(partner: Partner, other_partner: Partner) -> None:
    make_revenue(partner=other_partner, occurred_at=days_ago(1))
    made = [make_revenue(partner=partner, occurred_at=days_ago(days)) for days in (3, 1, 2)]
    make_revenue(partner=partner, occurred_at=days_ago(0), superseded_at=AT)
    assert queries.recent_entries(partner, 2) == [made[1], made[2]]


def test_open_deals_come_in_the_order_they_are_expected(partner: Partner) -> None:
    late = make_deal(partner=partner, expected_on=date(2026, 9, 1))
    soon = make_deal(partner=partner, expected_on=date(2026, 8, 1))
    make_deal(partner=partner, status="won", closed_at=days_ago(1))
    assert queries.open_deals(partner, 5) == [soon, late]


def test_shifted_import_is_the_newest_that_moved_dates(db: None) -> None:
    ImportRun.objects.create(file_name="a.csv", source="a")
    assert queries.shifted_import() is None
    ImportRun.objects.create(file_name="b.csv", source="b", dates_moved=True, shift_days=5)
    assert queries.shifted_import() == queries.ShiftedImport("b", "b.csv", 5)


# --- how many statements ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "most"),
    [
        (queries.revenue_facts, 4),
        (queries.revenue_windows, 4),
        (queries.purchase_histories, 1),
        (queries.joint_deal_results, 1),
    ],
)
def test_queries_need_the_same_number_of_statements_for_1_and_5(
    db: None, ask: Callable[..., dict[int, Any]], most: int
) -> None:
    rate("GBP", date(2020, 1, 1), "2")
    partners = [make_partner() for _ in range(5)]
    for partner in partners:
        for currency in ("EUR", "GBP"):
            make_revenue(partner=partner, occurred_at=days_ago(10), currency=currency)
        make_deal(partner=partner, status="won", closed_at=days_ago(10))
    counts = []
    for some in (partners[:1], partners):
        with CaptureQueriesContext(connection) as context:
            assert len(ask([partner.pk for partner in some], at=AT, known=AT)) == len(some)
        counts.append(len(context))
    assert counts == [most, most]
