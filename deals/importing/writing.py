"""Staged entries become rows: partners first, then revenue, in small transactions that may be repeated at will."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db import IntegrityError, transaction

from accounts.models import User
from core.announce import announce
from deals.importing.mapping import ImportMap
from deals.importing.refusals import Reason, Refusal
from deals.importing.report import Report
from deals.importing.rows import Facts, NewRow, insert_rows, stored_rows
from deals.importing.staging import Staged
from deals.models import ExchangeRate, ImportRun, RevenueEntry
from deals.signals import partners_first_sold, revenue_changed
from partners.models import Partner
from partners.services import NewPartner, create_partners

BATCH = 2_000
ATTEMPTS = 3
Item = TypeVar("Item")


@dataclass(slots=True)
class Account:
    """What the file says about one partner: where it first appears, and its earliest entry and sale (UTC)."""

    first_line: int
    country: str
    first_entry: datetime
    first_sale: datetime | None
    partner_id: int = 0


def in_batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Lists of at most BATCH items."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch


class Shift:
    """Moves moments by whole days of the map's time zone, keeping the time on the clock."""

    def __init__(self, mapping: ImportMap, days: int) -> None:
        self.zone = mapping.time_zone
        self.days = timedelta(days=days)

    def __call__(self, moment: datetime) -> datetime:
        if not self.days:
            return moment
        wall = moment.astimezone(self.zone).replace(tzinfo=None) + self.days
        return wall.replace(tzinfo=self.zone, fold=moment.astimezone(self.zone).fold).astimezone(UTC)


