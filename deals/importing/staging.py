"""Lines become entries: gathered by their id across the whole file, in bounded memory, before anything is written.

An invoice whose lines stand far apart is still one entry, so a file is read to its end first. What was gathered stays
in memory up to MAX_DRAFTS entries; beyond that it goes to a temporary database on disk and is put together afterwards.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from deals.importing.mapping import ImportMap
from deals.importing.refusals import Reason, Refusal
from deals.importing.report import Report
from deals.models import RevenueEntry
from deals.rules import EXACT, MAX_AMOUNT_MINOR, to_minor

MAX_DRAFTS = 100_000


@dataclass(slots=True)
class Draft:
    """The lines of one entry seen so far. `bad_line` > 0: that line was refused, so the entry is."""

    first_line: int
    key: str
    occurred_at: datetime
    amount: Decimal
    currency: str
    country: str
    reversal: bool
    lines: int = 1
    bad_line: int = 0


class Staged(NamedTuple):
    """One entry as it will be stored, but for the shift of dates."""

    external_id: str
    key: str
    occurred_at: datetime
    amount_minor: int
    currency: str
    country: str
    kind: str
    lines: int
    first_line: int


class Staging:
    """Gathers lines by entry id. `entries()` may be walked more than once after `close()`."""

    def __init__(self, mapping: ImportMap, report: Report, exponents: dict[str, int]) -> None:
        self.mapping = mapping
        self.report = report
        self.exponents = exponents
        self.drafts: dict[str, Draft] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._spilled: sqlite3.Connection | None = None
        self.total = 0

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._spilled:
            self._spilled.close()
        if self._folder:
            self._folder.cleanup()

    def add(self, external_id: str, draft: Draft) -> None:
        """One line that is the first of its entry, or belongs to one whose other lines are not in memory."""
        if len(self.drafts) >= MAX_DRAFTS:
            self._spill()
        self.drafts[external_id] = draft

    def poison(self, external_id: str, line: int, now: datetime) -> None:
        """A line of this entry was refused; a sum without it would be wrong, so the entry is refused whole."""
        draft = self.drafts.get(external_id)
        if draft is None:
            self.add(external_id, Draft(line, "", now, Decimal(0), "", "", False, 0, line))
        elif not draft.bad_line:
            draft.bad_line = line

    def close(self) -> Iterator[Staged]:
        """Settle what every entry is, reporting those that cannot be taken. Call once, after the last line."""
        if self._spilled is not None:
            self._spill()
            self._spilled.execute("CREATE INDEX by_id ON drafts (external_id, first_line)")
        for staged in self._settled(self.report):
            self.total += 1
            yield staged

    def entries(self) -> Iterator[Staged]:
        """The entries that can be taken."""
        return self._settled(None)

    def _settled(self, report: Report | None) -> Iterator[Staged]:
        for external_id, draft in self._merged(report) if self._spilled is not None else self.drafts.items():
            try:
                staged = self._settle(external_id, draft)
            except Refusal as refusal:
                if report is not None and draft.lines:
                    report.refuse(draft.first_line, refusal, entry=external_id, lines=draft.lines)
            else:
                yield staged

    def _settle(self, external_id: str, draft: Draft) -> Staged:
        if draft.bad_line:
            raise Refusal(Reason.INCOMPLETE, "", str(draft.bad_line))
        minor = to_minor(draft.amount, self.exponents[draft.currency])
        if abs(minor) > MAX_AMOUNT_MINOR:
            raise Refusal(Reason.RANGE, self.mapping.amount_columns[0], str(draft.amount))
        if draft.reversal and self.mapping.unsigned:
            minor = -minor
        if draft.reversal and minor > 0:
            raise Refusal(Reason.POSITIVE_REVERSAL, self.mapping.amount_columns[0], str(draft.amount))
        kind = RevenueEntry.Kind.REVERSAL if draft.reversal or minor < 0 else RevenueEntry.Kind.SALE
        return Staged(
            external_id,
            draft.key,
            draft.occurred_at,
            minor,
            draft.currency,
            draft.country,
            kind.value,
            draft.lines,
            draft.first_line,
        )

    def _spill(self) -> None:
        if self._spilled is None:
            self._folder = tempfile.TemporaryDirectory(prefix="prm-import-")
            self._spilled = sqlite3.connect(Path(self._folder.name) / "drafts.sqlite3", isolation_level=None)
            self._spilled.execute("PRAGMA journal_mode=OFF")
            self._spilled.execute("PRAGMA synchronous=OFF")
            self._spilled.execute("PRAGMA cache_size=-8000")
            self._spilled.execute(
                "CREATE TABLE drafts (external_id TEXT, first_line INTEGER, key TEXT, occurred_at TEXT, amount TEXT,"
                " currency TEXT, country TEXT, reversal INTEGER, lines INTEGER, bad_line INTEGER)"
            )
        self._spilled.execute("BEGIN")
        self._spilled.executemany(
            "INSERT INTO drafts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    external_id,
                    draft.first_line,
                    draft.key,
                    draft.occurred_at.isoformat(),
                    str(draft.amount),
                    draft.currency,
                    draft.country,
                    draft.reversal,
                    draft.lines,
                    draft.bad_line,
                )
                for external_id, draft in self.drafts.items()
            ),
        )
        self._spilled.execute("COMMIT")
        self.drafts.clear()

    def _merged(self, report: Report | None) -> Iterator[tuple[str, Draft]]:
        """Spilled drafts with the parts of each entry put together, in the order of their ids."""
        assert self._spilled is not None
        former_id, former = "", None
        for row in self._spilled.execute("SELECT * FROM drafts ORDER BY external_id, first_line"):
            external_id, line, key, moment, amount, currency, country, reversal, lines, bad = row
            occurred_at = datetime.fromisoformat(moment)
            amount, reversal = Decimal(amount), bool(reversal)
            draft = Draft(line, key, occurred_at, amount, currency, country, reversal, lines, bad)
            if former is not None and external_id == former_id:
                self._join(external_id, former, draft, report)
                continue
            if former is not None:
                yield former_id, former
            former_id, former = external_id, draft
        if former is not None:
            yield former_id, former

    def _join(self, external_id: str, former: Draft, later: Draft, report: Report | None) -> None:
        if not self.mapping.grouped:
            if report is not None and later.lines:
                refusal = Refusal(Reason.REPEATED_ID, self.mapping.id_column, external_id)
                report.refuse(later.first_line, refusal, entry=external_id, lines=later.lines)
            return
        if former.lines and later.lines and not former.bad_line and not later.bad_line:
            try:
                check_same_entry(former, later.key, later.currency, later.reversal, self.mapping)
            except Refusal as refusal:
                if report is not None:
                    report.refuse(later.first_line, refusal, entry=external_id, lines=later.lines)
                former.bad_line = later.first_line
                return
        if not former.lines:
            former.key, former.occurred_at, former.currency = later.key, later.occurred_at, later.currency
        former.amount = EXACT.add(former.amount, later.amount)
        former.lines += later.lines
        former.occurred_at = min(former.occurred_at, later.occurred_at)
        former.country = former.country or later.country
        former.bad_line = former.bad_line or later.bad_line


def check_same_entry(draft: Draft, key: str, currency: str, reversal: bool, mapping: ImportMap) -> None:
    """Lines of one entry must agree on the account, the currency and whether it is a reversal."""
    if draft.key != key:
        raise Refusal(Reason.TWO_ACCOUNTS, mapping.key_column, key)
    if draft.currency != currency:
        raise Refusal(Reason.TWO_CURRENCIES, mapping.currency_column, currency)
    if draft.reversal != reversal:
        raise Refusal(Reason.KIND, mapping.kind_column)
