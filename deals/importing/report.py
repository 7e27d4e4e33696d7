"""What an import did: counts for the screen, one CSV line for everything that was refused or corrected."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from deals.importing.refusals import Reason, Refusal

SHOWN = 5  # examples per reason on the screen
CELL = 200  # characters of a refused value that are kept
RISKY = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
HEADER = ("outcome", "line", "lines", "entry", "reason", "column", "value")


def readable(value: str) -> str:
    """A refused value fit for a screen and a spreadsheet: visible, short, never a formula."""
    text = value[: CELL + 1]
    if not text.isprintable():
        text = "".join(
            char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
        )
    return text if len(value) <= CELL else f"{text[:CELL]}… ({len(value):,})"


def _cell(value: object) -> str:
    text = readable(str(value))
    return f"'{text}" if text.lstrip(" \u00a0\ufeff\t").startswith(RISKY) else text


@dataclass
class Report:
    """Counts of one run. Lines are lines of the file; entries are revenue entries."""

    file_name: str
    source: str
    dry_run: bool
    lines: int = 0
    refused_lines: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    entries: Counter[str] = field(default_factory=Counter)  # created, updated, same
    sales: Counter[str] = field(default_factory=Counter)  # per currency, minor units
    reversals: Counter[str] = field(default_factory=Counter)
    reversal_count: int = 0
    partners_created: int = 0
    partners_found: int = 0
    shift_days: int = 0
    seconds: float = 0.0
    path: Path | None = None
    _writer: Any = None
    _labels: dict[str, str] = field(default_factory=dict)

    def refuse(self, line: int, refusal: Refusal, *, entry: str = "", lines: int = 1) -> None:
        """Count and write down one refusal that costs `lines` lines, the first of them being `line`."""
        reason = str(refusal.reason.value)
        self.refused_lines += lines
        self.refused[reason] += lines
        examples = self.examples.setdefault(reason, [])
        if len(examples) < SHOWN:
            examples.append((line, readable(refusal.value)))
        if self._writer:
            label = self._labels.get(reason) or self._labels.setdefault(reason, str(refusal.reason.label))
            value = _cell(refusal.value) if refusal.value else ""
            self._writer.writerow(("refused", line, lines, _cell(entry), label, _cell(refusal.column), value))

    def correct(self, line: int, entry: str, change: str) -> None:
        """Write down one corrected entry: what it was and what it is now."""
        if self._writer:
            self._writer.writerow(("updated", line, "", _cell(entry), "", "", _cell(change)))

    @contextmanager
    def written_to(self, path: Path) -> Iterator[None]:
        """Write the CSV beside its final place and move it there when the import is through."""
        part = path.with_name(f".{path.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                self._writer = csv.writer(file)
                self._writer.writerow(HEADER)
                yield
                for outcome in ("created", "updated", "same"):
                    label = _("entries in all")
                    self._writer.writerow((f"{outcome}: total", "", "", "", label, "", self.entries[outcome]))
                self._writer.writerow(("refused: total", "", self.refused_lines, "", _("lines in all"), "", ""))
                self._writer.writerow(("shift", "", "", "", _("days all dates were moved"), "", self.shift_days))
            part.replace(path)
            self.path = path
        finally:
            self._writer = None
            part.unlink(missing_ok=True)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able summary, kept with the run."""
        return {
            "lines": self.lines,
            "created": self.entries["created"],
            "updated": self.entries["updated"],
            "same": self.entries["same"],
            "refused_lines": self.refused_lines,
            "refused": dict(self.refused),
            "reversals": self.reversal_count,
            "sales_minor": dict(self.sales),
            "reversals_minor": dict(self.reversals),
            "partners_created": self.partners_created,
            "partners_found": self.partners_found,
            "shift_days": self.shift_days,
        }

    def reasons(self) -> Iterator[tuple[str, int, list[tuple[int, str]]]]:
        """(reason in words, lines, first examples as (line, value)), the most frequent first."""
        for reason, count in sorted(self.refused.items(), key=lambda item: (-item[1], item[0])):
            yield str(Reason(reason).label), count, self.examples[reason]


def report_path(source: Path, fallback: Path) -> Path:
    """Where the CSV goes when nobody says: beside the file, or into `fallback` when that folder is read-only."""
    name = source.name.removesuffix(".gz").removesuffix(".csv") + ".import-report.csv"
    try:
        if source.parent.stat().st_mode & 0o222:  # a folder nobody may write to is left alone by root, too
            with tempfile.TemporaryFile(dir=source.parent):
                return source.parent / name
    except OSError:
        pass
    fallback.mkdir(parents=True, exist_ok=True)
    return fallback / name