class Writer:
    """Writes one run. With `run=None` it only counts what would be written."""

    def __init__(
        self,
        *,
        mapping: ImportMap,
        report: Report,
        accounts: dict[str, Account],
        names: dict[str, str],
        run: ImportRun | None,
        actor: User | None,
        now: datetime,
        shift: Shift,
    ) -> None:
        self.mapping = mapping
        self.report = report
        self.accounts = accounts
        self.names = names
        self.run = run
        self.actor = actor
        self.now = now
        self.shift = shift
        self._changed: set[int] = set()
        self._first_sales: set[int] = set()

    def known_at(self, moment: datetime) -> tuple[datetime, bool]:
        """When a fact of `moment` (already shifted) was known, and whether the map asserts that."""
        return (moment, True) if self.mapping.known_at_event else (self.now, False)

    def write_partners(self, progress: Callable[[int], None]) -> None:
        """Find the partner of every account; create those that are missing, if the map allows it."""
        done = 0
        in_order = sorted(self.accounts.items(), key=lambda item: item[1].first_line)
        for batch in in_batches(in_order):
            found = dict(Partner.objects.filter(key__in=[key for key, _account in batch]).values_list("key", "pk"))
            missing = [(key, account) for key, account in batch if key not in found]
            self.report.partners_found += len(found)
            if missing and self.mapping.create_partners:
                self.report.partners_created += len(missing)
                if self.run is not None:
                    found |= self._create(missing)
            for key, account in batch:
                account.partner_id = found.get(key, 0)
            done += len(batch)
            progress(done)

    def _create(self, missing: list[tuple[str, Account]]) -> dict[str, int]:
        rows = []
        for key, account in missing:
            first = self.shift(account.first_entry)
            known_at, asserted = self.known_at(first)
            rows.append(
                NewPartner(
                    key=key,
                    name=self.names.get(key) or self.mapping.name_template.replace("{key}", key),
                    country=account.country,
                    joined_on=first.astimezone(self.mapping.time_zone).date(),
                    known_at=known_at,
                    known_asserted=asserted,
                )
            )
        created = repeated_on_conflict(lambda: create_partners(rows=rows, actor=self.actor))
        return {key: partner.pk for key, partner in created.items()}

    def write_entries(self, entries: Iterable[Staged], progress: Callable[[int], None]) -> None:
        """Create what is new, correct what changed, leave the rest. Each batch is there wholly or not at all."""
        done = 0
        for batch in in_batches(entries):
            known = [staged for staged in batch if self._has_partner(staged)]
            repeated_on_conflict(lambda batch=known: self._write(batch))  # type: ignore[misc]
            done += len(batch)
            progress(done)
        # Whoever scored a partner between two of its batches saw a part: say once more who changed, now that all is in.
        for part in in_batches(sorted(self._changed)):
            announce(revenue_changed, partner_ids=part)

    def _has_partner(self, staged: Staged) -> bool:
        if self.accounts[staged.key].partner_id or self.mapping.create_partners:
            return True
        refusal = Refusal(Reason.UNKNOWN_ACCOUNT, self.mapping.key_column, staged.key)
        self.report.refuse(staged.first_line, refusal, entry=staged.external_id, lines=staged.lines)
        return False

    def _write(self, batch: list[Staged]) -> None:
        corrected: list[tuple[Staged, Facts, NewRow]] = []
        fresh: list[NewRow] = []
        former: list[int] = []
        changed: set[int] = set()
        first_sales: Set[int] = set()
        with transaction.atomic():
            if self.run is not None:
                # One import per source at a time; on SQLite the transaction itself is the lock.
                ImportRun.objects.select_for_update().filter(source=self.run.source).order_by("pk").first()
            stored = stored_rows(self.mapping.source, [staged.external_id for staged in batch])
            for staged in batch:
                facts, old = self._facts(staged), stored.get(staged.external_id)
                if old is None:
                    fresh.append(NewRow(staged.external_id, facts, *self.known_at(facts.occurred_at)))
                elif old[1] != facts:
                    former.append(old[0])
                    # What the correction says is known from now on; the past keeps what it knew then.
                    new = NewRow(staged.external_id, facts, self.now, known_asserted=False)
                    corrected.append((staged, old[1], new))
            if self.run is not None:
                if former:
                    RevenueEntry.objects.filter(pk__in=former).update(superseded_at=self.now)
                insert_rows(self.mapping.source, [*fresh, *(new for _staged, _old, new in corrected)])
                changed, first_sales = self._announce(fresh, corrected, batch)
        self._changed |= changed  # committed, so these were told
        self._first_sales |= first_sales
        self._count(batch, fresh, corrected)

    def _facts(self, staged: Staged) -> Facts:
        return Facts(
            self.accounts[staged.key].partner_id,
            staged.kind,
            staged.amount_minor,
            staged.currency,
            staged.country,
            staged.lines,
            self.shift(staged.occurred_at),
        )

    def _announce(
        self, fresh: list[NewRow], corrected: list[tuple[Staged, Facts, NewRow]], batch: list[Staged]
    ) -> tuple[set[int], Set[int]]:
        changed = {row.facts.partner_id for row in fresh}
        for _staged, old, new in corrected:
            changed |= {old.partner_id, new.facts.partner_id}
        if first_time := sorted(changed - self._changed):
            announce(revenue_changed, partner_ids=first_time)
        # Announced on every run, also when nothing changed: a run that was killed may have lost its announcement.
        first_sales = {}
        for account in {staged.key: self.accounts[staged.key] for staged in batch}.values():
            if account.first_sale is not None and account.partner_id not in self._first_sales:
                first = self.shift(account.first_sale)
                first_sales[account.partner_id] = (first, *self.known_at(first))
        if first_sales:
            announce(partners_first_sold, first_sales=first_sales)
        return changed, first_sales.keys()

    def _count(self, batch: list[Staged], fresh: list[NewRow], corrected: list[tuple[Staged, Facts, NewRow]]) -> None:
        report = self.report
        report.entries["created"] += len(fresh)
        report.entries["updated"] += len(corrected)
        report.entries["same"] += len(batch) - len(fresh) - len(corrected)
        for staged, old, new in corrected:
            report.correct(staged.first_line, staged.external_id, old.change_to(new.facts))
        for staged in batch:
            reversal = staged.kind == RevenueEntry.Kind.REVERSAL
            report.reversal_count += reversal
            (report.reversals if reversal else report.sales)[staged.currency] += staged.amount_minor


def store_rates(mapping: ImportMap, *, reporting_currency: str, shift: Shift, now: datetime) -> int:
    """Store the rates the map brings for the reporting currency, unless there is one for that day. Returns how many."""
    stored = 0
    for rate in mapping.rates:
        if rate.to != reporting_currency or rate.currency == reporting_currency:
            continue
        valid_on = rate.valid_on + shift.days
        start = datetime(valid_on.year, valid_on.month, valid_on.day, tzinfo=UTC)
        _row, created = ExchangeRate.objects.get_or_create(
            currency=rate.currency,
            valid_on=valid_on,
            defaults={
                "rate": rate.rate,
                "source": rate.source,
                "known_at": start if mapping.known_at_event else now,
            },
        )
        stored += created
    return stored


def repeated_on_conflict(write: Callable[[], Item]) -> Item:
    """Call `write` again when another process wrote the same row first; what it finds then is there."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return write()
        except IntegrityError:
            continue
    return write()
