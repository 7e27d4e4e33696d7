"""Reads of the deals room for other rooms: for many partners at once, as of an instant, as known before another.

A fact counts when it occurred before `at`, was known before `known` and was not superseded by then. A partner without
any such fact is absent. Money is integer minor units of the reporting currency; None where it cannot be said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, Expression, Max, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from core import clock
from core.display import exponent
from deals.business_day import BusinessDay
from deals.models import Deal, ExchangeRate, ImportRun, RevenueEntry
from deals.rules import average_rate, converted, round_minor
from partners.models import Partner

WINDOW_DAYS = 180
YEAR_DAYS = 365
NO_RATE = "no_rate"
SALE = Q(kind=RevenueEntry.Kind.SALE)
PartnerIds: TypeAlias = Sequence[int] | Expression  # ids, or what the database can read as a list of ids


@dataclass(frozen=True, slots=True)
class RevenueWindows:
    """Net revenue of one partner, all windows at the same rates (constant currency).

    `now` the last 180 days, `year_ago` the same days 365 days earlier, `previous` the 180 days before `now`, `net_365`
    the last 365 days. `year_ago` and `previous` are None when the sources of the partner's revenue begin later than
    that window: a window before the data began is not a fall. All are None with the flag `no_rate` when a currency of
    those windows has no exchange rate.
    """

    now: int | None
    year_ago: int | None
    previous: int | None
    net_365: int | None
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PurchaseHistory:
    """Sales of one partner so far, reversals left out: distinct business days, the first and the last of them."""

    days: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class RevenueFacts:
    """What one scan tells about a partner; `history` is None when there are reversals only."""

    windows: RevenueWindows
    history: PurchaseHistory | None


@dataclass(frozen=True, slots=True)
class SalesInWindow:
    """Sales in some window, reversals left out: distinct business days and their money (None without a rate)."""

    days: int
    sales_minor: int | None


@dataclass(frozen=True, slots=True)
class MonthRevenue:
    """Net revenue of one month, at the mean rate of that month. None: before the first sale, or no rate."""

    month: date
    net_minor: int | None
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ShiftedImport:
    """The newest import whose dates were moved: what the banner says."""

    source: str
    file_name: str
    days: int


def units(minor: int | None) -> Decimal | None:
    """Minor units of the reporting currency as units: 123456 cents are 1234.56 euros."""
    return None if minor is None else Decimal(minor).scaleb(-exponent(settings.REPORTING_CURRENCY))


def day_of(moment: datetime) -> date:
    """The business day of `moment` in the reporting time zone."""
    return moment.astimezone(ZoneInfo(settings.REPORTING_TIME_ZONE)).date()


def revenue_windows(partner_ids: PartnerIds, *, at: datetime, known: datetime) -> dict[int, RevenueWindows]:
    """Revenue of each partner in the windows that growth and depth of trade are judged by."""
    return {pk: facts.windows for pk, facts in revenue_facts(partner_ids, at=at, known=known).items()}


def purchase_histories(partner_ids: PartnerIds, *, at: datetime, known: datetime) -> dict[int, PurchaseHistory]:
    """When each partner bought. A partner without a sale is absent."""
    rows = (
        _entries(partner_ids, at, known)
        .filter(SALE)
        .values("partner_id")
        .annotate(
            days=Count(BusinessDay("occurred_at"), distinct=True), first=Min("occurred_at"), last=Max("occurred_at")
        )
    )
    return {row["partner_id"]: PurchaseHistory(row["days"], day_of(row["first"]), day_of(row["last"])) for row in rows}


def revenue_facts(partner_ids: PartnerIds, *, at: datetime, known: datetime) -> dict[int, RevenueFacts]:
    """Windows and history of each partner from one scan: what scoring of many partners should ask."""
    edges = {
        "now": (WINDOW_DAYS, 0),
        "year_ago": (YEAR_DAYS + WINDOW_DAYS, YEAR_DAYS),
        "previous": (2 * WINDOW_DAYS, WINDOW_DAYS),
        "net_365": (YEAR_DAYS, 0),
    }
    starts = {name: clock.days_before(at, start) for name, (start, _end) in edges.items()}
    sums = {}
    for name, (_start, end) in edges.items():
        inside = Q(occurred_at__gte=starts[name])
        if end:
            inside &= Q(occurred_at__lt=clock.days_before(at, end))
        sums[name] = Sum("amount_minor", filter=inside)
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in (
        _entries(partner_ids, at, known)
        .values("partner_id", "currency", "source")
        .annotate(
            **sums,
            days=Count(BusinessDay("occurred_at"), filter=SALE, distinct=True),
            first=Min("occurred_at", filter=SALE),
            last=Max("occurred_at", filter=SALE),
        )
    ):
        groups[row["partner_id"]].append(row)
    begins = first_days(at=at, known=known)
    rates = comparison_rates(
        {row["currency"] for rows in groups.values() for row in rows}, at=at, known=known, earlier=starts["year_ago"]
    )
    # A day with sales in two currencies or from two sources is one day: those partners are counted again.
    mixed = [pk for pk, rows in groups.items() if len(rows) > 1]
    histories = purchase_histories(mixed, at=at, known=known) if mixed else {}
    # Settings and zone are looked up once, not per partner: this loop is the hot one of scoring.
    zone, reporting = ZoneInfo(settings.REPORTING_TIME_ZONE), settings.REPORTING_CURRENCY
    opened = {name: day_of(start) for name, start in starts.items()}
    result = {}
    for pk, rows in groups.items():
        if len(rows) > 1:
            history = histories.get(pk)
        elif rows[0]["days"]:
            first, last = (rows[0][name].astimezone(zone).date() for name in ("first", "last"))
            history = PurchaseHistory(rows[0]["days"], first, last)
        else:
            history = None
        result[pk] = RevenueFacts(_windows(rows, opened, begins, rates, reporting), history)
    return result


def sales_in_window(
    partner_ids: PartnerIds, *, start: datetime, end: datetime, known: datetime
) -> dict[int, SalesInWindow]:
    """Sales of each partner from `start` up to `end`, as known before `known`. No sale: absent."""
    money: dict[int, Decimal | None] = {}
    days: dict[int, int] = {}
    rows = list(
        _entries(partner_ids, end, known)
        .filter(SALE, occurred_at__gte=start)
        .values("partner_id", "currency")
        .annotate(total=Sum("amount_minor"), days=Count(BusinessDay("occurred_at"), distinct=True))
    )
    rates = comparison_rates({row["currency"] for row in rows}, at=end, known=known, earlier=start)
    for row in rows:
        pk = row["partner_id"]
        value, so_far = _converted(row["total"], row["currency"], rates), money.get(pk, Decimal(0))
        money[pk] = None if value is None or so_far is None else so_far + value
        days[pk] = -1 if pk in days else row["days"]
    mixed = [pk for pk, count in days.items() if count < 0]
    if mixed:
        again = _entries(mixed, end, known).filter(SALE, occurred_at__gte=start).values("partner_id")
        counted = again.annotate(days=Count(BusinessDay("occurred_at"), distinct=True))
        days |= dict(counted.values_list("partner_id", "days"))
    return {pk: SalesInWindow(days[pk], None if value is None else round_minor(value)) for pk, value in money.items()}


def joint_deal_results(partner_ids: PartnerIds, *, at: datetime, known: datetime) -> dict[int, tuple[int, int]]:
    """(won, closed) joint deals of each partner that closed in the last 180 days. None closed: absent."""
    rows = (
        Deal.objects.filter(
            partner_id__in=partner_ids,
            joint=True,
            closed_at__gte=clock.days_before(at, WINDOW_DAYS),
            closed_at__lt=at,
            known_closed_at__lt=known,
        )
        .values("partner_id")
        .annotate(won=Count("pk", filter=Q(status=Deal.Status.WON)), closed=Count("pk"))
    )
    return {row["partner_id"]: (row["won"], row["closed"]) for row in rows}


def source_delivery(*, at: datetime, known: datetime) -> dict[str, bool]:
    """Whether sales, and results of joint deals, had reached this installation by then."""
    closed = Deal.objects.filter(joint=True, closed_at__lt=at, known_closed_at__lt=known)
    return {"sales": RevenueEntry.objects.as_of(at, known=known).exists(), "deals": closed.exists()}


def first_days(*, at: datetime, known: datetime) -> dict[str, date]:
    """The business day on which the data of each source of revenue begins.

    One statement that hops through the index of sources instead of reading every entry.
    """
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(FIRST_MOMENTS, [adapt(at), adapt(known), adapt(known)])
        rows = cursor.fetchall()
    return {source: day_of(_moment(first)) for source, first in rows if first is not None}


FIRST_MOMENTS = """
WITH RECURSIVE sources(name) AS (
    SELECT MIN(source) FROM deals_revenueentry
    UNION ALL
    SELECT (SELECT MIN(source) FROM deals_revenueentry WHERE source > sources.name)
    FROM sources WHERE sources.name IS NOT NULL
)
SELECT name, (
    SELECT occurred_at FROM deals_revenueentry
    WHERE source = sources.name AND occurred_at < %s AND known_at < %s
      AND (superseded_at IS NULL OR superseded_at >= %s)
    ORDER BY occurred_at LIMIT 1
)
FROM sources WHERE name IS NOT NULL
"""


def comparison_rates(
    currencies: Iterable[str], *, at: datetime, known: datetime, earlier: datetime
) -> dict[str, Decimal]:
    """One rate per currency for both sides of a comparison, so that a moving rate is not growth.

    The rate in force when the earlier side began or, where the table begins later, the first one since. A currency
    without any is absent; the reporting currency is 1.
    """
    reporting = settings.REPORTING_CURRENCY
    foreign = sorted(set(currencies) - {reporting})
    rates = {reporting: Decimal(1)}
    if foreign:
        usable = ExchangeRate.objects.filter(known_at__lt=known, valid_on__lt=day_of(at))
        same = usable.filter(currency=OuterRef("currency"))
        in_force = same.filter(valid_on__lte=day_of(earlier)).order_by("-valid_on").values("valid_on")[:1]
        later = same.filter(valid_on__gt=day_of(earlier)).order_by("valid_on").values("valid_on")[:1]
        chosen = usable.filter(currency__in=foreign, valid_on=Coalesce(Subquery(in_force), Subquery(later)))
        rates |= dict(chosen.values_list("currency", "rate"))
    return rates


def recent_entries(partner: Partner, limit: int) -> list[RevenueEntry]:
    """The newest revenue entries of one partner, corrections applied."""
    return list(RevenueEntry.objects.current().filter(partner=partner).order_by("-occurred_at", "-pk")[:limit])


def open_deals(partner: Partner, limit: int) -> list[Deal]:
    """Deals of one partner that are not closed, the one expected first at the top."""
    deals = Deal.objects.filter(partner=partner, status=Deal.Status.OPEN)
    return list(deals.order_by("expected_on", "pk")[:limit])


def monthly_revenue(partner: Partner, months: int, at: datetime) -> list[MonthRevenue]:
    """Net revenue of one partner in each of the last `months` months up to `at`, oldest first, the current one last."""
    month = day_of(at - timedelta(microseconds=1)).replace(day=1)
    listed = [month]
    while len(listed) < months:
        listed.append((listed[-1] - timedelta(days=1)).replace(day=1))
    listed.reverse()
    entries = RevenueEntry.objects.as_of(at).filter(partner=partner)
    begins = entries.aggregate(first=Min("occurred_at"))["first"]
    sums: dict[tuple[date, str], int] = defaultdict(int)
    zone = ZoneInfo(settings.REPORTING_TIME_ZONE)
    opening = datetime(listed[0].year, listed[0].month, 1, tzinfo=zone)
    for occurred_at, currency, minor in entries.filter(occurred_at__gte=opening).values_list(
        "occurred_at", "currency", "amount_minor"
    ):
        sums[day_of(occurred_at).replace(day=1), currency] += minor
    rates: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for rate in ExchangeRate.objects.filter(currency__in={code for _month, code in sums}).order_by("valid_on"):
        rates[rate.currency].append((rate.valid_on, rate.rate))
    return [_month(month, begins, sums, rates) for month in listed]


def shifted_import() -> ShiftedImport | None:
    """The newest import whose dates were moved so that old sales look like today's; None when there is none."""
    run = ImportRun.objects.filter(dates_moved=True).exclude(shift_days=0).order_by("-pk").first()
    return ShiftedImport(run.source, run.file_name, run.shift_days) if run else None


