"""What an import writes, what it does a second time, and what it leaves when files change."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError

from accounts.models import AuditEntry
from core.errors import DomainError
from deals.importing import staging, writing
from deals.importing.refusals import ShiftRefusedError
from deals.models import ExchangeRate, ImportRun, RevenueEntry
from deals.signals import revenue_changed
from lifecycle.models import Journey
from partners.models import Partner, TierChange
from tests.deals.files import HEADER, entries, map_with, run, write
from tests.factories import make_partner

FILE = HEADER + "A1,17,2026-01-05,10.00\nA1,17,2026-01-05,2.50\nA2,18,2026-01-06,7\nC3,17,2026-01-07,-4\n"
STORED = [
    ("A1", "17", "sale", 1250, "2026-01-05"),
    ("A2", "18", "sale", 700, "2026-01-06"),
    ("C3", "17", "reversal", -400, "2026-01-07"),
]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def first_of_march() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def counts(report: Any) -> tuple[int, int, int, int]:
    return (*(report.entries[outcome] for outcome in ("created", "updated", "same")), report.refused_lines)


def test_import_writes_one_entry_per_invoice(db: None, tmp_path: Path) -> None:
    report = run(write(tmp_path, FILE))
    assert entries() == STORED
    assert counts(report) == (3, 0, 0, 0)
    assert (report.lines, report.partners_created, report.reversal_count) == (4, 2, 1)
    assert (report.sales["EUR"], report.reversals["EUR"]) == (1950, -400)
    assert list(Partner.objects.order_by("key").values_list("name", "key", "joined_on")) == [
        ("Account 17", "17", date(2026, 1, 5)),
        ("Account 18", "18", date(2026, 1, 6)),
    ]
    run_row = ImportRun.objects.get()
    assert (run_row.status, run_row.lines, run_row.counts["created"]) == ("done", 4, 3)
    assert AuditEntry.objects.filter(action="deals.revenue_imported").count() == 1


def test_import_twice_creates_nothing_twice(db: None, tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    run(path)
    before = list(RevenueEntry.objects.order_by("pk").values())
    report = run(path)
    assert counts(report) == (0, 0, 3, 0)
    assert (report.partners_created, report.partners_found) == (0, 2)
    assert list(RevenueEntry.objects.order_by("pk").values()) == before


def test_import_dry_run_counts_the_same_and_writes_nothing(db: None, tmp_path: Path) -> None:
    report = run(write(tmp_path, FILE), dry_run=True)
    assert counts(report) == (3, 0, 0, 0)
    assert report.partners_created == 2
    assert (Partner.objects.count(), RevenueEntry.objects.count(), ImportRun.objects.count()) == (0, 0, 0)
    assert AuditEntry.objects.count() == 0


def test_import_of_lines_in_any_order_gives_the_same(db: None, tmp_path: Path) -> None:
    lines = FILE.removeprefix(HEADER).splitlines(keepends=True)
    run(write(tmp_path, HEADER + "".join([lines[0], lines[3], lines[2], lines[1]])))
    assert entries() == STORED


def test_import_spilled_to_disk_gives_the_same(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"I{number % 7},{number % 7 % 3},2026-01-{number % 28 + 1:02},{number}.10\n" for number in range(100)]
    bad = ["I3,0,2026-01-01,ten\n", "I5,9,2026-01-01,1\n"]
    content = HEADER + "".join([*lines[:50], *bad, *lines[50:]])
    in_memory = run(write(tmp_path, content))
    expected = entries()
    assert [row[0] for row in expected] == ["I0", "I1", "I2", "I4", "I6"]
    RevenueEntry.objects.all().delete()
    monkeypatch.setattr(staging, "MAX_DRAFTS", 2)
    spilled = run(write(tmp_path, content))
    assert entries() == expected
    assert spilled.refused_lines == in_memory.refused_lines
    assert counts(run(write(tmp_path, content)))[:3] == (0, 0, 5)


def test_import_in_small_batches_gives_the_same(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "BATCH", 1)
    run(write(tmp_path, FILE))
    assert entries() == STORED


def test_import_rounds_the_sum_of_an_invoice_once(db: None, tmp_path: Path) -> None:
    content = "invoice,account,day,n,price\n" + "A1,17,2026-01-05,1,0.125\n" * 3
    run(write(tmp_path, content), map_with(amount={"column": None, "product": ["n", "price"]}))
    assert entries() == [("A1", "17", "sale", 38, "2026-01-05")]  # 0.375; three roundings would have made 0.39


def test_import_corrects_by_a_new_row(db: None, tmp_path: Path) -> None:
    run(write(tmp_path, FILE), map_with(date={"known": "event"}))
    with time_machine.travel(datetime(2026, 3, 9, tzinfo=UTC), tick=False):
        report = run(write(tmp_path, FILE.replace(",7\n", ",9\n")), map_with(date={"known": "event"}))
    assert counts(report) == (0, 1, 2, 0)
    old, new = RevenueEntry.objects.filter(external_id="A2").order_by("pk")
    corrected = datetime(2026, 3, 9, tzinfo=UTC)
    assert (old.amount_minor, old.superseded_at, old.known_asserted) == (700, corrected, True)
    assert (new.amount_minor, new.superseded_at, new.known_at, new.known_asserted) == (900, None, corrected, False)
    for known, amount in ((corrected, 700), (datetime(2026, 3, 10, tzinfo=UTC), 900)):
        seen = RevenueEntry.objects.as_of(NOW, known=known).filter(external_id="A2")
        assert list(seen.values_list("amount_minor", flat=True)) == [amount]
    assert report.path is not None
    assert "updated,4,,A2,,,amount_minor: 700 → 900" in report.path.read_text(encoding="utf-8")


def test_import_knows_from_now_unless_the_map_asserts_more(db: None, tmp_path: Path) -> None:
    run(write(tmp_path, FILE))
    assert {(row.known_at, row.known_asserted) for row in RevenueEntry.objects.all()} == {(NOW, False)}
    RevenueEntry.objects.all().delete()
    run(write(tmp_path, FILE), map_with(date={"known": "event"}))
    assert all(row.known_at == row.occurred_at and row.known_asserted for row in RevenueEntry.objects.all())


def test_import_asserts_the_first_tier_from_the_first_entry_on(db: None, tmp_path: Path) -> None:
    run(write(tmp_path, FILE), map_with(date={"known": "event", "time_zone": "Europe/Berlin"}))
    change = TierChange.objects.get(partner__key="17")
    assert (change.known_at, change.known_asserted) == (datetime(2026, 1, 4, 23, tzinfo=UTC), True)


def test_import_refuses_an_invoice_with_an_unreadable_line_whole(db: None, tmp_path: Path) -> None:
    report = run(write(tmp_path, FILE + "A1,17,2026-01-05,ten\nA1,17,2026-01-05,1\n"))
    assert entries() == STORED[1:]
    assert report.examples == {"number": [(6, "ten")], "incomplete": [(2, "6")]}
    assert report.refused == {"number": 1, "incomplete": 3}


def test_import_refuses_an_invoice_of_two_accounts(db: None, tmp_path: Path) -> None:
    report = run(write(tmp_path, FILE + "A1,99,2026-01-05,1\n"))
    assert entries() == STORED[1:]
    assert report.examples == {"two_accounts": [(6, "99")], "incomplete": [(2, "6")]}
    assert not Partner.objects.filter(key="99").exists()


def test_import_without_grouping_takes_an_id_once(db: None, tmp_path: Path) -> None:
    report = run(write(tmp_path, FILE), map_with(entry={"group": False}))
    assert entries() == [("A1", "17", "sale", 1000, "2026-01-05"), *STORED[1:]]
    assert report.examples == {"repeated_id": [(3, "A1")]}


def test_import_gives_lines_without_an_account_to_one_partner(db: None, tmp_path: Path) -> None:
    data = map_with(partner={"without": "assign", "unassigned": "Unassigned sales"})
    report = run(write(tmp_path, HEADER + "A1,,2026-01-05,10\nA2, ,2026-01-06,5\n"), data)
    assert report.refused_lines == 0
    assert Partner.objects.get().name == "Unassigned sales"
    assert [row[1:4] for row in entries()] == [("erp:unassigned", "sale", 1000), ("erp:unassigned", "sale", 500)]


def test_import_may_be_told_to_create_no_partners(db: None, tmp_path: Path) -> None:
    make_partner(name="Known Firm", key="17")
    report = run(write(tmp_path, FILE), map_with(partner={"create": False}))
    assert [row[0] for row in entries()] == ["A1", "C3"]
    assert report.examples == {"unknown_account": [(4, "18")]}
    assert list(Partner.objects.values_list("name", flat=True)) == ["Known Firm"]


def test_import_reads_names_currencies_countries_and_kinds_from_columns(db: None, tmp_path: Path) -> None:
    content = (
        "invoice,account,firm,day,amount,cur,land,type\n"
        "1,17,Alder & Co,2026-01-05,1200,JPY,Japan,INV\n"
        "2,17,Alder & Co,2026-01-06,1.2345,KWD,Kuwait,CN\n"
        "3,18,,2026-01-06,5,usd,,INV\n"
        "4,18,,2026-01-06,5,XXX,,INV\n"
        "5,18,,2026-01-06,5,EUR,,?\n"
        "6,18,,2026-01-06,-5,EUR,,CN\n"
    )
    data = map_with(
        partner={"name_column": "firm"},
        amount={"currency": None, "currency_column": "cur"},
        country={"column": "land"},
        kind={"column": "type", "sale": ["INV"], "reversal": ["CN"], "amounts": "unsigned"},
    )
    report = run(write(tmp_path, content), data)
    assert list(
        RevenueEntry.objects.order_by("external_id").values_list("kind", "amount_minor", "currency", "country")
    ) == [("sale", 1200, "JPY", "Japan"), ("reversal", -1235, "KWD", "Kuwait"), ("sale", 500, "USD", "")]
    assert report.examples == {
        "currency": [(5, "XXX")],
        "kind": [(6, "?")],
        "positive_reversal": [(7, "-5")],
    }
    assert list(Partner.objects.order_by("key").values_list("name", "country")) == [
        ("Alder & Co", "Japan"),
        ("Account 18", ""),
    ]


def test_import_tells_reversals_by_prefix_and_by_sign(db: None, tmp_path: Path) -> None:
    content = HEADER + "C1,17,2026-01-05,-1\nC2,17,2026-01-05,1\nC3,17,2026-01-05,0\n4,17,2026-01-05,-2\n"
    report = run(write(tmp_path, content), map_with(kind={"prefix": "C"}))
    assert [(row[0], row[2], row[3]) for row in entries()] == [
        ("4", "reversal", -200),
        ("C1", "reversal", -100),
        ("C3", "reversal", 0),
    ]
    assert report.examples == {"positive_reversal": [(3, "1")]}


def test_import_keeps_the_name_people_gave(db: None, tmp_path: Path) -> None:
    run(write(tmp_path, FILE))
    Partner.objects.filter(key="17").update(name="Seventeen Ltd")
    run(write(tmp_path, FILE))
    assert Partner.objects.get(key="17").name == "Seventeen Ltd"


def test_import_starts_growth_on_the_first_sale(
    db: None, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    content = FILE + "C4,19,2026-01-09,-3\n"
    with django_capture_on_commit_callbacks(execute=True):
        run(write(tmp_path, content), map_with(date={"known": "event"}))
    assert list(Journey.objects.order_by("partner__key").values_list("partner__key", "stage", "entered_at")) == [
        ("17", "growth", datetime(2026, 1, 5, tzinfo=UTC)),
        ("18", "growth", datetime(2026, 1, 6, tzinfo=UTC)),
    ]
    Journey.objects.all().delete()  # as if the first run had been killed before its announcement
    with django_capture_on_commit_callbacks(execute=True):
        run(write(tmp_path, content), map_with(date={"known": "event"}))
    assert Journey.objects.count() == 2


# --- moved dates -----------------------------------------------------------------


def test_move_to_today_puts_the_newest_on_yesterday(db: None, tmp_path: Path) -> None:
    report = run(write(tmp_path, FILE), move_to_today=True)
    assert report.shift_days == 52
    assert [row[4] for row in entries()] == ["2026-02-26", "2026-02-27", "2026-02-28"]
    assert Partner.objects.get(key="17").joined_on == date(2026, 2, 26)
    run_row = ImportRun.objects.get()
    assert (run_row.dates_moved, run_row.shift_days) == (True, 52)


def test_move_to_today_later_keeps_the_first_shift(db: None, tmp_path: Path) -> None:
    run(write(tmp_path, FILE), move_to_today=True)
    with time_machine.travel(datetime(2026, 4, 20, tzinfo=UTC), tick=False):
        report = run(write(tmp_path, FILE + "A9,17,2026-01-08,1\n"), move_to_today=True)
    assert counts(report) == (1, 0, 3, 0)
    assert report.shift_days == 52


def test_move_to_today_keeps_the_time_on_the_clock(db: None, tmp_path: Path) -> None:
    content = HEADER + "A1,17,2025-07-01 09:30,1\n"
    data = map_with(date={"formats": ["%Y-%m-%d %H:%M"], "time_zone": "Europe/Berlin"})
    run(write(tmp_path, content), data, move_to_today=True)
    assert RevenueEntry.objects.get().occurred_at == datetime(2026, 2, 28, 8, 30, tzinfo=UTC)


def test_move_to_today_and_own_dates_do_not_mix(db: None, tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    run(path, move_to_today=True)
    with pytest.raises(ShiftRefusedError, match="moved by 52 days"):
        run(path)
    run(path, map_with(source="other"))
    with pytest.raises(ShiftRefusedError, match="with their own dates"):
        run(path, map_with(source="other"), move_to_today=True)


# --- rates -------------------------------------------------------------------------


def test_import_brings_rates_for_the_reporting_currency(db: None, tmp_path: Path) -> None:
    rate = {"currency": "GBP", "to": "EUR", "valid_on": date(2026, 1, 1), "rate": "1.2", "source": "bank"}
    other = {**rate, "currency": "SEK", "to": "USD"}
    data = map_with(rates=[rate, other], amount={"currency": "GBP"}, date={"known": "event"})
    run(write(tmp_path, FILE), data)
    run(write(tmp_path, FILE), data)
    stored = ExchangeRate.objects.get()
    assert (stored.currency, stored.valid_on, str(stored.rate)) == ("GBP", date(2026, 1, 1), "1.20000000")
    assert stored.known_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_import_that_breaks_is_marked_stopped(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "insert_rows", broken)
    with pytest.raises(KeyboardInterrupt):
        run(write(tmp_path, FILE))
    assert ImportRun.objects.get().status == "stopped"
    monkeypatch.undo()
    with time_machine.travel(NOW, tick=False):
        run(write(tmp_path, FILE))
    assert entries() == STORED


def test_import_tries_again_when_another_process_was_first(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    insert, failures = writing.insert_rows, iter([True, True, False])

    def sometimes(*args: Any) -> None:
        insert(*args)
        if next(failures):
            raise IntegrityError

    monkeypatch.setattr(writing, "insert_rows", sometimes)
    with django_capture_on_commit_callbacks(execute=True):
        report = run(write(tmp_path, FILE))
    assert counts(report) == (3, 0, 0, 0)
    assert entries() == STORED
    assert Journey.objects.count() == 2


def test_import_tells_who_changed_in_each_batch_and_at_the_end(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[list[str]] = []

    def listen(partner_ids: list[int], **_: Any) -> None:
        told.append(sorted(Partner.objects.filter(pk__in=partner_ids).values_list("key", flat=True)))

    monkeypatch.setattr(writing, "BATCH", 1)
    revenue_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            run(write(tmp_path, FILE))
        assert told == [["17"], ["18"], ["17"], ["18"]]
        with django_capture_on_commit_callbacks(execute=True):
            run(write(tmp_path, FILE))
        assert len(told) == 4
    finally:
        revenue_changed.disconnect(listen)


def test_import_errors_are_domain_errors() -> None:
    assert issubclass(ShiftRefusedError, DomainError)
