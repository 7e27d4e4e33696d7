"""One import from beginning to end: read, settle, write, report."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core import clock
from core.display import exponent
from deals.importing.cells import DateCell, Memory, NumberCell, TextCell
from deals.importing.mapping import ImportMap
from deals.importing.progress import Progress
from deals.importing.refusals import FileRefusedError, Reason, Refusal, ShiftRefusedError
from deals.importing.report import Report
from deals.importing.source_file import SourceFile
from deals.importing.staging import Draft, Staging, check_same_entry
from deals.importing.writing import Account, Shift, Writer, store_rates
from deals.models import ImportRun
from deals.rules import CURRENCIES, EXACT

SHOW_EVERY = 1_000  # lines between two looks at the clock
EXPONENTS = {code: exponent(code) for code in CURRENCIES}


def import_revenue(
    *,
    path: Path,
    mapping: ImportMap,
    actor: User | None,
    progress: Progress,
    report_to: Path | None,
    dry_run: bool = False,
    move_to_today: bool = False,
) -> Report:
    """Import `path` as `mapping` says and return what happened; `report_to` is where the CSV goes (None: nowhere).

    Nothing is written before the whole file was read, so a file that is refused (`FileRefusedError`) leaves no trace.
    After that every batch is atomic and the whole may be repeated: a second run changes nothing, a run that was killed
    is completed by the next. With `dry_run` nothing is written at all.
    """
    report = Report(file_name=path.name, source=mapping.source, dry_run=dry_run)
    if report_to is None:
        return _import(path, mapping, actor, progress, report, dry_run=dry_run, move_to_today=move_to_today)
    try:
        with report.written_to(report_to):
            return _import(path, mapping, actor, progress, report, dry_run=dry_run, move_to_today=move_to_today)
    except OSError as error:
        raise FileRefusedError(_("The report {} cannot be written: {}.").format(report_to, error.strerror)) from error


def _import(
    path: Path,
    mapping: ImportMap,
    actor: User | None,
    progress: Progress,
    report: Report,
    *,
    dry_run: bool,
    move_to_today: bool,
) -> Report:
    began, now = time.monotonic(), clock.now()
    with Staging(mapping, report, EXPONENTS) as staging:
        names = read_lines(path, mapping, staging, report, progress, now)
        accounts, newest = _accounts(staging)
        shift = Shift(mapping, _shift_days(mapping, newest, move_to_today=move_to_today))
        report.shift_days = shift.days.days
        run = None
        if not dry_run and staging.total:
            run = _begin(path, mapping, actor, report, shift, now, dates_moved=move_to_today)
        writer = Writer(
            mapping=mapping,
            report=report,
            accounts=accounts,
            names=names,
            run=run,
            actor=actor,
            now=now,
            shift=shift,
        )
        try:
            progress.start(_("Partners"), _("partners"))
            writer.write_partners(lambda done: progress.show(done=done, share=done / len(accounts)))
            progress.start(_("Comparing") if dry_run else _("Writing"), _("entries"))
            writer.write_entries(staging.entries(), lambda done: progress.show(done=done, share=done / staging.total))
        except BaseException:
            if run is not None:
                _finish(run, report, actor, ImportRun.Status.STOPPED)
            raise
        finally:
            progress.finish()
    report.seconds = time.monotonic() - began
    if run is not None:
        _finish(run, report, actor, ImportRun.Status.DONE)
    return report


def read_lines(
    path: Path, mapping: ImportMap, staging: Staging, report: Report, progress: Progress, now: datetime
) -> dict[str, str]:
    """Read every line into `staging`; returns the partner names by key, where a column gives them."""
    with SourceFile(path, mapping) as source:
        progress.start(_("Reading"), _("lines"))
        reader = LineReader(mapping, source.columns, staging, report, now)
        since_shown = 0
        for line, row in source.rows(reader.broken):
            reader.take(line, row)
            since_shown += 1
            if since_shown == SHOW_EVERY:
                since_shown = 0
                progress.show(done=source.line, share=source.position() / source.size)
        report.lines = source.line - 1
        return reader.names


class LineReader:
    """Reads one row after the other: what it says goes to staging, what it cannot say to the report."""

    def __init__(
        self, mapping: ImportMap, columns: dict[str, int], staging: Staging, report: Report, now: datetime
    ) -> None:
        self.mapping = mapping
        self.staging = staging
        self.report = report
        self.now = now
        self.names: dict[str, str] = {}
        self.id_at = columns[mapping.id_column]
        self.key_at = columns[mapping.key_column]
        self.date_at = columns[mapping.date_column]
        self.amount_at = columns[mapping.amount_columns[0]]
        self.factor_at = columns[mapping.amount_columns[1]] if len(mapping.amount_columns) > 1 else -1
        self.name_at = columns.get(mapping.name_column, -1)
        self.currency_at = columns.get(mapping.currency_column, -1)
        self.country_at = columns.get(mapping.country_column, -1)
        self.kind_at = columns.get(mapping.kind_column, -1)
        self.read_id = TextCell(mapping.id_column, 120)
        self.keys = Memory(self._key)
        self.names_read = Memory(TextCell(mapping.name_column, 160))
        self.countries = Memory(TextCell(mapping.country_column, 60))
        self.dates = Memory(DateCell(mapping.date_column, mapping.date_formats, mapping.time_zone, now))
        self.amounts = Memory(NumberCell(mapping.amount_columns[0], mapping.decimal, mapping.thousands))
        self.factors = Memory(NumberCell(mapping.amount_columns[-1], mapping.decimal, mapping.thousands))
        self.currencies = Memory(self._currency)
        self.kinds = Memory(self._is_reversal)
        self._read_key = TextCell(mapping.key_column, 120)
        self._last_id = ("", "")

    def take(self, line: int, row: list[str]) -> None:
        """One row with as many cells as the header."""
        mapping, staging = self.mapping, self.staging
        external_id = ""
        try:
            raw_id = row[self.id_at]
            if raw_id != self._last_id[0]:  # lines of one entry mostly follow each other
                self._last_id = (raw_id, self.read_id(raw_id))
            external_id = self._last_id[1]
            if not external_id:
                raise Refusal(Reason.NO_ID, mapping.id_column)
            key = self.keys[row[self.key_at]]
            occurred_at = self.dates[row[self.date_at]]
            amount = self.amounts[row[self.amount_at]]
            if self.factor_at >= 0:
                amount = EXACT.multiply(amount, self.factors[row[self.factor_at]])
            currency = mapping.currency or self.currencies[row[self.currency_at]]
            country = self.countries[row[self.country_at]] if self.country_at >= 0 else mapping.country
            if self.kind_at >= 0:
                reversal = self.kinds[row[self.kind_at]]
            else:
                reversal = bool(mapping.reversal_prefix) and external_id.startswith(mapping.reversal_prefix)
            if self.name_at >= 0 and key not in self.names:
                self._name(key, row[self.name_at])
            draft = staging.drafts.get(external_id)
            if draft is None:
                staging.add(external_id, Draft(line, key, occurred_at, amount, currency, country, reversal))
            elif not mapping.grouped:
                raise Refusal(Reason.REPEATED_ID, mapping.id_column, external_id)
            elif draft.bad_line:
                draft.lines += 1
            else:
                check_same_entry(draft, key, currency, reversal, mapping)
                draft.lines += 1
                draft.amount = EXACT.add(draft.amount, amount)
                if occurred_at < draft.occurred_at:
                    draft.occurred_at = occurred_at
                if not draft.country:
                    draft.country = country
        except Refusal as refusal:
            self.refuse(line, refusal, external_id)

    def refuse(self, line: int, refusal: Refusal, external_id: str, lines: int = 1) -> None:
        self.report.refuse(line, refusal, entry=external_id, lines=lines)
        if external_id and self.mapping.grouped:
            self.staging.poison(external_id, line, self.now)

    def broken(self, line: int, lines: int, refusal: Refusal, row: list[str] | None) -> None:
        """A row that is none. If its id can be read, the entry is refused with it."""
        external_id = ""
        if row is not None and len(row) > self.id_at:
            try:
                external_id = self.read_id(row[self.id_at])
            except Refusal:
                external_id = ""
        self.refuse(line, refusal, external_id, lines)

    def _name(self, key: str, raw: str) -> None:
        name = self.names_read[raw]
        if name:
            self.names[key] = name

    def _key(self, raw: str) -> str:
        key = self._read_key(raw)
        if self.mapping.key_strip:
            key = key.removesuffix(self.mapping.key_strip)
        if key:
            return key
        if not self.mapping.unassigned:
            raise Refusal(Reason.NO_ACCOUNT, self.mapping.key_column)
        key = f"{self.mapping.source}:unassigned"
        self.names[key] = self.mapping.unassigned
        return key

    def _currency(self, raw: str) -> str:
        code = raw.strip().upper()
        if code not in CURRENCIES:
            raise Refusal(Reason.CURRENCY, self.mapping.currency_column, raw)
        return code

    def _is_reversal(self, raw: str) -> bool:
        word = raw.strip()
        if word in self.mapping.reversal_words:
            return True
        if self.mapping.sale_words and word not in self.mapping.sale_words:
            raise Refusal(Reason.KIND, self.mapping.kind_column, raw)
        return False


def _accounts(staging: Staging) -> tuple[dict[str, Account], datetime | None]:
    """Settle all entries: every account with its earliest entry and sale, and the newest moment of all."""
    accounts: dict[str, Account] = {}
    newest = None
    for staged in staging.close():
        moment = staged.occurred_at
        sale = moment if staged.kind == "sale" else None
        account = accounts.get(staged.key)
        if account is None:
            accounts[staged.key] = Account(staged.first_line, staged.country, moment, sale)
        else:
            if staged.first_line < account.first_line:
                account.first_line, account.country = staged.first_line, staged.country
            account.first_entry = min(account.first_entry, moment)
            if sale is not None:
                account.first_sale = min(account.first_sale or sale, sale)
        if newest is None or moment > newest:
            newest = moment
    return accounts, newest


def _shift_days(mapping: ImportMap, newest: datetime | None, *, move_to_today: bool) -> int:
    """Days to move all dates by. The first import of a source decides it for all that follow."""
    first = ImportRun.objects.filter(source=mapping.source).order_by("pk").first()
    if first is not None and first.dates_moved != move_to_today:
        if first.dates_moved:
            raise ShiftRefusedError(
                _(
                    "Sales of “{}” are here with their dates moved by {} days. Say --move-to-today again, "
                    "or import into a fresh database."
                ).format(mapping.source, first.shift_days)
            )
        raise ShiftRefusedError(
            _(
                "Sales of “{}” are here with their own dates. Import without --move-to-today, or into a fresh database."
            ).format(mapping.source)
        )
    if not move_to_today or newest is None:
        return 0
    if first is not None:
        return first.shift_days
    reporting_day = newest.astimezone(ZoneInfo(settings.REPORTING_TIME_ZONE)).date()
    return (clock.today() - timedelta(days=1) - reporting_day).days


def _begin(
    path: Path,
    mapping: ImportMap,
    actor: User | None,
    report: Report,
    shift: Shift,
    now: datetime,
    *,
    dates_moved: bool,
) -> ImportRun:
    with transaction.atomic():
        # A run of this source that never ended was killed; this one completes it.
        ImportRun.objects.filter(source=mapping.source, status=ImportRun.Status.RUNNING).update(
            status=ImportRun.Status.STOPPED
        )
        store_rates(mapping, reporting_currency=settings.REPORTING_CURRENCY, shift=shift, now=now)
        return ImportRun.objects.create(
            file_name=path.name[:255],
            map_name=mapping.title[:255],
            source=mapping.source,
            lines=report.lines,
            shift_days=shift.days.days,
            dates_moved=dates_moved,
            actor=actor,
        )


def _finish(run: ImportRun, report: Report, actor: User | None, status: str) -> None:
    with transaction.atomic():
        run.status, run.counts, run.finished_at = status, report.as_dict(), clock.now()
        run.save(update_fields=["status", "counts", "finished_at", "updated_at"])
        record(
            "deals.revenue_imported",
            run,
            actor=actor,
            source=run.source,
            status=status,
            created=report.entries["created"],
            updated=report.entries["updated"],
            refused_lines=report.refused_lines,
        )