def _entries(partner_ids: PartnerIds, at: datetime, known: datetime) -> Any:
    return RevenueEntry.objects.as_of(at, known=known).filter(partner_id__in=partner_ids)


def _windows(
    rows: list[dict[str, Any]],
    opened: Mapping[str, date],
    begins: Mapping[str, date],
    rates: Mapping[str, Decimal],
    reporting: str,
) -> RevenueWindows:
    totals = {}
    foreign = any(row["currency"] != reporting for row in rows)
    for name in opened:
        if not foreign:
            totals[name] = int(sum(row[name] or 0 for row in rows))
            continue
        total = Decimal(0)
        for row in rows:
            if row[name] is None:
                continue
            value = _converted(row[name], row["currency"], rates)
            if value is None:
                return RevenueWindows(None, None, None, None, frozenset({NO_RATE}))
            total += value
        totals[name] = round_minor(total)
    data_begins = min(begins[row["source"]] for row in rows)
    earlier = {name: totals[name] if data_begins <= opened[name] else None for name in ("year_ago", "previous")}
    return RevenueWindows(totals["now"], earlier["year_ago"], earlier["previous"], totals["net_365"])


def _converted(minor: int | Decimal, currency: str, rates: Mapping[str, Decimal]) -> Decimal | None:
    rate = rates.get(currency)
    if rate is None:
        return None
    to = exponent(settings.REPORTING_CURRENCY)
    return converted(int(minor), exponent=exponent(currency), rate=rate, to_exponent=to)


def _month(
    month: date,
    begins: datetime | None,
    sums: Mapping[tuple[date, str], int],
    rates: Mapping[str, list[tuple[date, Decimal]]],
) -> MonthRevenue:
    if begins is None or month < day_of(begins).replace(day=1):
        return MonthRevenue(month, None)
    total = Decimal(0)
    for (own, currency), minor in sums.items():
        if own != month:
            continue
        own_rate = Decimal(1) if currency == settings.REPORTING_CURRENCY else average_rate(rates[currency], month)
        value = _converted(minor, currency, {} if own_rate is None else {currency: own_rate})
        if value is None:
            return MonthRevenue(month, None, frozenset({NO_RATE}))
        total += value
    return MonthRevenue(month, round_minor(total))


def _moment(stored: datetime | str) -> datetime:
    """A moment from a bare cursor: PostgreSQL gives one, SQLite its text in UTC."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC) if isinstance(stored, str) else stored
