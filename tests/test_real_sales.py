"""Checks on real sales: the online-retail file, imported once as a partner manager would, then looked at.

The only test module that reads the real file. `REAL_SALES` names it; a clone without it reports these tests as not run.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Max, Min, Sum
from django.test import TestCase

from core import clock
from deals import queries
from deals.importing.engine import import_revenue
from deals.importing.mapping import load_map
from deals.importing.progress import Progress
from deals.importing.report import Report
from deals.models import RevenueEntry
from health.models import HealthState
from health.queries import explanation
from health.services import compute
from health.services.backtests import backtest
from lifecycle.models import Journey
from partners.models import Partner

ROOT = Path(__file__).resolve().parent.parent
REAL_SALES = Path(os.environ.get("REAL_SALES", ROOT / "../shared/data/online_retail.csv.gz")).resolve()
MAP = ROOT / "docs/examples/online_retail.toml"

if not REAL_SALES.exists():
    pytest.skip(
        f"{REAL_SALES} is not there. It is the data set “Online Retail” (Daqing Chen, UCI Machine Learning Repository, "
        "2015, doi 10.24432/C5BW33, CC BY 4.0) as CSV or CSV.gz; name it in REAL_SALES.",
        allow_module_level=True,
    )

pytestmark = [pytest.mark.real_sales, pytest.mark.slow, pytest.mark.django_db]


def run(report_to: Path | None, *, dry_run: bool = False) -> Report:
    return import_revenue(
        path=REAL_SALES,
        mapping=load_map(MAP),
        actor=None,
        progress=Progress(io.StringIO(), wanted=False),
        report_to=report_to,
        dry_run=dry_run,
    )


@pytest.fixture(scope="module")
def imported(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Report]:
    """The whole file, imported once for this module and rolled back after it: later tests find what they left."""
    with django_db_blocker.unblock(), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # reading takes its time
        with TestCase.captureOnCommitCallbacks(execute=True):
            report = run(tmp_path_factory.mktemp("real") / "report.csv")
        yield report
        transaction.set_rollback(True)


def test_real_sales_make_every_account_a_partner(imported: Report) -> None:
    assert (imported.lines, imported.partners_created, imported.entries["created"]) == (541_909, 4_372, 22_190)
    assert Partner.objects.count() == 4_372
    partner = Partner.objects.get(key="17850")
    assert (partner.name, partner.country, partner.joined_on) == ("Account 17850", "United Kingdom", date(2010, 12, 1))


def test_real_sales_refuse_lines_without_an_account_and_lose_none(imported: Report) -> None:
    assert imported.refused == {"no_account": 135_080}
    assert imported.lines - imported.refused_lines == sum(RevenueEntry.objects.values_list("lines", flat=True))
    assert imported.path is not None
    with imported.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    refused = [row for row in rows if row["outcome"] == "refused"]
    assert len(refused) == 135_080
    assert (refused[0]["line"], refused[0]["entry"], refused[0]["column"]) == ("624", "536414", "CustomerID")


def test_real_sales_keep_cancellations_as_reversals(imported: Report) -> None:
    kinds = RevenueEntry.objects.values("kind").annotate(count=Count("pk"), total=Sum("amount_minor"))
    assert {row["kind"]: (row["count"], row["total"]) for row in kinds} == {
        "sale": (18_536, 891_140_790),
        "reversal": (3_654, -61_134_209),
    }
    reversals = RevenueEntry.objects.filter(kind="reversal")
    assert reversals.filter(external_id__startswith="C").count() == 3_654
    assert imported.reversal_count == 3_654


def test_real_sales_agree_with_a_plain_reading_of_the_file(imported: Report) -> None:
    sums: dict[str, Decimal] = {}
    opened = gzip.open if REAL_SALES.suffix == ".gz" else open
    with opened(REAL_SALES, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["CustomerID"]:
                amount = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
                sums[row["InvoiceNo"]] = sums.get(row["InvoiceNo"], Decimal(0)) + amount
    expected = {key: int((total * 100).to_integral_value(ROUND_HALF_UP)) for key, total in sums.items()}
    assert dict(RevenueEntry.objects.values_list("external_id", "amount_minor")) == expected


def test_real_sales_are_known_when_they_happened(imported: Report) -> None:
    ends = RevenueEntry.objects.aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    assert ends == {
        "first": datetime(2010, 12, 1, 8, 26, tzinfo=UTC),
        "last": datetime(2011, 12, 9, 12, 50, tzinfo=UTC),
    }
    assert RevenueEntry.objects.filter(known_asserted=True).count() == 22_190
    at = datetime(2011, 6, 1, tzinfo=UTC)
    assert RevenueEntry.objects.as_of(at).aggregate(last=Max("occurred_at"))["last"] < at


def test_real_sales_imported_again_change_nothing(imported: Report) -> None:
    before = RevenueEntry.objects.aggregate(count=Count("pk"), newest=Max("pk"), total=Sum("amount_minor"))
    again = run(None)
    assert dict(again.entries) == {"created": 0, "updated": 0, "same": 22_190}
    assert (again.partners_created, again.partners_found) == (0, 4_372)
    assert RevenueEntry.objects.aggregate(count=Count("pk"), newest=Max("pk"), total=Sum("amount_minor")) == before


def test_real_sales_start_growth_with_the_first_sale(imported: Report) -> None:
    with_sales = Partner.objects.filter(revenue__kind="sale").distinct().count()
    assert with_sales == 4_339  # 33 accounts only ever sent something back
    assert Counter(Journey.objects.values_list("stage", flat=True)) == {"growth": with_sales}
    assert Journey.objects.get(partner__key="17850").entered_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_real_sales_give_the_rows_of_the_published_backtest(imported: Report) -> None:
    """7,876 rows of 2,793 partners with 2,999 exits: the population the backtest is judged on."""
    ids = list(Partner.objects.values_list("pk", flat=True))
    rows, partners, exits = 0, set(), 0
    for month in (6, 7, 8, 9):
        at = datetime(2011, month, 1, tzinfo=UTC)
        horizon = at + timedelta(days=90)
        before = queries.sales_in_window(ids, start=at - timedelta(days=90), end=at, known=at)
        after = queries.sales_in_window(ids, start=at, end=horizon, known=horizon)
        rows += len(before)
        partners |= before.keys()
        exits += len(before.keys() - after.keys())
    assert (rows, len(partners), exits) == (7_876, 2_793, 2_999)


def test_real_sales_have_windows_and_histories_as_of_a_past_day(imported: Report) -> None:
    partner = Partner.objects.get(key="17850")
    at = clock.end_of_day(date(2011, 8, 31))
    facts = queries.revenue_facts([partner.pk], at=at, known=at)[partner.pk]
    assert facts.history == queries.PurchaseHistory(2, date(2010, 12, 1), date(2010, 12, 2))
    assert (facts.windows.now, facts.windows.year_ago, facts.windows.previous) == (0, None, None)
    assert facts.windows.net_365 is not None
    assert facts.windows.net_365 > 0


def test_real_sales_are_ranked_by_the_shipped_score(imported: Report) -> None:
    """Sales alone: the baselines of the published backtest to three places, and a score that beats them all."""
    days = [date(2011, month, 1) for month in (6, 7, 8, 9)]
    found = backtest(days=days, horizon=90).results
    assert (found["rows"], found["partners"], found["exits"]) == (7_876, 2_793, 2_999)
    auc = {name: ranking["auc"][0] for name, ranking in found["rankings"].items()}
    assert {
        name: round(auc[name], 3) for name in ("recency", "trend", "spend", "orders", "rhythm", "rhythm_spend")
    } == {
        "recency": 0.600,
        "trend": 0.520,
        "spend": 0.696,
        "orders": 0.674,
        "rhythm": 0.743,
        "rhythm_spend": 0.758,
    }
    assert auc["score"] >= 0.743
    assert auc["score"] > auc["rhythm_spend"]


def test_real_sales_give_every_partner_an_explained_score(imported: Report) -> None:
    run = compute(as_of=date(2011, 8, 31))
    assert run.connected == ["sales"]
    assert run.summary["partners"] == HealthState.objects.count()
    explained = explanation(Partner.objects.get(key="17850"))
    assert explained is not None
    assert explained["basis"] == "Based on sales only."
    state = HealthState.objects.get(partner__key="17850")
    assert (explained["score"], explained["published_band"]) == (str(state.score), state.band)
    sentences = [
        line["sentence"] for group in explained["groups"] for one in group["signals"] for line in one["measures"]
    ]
    assert any("silent for 272 days" in sentence for sentence in sentences)
